"""List the devices of the configs: device string, prices, caps, and what Braket says of them now.

The status needs AWS credentials; without them the rest is shown.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from sweeper.catalogue import devices
from sweeper.errors import SweeperError
from sweeper.prices import list_price, write_refreshed
from sweeper.render import make_console
from sweeper.schema.device import Device, Price


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--offline", action="store_true", help="do not ask AWS")
    parser.add_argument(
        "--prices", action="store_true", help="compare the prices with AWS's price list instead"
    )
    parser.add_argument(
        "--refresh", action="store_true", help="write prices that differ into ./conf/device, where they count"
    )
    parser.add_argument("--profile", help="profile of the AWS configuration")
    parser.add_argument("--region", default=None, help="region in which to ask for managed simulators")


def run(options: argparse.Namespace) -> int:
    """Print the devices."""
    if options.prices or options.refresh:
        return _compare_prices(refresh=options.refresh)
    console = make_console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("device", "qubits", "shots", "exact", "price", "as of", "regions", "status"):
        table.add_column(name, overflow="fold")
    trouble = "" if not options.offline else "not asked"
    for name, device in devices().items():
        status = "embedded" if device.embedded else trouble or None
        if status is None:
            try:
                status = _ask(device, options)
            except SweeperError as error:
                trouble = status = "unknown"
                console.print(Text(f"No status: {error}", style="yellow"))
        table.add_row(
            name,
            str(device.qubits or ""),
            f"{device.min_shots} to {device.max_shots}" if device.max_shots else "any",
            "yes" if device.exact else "",
            _words(device.price),
            device.price.as_of or "",
            ", ".join(device.regions),
            status,
        )
    console.print(table)
    console.print(
        Text("Prices in USD, upper bounds as published on the day given; sources in conf/device.", "dim")
    )
    return 0


def _compare_prices(*, refresh: bool) -> int:
    """Print where AWS's price list differs, and write what it says if that is wanted."""
    console = make_console()
    differing = 0
    for name, device in devices().items():
        if device.price.free:
            continue
        price = list_price(device)
        if not price.differs_from(device):
            console.print(f"{name}: {_words(device.price)}, as in AWS's price list")
            continue
        differing += 1
        listed = replace(
            device.price, per_task=price.per_task, per_shot=price.per_shot, per_minute=price.per_minute
        )
        console.print(f"{name}: {_words(device.price)} in the config, {_words(listed)} in AWS's price list")
        if refresh:
            console.print(f"  written to {write_refreshed(name, price, Path('conf'))}")
    if differing and not refresh:
        console.print("sweeper devices --refresh writes these prices into ./conf/device.")
    return 0


def _ask(device: Device, options: argparse.Namespace) -> str:
    from sweeper.executors.aws.account import Account, region_of

    region = region_of(device.arn, None, options.region or device.regions[0])
    assert region is not None
    return Account(region, options.profile).device_remark(device.arn).partition(": ")[2]


def _words(price: Price) -> str:
    parts = [
        f"{price.per_task:g} a task" if price.per_task else "",
        f"{price.per_shot:g} a shot" if price.per_shot else "",
        f"{price.per_minute:g} a minute, {price.minimum_seconds:g} s at least" if price.per_minute else "",
    ]
    return " + ".join(part for part in parts if part) or "free"
