"""Random slips of the keyboard in commands and YAML files: no traceback, and no folder left behind."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ..samples import share
from .conftest import Answer, Files, type_in

COMMANDS = [
    ["-m", "algorithm=vqe", "optimizer=cobyla,spsa", "shots=100,1000", "seed=range(2)"],
    ["algorithm=qaoa_maxcut", "problem=regular", "problem.n=8", "algorithm.depth=2", "optimizer.rhobeg=0.1"],
    ["+experiment=h2_dissociation", "hydra.sweep.dir=out", "job.max_runtime_seconds=60", "~stop.patience"],
    [
        "algorithm=script",
        "algorithm.source_module=job.py",
        "+algorithm.hyperparameters={a: [1, 2], b: 'x y'}",
    ],
    ["hydra/launcher=braket_local", "hydra.launcher.n_jobs=2", "hydra.launcher.memory_gib=1", "report=false"],
    ["--config-dir", "conf", "optimizer=mine", "reuse_from=[a,b]", "budget.max_usd=5", "+job.tags.team=q"],
    ["device=sv1", "shots_schedule.kind=linear", "tasks.execution=batch", "warmup.iterations=3"],
]
FILES: Files = {
    "conf/optimizer/mine.yaml": "# Mine.\ndefaults:\n  - cobyla\n  - _self_\n\nrhobeg: 0.25   # rad\ntol: "
    "1e-3\n",
    "conf/experiment/own.yaml": "# @package _global_\ndefaults:\n  - override /algorithm: qaoa_maxcut\n"
    "  - override /problem: regular\nproblem:\n  n: 6\nhydra:\n  sweeper:\n    params:\n"
    "      algorithm.depth: 1,2\n      seed: range(2)\nshots: ${max_iterations}\njob:\n  tags: {a: b}\n",
    "conf/mine.yaml": "defaults: [config, _self_]\nshots: 20\nbudget: {max_usd: 3}\nreuse_from: []\n",
}
USES = {
    "conf/optimizer/mine.yaml": ["optimizer=mine"],
    "conf/experiment/own.yaml": ["+experiment=own"],
    "conf/mine.yaml": ["--config-name", "mine"],
}
STRANGE = [
    *"=:,.+-~[]{}()'\"\\ \t\n#&*!|>%@`$/?0aé\x00",
    "null",
    "${",
    "}",
    "~",
    "--",
    "1e999",
    "nan",
    "<<: ",
    "- ",
]


@st.composite
def slipped(draw: st.DrawFn, text: str) -> str:
    """The text after one to three slips."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        kind = draw(st.sampled_from(["drop", "insert", "double", "swap", "cut"]))
        length = draw(st.integers(1, 6))
        if kind == "drop":
            text = text[:at] + text[at + length :]
        elif kind == "insert":
            text = text[:at] + draw(st.sampled_from(STRANGE)) + text[at:]
        elif kind == "double":
            text = text[: at + length] + text[at:]
        elif kind == "swap":
            text = text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
        else:
            text = text[:at]
    return text


@st.composite
def commands(draw: st.DrawFn) -> list[str]:
    """A command with slips in one of its words, or among them."""
    words = list(draw(st.sampled_from(COMMANDS)))
    at = draw(st.integers(0, len(words) - 1))
    kind = draw(st.sampled_from(["slip", "slip", "slip", "drop", "shuffle", "tear", "add"]))
    if kind == "slip":
        words[at] = draw(slipped(words[at]))
    elif kind == "drop":
        del words[at]
    elif kind == "shuffle":
        words = draw(st.permutations(words))
    elif kind == "tear":
        cut = draw(st.integers(0, len(words[at])))
        words[at : at + 1] = [words[at][:cut], words[at][cut:]]
    else:
        words.insert(at, draw(st.sampled_from([*STRANGE, *(word for each in COMMANDS for word in each)])))
    return words


def plan(words: list[str], files: Files) -> Answer:
    with tempfile.TemporaryDirectory() as folder:
        return type_in(Path(folder), ("plan", *words), files)


def ends_well(answer: Answer) -> None:
    assert answer.code in {0, 1, 2}, answer
    assert "Traceback" not in answer.said, answer
    assert not answer.left, answer
    assert answer.code == 0 or answer.said.splitlines()[-1], answer
    assert answer.code == 0 or "error: " in answer.said, answer


SLOW = share(0.3)


@SLOW
@given(words=commands())
def test_slips_in_commands(words: list[str]) -> None:
    ends_well(plan(words, FILES))


@SLOW
@given(data=st.data(), name=st.sampled_from(sorted(FILES)))
def test_slips_in_files(data: st.DataObject, name: str) -> None:
    content = FILES[name]
    assert isinstance(content, str)
    ends_well(plan(USES[name], {**FILES, name: data.draw(slipped(content))}))
