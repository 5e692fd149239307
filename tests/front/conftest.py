"""Types commands in this process: most of them end before anything is started."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from sweeper.__main__ import main

Files = Mapping[str, str | bytes | None]


@dataclass(frozen=True)
class Answer:
    """What a command has answered, and what it has left in its directory."""

    code: int
    said: str
    shown: str
    left: frozenset[str]

    def refuses(self, *words: str) -> None:
        """It has said these words, once, shown no traceback, and left nothing."""
        assert self.code in {1, 2}, self
        assert self.said.startswith("error: "), self
        for word in words:
            assert word in self.said, self.said
        assert "Traceback" not in self.said, self.said
        assert "object_type" not in self.said, self.said
        assert self.said.count("error: ") == 1, self.said
        assert not self.left, self


Typed = Callable[..., Answer]


def entries(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def write(folder: Path, files: Files) -> None:
    """Text and bytes make files, none a folder."""
    for name, content in files.items():
        file = folder / name
        (file if content is None else file.parent).mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        elif content is not None:
            file.write_text(content)


def type_in(folder: Path, words: tuple[str, ...], files: Files | None = None) -> Answer:
    """Type a command in a directory, after writing files into it."""
    write(folder, files or {})
    before, argv = entries(folder), list(sys.argv)
    said, shown = StringIO(), StringIO()
    environment = {name: os.environ.pop(name) for name in ("AWS_DEFAULT_REGION",) if name in os.environ}
    GlobalHydra.instance().clear()
    try:
        sys.argv = ["sweeper", *words]
        with chdir(folder), redirect_stderr(said), redirect_stdout(shown):
            try:
                code = main()
            except SystemExit as left:
                code = left.code if isinstance(left.code, int) else 1
        assert folder.is_dir()
    finally:
        sys.argv = argv
        os.environ.update(environment)
        GlobalHydra.instance().clear()
    return Answer(code, said.getvalue(), shown.getvalue(), frozenset(entries(folder) - before))


@pytest.fixture
def typed(tmp_path: Path) -> Iterator[Typed]:
    """`typed("shots=-1", files={"conf/optimizer/mine.yaml": "…"})`."""
    outer = GlobalHydra.instance().hydra
    yield lambda *words, files=None: type_in(tmp_path, words, files)
    GlobalHydra.instance().hydra = outer
