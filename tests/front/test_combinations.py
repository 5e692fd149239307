"""What a job is composed from is what `--cfg job` shows, for any list of overrides, single or swept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf

from sweeper.compose.combinations import expand
from sweeper.compose.fast_loader import SweepLoader
from sweeper.config.register import register
from sweeper.config.shipped import shipped
from sweeper.errors import ConfigError

from ..samples import share
from .conftest import Typed

H = "algorithm.hyperparameters"
OVERRIDES = [
    *(
        "algorithm=script",
        "algorithm=vqe",
        "algorithm=vqe_h2",
        "algorithm=qaoa_maxcut",
        "optimizer=spsa",
        "optimizer=adam",
    ),
    *(f"++{H}={{lr: 0.1}}", f"++{H}={{layers: 2}}", f"+{H}={{lr: 0.2}}", f"{H}={{lr: 0.3}}", f"+{H}.lr=1"),
    *(f"++{H}.lr=1e-3", f"{H}.lr=5", f"~{H}", f"~{H}.lr", f"~{H}.lr=1", f"+{H}.a={{b: [1, 2]}}"),
    *("~shots", "~shots=1000", "~shots=5", "shots=5", "++shots=7", "+shots=7", "~optimizer", "~problem"),
    *(
        "+job.tags.a=b",
        "++job.tags={a: c}",
        "++job.tags={d: e}",
        "~job.tags.a",
        "job.tags={x: y}",
        "~job.tags",
    ),
    *("optimizer.tol=1e-2", "+optimizer@second=spsa", "+problem@other=ring", "other.n=5", "problem=ring"),
    *("+experiment=h2_dissociation", "+experiment=showcase", "experiment=showcase", "problem.n=6"),
    *("reuse_from=[a]", "reuse_from=extend_list(b)", "seed=${shots}", "~seed", "seed=3", "seed=x", "seed="),
    *("device.regions=[]", "device.regions='[a, b]'", 'problem.path="a b,c"', "+nobodys=1", "~nobodys"),
    *(f"+{H}.text='it is, so'", f"+{H}.text=\"quoted, 'so'\"", f"+{H}.t='a\\\\b=c'", f"+{H}.n=null"),
]
SWEEPS = [
    ("seed", "1,2", ["1", "2"]),
    ("++shots", "range(1,4)", ["1", "2", "3"]),
    (f"++{H}", "{a: 1},{b: 2}", ["{a:1}", "{b:2}"]),
    ("optimizer", "choice(spsa,powell)", ["spsa", "powell"]),
    (f"++{H}.c", "'x, y','z'", ["'x, y'", "'z'"]),
]


@pytest.fixture(scope="module")
def loader() -> Any:
    register()
    with initialize_config_dir(str(shipped("conf")), job_name="front"):
        return GlobalHydra.instance().config_loader()


def attempt(load: Callable[[], Any]) -> Any:
    try:
        return load()
    except Exception as error:
        return type(error).__name__, str(error)


def job_part(config: DictConfig) -> str:
    return "\n".join(
        OmegaConf.to_yaml(OmegaConf.create({key: config._get_node(key)})) for key in config if key != "hydra"
    )


def shown(loader: Any, overrides: list[str]) -> Any:
    """What `--cfg job` composes."""
    return attempt(lambda: job_part(loader.load_configuration("config", overrides, RunMode.RUN)))


def composed(loader: Any, overrides: list[str]) -> Any:
    """What the jobs are composed from: one answer for each, or the error that refuses them all."""

    def compose() -> list[Any]:
        master = loader.load_configuration("config", [*overrides, "hydra.mode=MULTIRUN"], RunMode.MULTIRUN)
        parser = OverridesParser.create(config_loader=loader)
        # As Hydra hands them to its sweepers.
        typed = OmegaConf.to_container(master.hydra.overrides.task, resolve=False)
        combinations = expand([], parser.parse_overrides(typed))
        fast = SweepLoader(loader)
        return [
            attempt(lambda job=job: job_part(fast.load_sweep_config(master, job)))  # type: ignore[misc]
            for job in combinations
        ]

    return attempt(compose)


class TestSingleRuns:
    @share(0.3)
    @given(overrides=st.lists(st.sampled_from(OVERRIDES), max_size=5))
    @example(overrides=["algorithm=script", f"++{H}={{lr: 0.1}}", f"++{H}={{layers: 2}}"])
    @example(overrides=["~shots", "reuse_from=[a]", "reuse_from=extend_list(b)"])
    @example(overrides=["seed=x", "seed=1"])
    @example(overrides=["seed=${shots}"])
    @example(overrides=["~job.tags.a", "+job.tags.a=b"])
    @pytest.mark.filterwarnings("ignore:extend_list")
    def test_the_job_gets_what_cfg_job_shows(self, loader: Any, overrides: list[str]) -> None:
        expected = shown(loader, overrides)
        found = composed(loader, overrides)
        assert found == ([expected] if isinstance(expected, str) else expected) or found == [expected]


class TestSweeps:
    @share(0.15)
    @given(
        before=st.lists(st.sampled_from(OVERRIDES), max_size=2),
        sweep=st.sampled_from(SWEEPS),
        after=st.lists(st.sampled_from(OVERRIDES), max_size=2),
    )
    @example(before=["algorithm=script", f"++{H}={{z: 1}}"], sweep=SWEEPS[2], after=[f"++{H}={{y: 3}}"])
    @pytest.mark.filterwarnings("ignore:extend_list")
    def test_each_job_gets_what_cfg_job_shows_of_its_combination(
        self, loader: Any, before: list[str], sweep: tuple[str, str, list[str]], after: list[str]
    ) -> None:
        key, values, each = sweep
        if key in {word.partition("=")[0] for word in after} and "{" not in values:
            return  # the sweep gives way, which has a test of its own
        expected = [shown(loader, [*before, f"{key}={value}", *after]) for value in each]
        found = composed(loader, [*before, f"{key}={values}", *after])
        if isinstance(found, tuple):  # refused before anything was expanded, at an earlier step of Hydra's
            assert found[0] in {each[0] for each in expected if isinstance(each, tuple)}
        else:
            assert found == expected


def combinations(*given: str, ours: tuple[str, ...] = ()) -> list[list[str]]:
    parser = OverridesParser.create()
    return expand(parser.parse_overrides(list(ours)), parser.parse_overrides(list(given)))


class TestExpand:
    def test_the_last_key_varies_fastest(self) -> None:
        assert combinations("a=1,2", "b=x,y") == [
            ["a=1", "b=x"],
            ["a=1", "b=y"],
            ["a=2", "b=x"],
            ["a=2", "b=y"],
        ]

    def test_what_is_typed_replaces_the_configs_own_sweep(self) -> None:
        assert combinations("seed=7", ours=("seed=range(3)", "shots=1,2")) == [
            ["shots=1", "seed=7"],
            ["shots=2", "seed=7"],
        ]
        assert combinations("++seed=7", ours=("seed=range(3)",)) == [["++seed=7"]]
        assert combinations("~seed", ours=("seed=range(3)",)) == [["~seed"]]

    def test_a_later_value_replaces_a_sweep(self) -> None:
        assert combinations("seed=1,2", "seed=3") == [["seed=3"]]
        assert combinations("seed=1,2", "seed=3,4") == [["seed=3"], ["seed=4"]]
        assert combinations("optimizer=spsa,adam", "optimizer=powell") == [["optimizer=powell"]]

    def test_dicts_are_merged_and_not_replaced(self) -> None:
        assert combinations("++h={a: 1},{a: 2}", "++h={b: 3}") == [
            ["++h={a:1}", "++h={b: 3}"],
            ["++h={a:2}", "++h={b: 3}"],
        ]

    def test_packages_are_keys_of_their_own(self) -> None:
        assert len(combinations("+optimizer@a=spsa,adam", "optimizer=powell")) == 2

    def test_keys_with_an_equals_sign(self) -> None:
        assert combinations(r"+h.a\=b=1,2") == [[r"+h.a\=b=1"], [r"+h.a\=b=2"]]

    @given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])), min_size=2))
    def test_texts_come_through_whole(self, values: list[str]) -> None:
        from hydra.core.override_parser.types import Quote, QuotedString

        typed = ",".join(QuotedString(value, Quote.double).with_quotes() for value in values)
        parser = OverridesParser.create()
        jobs = combinations(f"x={typed}")
        assert [parser.parse_overrides(job)[0].value() for job in jobs] == values

    def test_too_many_are_refused_before_they_are_made(self) -> None:
        with pytest.raises(ConfigError, match=r"2000000 combinations .1000 of a × 1000 of b × 2 of c."):
            combinations("a=range(1000)", "b=range(1000)", "c=0,1")


def test_both_dicts_reach_the_job_and_a_deleted_key_has_its_default(typed: Typed, tmp_path: Any) -> None:
    import json

    script = {"job.py": "def main():\n    pass\n"}
    words = ("algorithm=script", "algorithm.source_module=job.py", "algorithm.entry_point=job:main")
    answer = typed(
        *words, f"++{H}={{lr: 0.1}}", f"++{H}={{layers: 2}}", "~report", "hydra.sweep.dir=out", files=script
    )
    assert answer.code == 0, answer
    received = json.loads((tmp_path / "out/jobs/0/hyperparameters.json").read_text())
    assert received == {"lr": "0.1", "layers": "2"}
    assert (tmp_path / "out/report.html").is_file()
    assert (tmp_path / "out/multirun.yaml").is_file()


def test_batches_all_run_although_a_job_of_the_first_one_fails(typed: Typed, tmp_path: Any) -> None:
    script = {
        "job.py": "from braket.jobs import get_hyperparameters\n"
        "def main():\n    assert get_hyperparameters()['n'] != '0'\n"
    }
    words = ["-m", "algorithm=script", "algorithm.source_module=job.py", "algorithm.entry_point=job:main"]
    words += [f"+{H}.n=0,1,2", "hydra.sweeper.max_batch_size=1", "report=false"]
    with redirect_stdout(StringIO()):
        answer = typed(*words, "hydra.sweep.dir=all", files=script)
    assert answer.code == 1
    from sweeper import load_sweep

    assert list(load_sweep(tmp_path / "all").results["status"]) == ["FAILED", "COMPLETED", "COMPLETED"]
    assert typed(*words, "hydra.sweep.dir=first", "fail_fast=true").code == 1
    assert list(load_sweep(tmp_path / "first").results["status"]) == ["FAILED"]
    typed(*words[:-3], f"+{H}.n=0,1,''", *words[-2:], "hydra.sweep.dir=none").refuses("Hyperparameter 'n'")
