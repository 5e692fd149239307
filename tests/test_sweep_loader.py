"""The short way of composing a sweep's configs gives what Hydra's own way gives, errors included."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf, open_dict

from sweeper.compose.composition import Composer
from sweeper.compose.fast_loader import SweepLoader, difference
from sweeper.config.register import register
from sweeper.config.shipped import shipped
from sweeper.errors import ConfigError

from .asked import Here


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass
class Point:
    x: float = 0.0
    name: str | None = None


@dataclass
class Typed:
    count: int = 1
    rate: float = 0.5
    colour: Colour = Colour.RED
    either: int | bool = 3
    numbers: list[int] = field(default_factory=lambda: [1, 2])
    sizes: dict[str, int] = field(default_factory=lambda: {"a": 1})
    points: list[Point] = field(default_factory=lambda: [Point()])
    point: Point = field(default_factory=Point)
    place: Path | None = None


FILES = {
    "config": """
defaults:
  - typed: small
  - engine: slow
  - optional extra: null
  - _self_
top: 1
text: some text
twice: ${top}
mirror: ${free}
launcher: ${hydra.launcher}
free: {a: 1, b: {c: 2}, d: [1, 2, 3]}
day: ${now:%f}
must: ???
""",
    "typed/small": "defaults: [/loader_test_typed@_here_, _self_]\ncount: 2",
    "typed/large": "defaults: [/loader_test_typed@_here_, /engine@engine: fast]\ncount: 200\nname: ${text}",
    "engine/slow": "speed: 1\nwhere: ${hydra:runtime.cwd}",
    "engine/fast": "speed: 9\nturbo: true",
    "engine/part/wheel": "spokes: 8",
    "extra/one": "# @package _global_\nfrom_extra: {q: 1}\ntop: 5",
    "experiment/first": "# @package _global_\ndefaults: [override /engine: fast]\nhydra: {job: {name: e}}",
    "experiment/second": "# @package _global_\nfree: {a: 9}\ntyped: {numbers: [5]}",
    "experiment/forbidden": "# @package _global_\nhydra: {launcher: {n: 4}}",
}

OVERRIDES = [
    *("top=2", "top=text", "top=null", "text=5", "text='a b'", "text=${top}", "unknown=1", "must=given"),
    *("+new=1", "++new=2", "+top=3", "++top=4", "~top", "~top=1", "~top=2", "~unknown", "+new.deep={a: 1}"),
    *("free.a=5", "free.b={c: 3}", "free.b.c=[1]", "+free.e=1", "++free={z: 1}", "free={a: 2}", "~free.a"),
    *("free.d=[9]", "free.d.0=7", "free.d[1]=8", "free.d=extend_list(4,5)", "~free.d.1", "free.d.9=1"),
    *("mirror.a=3", "~mirror", "+mirror.b.d=1", "twice=4", "launcher.n=1", "+launcher.n_jobs=3"),
    *("+way=${free}", "way.a=6", "+way.x.y=6", "day=today", "must=${unknown}", "'free.a=1'", "top=", "=1"),
    *(
        "typed.count=3",
        "typed.count=many",
        "typed.count=3.5",
        "typed.rate=1e-3",
        "typed.rate=1",
        "~typed.rate",
    ),
    *("typed.colour=BLUE", "typed.colour=GREEN", "typed.colour=2", "typed.either=true", "typed.either=x"),
    *(
        "typed.numbers=[4,5,6]",
        "typed.numbers=[x]",
        "typed.numbers.0=8",
        "typed.sizes={b: 2}",
        "+typed.sizes.c=3",
    ),
    *("typed.sizes.c=3", "+typed.sizes.d=x", "typed.points=[{x: 1},{name: n}]", "typed.points.0.x=2"),
    *("typed.points.0={x: 3, y: 1}", "typed.point.name=null", "typed.point=null", "typed.place=/tmp/x"),
    *(
        "typed={count: 8}",
        "typed=large",
        "typed=huge",
        "typed=[small]",
        "typed@other=large",
        "+typed@other=large",
    ),
    *(
        "engine=fast",
        "~engine",
        "~engine=slow",
        "~engine=fast",
        "+engine=fast",
        "++engine=fast",
        "engine=null",
    ),
    *(
        "engine={speed: 3}",
        "engine.speed=4",
        "engine.turbo=false",
        "+engine/part=wheel",
        "+engine/part@wheels=wheel",
    ),
    *("extra=one", "extra=none_such", "from_extra.q=4", "+experiment=first", "+experiment=second"),
    *("+experiment=[first,second]", "+experiment=forbidden", "experiment=first", "+experiment={first: 1}"),
    *("top=1,2", "engine=slow,fast", "typed.count=range(3)", "top=choice(1,2)", "~engine/slow", "top@here=1"),
    *("hydra.job.name=mine", "hydra.verbose=true", "hydra/launcher=basic", "+hydra.launcher.n=1", "hydra={}"),
    *("hydra.searchpath=[]", "+hydra.aliases.t=top", "hydra.job.chdir=maybe", "++hydra.mode=RUN", "config=1"),
]

SHIPPED = [
    *(
        "algorithm=vqe",
        "algorithm=vqe_h2",
        "algorithm=qaoa_maxcut",
        "algorithm=script",
        "algorithm=unknown",
        "algorithm=null",
    ),
    *("problem=h2", "problem=ring", "problem=regular", "problem=edge_list", "problem=none", "~problem"),
    *("optimizer=spsa", "optimizer=adam", "optimizer.tol=1e-2", "optimizer.a=0.1", "optimizer.tol=small"),
    *("device=sv1", "device=iqm_garnet", "device.price.per_task=1", "device.arn=local:x/y", "device.arm=x"),
    *("shots=100", "shots=0", "shots=many", "shots=1.5", "shots=null", "seed=3", "seeds=3", "+seeds=3"),
    *("problem.bond_length=1.2", "problem.bond_length=x", "problem.n=6", "problem.edges='0-1,1-2'", "~seed"),
    *("+algorithm.hyperparameters.n_shots=${shots}", "+algorithm.hyperparameters.n=3", "algorithm.depth=2"),
    *("job.tags={a: b}", "+job.tags.c=d", "job.tags.c=d", "job.max_runtime_seconds=5", "budget.max_usd=1"),
    *("+experiment=h2_dissociation", "+experiment=showcase", "instance=ml_m5_xlarge", "stop.patience=3"),
    *("hydra.job.name=mine", "hydra/launcher=braket_aws", "hydra.sweep.dir=elsewhere", "tasks={attempts: 2}"),
]


@dataclass
class Application:
    """A config directory, composed in both ways."""

    stock: ConfigLoader
    fast: SweepLoader
    master: DictConfig

    @classmethod
    def of(cls, conf: Path, *overrides: str) -> Application:
        with initialize_config_dir(str(conf), job_name="loader_test"):
            stock = GlobalHydra.instance().config_loader()
        master = stock.load_configuration("config", list(overrides), run_mode=RunMode.MULTIRUN)
        return cls(stock, SweepLoader(stock), master)

    def agree_on(self, *overrides: str) -> None:
        """The same config, or the same error, from either."""
        theirs = attempt(lambda: self.stock.load_sweep_config(self.master, list(overrides)))
        mine = attempt(lambda: self.fast.load_sweep_config(self.master, list(overrides)))
        part = attempt(lambda: self.fast.composed(self.master, overrides))
        if isinstance(theirs, tuple) or isinstance(mine, tuple):
            assert mine == theirs == part
            return
        assert difference(mine, theirs) is None
        assert OmegaConf.to_yaml(mine) == OmegaConf.to_yaml(theirs)
        if part.base is None:
            assert difference(part.config, theirs) is None
        else:
            assert set(part.config) <= part.keys
            base = part.base.copy()
            for key in {*theirs, *base, *part.config} - {"hydra"}:
                ours = part.config if key in part.keys else base
                nodes = [config._get_node(key, validate_access=False) for config in (ours, theirs)]
                assert difference(*nodes, key) is None
        assert repr(resolved(mine)) == repr(resolved(theirs))


def attempt(load: Callable[[], Any]) -> Any:
    try:
        return load()
    except Exception as error:
        return type(error), str(error)


def resolved(config: DictConfig) -> list[Any]:
    """What a job would read, and where Hydra would put its files."""
    with open_dict(config):
        config.hydra.job.id, config.hydra.job.num = "3", 3
    hydras = ["hydra.job.override_dirname", "hydra.sweep.subdir", "hydra.overrides", "hydra.runtime.choices"]
    keys = [*(str(key) for key in config if key != "hydra"), *hydras]
    return [attempt(lambda key=key: plain(OmegaConf.select(config, key))) for key in keys]  # type: ignore[misc]


def plain(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


def write_conf(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def without_interpolations(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if "${" not in line)


@pytest.fixture(scope="module", params=[str, without_interpolations], ids=["interpolated", "plain"])
def made_up(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Application:
    ConfigStore.instance().store(name="loader_test_typed", node=Typed, replace=True)
    files = {name: request.param(text) for name, text in FILES.items()}
    application = Application.of(
        write_conf(tmp_path_factory.mktemp("conf"), files), "hydra.job.name=a", "top=5"
    )
    assert application.master.get("day") != ""  # what `now` said to the sweep it says to all jobs
    return application


@pytest.fixture(scope="module")
def ours() -> Application:
    register()
    return Application.of(shipped("conf"))


class TestEqualsHydra:
    @settings(max_examples=10)
    @given(overrides=st.lists(st.sampled_from(OVERRIDES), max_size=5))
    def test_on_made_up_configs(self, made_up: Application, overrides: list[str]) -> None:
        made_up.agree_on(*overrides)

    @settings(max_examples=5)
    @given(overrides=st.lists(st.sampled_from(SHIPPED), max_size=5))
    def test_on_the_shipped_configs(self, ours: Application, overrides: list[str]) -> None:
        ours.agree_on(*overrides)

    @pytest.mark.parametrize(
        "overrides",
        [
            [],
            ["free.a=5", "+new.deep={a: 1}", "typed.points=[{x: 1},{name: n}]", "typed.sizes={b: 2}"],
            ["engine=fast", "typed.colour=BLUE", "~free.a", "free.d=extend_list(4)"],
            ["+experiment=first", "typed=large", "typed.count=3", "+typed@other=small", "other.rate=2"],
            ["+engine/part@wheels=wheel", "wheels.spokes=9", "~text"],
        ],
        ids=" ".join,
    )
    def test_on_each_kind_of_override(self, made_up: Application, overrides: list[str]) -> None:
        made_up.agree_on(*overrides)


class TestFindsItsWay:
    """Which way a job's config is composed, and when the short one is given up."""

    def test_one_base_serves_all_jobs_with_the_same_choices(self, ours: Application) -> None:
        jobs = [(f"optimizer={name}", f"seed={seed}") for name in ("spsa", "powell") for seed in range(3)]
        parts = [ours.fast.composed(ours.master, job) for job in jobs]
        assert [part.config.seed for part in parts] == [0, 1, 2, 0, 1, 2]
        assert [part.keys for part in parts] == 6 * [{"seed"}]
        assert len({id(part.base) for part in parts}) == 2

    @pytest.mark.parametrize(
        "override", ["hydra.job.name=x", "seed=1,2", "shots=many", "+job.tags.n=${seed}"]
    )
    def test_a_base_is_for_plain_jobs(self, ours: Application, override: str) -> None:
        found = attempt(lambda: ours.fast.composed(ours.master, [override]))
        assert isinstance(found, tuple) or found.base is None

    def test_groups_of_a_search_path_of_ones_own(self, tmp_path: Path) -> None:
        elsewhere = write_conf(tmp_path / "elsewhere", {"size/big": "n: 9", "size/small": "n: 1"})
        files = {
            "config": f"hydra: {{searchpath: ['file://{elsewhere}']}}\ndefaults: [size: big, _self_]\ntop: 1"
        }
        application = Application.of(write_conf(tmp_path / "conf", files))
        application.agree_on("size=small", "top=2")
        assert application.fast.composed(application.master, ["top=2"]).base is None

    def test_a_schema_that_no_pickle_can_hold(self, tmp_path: Path) -> None:
        @dataclass
        class Local:
            count: int = 1

        ConfigStore.instance().store(name="loader_test_local", node=Local)
        application = Application.of(
            write_conf(tmp_path, {"config": "defaults: [loader_test_local, _self_]\ncount: 4"})
        )
        application.agree_on("count=5")
        assert application.fast.composed(application.master, ["count=5"]).base is not None

    def test_a_loader_that_is_not_hydras_own_composes_all(self, ours: Application) -> None:
        class Loader(type(ours.stock)):  # type: ignore[misc]
            """Somebody's own."""

        loader = Loader(ours.stock.get_search_path())
        fast = SweepLoader(loader)
        assert fast.composed(ours.master, ["seed=3"]).base is None
        assert fast.load_sweep_config(ours.master, ["seed=3"]).seed == 3

    def test_whatever_else_hydra_asks_is_answered_by_its_loader(self, ours: Application) -> None:
        assert ours.fast.get_group_options("optimizer") == ours.stock.get_group_options("optimizer")
        assert ours.fast.repository is ours.stock.repository

    def test_a_difference_is_noticed_and_hydra_composes_from_then_on(self, tmp_path: Path) -> None:
        application = Application.of(write_conf(tmp_path, {"config": "top: 1\nshots: 10"}))
        fast, master = application.fast, application.master
        jobs = [[f"top={n}"] for n in range(9)]
        first, *others = fast.each(master, [*jobs, ["~shots"]])
        assert first.base is None
        assert any(composed.base is not None for composed in others)
        # Files that change meanwhile: a base does not follow them, Hydra does.
        write_conf(tmp_path, {"config": "top: 1\nshots: 20"})
        with pytest.warns(
            RuntimeWarning, match=r"differs from Hydra's at shots with top=[0-8]: .* by Hydra alone"
        ):
            assert all(composed.base is None for composed in fast.each(master, jobs))
        assert fast.composed(master, jobs[0]).base is None
        assert fast.load_sweep_config(master, jobs[0]).shots == 20

    def test_the_first_job_the_last_one_and_some_others_are_hydras(
        self, ours: Application, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []
        load = ours.stock.load_sweep_config

        def noted(master: DictConfig, overrides: list[str]) -> DictConfig:
            asked.append(" ".join(overrides))
            return load(master, overrides)

        monkeypatch.setattr(ours.stock, "load_sweep_config", noted)
        fast = SweepLoader(ours.stock)
        assert len(list(fast.each(ours.master, [["seed=1"]]))) == 1
        assert asked == ["seed=1"]  # of a single job there is one composition, and no base
        fast = SweepLoader(ours.stock)
        asked.clear()
        composed = list(fast.each(ours.master, [[f"seed={seed}"] for seed in range(50)]))
        assert asked[0] == "seed=0"
        assert {"seed=0", "seed=49", ""} <= set(asked)
        assert 4 <= len(set(asked)) == len(asked) <= 6
        assert [job.config.seed for job in composed] == list(range(50))
        asked.clear()
        composed = list(fast.each(ours.master, [[f"seed={seed}"] for seed in range(50)]))
        assert len(asked) == 1
        assert sum(job.base is None for job in composed) == 1


class TestDifference:
    def test_the_same(self) -> None:
        assert difference(OmegaConf.structured(Typed), OmegaConf.structured(Typed())) is None
        assert (
            difference(OmegaConf.create({"x": float("nan")}), OmegaConf.create({"x": float("nan")})) is None
        )

    @pytest.mark.parametrize(
        ("key", "change"),
        [
            ("count", lambda config: config.__setitem__("count", 5)),
            ("colour", lambda config: config.__setitem__("colour", Colour.BLUE)),
            ("numbers", lambda config: config.numbers.append(1)),
            ("numbers[1]", lambda config: config.numbers.__setitem__(1, 9)),
            ("sizes", lambda config: config.sizes.__setitem__("b", 1)),
            ("points[0].name", lambda config: config.points[0].__setitem__("name", "")),
            ("either", lambda config: config.__setitem__("either", True)),
            ("place", lambda config: config.__setitem__("place", Path("x"))),
            ("point", lambda config: OmegaConf.set_readonly(config.point, True)),
            ("point", lambda config: OmegaConf.set_struct(config.point, False)),
            ("", lambda config: OmegaConf.set_readonly(config, True)),
            ("rate", lambda config: config.__setitem__("rate", "${count}")),
        ],
    )
    def test_is_found_where_it_is(self, key: str, change: Callable[[DictConfig], Any]) -> None:
        config = OmegaConf.structured(Typed)
        change(config)
        assert difference(OmegaConf.structured(Typed), config) == key
        assert difference(config, OmegaConf.structured(Typed)) == key

    def test_types_count(self) -> None:
        assert difference(OmegaConf.create({"a": {"x": 1}}), OmegaConf.create({"a": {"x": 1.0}})) == "a.x"
        assert difference(OmegaConf.structured(Point), OmegaConf.create({"x": 0.0, "name": None})) == ""
        assert difference(OmegaConf.create({"a": 1, "b": 2}), OmegaConf.create({"b": 2, "a": 1})) == ""


class TestCombinations:
    def test_values_of_the_base_are_shared(self, ours: Application) -> None:
        found = Composer(ours.fast, ours.master).compose([[f"seed={seed}"] for seed in range(20)], Here())
        assert len({id(combination.config["device"]) for combination in found}) < 10
        assert [combination.config["seed"] for combination in found] == list(range(20))
        keys = [key for key in ours.master if key != "hydra"]
        assert all(list(combination.config) == keys for combination in found)

    def test_what_was_looked_at_is_not_composed_again(self, ours: Application) -> None:
        composer = Composer(ours.fast, ours.master)
        jobs = [[f"seed={seed}"] for seed in range(6)]
        found = composer.compose(jobs, Here())
        assert all(map(operator.is_, composer.compose(jobs[4:], Here(), 4), found[4:]))
        (other,) = composer.compose([["seed=9"]], Here(), 4)
        assert other.config["seed"] == 9

    def test_the_first_job_is_told_of_before_the_others_are_composed(self, ours: Application) -> None:
        told: list[str] = []
        with pytest.raises(ConfigError, match="combination 1"):
            Composer(ours.fast, ours.master).compose(
                [["seed=1"], ["shots=-1"]], Here(), 0, lambda spec: told.append(spec.hyperparameters["seed"])
            )
        assert told == ["1"]

    def test_both_ways_make_the_same_combinations(self, ours: Application) -> None:
        class Loader(type(ours.stock)):  # type: ignore[misc]
            """Not Hydra's own, so that every config is composed whole."""

        jobs = [["seed=1", "optimizer.tol=1e-2"], ["algorithm=qaoa_maxcut", "problem.n=6"], ["+job.tags.a=b"]]
        whole = Composer(SweepLoader(Loader(ours.stock.get_search_path())), ours.master).compose(jobs, Here())
        loader = SweepLoader(ours.stock)
        assert Composer(loader, ours.master).compose(jobs, Here()) == whole
        # Begun already, so that most are not Hydra's.
        assert Composer(loader, ours.master).compose(jobs, Here()) == whole

    def test_a_base_that_cannot_run_alone_may_serve(self, ours: Application) -> None:
        job = ["algorithm=qaoa_maxcut", "problem=edge_list", "problem.edges='0-1'"]
        (combination,) = Composer(ours.fast, ours.master).compose([job], Here())
        assert combination.spec.hyperparameters["edges"] == "0-1"

    def test_a_config_of_another_application_is_refused(self, made_up: Application) -> None:
        with pytest.raises(ConfigError, match="not a Braket Sweeper config"):
            Composer(made_up.fast, made_up.master).compose([["top=2"]], Here())
