"""A file that a person gives: read whole, within a limit, as text with numbered lines."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sweeper.errors import ConfigError

LARGEST_FILE = 32 * 2**20
"""Bytes: twice what the edges of a complete graph of a thousand nodes take."""
MOST_PIECES = 2_000_000
"""Lines, cells, terms and elements: each takes some hundred bytes of memory while it is read."""

_LONGEST_QUOTE = 80
_LONGEST_NAME = 40
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"PK\x03\x04": "zip", b"\xfd7zXZ": "xz"}


@dataclass(frozen=True)
class Line:
    """A line of a file, counted from 1."""

    number: int
    text: str


@dataclass(frozen=True)
class GivenFile:
    """What stands in a file, and how messages name it.

    Attributes:
        where: The config key with its value: `problem.path=graph.txt`.
        content: The file's bytes.
        what: What the file should hold: `graph file`, `Hamiltonian`.
    """

    where: str
    content: bytes
    what: str = "file"

    @cached_property
    def text(self) -> str:
        """The text without byte order mark, its lines ending in a line feed each.

        Raises:
            ConfigError: The bytes are no text.
        """
        for mark, kind in _PACKED.items():
            if self.content.startswith(mark):
                raise ConfigError(
                    f"{self.where}: the {self.what} cannot be read: it is packed ({kind}). Unpack it first."
                )
        # Windows' tools write UTF-16, always with a mark.
        marked = self.content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        try:
            text = self.content.decode("utf-16" if marked else "utf-8-sig")
        except UnicodeDecodeError as error:
            raise ConfigError(
                f"{self.where}: the {self.what} cannot be read as text ({error}). Save it in UTF-8."
            ) from error
        if "\0" in text:
            raise ConfigError(f"{self.where}: the {self.what} cannot be read as text: it holds zero bytes.")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def refuse_too_many_pieces(self) -> None:
        """Look how much there is before anything is made of each piece.

        Raises:
            ConfigError: More than `MOST_PIECES`.
        """
        pieces = sum(self.text.count(mark) for mark in "\n,;+<[")
        if pieces > MOST_PIECES:
            raise ConfigError(f"{self.where}: the {self.what} is too large: some {pieces} pieces.")

    @cached_property
    def lines(self) -> list[Line]:
        """All lines that are not blank."""
        numbered = enumerate(self.text.split("\n"), start=1)
        return [Line(number, text) for number, text in numbered if text.strip()]

    def refusal(self, line: Line | int, fault: str) -> ConfigError:
        """The error that names a line, with its text where there is one: `…, line 3: '0 1 x' is …`."""
        if isinstance(line, int):
            return ConfigError(f"{self.where}, line {line}: {fault}")
        return ConfigError(f"{self.where}, line {line.number}: {quoted(line.text)} {fault}")


def open_given(path: str, what: str) -> GivenFile:
    """Read the file at `problem.path`.

    Args:
        path: Starts at the folder the command was typed in.
        what: What it should hold, for messages.

    Raises:
        ConfigError: It is no file, cannot be read, or is larger than `LARGEST_FILE`.
    """
    where = f"problem.path={path}"
    try:
        place = Path(path).expanduser()
        # A pipe or a device would keep the command waiting, or never end.
        if place.exists() and not place.is_file():
            raise ConfigError(f"{where}: the {what} cannot be read (it is a folder, a pipe or a device).")
        with place.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigError(f"{where}: the {what} cannot be read ({error}).") from error
    if len(content) > LARGEST_FILE:
        raise ConfigError(f"{where}: the {what} is larger than {LARGEST_FILE // 2**20} MiB.")
    return GivenFile(where, content, what)


def repeated(names: Iterable[str]) -> str | None:
    """The first name that comes a second time."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def shown(name: str) -> str:
    """A name for a message: short, and in quotation marks if a terminal could obey it."""
    short = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
    return short if short.isprintable() else repr(short)


def quoted(text: str) -> str:
    """A line's text for a message: in quotation marks, shortened, nothing in it that a terminal obeys."""
    text = text.strip()
    return repr(text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…")
