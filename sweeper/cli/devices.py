"""List the devices of the configs: device string, prices, caps, and what Braket says of them now.

The status needs AWS credentials; without them the rest is shown. With --prices, AWS's price list is compared
with the prices of devices and instances instead.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sweeper.compose.device_catalogue import catalogue
from sweeper.config.device import Device, Price
from sweeper.config.instance import Instance
from sweeper.config.price_list import instance_prices, list_price, write_refreshed
from sweeper.console.console import make_console
from sweeper.errors import SweeperError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--offline", action="store_true", help="do not ask AWS")
    parser.add_argument(
        "--prices", action="store_true", help="compare the prices with AWS's price list instead"
    )
    parser.add_argument(
        "--refresh",
        action="store_true",
        help="write prices that differ into ./conf/device and ./conf/instance, where they count",
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
    with catalogue() as offered:
        devices = offered.devices()
    for name, device in devices.items():
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
    with catalogue() as offered:
        devices, instances = offered.devices(), offered.instances()
    differing = _compare_devices(console, devices, refresh=refresh)
    differing += _compare_instances(console, instances, refresh=refresh)
    if differing and not refresh:
        console.print("sweeper devices --refresh writes these prices into ./conf, where they count.")
    return 0


def _compare_devices(console: Console, devices: Mapping[str, Device], *, refresh: bool) -> int:
    differing = 0
    for name, device in devices.items():
        if device.price.free:
            continue
        price = list_price(device)
        if not price.differs_from(device):
            console.print(f"{name}: {_words(device.price)}, as in AWS's price list")
            continue
        differing += 1
        listed: dict[str, Any] = {
            "per_task": price.per_task,
            "per_shot": price.per_shot,
            "per_minute": price.per_minute,
        }
        console.print(
            f"{name}: {_words(device.price)} in the config, "
            f"{_words(replace(device.price, **listed))} in AWS's price list"
        )
        if refresh:
            values = {f"price.{key}": usd for key, usd in listed.items() if usd}
            console.print(f"  written to {write_refreshed('device', name, values, Path('conf'))}")
    return differing


def _compare_instances(console: Console, instances: Mapping[str, Instance], *, refresh: bool) -> int:
    """Instances' prices: of all regions the dearest, as a job's region is known with its device only."""
    prices = instance_prices({instance.type for instance in instances.values()})
    missing = [name for name, instance in instances.items() if instance.type not in prices.per_hour]
    volume = prices.volume_per_gb_month
    differing = 0
    for name, instance in instances.items():
        if name in missing:
            continue
        listed = prices.per_hour[instance.type]
        words = f"{listed:g} an hour"
        words += "" if volume is None else f" + {volume:g} a GB-month of its volume"
        if not prices.differs_from(instance):
            console.print(f"{name}: {words}, as in AWS's price list")
            continue
        differing += 1
        console.print(f"{name}: {_instance_words(instance)} in the config, {words} in AWS's price list")
        if refresh:
            values: dict[str, object] = {"usd_per_hour": listed}
            values |= {} if volume is None else {"volume_usd_per_gb_month": volume}
            console.print(f"  written to {write_refreshed('instance', name, values, Path('conf'))}")
    if missing:
        console.print(f"Not in AWS's price list: {', '.join(missing)}", soft_wrap=True)
    return differing


def _instance_words(instance: Instance) -> str:
    if instance.usd_per_hour is not None:
        volume = instance.volume_usd_per_gb_month
        return f"{instance.usd_per_hour:g} an hour" + (
            "" if volume is None else f" + {volume:g} a GB-month of its volume"
        )
    estimate = instance.estimate_usd_per_hour
    return "no price" if estimate is None else f"no price (estimate: {estimate:g} an hour)"


def _ask(device: Device, options: argparse.Namespace) -> str:
    from sweeper.executors.aws.account import Account, region_of

    region = region_of(device.arn, None, options.region or next(iter(device.regions), None))
    assert region is not None
    return Account(region, options.profile).device_remark(device.arn).partition(": ")[2]


def _words(price: Price) -> str:
    parts = [
        f"{price.per_task:g} a task" if price.per_task else "",
        f"{price.per_shot:g} a shot" if price.per_shot else "",
        f"{price.per_minute:g} a minute, {price.minimum_seconds:g} s at least" if price.per_minute else "",
    ]
    return " + ".join(part for part in parts if part) or "free"
