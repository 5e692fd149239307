"""Braket's own spending limits on QPUs, set for the time of a sweep."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sweeper.executors.aws.account import Account
from sweeper.executors.aws.trouble import patiently


@contextmanager
def spending_limits(account: Account, devices: Collection[str], usd: float) -> Iterator[None]:
    """Limit what may be spent on each QPU, and remove the limits at the end.

    Braket refuses a quantum task that would exceed the limit when it is created. Simulators and the jobs'
    instances are not covered (Amazon Braket developer guide, "Spending limits").

    Args:
        account: Whose limits.
        devices: Device strings; only QPUs are limited.
        usd: The limit for each of them.
    """
    arns: list[str] = []
    try:
        # Not a list made at once: what is set before an error must be removed all the same.
        for device in sorted(device for device in devices if ":device/qpu/" in device):
            arns.append(_create(account, device, usd))  # noqa: PERF401
        yield
    finally:
        for arn in arns:
            _delete(account, arn)


def _create(account: Account, device: str, usd: float) -> str:
    token = hashlib.sha256(f"{device}/{usd}/{id(account)}".encode()).hexdigest()
    answer = patiently(
        f"Setting a spending limit on {device}",
        lambda: account.braket.create_spending_limit(
            clientToken=token, deviceArn=device, spendingLimit=f"{usd:.2f}"
        ),
    )
    return str(answer["spendingLimitArn"])


def _delete(account: Account, arn: str) -> None:
    patiently("Removing a spending limit", lambda: account.braket.delete_spending_limit(spendingLimitArn=arn))
