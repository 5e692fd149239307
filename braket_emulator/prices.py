"""The price list that `braket.tracking.Tracker` downloads, and what a quantum task costs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from .devices import Device

# The first five lines of an offer file tell about the file; the table starts with the sixth.
# https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-an-offer.html
_PREAMBLE = (
    ("FormatVersion", "v1.0"),
    ("Disclaimer", "Prices of an emulator; for the real ones ask AWS"),
    ("Publication Date", "2026-11-21T00:00:00Z"),
    ("Version", "20261121000000"),
    ("OfferCode", "AmazonBraket"),
)
# Quantum tasks inside hybrid jobs name the device in another column than those outside. AWS does so too.
_COLUMNS = (
    *("SKU", "Unit", "PricePerUnit", "Currency", "Product Family", "serviceCode", "operation"),
    *("DeviceName", "Device Name", "Version", "Instance Type", "Region Code"),
)


_DEARER_REGION = 1.1
"""Instances cost more in Europe, by a factor made up here; the list has a row for each region."""


def price_list(devices: Iterable[Device], instances: Mapping[str, float], volume: float) -> str:
    """The offer file, as CSV.

    Args:
        devices: Whose quantum tasks it prices.
        instances: USD an hour of each instance type, in the cheapest region.
        volume: USD a GB-month of storage.
    """
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(_PREAMBLE)
    table = csv.DictWriter(text, _COLUMNS, restval="", quoting=csv.QUOTE_ALL)
    table.writeheader()
    products = [row for device in devices for row in _products(device)]
    products += _instances(instances, volume)
    for number, row in enumerate(products):
        common = {"SKU": f"EMULATED{number:08}", "Currency": "USD", "serviceCode": "AmazonBraket"}
        table.writerow(common | row)
    return text.getvalue()


def _instances(instances: Mapping[str, float], volume: float) -> Iterable[dict[str, Any]]:
    # Billed by the minute ("Braket Managed Jobs Instance"). The column that names the type is a guess.
    for region, factor in (("us-east-1", 1.0), ("eu-north-1", _DEARER_REGION)):
        for name, usd in instances.items():
            yield {
                "Region Code": region,
                "Product Family": "Braket Managed Jobs Instance",
                "Instance Type": name,
                "Unit": "minutes",
                "PricePerUnit": f"{usd * factor / 60:.10f}",
            }
        yield {
            "Region Code": region,
            "Product Family": "Braket Managed Jobs Volume",
            "Unit": "GB-Mo",
            "PricePerUnit": f"{volume * factor:.10f}",
        }


def _products(device: Device) -> Iterable[dict[str, Any]]:
    for region in device.regions:
        if not device.is_qpu:
            price = {"Version": device.name, "Unit": "minutes", "PricePerUnit": f"{device.per_minute:.10f}"}
            for family, operation in (
                ("Simulator Task", "CompleteTask"),
                ("Braket Managed Jobs Simulator Task", "Managed-Jobs"),
            ):
                yield {"Region Code": region, "Product Family": family, "operation": operation} | price
            continue
        # As the tracker derives the name from the ARN.
        name = device.arn.rpartition("/")[2].replace("Ibex", "IBEX")
        for column, task, shot in (
            ("DeviceName", "Quantum Task", "Quantum Task-Shot"),
            ("Device Name", "Braket Managed Jobs QPU Task", "Braket Managed Jobs QPU Task Shot"),
        ):
            for family, usd in ((task, device.per_task), (shot, device.per_shot)):
                yield {
                    "Region Code": region,
                    "Product Family": family,
                    column: name,
                    "Unit": "Task" if family == task else "Shot",
                    "PricePerUnit": f"{usd:.10f}",
                }


def qpu_task_usd(device: Device, shots: int) -> Decimal:
    """What a quantum task on hardware costs."""
    return Decimal(str(device.per_task)) + shots * Decimal(str(device.per_shot))
