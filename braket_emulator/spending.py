"""Spending limits: what may be spent on a QPU, and the operations on them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .clock import time_stamp
from .context import ClientTokens, Context, Operation, Parameters
from .devices import Device, DeviceCatalogue
from .errors import AwsError, invalid, not_found
from .prices import qpu_task_usd
from .search import page, select

_FAR_FUTURE = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass
class SpendingLimit:
    """A limit in USD for quantum tasks on one QPU, in hybrid jobs or not."""

    arn: str
    region: str
    device_arn: str
    limit: Decimal
    start_at: datetime
    end_at: datetime
    created_at: datetime
    updated_at: datetime
    tags: dict[str, str]
    queued: dict[str, Decimal] = field(default_factory=dict)
    spent: Decimal = Decimal(0)

    def summary(self) -> dict[str, Any]:
        """What SearchSpendingLimits tells."""
        return {
            "spendingLimitArn": self.arn,
            "deviceArn": self.device_arn,
            "timePeriod": {"startAt": self.start_at, "endAt": self.end_at},
            "spendingLimit": f"{self.limit:.2f}",
            "queuedSpend": str(sum(self.queued.values(), Decimal(0))),
            "totalSpend": str(self.spent),
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "tags": self.tags,
        }


class SpendingLimits:
    """All spending limits of the account."""

    def __init__(self, account_id: str, devices: DeviceCatalogue) -> None:
        self._account_id = account_id
        self._devices = devices
        self._tokens = ClientTokens()
        self._lock = threading.Lock()
        self._limits: dict[str, SpendingLimit] = {}

    @property
    def operations(self) -> dict[str, Operation]:
        """The operations by their names."""
        return {
            "CreateSpendingLimit": self._create,
            "UpdateSpendingLimit": self._update,
            "DeleteSpendingLimit": self._delete,
            "SearchSpendingLimits": self._search,
        }

    def all(self) -> list[SpendingLimit]:
        """Every limit in force."""
        with self._lock:
            return list(self._limits.values())

    def find(self, arn: str, region: str) -> SpendingLimit:
        """A limit in a region.

        Raises:
            AwsError: ResourceNotFoundException.
        """
        limit = self._limits.get(arn)
        if limit is None or limit.region != region:
            raise not_found(arn)
        return limit

    def charge(self, task_arn: str, device: Device, shots: int, region: str) -> None:
        """Reserve a task's price under every limit that is in force.

        Raises:
            AwsError: ValidationException, if it is over one of them.
        """
        if not device.is_qpu:
            return
        price, now = qpu_task_usd(device, shots), time_stamp()
        with self._lock:
            in_force = [
                limit
                for limit in self._limits.values()
                if (limit.device_arn, limit.region) == (device.arn, region)
                and limit.start_at <= now <= limit.end_at
            ]
            for limit in in_force:
                if limit.spent + sum(limit.queued.values()) + price > limit.limit:
                    raise invalid(
                        f"The quantum task's cost of {price} USD exceeds spending limit {limit.arn}"
                    )
            for limit in in_force:
                limit.queued[task_arn] = price

    def settle(self, task_arn: str, *, spent: bool) -> None:
        """A task has ended, and is paid for or not."""
        with self._lock:
            for limit in self._limits.values():
                price = limit.queued.pop(task_arn, Decimal(0))
                limit.spent += price if spent else 0

    def _create(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        conflict = invalid("A spending limit was created with the same client token and other parameters.")
        arn = self._tokens.once(context, parameters, lambda: self._new(context, parameters), conflict)
        return {"spendingLimitArn": arn}

    def _new(self, context: Context, parameters: Parameters) -> str:
        try:
            device = self._devices.find(parameters["deviceArn"], context.region)
        except AwsError:
            raise invalid(f"Device {parameters['deviceArn']} does not exist in {context.region}") from None
        if not device.is_qpu:
            raise invalid("Spending limits are for QPUs")
        now = time_stamp()
        start_at, end_at = _period(parameters, (now, _FAR_FUTURE))
        limit = SpendingLimit(
            arn=f"arn:aws:braket:{context.region}:{self._account_id}:spending-limit/{uuid.uuid4()}",
            region=context.region,
            device_arn=device.arn,
            limit=Decimal(parameters["spendingLimit"]),
            start_at=start_at,
            end_at=end_at,
            created_at=now,
            updated_at=now,
            tags=dict(parameters.get("tags", {})),
        )
        with self._lock:
            self._limits[limit.arn] = limit
        return limit.arn

    def _update(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        limit = self.find(parameters["spendingLimitArn"], context.region)
        with self._lock:
            limit.limit = Decimal(parameters.get("spendingLimit", limit.limit))
            limit.start_at, limit.end_at = _period(parameters, (limit.start_at, limit.end_at))
            limit.updated_at = time_stamp()
        return {}

    def _delete(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        limit = self.find(parameters["spendingLimitArn"], context.region)
        with self._lock:
            del self._limits[limit.arn]
        return {}

    def _search(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        with self._lock:
            limits = [limit.summary() for limit in self._limits.values() if limit.region == context.region]
        found = select(limits, parameters.get("filters", []), {"deviceArn", "spendingLimitArn"})
        shown, next_token = page(found, "spendingLimitArn", parameters)
        return {"spendingLimits": shown, "nextToken": next_token}


def _period(parameters: Mapping[str, Any], otherwise: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
    if "timePeriod" not in parameters:
        return otherwise
    sent = parameters["timePeriod"]
    start_at, end_at = (datetime.fromtimestamp(sent[name], UTC) for name in ("startAt", "endAt"))
    if start_at >= end_at:
        raise invalid("timePeriod: startAt must be before endAt")
    return start_at, end_at
