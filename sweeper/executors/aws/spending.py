"""Braket's own spending limits on QPUs, set for the time of a sweep and removed by whoever goes on with it.

A limit that is forgotten stops everybody's tasks on that QPU for good, so it is on record in the sweep's
folder before it is set: with its client token, by which the call can be repeated to learn its ARN, and with
its ARN as soon as that is known. The record goes when the limit has gone.
"""

from __future__ import annotations

import json
import secrets
import shlex
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from sweeper.errors import SweeperError
from sweeper.executors.aws import trouble
from sweeper.executors.aws.account import Account
from sweeper.folder.layout import open_regular, write_json
from sweeper.terminal import say

_TAG = "braket-sweeper:limit"


@dataclass(frozen=True)
class Limit:
    """A spending limit that is to be set, or has been.

    Attributes:
        device: ARN of the QPU.
        usd: What may be spent on it, as Braket takes it.
        token: The client token of the call that sets it, and a tag of the limit.
        arn: None until the call was answered.
    """

    device: str
    usd: str
    token: str
    arn: str | None = None


class SpendingLimits:
    """The limits of one sweep."""

    def __init__(self, account_in: Callable[[str], Account], record: Path) -> None:
        """Read what is on record.

        Args:
            account_in: The account, by the region of a device.
            record: The file.
        """
        self._account_in = account_in
        self._record = record
        self._limits = _read(record)

    @contextmanager
    def set(self, devices: Collection[str], usd: float | None) -> Iterator[None]:
        """Limit what may be spent on each QPU, and remove all limits of the sweep at the end.

        Braket refuses a quantum task that would exceed the limit when it is created. Simulators and the jobs'
        instances are not covered (Amazon Braket developer guide, "Spending limits").

        Args:
            devices: Device strings; only QPUs are limited.
            usd: The limit for each of them; none sets no limit.

        Raises:
            SweeperError: A limit cannot be set; those that were set are removed.
        """
        try:
            if usd is not None:
                for device in sorted(device for device in devices if ":device/qpu/" in device):
                    self._ensure(device, f"{usd:.2f}")
            yield
        finally:
            for limit in list(self._limits):
                self._remove(limit)

    def _ensure(self, device: str, usd: str) -> None:
        """Set a limit, or take over the one that a process set which was killed."""
        for limit in [known for known in self._limits if known.device == device]:
            arn = self._find(limit) if limit.usd == usd else None
            if arn is not None:
                self._keep([replace(limit, arn=arn) if other == limit else other for other in self._limits])
                return
            self._remove(limit)
        limit = Limit(device, usd, secrets.token_hex(32))
        self._keep([*self._limits, limit])
        self._learn_arn(limit)

    def _learn_arn(self, limit: Limit) -> Limit:
        """The limit with its ARN; the call is repeated with its token, which Braket answers with the same."""
        if limit.arn is not None:
            return limit
        known = replace(limit, arn=self._find(limit) or self._create(limit))
        self._keep([known if other == limit else other for other in self._limits])
        return known

    def _find(self, limit: Limit) -> str | None:
        """The limit that carries the token, should the token itself be forgotten by now."""
        braket = self._braket(limit)
        filters = [{"name": "deviceArn", "operator": "EQUAL", "values": [limit.device]}]
        more: dict[str, str] = {}
        while True:
            try:
                page = trouble.patiently(
                    f"Looking for a spending limit on {limit.device}",
                    lambda: braket.search_spending_limits(filters=filters, **more),  # noqa: B023 - called at once
                )
            except SweeperError as error:
                if trouble.is_denied(error.__cause__):
                    return None  # the token tells as well
                raise
            for found in page["spendingLimits"]:
                if found.get("tags", {}).get(_TAG) == limit.token:
                    return str(found["spendingLimitArn"])
            if not page.get("nextToken"):
                return None
            more = {"nextToken": page["nextToken"]}

    def _create(self, limit: Limit) -> str:
        braket = self._braket(limit)
        answer = trouble.patiently(
            f"Setting a spending limit on {limit.device}",
            lambda: braket.create_spending_limit(
                clientToken=limit.token,
                deviceArn=limit.device,
                spendingLimit=limit.usd,
                tags={_TAG: limit.token},
            ),
        )
        return str(answer["spendingLimitArn"])

    def _remove(self, limit: Limit) -> None:
        """Remove a limit, or say that it is still there: the jobs' own results are not to be lost for it."""
        try:
            arn = self._learn_arn(limit).arn
            trouble.patiently("Removing a spending limit", lambda: self._delete(limit, str(arn)))
        except SweeperError as error:
            folder = shlex.quote(str(self._record.parent))
            say(
                f"The spending limit of {limit.usd} USD on {limit.device} could not be removed and goes "
                f"on to hold: {error} `sweeper resume {folder}` and `sweeper cancel {folder}` try again."
            )
            return
        self._keep([other for other in self._limits if other.token != limit.token])

    def _delete(self, limit: Limit, arn: str) -> None:
        try:
            self._braket(limit).delete_spending_limit(spendingLimitArn=arn)
        except ClientError as error:
            if trouble.code_of(error) != "ResourceNotFoundException":  # somebody has removed it
                raise

    def _braket(self, limit: Limit) -> Any:
        return self._account_in(limit.device.split(":")[3]).braket

    def _keep(self, limits: list[Limit]) -> None:
        self._limits = limits
        if limits:
            write_json(self._record, {"limits": [asdict(limit) for limit in limits]}, private=True)
        else:
            self._record.unlink(missing_ok=True)


def _read(record: Path) -> list[Limit]:
    """What is on record.

    Raises:
        SweeperError: The file cannot be understood: limits may be in force of which nobody knows.
    """
    try:
        with open_regular(record) as file:
            return [Limit(**values) for values in json.load(file)["limits"]]
    except FileNotFoundError:
        return []
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SweeperError(
            f"{record} is damaged ({error}): it names spending limits that are in force on QPUs. Remove them "
            "in Braket's console, then delete the file."
        ) from error
