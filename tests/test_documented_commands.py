"""A fixed sample of the commands that README and docs show; `make drill` executes all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from drill.commands import execute, shown

SHOWN = {one.command: one for one in shown()}


def test_all_kinds_of_commands_are_found() -> None:
    assert len(SHOWN) >= 20
    assert {one.page for one in SHOWN.values()} >= {"README.md", "docs/aws.md", "docs/problems.md"}
    assert any(one.says for one in SHOWN.values())
    assert {name for one in SHOWN.values() for name in one.files} >= {"conf/resolvers.py", "shown.py"}


@pytest.mark.parametrize("word", ["device=iqm_garnet", "squared"])
def test_it_does_what_the_page_says(word: str, tmp_path: Path) -> None:
    (one,) = (
        shown for command, shown in SHOWN.items() if word in command and "hydra/launcher" not in command
    )
    execute(one, tmp_path, {})
