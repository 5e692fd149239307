"""A file that a person gives. It is read as a whole, up to a limit, as text with numbered lines."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sweeper.errors import ConfigError

LARGEST_FILE = 32 * 2**20
"""Bytes; twice the size of a complete graph of a thousand nodes."""
MOST_PIECES = 2_000_000
"""Largest number of lines, cells and terms; each takes some hundred bytes of memory while it is read."""

_LONGEST_QUOTE = 80
_LONGEST_NAME = 40
_LONGEST_MESSAGE = 300
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"PK\x03\x04": "zip", b"\xfd7zXZ": "xz"}


@dataclass(frozen=True)
class Line:
    """A line of a file, counted from 1."""

    number: int
    text: str


@dataclass(frozen=True)
class GivenFile:
    """The content of a file, and its name in messages.

    Attributes:
        where: The config key with its value, such as `problem.path=graph.txt`.
        content: The file's bytes.
        what: The expected content, such as `graph file` or `Hamiltonian`.
    """

    where: str
    content: bytes
    what: str = "file"

    @cached_property
    def text(self) -> str:
        """The text without byte order mark; every line ends with a line feed.

        Raises:
            ConfigError: The bytes are not text.
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
        """Refuse a file with too many pieces before an object is made of each.

        Raises:
            ConfigError: There are more than `MOST_PIECES` pieces.
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
        """The error about a line. Of a `Line` it quotes the text: `…, line 3: '0 1 x' is …`."""
        if isinstance(line, int):
            return ConfigError(f"{self.where}, line {line}: {fault}")
        return ConfigError(f"{self.where}, line {line.number}: {quoted(line.text)} {fault}")


def open_given(path: str, what: str) -> GivenFile:
    """Read the file at `problem.path`.

    Args:
        path: The path, relative to the folder in which the command was typed.
        what: The expected content, for messages.

    Raises:
        ConfigError: The path is not a file, cannot be read, or is larger than `LARGEST_FILE`.
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


def message_of(error: Exception) -> str:
    """The text of another library's error on one line, shortened."""
    return " ".join(str(error).split())[:_LONGEST_MESSAGE] or type(error).__name__


def repeated(names: Iterable[str]) -> str | None:
    """The first name that is repeated; None if no name is."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def printable(name: str) -> str:
    """A name for a message: shortened, and quoted if it has control characters."""
    short = name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
    return short if short.isprintable() else repr(short)


def quoted(text: str) -> str:
    """The text of a line for a message: quoted, shortened, and without control characters."""
    text = text.strip()
    return repr(text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…")
