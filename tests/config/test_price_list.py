"""AWS's price list, as it is served over HTTP, and what is written into option files because of it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from braket.tracking import pricing
from omegaconf import OmegaConf

from sweeper.config.device import Device, Price
from sweeper.config.instance import Instance
from sweeper.config.price_list import (
    SOURCE,
    InstancePrices,
    ListPrice,
    instance_prices,
    list_price,
    write_refreshed,
)
from sweeper.config.shipped import shipped
from sweeper.errors import SweeperError

COLUMNS = (
    "Unit",
    "PricePerUnit",
    "Currency",
    "Product Family",
    "Device Name",
    "Version",
    "Type",
    "Region Code",
)
SV1 = Device("arn:aws:braket:::device/quantum-simulator/amazon/sv1", regions=["us-west-2", "us-east-1"])
IBEX = Device("arn:aws:braket:eu-north-1::device/qpu/aqt/Ibex-Q1", regions=["eu-north-1"])


class Served:
    """A price list on this machine: what its rows are when it is asked."""

    def __init__(self) -> None:
        self.rows: Sequence[Mapping[str, str]] = ()
        self.status = 200

    def text(self) -> str:
        text = io.StringIO("\n" * 5)
        text.seek(5)
        table = csv.DictWriter(text, COLUMNS, restval="")
        table.writeheader()
        table.writerows({"Currency": "USD", **row} for row in self.rows)
        return text.getvalue()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    offers = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(offers.status)
            self.end_headers()
            self.wfile.write(offers.text().encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("BRAKET_PRICE_OFFERS_URL", f"http://127.0.0.1:{server.server_port}/index.csv")
    # The SDK remembers what it has read: this is its own reader, new.
    monkeypatch.setattr(pricing, "price_search", pricing.Pricing().price_search)
    yield offers
    server.shutdown()
    server.server_close()


def task(name: str, usd: str, region: str = "eu-north-1", **more: str) -> dict[str, str]:
    return {
        "Product Family": "Braket Managed Jobs QPU Task",
        "Device Name": name,
        "Unit": "Task",
        "PricePerUnit": usd,
        "Region Code": region,
        **more,
    }


def shot(name: str, usd: str) -> dict[str, str]:
    return task(name, usd, **{"Product Family": "Braket Managed Jobs QPU Task Shot", "Unit": "Shot"})


def simulator(usd: str, unit: str = "minutes", **more: str) -> dict[str, str]:
    return {
        "Product Family": "Braket Managed Jobs Simulator Task",
        "Version": "SV1",
        "Unit": unit,
        "PricePerUnit": usd,
        "Region Code": "us-west-2",
        **more,
    }


def instance(name: str, usd: str, unit: str = "hours", **more: str) -> dict[str, str]:
    row = {"Product Family": "Braket Managed Jobs Instance", "Type": name, "Unit": unit, "PricePerUnit": usd}
    return {**row, **more}


def volume(usd: str, **more: str) -> dict[str, str]:
    row = {"Product Family": "Braket Managed Jobs Volume", "Unit": "GB-Mo", "PricePerUnit": usd}
    return {**row, **more}


class TestDevices:
    def test_a_qpu_is_found_by_its_name_in_its_own_region(self, served: Served) -> None:
        served.rows = [
            task("IBEX-Q1", "0.31"),
            shot("IBEX-Q1", "0.0236"),
            task("IBEX-Q1", "9", "us-east-1"),
            task("Garnet", "0.3"),
            shot("Garnet", "0.00145"),
        ]
        assert list_price(IBEX) == ListPrice(per_task=0.31, per_shot=0.0236)
        garnet = Device("arn:aws:braket:eu-north-1::device/qpu/iqm/garnet")
        assert list_price(garnet) == ListPrice(per_task=0.3, per_shot=0.00145)

    @pytest.mark.parametrize(
        ("usd", "unit"),
        [("0.075", "minutes"), ("4.5", "hours"), ("0.00125", "seconds")],
    )
    def test_a_simulator_costs_by_the_minute_whatever_the_unit(
        self, served: Served, usd: str, unit: str
    ) -> None:
        served.rows = [simulator(usd, unit), simulator("7", **{"Region Code": "us-east-1"})]
        price = list_price(SV1)
        assert (price.per_task, price.per_shot) == (0.0, 0.0)
        assert price.per_minute == pytest.approx(0.075)

    def test_a_device_without_regions_is_priced_in_braket_s_first(self, served: Served) -> None:
        served.rows = [simulator("7", **{"Region Code": "us-east-1"}), simulator("8")]
        assert list_price(Device(SV1.arn)).per_minute == 7

    @pytest.mark.parametrize(
        ("rows", "says"),
        [
            ([], "0 prices for Braket Managed Jobs Simulator Task of SV1 in us-west-2"),
            ([simulator("1"), simulator("2")], "2 prices for"),
            ([simulator("1", Currency="CNY")], "1 prices for"),
        ],
    )
    def test_what_is_not_one_price_in_usd_is_none(
        self, served: Served, rows: list[dict[str, str]], says: str
    ) -> None:
        served.rows = [*rows, task("IBEX-Q1", "1")]
        with pytest.raises(SweeperError, match=says):
            list_price(SV1)

    def test_a_list_that_is_none_is_named(self, served: Served) -> None:
        served.rows = [{"Product Family": "x"}]
        with pytest.raises(SweeperError, match=r"cannot be read|0 prices"):
            list_price(SV1)

    @pytest.mark.parametrize("different", ["per_task", "per_shot", "per_minute"])
    def test_each_part_of_a_price_can_differ(self, different: str) -> None:
        parts = {"per_task": 0.3, "per_shot": 0.01, "per_minute": 0.075}
        device = Device(IBEX.arn, price=Price(**parts))
        assert not ListPrice(**parts).differs_from(device)
        assert ListPrice(**{**parts, different: 1.0}).differs_from(device)


class TestInstances:
    def test_the_dearest_region_counts_in_any_unit(self, served: Served) -> None:
        served.rows = [
            instance("ml.m5.large", "0.1"),
            instance("ml.m5.large", "0.002", "minutes"),
            instance("ml.m5.large", "0.11"),
            instance("ml.m5.xlarge", "0.0001", "Second"),
            instance("", "0.5", "Hrs", Version="USE1-ml.c5.xlarge-Jobs"),
            instance("ml.m5.4xlarge", "1"),
            instance("ml.g6.xlarge", "1", Currency="CNY"),
            volume("0.1"),
            volume("0.14"),
            volume("0.12"),
            volume("0.9", Currency="CNY"),
        ]
        types = ["ml.m5.large", "ml.m5.xlarge", "ml.c5.xlarge", "ml.g6.xlarge", "ml.p2.xlarge"]
        found = instance_prices(types)
        assert found == InstancePrices(
            {"ml.m5.large": 0.12, "ml.m5.xlarge": 0.36, "ml.c5.xlarge": 0.5}, volume_per_gb_month=0.14
        )

    def test_a_sixtieth_leaves_no_digits(self, served: Served) -> None:
        served.rows = [instance("ml.m5.large", "0.0019166667", "minute")]
        assert instance_prices(["ml.m5.large"]) == InstancePrices({"ml.m5.large": 0.115}, None)

    def test_a_price_for_something_else_than_time_is_refused(self, served: Served) -> None:
        served.rows = [instance("ml.m5.large", "1", "Count")]
        with pytest.raises(SweeperError, match="'Count', not for a time"):
            instance_prices(["ml.m5.large"])

    def test_price_and_storage_can_differ(self) -> None:
        known = Instance("ml.m5.large", 2, 8.0, usd_per_hour=0.115, volume_usd_per_gb_month=0.1)
        assert not InstancePrices({"ml.m5.large": 0.115}, 0.1).differs_from(known)
        assert InstancePrices({"ml.m5.large": 0.116}, 0.1).differs_from(known)
        assert InstancePrices({"ml.m5.large": 0.115}, 0.2).differs_from(known)


OPTIONS = [
    (group, file.stem)
    for group in ("device", "instance")
    for file in sorted((shipped("conf") / group).glob("*.yaml"))
]


class TestRefreshedOptions:
    @pytest.mark.parametrize(("group", "name"), OPTIONS)
    def test_only_the_price_of_an_option_changes(self, group: str, name: str, tmp_path: Path) -> None:
        prefix = "price." if group == "device" else ""
        keys = ("price.per_task", "price.per_shot") if prefix else ("usd_per_hour", "volume_usd_per_gb_month")
        values = {key: 0.25 + place for place, key in enumerate(keys)}
        written = write_refreshed(group, name, values, tmp_path)
        assert written == tmp_path / group / f"{name}.yaml"
        before = (shipped("conf") / group / f"{name}.yaml").read_text()
        after = written.read_text()
        today = dt.datetime.now(dt.UTC).date()
        expected = yaml.safe_load(before)
        if prefix:
            expected["price"] = expected.get("price") or {}
        for key, value in {**values, f"{prefix}as_of": today, f"{prefix}source": SOURCE}.items():
            (expected["price"] if prefix else expected)[key.removeprefix(prefix)] = value
        assert yaml.safe_load(after) == expected
        kept = [line for line in before.splitlines() if line.startswith("#")]
        assert [line for line in after.splitlines() if line.startswith("#")] == kept

    def test_a_person_s_own_option_keeps_what_it_says(self, tmp_path: Path) -> None:
        own = tmp_path / "instance" / "ml_m5_large.yaml"
        own.parent.mkdir()
        own.write_text("type: ml.m5.large\nvcpus: 2\nmemory_gib: 8\nvolume_gib: 50\n# mine")
        write_refreshed("instance", "ml_m5_large", {"usd_per_hour": 1e-5}, tmp_path)
        said = OmegaConf.load(own)
        assert (said.volume_gib, said.usd_per_hour) == (50, 1e-5)
        assert "# mine\n" in own.read_text()
        write_refreshed("instance", "ml_m5_large", {"usd_per_hour": 2.5}, tmp_path)
        assert yaml.safe_load(own.read_text())["usd_per_hour"] == 2.5
        assert own.read_text().count("usd_per_hour") == 1
