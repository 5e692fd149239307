"""Price and caps belong to what is named, by whichever key, in whoever's configs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore
import pytest
from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode

from sweeper.compose.composition import Combination, Composer
from sweeper.compose.device_catalogue import catalogue
from sweeper.compose.fast_loader import SweepLoader
from sweeper.config.device import Device
from sweeper.config.instance import Instance
from sweeper.config.register import register
from sweeper.config.shipped import shipped
from sweeper.errors import ConfigError

from .asked import Here

FORTE = "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-Enterprise-1"
GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
NEW = "arn:aws:braket:us-east-1::device/qpu/somebody/New-1"
SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
DM1 = "arn:aws:braket:::device/quantum-simulator/amazon/dm1"


Listed = tuple[Mapping[str, Device], Mapping[str, Instance]]


@pytest.fixture(scope="module")
def listed() -> Listed:
    """All devices and instances that ship."""
    with catalogue() as options:
        return options.devices(), options.instances()


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to work in, with a `conf` of one's own."""
    monkeypatch.chdir(tmp_path)
    for group in ("device", "instance"):
        (tmp_path / "conf" / group).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def loader(directory: Path) -> Iterator[ConfigLoader]:
    register()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(shipped("conf")), job_name="sweeper"):
        yield GlobalHydra.instance().config_loader()


@pytest.fixture
def one(loader: ConfigLoader) -> Any:
    """Composes one combination as the launcher does."""

    def one(*overrides: str) -> Combination:
        sweep = loader.load_configuration("config", [], run_mode=RunMode.MULTIRUN)
        (combination,) = Composer(SweepLoader(loader), sweep).compose([list(overrides)], Here())
        return combination

    return one


def option(directory: Path, group: str, name: str, *lines: str) -> None:
    """Write an option of one's own."""
    head = ("defaults:", f"  - /schema_{group}@_here_", "  - _self_")
    (directory / "conf" / group / f"{name}.yaml").write_text("\n".join([*head, *lines, ""]))


class TestDevices:
    @pytest.mark.parametrize(
        ("start", "option_"),
        [
            ("local", "ionq_forte"),
            ("sv1", "dm1"),
            ("iqm_garnet", "sv1"),
            ("dm1", "iqm_garnet"),
            ("sv1", "local"),
        ],
    )
    def test_an_arn_brings_its_own_price_and_caps_wherever_it_starts(
        self, one: Any, start: str, option_: str
    ) -> None:
        """Every field, so that a new one cannot be forgotten."""
        shots = "shots=200"  # which every device can take
        meant = one(f"device={option_}", shots)
        by_arn = one(f"device={start}", f"device.arn={meant.spec.device}", shots)
        assert by_arn.config["device"] == meant.config["device"]
        assert by_arn.spec == meant.spec

    def test_it_is_not_planned_at_the_price_of_a_simulator(self, one: Any) -> None:
        # 61 evaluations × 2 circuits × (0.30 + 1000 × 0.08) USD.
        for start in ("local", "sv1"):
            cost = one(f"device={start}", f"device.arn={FORTE}").spec.cost
            assert cost.tasks_usd == pytest.approx(122 * (0.30 + 80.0))

    def test_its_caps_are_held(self, one: Any) -> None:
        with pytest.raises(ConfigError, match="shots=6000 is not possible: shots must be 100 to 5000"):
            one("device=sv1", f"device.arn={FORTE}", "shots=6000")

    def test_what_the_person_says_of_it_counts(self, one: Any) -> None:
        said = one(
            f"device.arn={FORTE}", "device.price.per_shot=0.02", "device.max_shots=100000", "shots=50000"
        )
        assert said.config["device"]["price"]["per_shot"] == 0.02
        assert said.config["device"]["price"]["per_task"] == 0.30
        # Also if it happens to be what the option says from which it started.
        same = one("device=iqm_garnet", f"device.arn={FORTE}", "device.price.per_shot=0.00145")
        assert same.config["device"]["price"]["per_shot"] == 0.00145

    def test_nobodys_price_is_refused(self, one: Any) -> None:
        for start in ("local", "sv1", "iqm_garnet"):
            with pytest.raises(ConfigError, match="its price is not known") as refusal:
                one(f"device={start}", f"device.arn={NEW}")
            assert "conf/device/NAME.yaml" in str(refusal.value)
            assert "device.price.per_task" in str(refusal.value)
        priced = one(f"device.arn={NEW}", "device.price.per_task=0.3", "device.price.per_shot=0.01")
        assert priced.spec.cost.tasks_usd == pytest.approx(122 * (0.3 + 10.0))

    def test_an_option_without_a_price_is_refused(self, one: Any, directory: Path) -> None:
        option(directory, "device", "new", f"arn: {NEW}", "regions: [us-east-1]")
        with pytest.raises(ConfigError, match="its price is not known"):
            one("device=new")

    def test_an_unknown_simulator_inside_the_job_is_like_the_one_it_was_made_from(self, one: Any) -> None:
        made = one("device.arn=local:mine/simulator", "shots=0")
        assert made.config["device"]["exact"] is True
        assert made.config["device"]["price"]["per_task"] == 0.0
        # Not so from a device that costs money: nothing of it may be left.
        with pytest.raises(ConfigError, match="shots=0 asks for exact"):
            one("device=iqm_garnet", "device.arn=local:mine/simulator", "shots=0")

    def test_a_persons_own_configs_come_first(self, one: Any, directory: Path) -> None:
        option(directory, "device", "theirs", f"arn: {NEW}", "price:", "  per_task: 1.0", "  source: me")
        option(directory, "device", "dearer", f"arn: {GARNET}", "price:", "  per_task: 9.0", "  source: me")
        assert one(f"device.arn={NEW}").spec.cost.tasks_usd == pytest.approx(122.0)
        assert one(f"device.arn={GARNET}").spec.cost.tasks_usd == pytest.approx(122 * 9.0)
        assert one("device=sv1", f"tasks.fallback_device={GARNET}").spec.cost.tasks_usd == pytest.approx(
            122 * 9.0
        )
        # The shipped option is as it was, where it was chosen by name.
        assert one("device=iqm_garnet").spec.cost.tasks_usd == pytest.approx(122 * (0.30 + 1.45))

    def test_a_refreshed_price_counts_for_every_key(self, one: Any, directory: Path) -> None:
        text = (shipped("conf") / "device/iqm_garnet.yaml").read_text()
        (directory / "conf/device/iqm_garnet.yaml").write_text(text.replace("0.00145", "0.5"))
        dear = 122 * (0.30 + 500.0)
        assert one(f"device.arn={GARNET}").spec.cost.tasks_usd == pytest.approx(dear)
        fallback = one("device=ionq_forte", f"tasks.fallback_device={GARNET}").spec.cost.tasks_usd
        assert fallback == pytest.approx(dear)
        # 2 warm-up evaluations × 2 circuits with 10 shots there; the rest is free.
        warm = one(f"warmup.device={GARNET}", "warmup.iterations=2", "warmup.shots=10").spec.cost.tasks_usd
        assert warm == pytest.approx(4 * (0.30 + 5.0))

    def test_an_option_that_extends_another_is_found_by_the_arn_it_inherits(
        self, one: Any, directory: Path
    ) -> None:
        (directory / "conf/device/mine.yaml").write_text("defaults: [ionq_forte, _self_]\nmax_shots: 7000\n")
        assert one(f"device.arn={FORTE}", "shots=6000").config["device"]["max_shots"] == 7000

    def test_the_density_matrix_grows_with_twice_the_qubits(self, one: Any) -> None:
        words = ("algorithm=qaoa_maxcut", "problem=regular", "problem.n=16")
        # 61 tasks × 3 s × 2^(32 - 22) × 0.075 USD/min / 60.
        for device in ("device=dm1", f"device.arn={DM1}"):
            assert one(*words, device).spec.cost.tasks_usd == pytest.approx(61 * 3072 * 0.00125)
        assert one(*words, f"device.arn={SV1}").spec.cost.tasks_usd == pytest.approx(61 * 3 * 0.00125)


