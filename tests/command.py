"""A typed command in a process that was forked for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def type_here(words: tuple[str, ...], directory: Path, environment: Mapping[str, str], said: Path) -> None:
    """Be a command: its words, directory, environment and streams are those of a process of its own."""
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, stream in enumerate(("in", "out", "err")):
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        os.dup2(os.open(os.devnull if stream == "in" else said / stream, flags), descriptor)
    sys.argv = ["sweeper", *words]
    sys.orig_argv = [sys.executable, "-m", *sys.argv]
    sys.path.insert(0, str(directory))
    from sweeper.__main__ import main

    sys.exit(main())
