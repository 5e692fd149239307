"""What a source is asked of its jobs: once, where they run, and remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from sweeper.errors import ConfigError
from sweeper.executors.forkservers import ForkServers
from sweeper.executors.workloads import Workloads
from sweeper.job.source import Source, read_source
from sweeper.job.workload import Question

from ..conftest import Command

SCRIPT = """
import os

def main():
    pass

def braket_workload(hyperparameters):
    steps = int(hyperparameters["steps"])
    if steps > 100:
        return {"refused": f"steps={steps} is not possible: 100 at most."}
    if steps == 0:
        raise ValueError("no steps")
    if steps == -1:
        os._exit(3)
    if steps == -2:
        return [steps]
    return {"tasks": 2 * steps, "shots_per_task": 50, "qubits": 3, "regardless_of": ["seed"]}
"""


class Counted(ForkServers):
    """Fork servers that note what they are asked."""

    def ask(self, source: Source, function: str, questions: Sequence[Mapping[str, str]]) -> list[Any]:
        self.asked.append(len(questions))
        return super().ask(source, function, questions)

    asked: list[int]


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    servers = Counted(tmp_path)
    servers.asked = []
    yield servers
    servers.close()


@pytest.fixture
def source(tmp_path: Path) -> Source:
    file = tmp_path / "theirs" / "says.py"
    file.parent.mkdir()
    file.write_text(SCRIPT)
    return read_source(file, "says:main")


def question(source: Source, **hyperparameters: object) -> Question:
    texts = {name: str(value) for name, value in hyperparameters.items()}
    return Question(source, "says:braket_workload", texts)


def test_a_thousand_seeds_are_one_question(counted: Counted, source: Source) -> None:
    workloads = Workloads(counted)
    questions = [question(source, steps=5, seed=seed) for seed in range(1000)]
    for each in questions:
        workloads.expect(each)
    assert {workloads(each)["tasks"] for each in questions} == {10}
    assert counted.asked == [1]


def test_many_questions_are_asked_together(counted: Counted, source: Source) -> None:
    workloads = Workloads(counted)
    questions = [question(source, steps=steps, seed=seed) for steps in range(1, 41) for seed in (0, 1)]
    for each in questions:
        workloads.expect(each)
    assert [workloads(each)["tasks"] for each in questions] == [2 * s for s in range(1, 41) for _ in (0, 1)]
    assert len(counted.asked) < 8
    assert sum(counted.asked) < 80


def test_answers_outlive_the_process_and_refusals_do_not(counted: Counted, source: Source) -> None:
    first, second = Workloads(counted), Workloads(counted)
    first(question(source, steps=5, seed=1))
    assert "steps=101" in first(question(source, steps=101))["refused"]
    assert counted.asked == [1, 1]
    assert second(question(source, seed=7, steps=5)) == first(question(source, steps=5, seed=0))
    assert counted.asked == [1, 1]
    second(question(source, steps=101))
    assert counted.asked == [1, 1, 1]


def test_another_source_is_another_question(counted: Counted, source: Source, tmp_path: Path) -> None:
    Workloads(counted)(question(source, steps=5))
    other = tmp_path / "others" / "says.py"
    other.parent.mkdir()
    other.write_text(SCRIPT.replace("2 * steps", "3 * steps"))
    changed = read_source(other, "says:main")
    assert Workloads(counted)(question(changed, steps=5))["tasks"] == 15


def test_a_damaged_memory_is_asked_again(counted: Counted, source: Source, tmp_path: Path) -> None:
    Workloads(counted)(question(source, steps=5))
    (file,) = (tmp_path / "cache").rglob("*.jsonl")
    file.write_bytes(b'\xff{"question": 1}\n[]\nnull\n' + file.read_bytes()[:-40])
    assert Workloads(counted)(question(source, steps=5))["tasks"] == 10
    assert counted.asked == [1, 1]
    assert Workloads(counted)(question(source, steps=5))["tasks"] == 10


def test_asking_needs_no_memory_and_leaves_the_source_as_it_is(
    counted: Counted, source: Source, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("no folder")
    assert Workloads(counted)(question(source, steps=5))["tasks"] == 10
    assert [path.name for path in source.path.parent.iterdir()] == ["says.py"]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (0, r"says:braket_workload of .*says\.py failed, .*ValueError: no steps"),
        (-1, r"says:braket_workload of .*says\.py gave no answer"),
        (-2, r"says:braket_workload of .*says\.py says \[-2\]: expected a JSON object"),
    ],
)
def test_a_source_that_cannot_answer_is_named(
    counted: Counted, source: Source, steps: int, message: str
) -> None:
    workloads = Workloads(counted)
    with pytest.raises(ConfigError, match=message):
        workloads(question(source, steps=steps))
    assert workloads(question(source, steps=1))["tasks"] == 2


class TestTheCommandLine:
    WORDS = (
        *("algorithm=script", "algorithm.source_module=says.py", "algorithm.entry_point=says:main"),
        *("device=sv1", "hydra/launcher=braket_aws", "instance.accept_estimate=true"),
    )

    def plan(self, sweeper: Command, tmp_path: Path, *words: str, expect: int = 0) -> str:
        (tmp_path / "says.py").write_text(SCRIPT)
        done = sweeper("plan", *self.WORDS, *words, expect=expect)
        return " ".join((done.stdout + done.stderr).split())

    def test_a_strangers_script_bounds_its_own_bill(self, sweeper: Command, tmp_path: Path) -> None:
        said = self.plan(sweeper, tmp_path, "-m", "+algorithm.hyperparameters.steps=5,6")
        assert "10 500" in said  # tasks and shots
        assert "12 600" in said

    def test_but_the_person_has_the_last_word(self, sweeper: Command, tmp_path: Path) -> None:
        steps = "+algorithm.hyperparameters.steps=5"
        assert " 7 350 " in self.plan(sweeper, tmp_path, steps, "algorithm.max_tasks=7")

    def test_what_it_refuses_is_refused_by_config_key(self, sweeper: Command, tmp_path: Path) -> None:
        said = self.plan(sweeper, tmp_path, "+algorithm.hyperparameters.steps=101", expect=1)
        assert "algorithm.hyperparameters.steps=101 is not possible: 100 at most." in said
        assert "Refused: combination 0" in said

    def test_a_variational_source_that_nobody_can_ask_is_refused(
        self, sweeper: Command, tmp_path: Path
    ) -> None:
        own = tmp_path / "algorithms"
        own.mkdir()
        (own / "__init__.py").touch()
        (own / "vqe.py").write_text("def main():\n    pass\n")
        said = sweeper("algorithm.source_module=algorithms", expect=1).stderr
        assert "algorithms.vqe has no function braket_workload" in " ".join(said.split())

    def test_a_device_that_is_too_small_is_refused(self, sweeper: Command, tmp_path: Path) -> None:
        words = ("+algorithm.hyperparameters.steps=5", "device.qubits=2")
        assert "says:main needs 3 qubits" in self.plan(sweeper, tmp_path, *words, expect=1)