class TestInstances:
    def test_every_type_of_create_job_ships_and_no_other(self, listed: Listed) -> None:
        model = Path(botocore.__file__).parent / "data/braket/2019-09-01/service-2.json.gz"
        types = json.loads(gzip.decompress(model.read_bytes()))["shapes"]["InstanceType"]["enum"]
        shipped_types = {one.type: one for one in listed[1].values()}
        assert sorted(shipped_types) == sorted(types)
        for instance in shipped_types.values():
            # Nobody has cited Braket's own price of one.
            assert instance.usd_per_hour is None
            assert (instance.estimate_usd_per_hour is None) == (instance.estimate_source is None)
            assert instance.vcpus >= 2
            assert instance.memory_gib >= 7.5

    def test_a_type_brings_its_own_size_and_price(self, one: Any, directory: Path) -> None:
        option(
            directory,
            "instance",
            "mine",
            *("type: ml.c5.xlarge", "vcpus: 4", "memory_gib: 8", "usd_per_hour: 0.5", "source: me"),
        )
        meant = one("instance=mine")
        by_type = one("instance.type=ml.c5.xlarge")
        assert by_type.config["instance"] == meant.config["instance"]
        assert by_type.config["instance"]["vcpus"] == 4
        # What the person says stays, whatever the type.
        said = one("instance.type=ml.c5.xlarge", "instance.usd_per_hour=0.1", "instance.volume_gib=50")
        assert said.config["instance"]["usd_per_hour"] == 0.1
        assert said.config["instance"]["volume_gib"] == 50

    def test_an_accepted_estimate_is_that_of_the_type(self, one: Any) -> None:
        accepted = one("instance.type=ml.p4d.24xlarge", "instance.accept_estimate=true").spec.cost
        assert accepted.unbounded is None
        # 37.688 USD/h for an hour, and 30 GB × 0.14 USD / 720.
        assert accepted.instance_usd == pytest.approx(37.688 + 30 * 0.14 / 720)

    def test_a_type_that_braket_does_not_have_is_refused(self, one: Any) -> None:
        with pytest.raises(ConfigError, match=r"instance\.type=ml\.m5\.huge is none of the types"):
            one("instance.type=ml.m5.huge", "instance.usd_per_hour=0.1")

    def test_a_type_without_any_price_keeps_nothing_of_the_start(self, one: Any) -> None:
        cost = one("instance.type=ml.p2.xlarge", "instance.accept_estimate=true").spec.cost
        assert cost.instance_usd == 0.0
        assert "ml.p2.xlarge" in str(cost.unbounded)


def test_options_that_cannot_stand_alone_are_passed_over(one: Any, directory: Path) -> None:
    (directory / "conf/device/broken.yaml").write_text(
        "defaults: [/schema_device@_here_, _self_]\narn: ${nothing}\n"
    )
    assert isinstance(one(f"device.arn={GARNET}").config["device"]["max_shots"], int)


def test_the_catalogue_lists_both(listed: Listed) -> None:
    devices, instances = listed
    assert isinstance(devices["sv1"], Device)
    assert isinstance(instances["ml_m5_large"], Instance)
