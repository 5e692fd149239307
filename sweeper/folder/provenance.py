"""Where results come from: command, revision, versions, machine, prices; no values of the environment."""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from sweeper.folder.layout import SweepFolder, write_json

_TELLTALE = r"[\w.-]*(?:passw|secret|token|api_?key|access_?key|credential)[\w-]*"
_NAMED_SECRET = re.compile(rf"""({_TELLTALE}\s*[=:]\s*)[^\s,'"&}}]+""", re.IGNORECASE)
_SECRET_ARGUMENT = re.compile(rf"(\W*{_TELLTALE}=).+", re.IGNORECASE | re.DOTALL)
_SECRET_OPTION = re.compile(rf"--?{_TELLTALE}", re.IGNORECASE)
_USER_INFO = re.compile(r"(\w://[^\s/:@]*:)[^\s/@]+@")
_PACKAGES = (
    "braket-sweeper",
    "amazon-braket-sdk",
    "amazon-braket-default-simulator",
    "hydra-core",
    "omegaconf",
    "numpy",
    "scipy",
    "pandas",
    "nlopt",
    "qulacs",
)


def record(
    folder: SweepFolder,
    sweep_id: str,
    configs: Iterable[Mapping[str, Any]],
    *,
    reused: Mapping[int, str] | None = None,
    changes: Sequence[str] = (),
) -> None:
    """Add this run of the sweep to `provenance.json`, which keeps the earlier ones.

    Args:
        folder: The sweep's folder.
        sweep_id: The name of the sweep.
        configs: The jobs' configs.
        reused: For each job whose result was taken over from another sweep, where it comes from.
        changes: The accepted changes since the sweep's earlier runs.
    """
    runs = []
    if folder.provenance.is_file():
        try:
            runs = json.loads(folder.provenance.read_bytes())["runs"]
        except (ValueError, KeyError, TypeError, RecursionError):
            folder.provenance.replace(folder.provenance.with_suffix(".unreadable.json"))
    configs = list(configs)
    run = {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": _command(sys.orig_argv),
        "directory": os.getcwd(),  # noqa: PTH109 - a string is wanted
        "git": _git(),
        "packages": package_versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": socket.gethostname(),
        "cpus": os.cpu_count(),
        "seeds": sorted({config["seed"] for config in configs}),
        "devices": _distinct(config["device"] for config in configs),
        "instances": _distinct(config["instance"] for config in configs),
        "reused": {str(number): words for number, words in (reused or {}).items()},
        "accepted_changes": list(changes),
    }
    write_json(folder.provenance, {"sweep": sweep_id, "runs": [*runs, run]}, private=True)


def without_secrets(text: str) -> str:
    """A text without the passwords, tokens and keys that can be recognised by their names or places."""
    return _NAMED_SECRET.sub(r"\1***", _USER_INFO.sub(r"\1***@", text))


def _command(arguments: Sequence[str]) -> str:
    """The command line as it could be typed again, without its secrets."""
    shown = [
        "***"
        if _SECRET_OPTION.fullmatch(before)
        else without_secrets(_SECRET_ARGUMENT.sub(r"\1***", argument))
        for before, argument in zip(["", *arguments], arguments, strict=False)
    ]
    return shlex.join(shown)


def _distinct(values: Iterable[Mapping[str, Any]]) -> list[Any]:
    """The distinct devices or instances, with their prices, dates and sources."""
    return [json.loads(text) for text in sorted({json.dumps(value, sort_keys=True) for value in values})]


def package_versions() -> dict[str, str]:
    """Versions of the installed packages on which results depend."""
    versions = {}
    for name in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions


def _git() -> dict[str, Any] | None:
    """Git revision of the current directory, and whether its files differ; None outside a repository."""
    try:
        revision = _ask_git("rev-parse", "HEAD")
        return {"revision": revision, "dirty": bool(_ask_git("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _ask_git(*words: str) -> str:
    answer = subprocess.run(["git", *words], capture_output=True, text=True, check=True, timeout=10)
    return answer.stdout.strip()
