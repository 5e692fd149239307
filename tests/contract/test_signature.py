"""What is said of an entry function before anything is submitted, against what the container made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeper.contract.signature import remarks_on

from .cases import CASES, STUDY, Case
from .places import write
from .test_conformance import recorded

ONLY_BY_RUNNING = {
    "binding.raises_in_cast": "a function of the script raises",
    "binding.enum_by_name": "a class of the script refuses the value",
    "binding.builtin": "a built-in type that does not tell its signature",
    "binding.number": "no function",
    "binding.text": "no function",
    "binding.no_hyperparameters_number": "no function",
    "function.none_named": "no name",
    "function.no_such_module": "refused with the config",
}
"""Cases that fail, and of which the source does not show it."""

MISLEADING = {
    "binding.casts_bool": "is True for every text",
    "binding.bool_of_false": "is True for every text",
    "binding.casts_list": "the characters",
    "binding.casts_list_of_int": "the characters",
    "binding.list_of_json": "the characters",
    "binding.casts_tuple": "the characters",
    "binding.casts_set": "the characters",
    "binding.extra_key": "keeps its default",
    "binding.key_with_a_dot_extra": "keeps its default",
    "binding.positional_only_default": "keeps its default",
    "binding.coroutine": "never awaited",
    "binding.generator": "runs nothing",
}
"""Cases that end well, with something else than one expects."""

FUNCTIONS = [
    case
    for case in CASES
    if case.source is STUDY and case.name.startswith(("binding", "postponed", "function"))
]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("source"), STUDY)


@pytest.mark.parametrize("case", FUNCTIONS, ids=lambda case: case.name)
def test_what_misleads_or_fails_in_the_container_is_said_and_nothing_else(study: Path, case: Case) -> None:
    said = remarks_on(study, case.entry_point, [case.hyperparameters])
    outcome = recorded(case.name)
    if case.name in ONLY_BY_RUNNING:
        assert outcome.exit_code
        assert said == []
    elif case.name in MISLEADING:
        assert outcome.exit_code == 0
        (remark,) = said
        assert MISLEADING[case.name] in remark
    elif outcome.failure:
        assert outcome.failure.startswith("TypeError: ")
        (remark,) = said or [""]
        # What is left out, and has no default, is said where there are hyperparameters that could fit.
        assert "and fails (missing a required argument" in remark or not case.hyperparameters
    elif outcome.exit_code:
        (remark,) = said
        assert "before the function starts" in remark or "defines no" in remark or "fails" in remark
    else:
        assert said == []


def write_and_ask(folder: Path, code: str, entry_point: str = "job:main", **given: str) -> list[str]:
    source = write(folder, {"job.py": code})
    return remarks_on(source, entry_point, [given])


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import typing as t\ndef main(n: t.Optional[int]): ...\n", "`n: t.Optional[int]` cannot be called"),
        ("import typing\ndef main(n: typing.Any): ...\n", "`n: typing.Any` cannot be called"),
        ("import collections.abc\ndef main(n: collections.abc.Sequence): ...\n", "cannot be called"),
        ("from collections import abc\ndef main(n: abc.Mapping[str, int]): ...\n", "cannot be called"),
        ("from typing import Optional as Maybe\ndef main(n: Maybe[int]): ...\n", "`n: Maybe[int]`"),
        ("Layers = list[int]\ndef main(n: Layers): ...\n", "`n: Layers` gets the characters"),
        ("Count = int | None\ndef main(n: Count): ...\n", "`n: Count` cannot be called"),
        ("from typing import Annotated\ndef main(n: Annotated[bool, 'x']): ...\n", "is True for every text"),
        ("if True:\n    def main(n: bool): ...\n", "is True for every text"),
        ("try:\n    import numpy\nexcept ImportError:\n    pass\ndef main(n: bool): ...\n", "is True for"),
        ("def run(n: bool): ...\nmain = run\n", "is True for every text"),
        ("def main(*, n: bool = False, **more): ...\n", "is True for every text"),
        ("def other(): ...\n", "job.py defines no main"),
        ("def main(m: int, n: int): ...\n", "missing a required argument: 'm'"),
        ("def main(n: float): ...\n", 'cannot be made of "False"'),
    ],
)
def test_traps_are_seen_however_they_are_written(tmp_path: Path, code: str, says: str) -> None:
    (remark,) = write_and_ask(tmp_path, code, n="False")
    assert remark.startswith("job:main: ")
    assert says in remark
    assert "here. " in remark or "before it starts" in remark


@pytest.mark.parametrize(
    "code",
    [
        "class bool(str): ...\ndef main(n: bool): ...\n",  # their own
        "def bool(text): return text == 'True'\ndef main(n: bool): ...\n",
        "from theirs import Optional\ndef main(n: Optional): ...\n",
        "from theirs import wrap\n@wrap\ndef main(n: bool): ...\n",
        "def main(n: bool): ...\nmain = print\n",
        "from theirs import main\n",
        "from theirs import *\n",
        "globals()['main'] = print\n",
        "class main: ...\n",
        "main = lambda n: n\n",
        "import json\ndef main(n: json.loads): ...\n",
        "def main(): ...\n",
        "def main(config=None): ...\n",  # reads them by itself
        "def main(n): ...\n",
        "this is no Python",
    ],
)
def test_what_cannot_be_seen_or_is_well_is_left_alone(tmp_path: Path, code: str) -> None:
    assert write_and_ask(tmp_path, code, n="False") == []


def test_a_function_is_followed_to_where_it_is_written(tmp_path: Path) -> None:
    source = write(
        tmp_path,
        {
            "src/__init__.py": "from src.inner import start as main\n",
            "src/inner/__init__.py": "from .deep import start\nfrom ..other import second\n",
            "src/inner/deep.py": "from __future__ import annotations\ndef start(n: int): ...\n",
            "src/other.py": "def second(n: dict): ...\n",
        },
    )
    (remark,) = remarks_on(source, "src:main", [{"n": "1"}])
    assert "`from __future__ import annotations` in deep.py" in remark
    (remark,) = remarks_on(source, "src.inner:second", [{"n": "1"}])
    assert "`n: dict`" in remark


def test_each_trap_is_said_once_for_a_whole_sweep(tmp_path: Path) -> None:
    source = write(tmp_path, {"job.py": "def main(flag: bool, n: int): ...\n"})
    given = [{"flag": flag, "n": n} for flag in ("True", "False") for n in ("1", "2", "1e3")]
    assert [
        remark.partition("`")[2].partition("`")[0] for remark in remarks_on(source, "job:main", given)
    ] == [
        "flag: bool",
        "n: int",
    ]
