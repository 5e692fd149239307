"""Hydra's own keys, sweepers and launchers: used, or refused with what to use instead."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
from hydra.conf import HydraConf, JobConf
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.experimental.callback import Callback
from hydra.plugins.sweeper import Sweeper

from sweeper import load_sweep
from sweeper.compose import hydra_keys

from .conftest import Files, Typed

SCRIPT: Files = {
    "job.py": "from braket.jobs import get_hyperparameters, save_job_result\n"
    "def main():\n    x = float(get_hyperparameters()['x'])\n    save_job_result({'loss': 1 / x})\n"
}
WORDS = ("-m", "algorithm=script", "algorithm.source_module=job.py", "algorithm.entry_point=job:main")
LOSS = (*WORDS, "algorithm.objective=loss", "hydra.sweep.dir=out", "report=false")


class OfJobs(Callback):
    """Waits for jobs that never run in Hydra's process."""

    def on_job_end(self, config: Any, job_return: Any, **kwargs: Any) -> None:
        raise NotImplementedError


class OfSweeps(Callback):
    """Looks at sweeps."""

    called = 0

    def on_multirun_end(self, config: Any, **kwargs: Any) -> None:  # noqa: ARG002 - the name is Hydra's
        OfSweeps.called += 1


class TestKeys:
    @pytest.mark.parametrize(
        ("override", "instead"),
        [
            ("hydra.run.dir=x", "hydra.sweep.dir"),
            ("hydra.sweep.subdir=x", "jobs/<number>"),
            ("hydra.sweep.subdir='${hydra.job.override_dirname}'", "jobs/<number>"),
            ("hydra.output_subdir=null", "jobs/<number>/.hydra"),
            ("hydra.job.chdir=true", "folder of its own"),
            ("hydra.job.name=mine", "job.tags"),
            ("+hydra.job.num=3", "numbered from 0"),
            ("++hydra.job.id=3", "numbered from 0"),
            ("hydra.job.config_name=x", "--config-name"),
            ("hydra.job.config.override_dirname.kv_sep=-", "jobs/<number>"),
            ("hydra/job_logging=none", "log.txt"),
            ("hydra/job_logging=disabled", "log.txt"),
            ("hydra.job_logging.root.level=DEBUG", "log.txt"),
            ("hydra.runtime.cwd=/", "Hydra fills it in"),
            ("+hydra.job.env_set.A=b", "A local job inherits the environment"),
            ("hydra.job.env_copy=[HOME]", "A local job inherits the environment"),
            ("hydra={output_subdir: x}", "jobs/<number>/.hydra"),
        ],
    )
    def test_what_has_no_effect_is_refused(self, typed: Typed, override: str, instead: str) -> None:
        typed(override.replace("'", "")).refuses("hydra.", "refused", instead)

    def test_it_is_refused_in_a_config_too(self, typed: Typed) -> None:
        own: Files = {"conf/experiment/own.yaml": "# @package _global_\nhydra: {job: {chdir: true}}\n"}
        typed("+experiment=own", files=own).refuses("hydra.job.chdir")

    @pytest.mark.parametrize(
        "override",
        [
            *(
                "hydra.output_subdir=.hydra",
                "hydra.job.chdir=false",
                "hydra.verbose=false",
                "hydra.mode=MULTIRUN",
            ),
            *("hydra/hydra_logging=disabled", "hydra.searchpath=[]", "hydra/job_logging=default"),
        ],
    )
    def test_what_says_how_it_is_or_has_an_effect_is_taken(self, typed: Typed, override: str) -> None:
        assert typed("plan", override).code == 0

    def test_a_name_that_is_spoken_of_has_an_effect(self, typed: Typed) -> None:
        assert typed("plan", "hydra.job.name=mine", "hydra.sweep.dir=out/${hydra.job.name}").code == 0

    def test_every_key_of_hydras_has_been_thought_of(self) -> None:
        """A new version of Hydra may bring new keys: each has to be decided on."""
        used = {"mode", "searchpath", "sweep", "hydra_logging", "sweeper", "launcher", "callbacks", "help"}
        used |= {"hydra_help", "aliases", "verbose", "defaults"}
        decided = {*hydra_keys._UNUSED, *hydra_keys._NEVER_GIVEN}
        refused = {key.partition(".")[0] for key in decided} | {"job_logging"}
        assert {field.name for field in fields(HydraConf)} == used | refused
        of_job = {key.split(".")[1] for key in decided if key.startswith("job.")}
        assert {field.name for field in fields(JobConf)} == of_job | {"name", "env_set", "env_copy"}

    @pytest.mark.filterwarnings("ignore:hydra.utils.instantiate")
    def test_callbacks_of_jobs_are_refused_and_those_of_sweeps_called(self, typed: Typed) -> None:
        words = ("plan", "seed=1,2")
        typed(*words, f"+hydra.callbacks.a._target_={__name__}.OfJobs").refuses(
            "on_job_end", "on_multirun_end"
        )
        OfSweeps.called = 0
        assert typed(*words, f"+hydra.callbacks.a._target_={__name__}.OfSweeps").code == 0
        assert OfSweeps.called == 1


