"""HTTP endpoints to steer the emulator from another process, under `/_emulator/`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .faults import Fault
from .protocol import timestamp_text

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .emulator import Emulator


class Administration:
    """A WSGI application: its own endpoints, the price list, and Braket behind them."""

    def __init__(self, emulator: Emulator, braket: WSGIApplication, price_list: str) -> None:
        self._emulator = emulator
        self._braket = braket
        self._price_list = price_list
        self._endpoints: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "prices.csv"): lambda _: self._price_list,
            ("GET", "environment"): lambda _: emulator.environment(),
            ("GET", "internal-errors"): lambda _: emulator.internal_errors,
            ("GET", "calls"): self._calls,
            ("GET", "jobs"): self._jobs,
            ("POST", "faults"): self._inject,
            ("POST", "devices"): self._set_devices,
            ("POST", "reset"): lambda _: emulator.reset(),
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        path = environ["PATH_INFO"]
        if not path.startswith("/_emulator/"):
            return self._braket(environ, start_response)
        content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        endpoint = self._endpoints.get((environ["REQUEST_METHOD"], path.removeprefix("/_emulator/")))
        body: Any
        status, body = "404 Not Found", {"error": f"there is no {environ['REQUEST_METHOD']} {path}"}
        if endpoint:
            try:
                status, body = "200 OK", endpoint(json.loads(content) if content else None)
            except (ValueError, TypeError, KeyError) as error:
                status, body = "400 Bad Request", {"error": f"{type(error).__name__}: {error}"}
        if isinstance(body, str):
            kind, text = "text/csv", body.encode()
        else:
            kind, text = "application/json", json.dumps(body).encode()
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(text)))])
        return [text]

    def _calls(self, _: Any) -> list[dict[str, Any]]:
        return [
            dataclasses.asdict(call) | {"time": timestamp_text(call.time)} for call in self._emulator.calls
        ]

    def _jobs(self, _: Any) -> list[dict[str, Any]]:
        return [
            {"name": job.name, "arn": job.arn, "status": job.status, "reason": job.failure_reason}
            for job in self._emulator.jobs
        ]

    def _inject(self, sent: Any) -> None:
        for fault in sent if isinstance(sent, list) else [sent]:
            self._emulator.inject(Fault(**fault))

    def _set_devices(self, sent: Any) -> None:
        for arn, status in sent.items():
            self._emulator.set_device_status(arn, status)