class EachInTurn(Sweeper):
    """An adaptive sweeper: asks for one job after the other, and takes what it is told."""

    told: list[float]

    def __init__(self, values: Any, direction: Any = "minimize") -> None:
        self.values = values
        self.direction = direction
        type(self).told = []

    def setup(self, *, hydra_context: Any, task_function: Any, config: Any) -> None:
        self.config = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        Path(self.config.hydra.sweep.dir).mkdir(parents=True, exist_ok=True)
        for number, value in enumerate(self.values):
            if value == "broken":
                raise ValueError("no such distribution")
            overrides = [*arguments, f"+algorithm.hyperparameters.x={value}"]
            (job,) = self.launcher.launch([overrides], initial_job_idx=number)
            try:
                self.told.append(float(job.return_value))
            except Exception:
                self.told.append(math.inf)


@dataclass
class EachInTurnConf:
    _target_: str = f"{__name__}.EachInTurn"
    values: Any = (1, 2)
    direction: Any = "minimize"


@pytest.fixture
def adaptive() -> Iterator[None]:
    """`hydra/sweeper=each_in_turn`, as if a package had brought it."""
    plugins, store = Plugins.instance(), ConfigStore.instance()
    plugins.register(EachInTurn)
    store.store(group="hydra/sweeper", name="each_in_turn", node=EachInTurnConf, replace=True)
    yield
    del store.repo["hydra"]["sweeper"]["each_in_turn.yaml"]
    for plugin_type in plugins.plugin_type_to_subclass_list.values():
        if EachInTurn in plugin_type:
            plugin_type.remove(EachInTurn)


@pytest.mark.usefixtures("adaptive")
class TestAdaptiveSweepers:
    ADAPTIVE = (*LOSS, "hydra/sweeper=each_in_turn")

    def test_a_failed_trial_is_told_and_makes_the_exit_code_1(self, typed: Typed, tmp_path: Path) -> None:
        answer = typed(*self.ADAPTIVE, "hydra.sweeper.values=[1,0,4]", files=SCRIPT)
        assert EachInTurn.told == [1.0, math.inf, 0.25]
        assert answer.code == 1
        assert list(load_sweep(tmp_path / "out").results["status"]) == ["COMPLETED", "FAILED", "COMPLETED"]
        assert "1 of 3 jobs" in answer.shown

    def test_without_one_it_is_0(self, typed: Typed) -> None:
        assert typed(*self.ADAPTIVE, "hydra.sweeper.values=[1,2]", files=SCRIPT).code == 0

    @pytest.mark.parametrize(
        ("overrides", "words"),
        [
            (
                ["hydra.sweeper.direction=[minimize,maximize]"],
                ["hydra.sweeper.direction=minimize or maximize"],
            ),
            (["hydra.sweeper.values=[]"], ["no job at all", "hydra.sweeper"]),
            (["hydra.sweeper.values=[broken]"], ["The sweeper tests failed", "no such distribution"]),
            (["algorithm.objective=null"], ["algorithm.objective=loss"]),
            (["hydra/launcher=basic"], ["cannot run hybrid jobs"]),
            (["hydra/launcher=braket_aws", "hydra.launcher.wait=false"], ["hydra.launcher.wait=false"]),
            (["shots=-1"], ["shots=-1"]),
        ],
    )
    def test_what_it_cannot_do_is_refused(self, typed: Typed, overrides: list[str], words: list[str]) -> None:
        typed(*self.ADAPTIVE, *overrides, files=SCRIPT).refuses(*words)

    def test_a_foreign_launcher_that_a_config_chooses(self, typed: Typed) -> None:
        own: Files = {
            **SCRIPT,
            "conf/experiment/own.yaml": "# @package _global_\ndefaults: [override /hydra/launcher: basic]\n",
        }
        typed(*self.ADAPTIVE, "+experiment=own", files=own).refuses("hydra/launcher=basic")
