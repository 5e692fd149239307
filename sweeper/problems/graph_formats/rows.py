"""Lines of a graph file, cut into cells."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sweeper.problems.given_file import GivenFile, Line

_COMMENT = re.compile(r"^\s*(#|%|//).*|\s(#|//).*")
"""`#`, `%` and `//` begin a comment at the start of a line; `#` and `//` also do after a blank."""
_DATA = re.compile(r"\{.*\}\s*$")
_COUNTS = re.compile(r"(?:MAX-?CUT\s+)?([0-9]{1,18})\s*[\s,;]\s*([0-9]{1,18})", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """A line cut into its cells, with the dictionary in braces at its end."""

    line: Line
    cells: tuple[str, ...]
    data: Mapping[str, object] | None = None
    by_blanks: bool = True

    @property
    def counts(self) -> tuple[int, int] | None:
        """The numbers of nodes and edges if this line could state them, otherwise None."""
        found = _COUNTS.fullmatch(_COMMENT.sub("", self.line.text).strip())
        nodes, edges = (int(number) for number in found.groups()) if found else (0, 0)
        return (nodes, edges) if nodes and edges else None


def rows_of(file: GivenFile) -> list[Row]:
    """The rows of a file, without comments.

    Raises:
        ConfigError: The braces of a line hold no dictionary, or a quotation mark is not closed.
    """
    delimiter, numeric = _delimiter(file), _is_numeric(file)
    rows = []
    for line in file.lines:
        text = _COMMENT.sub("", line.text).strip()
        # `c` begins a comment in files with numbered nodes. In files with named nodes it is a node.
        if not text or (numeric and (text == "c" or text.startswith("c "))):
            continue
        data = _DATA.search(text) if text.endswith("}") else None
        try:
            cells = _cells(text[: data.start()].rstrip(" \t,;") if data else text, delimiter)
        except csv.Error as error:
            raise file.refusal(line, f"cannot be cut into columns ({error}).") from None
        in_braces = _dictionary(file, line, data.group()) if data else None
        rows.append(Row(line, cells, in_braces, delimiter is None))
    return rows


def _is_numeric(file: GivenFile) -> bool:
    """Whether the file numbers its nodes."""
    lines = [line.text for line in file.lines if not re.match(r"\s*(c(\s|$)|#|%|//)", line.text)]
    return 2 * sum(bool(re.match(r"\s*[0-9]+[\s,;]+[0-9]", text)) for text in lines) > len(lines)


def _delimiter(file: GivenFile) -> str | None:
    """The delimiter: a semicolon, comma or tab that every line has; None if lines are cut at blanks."""
    codes = [_COMMENT.sub("", line.text).strip() for line in file.lines]
    heads = [_DATA.sub("", code).strip() if code.endswith("}") else code for code in codes if code]
    for delimiter in (";", ",", "\t") if heads else ():
        if all(delimiter in head for head in heads):
            blanks_do_too = delimiter == "\t" and len({len(head.split()) for head in heads}) == 1
            return None if blanks_do_too else delimiter
    return None


def _cells(text: str, delimiter: str | None) -> tuple[str, ...]:
    if delimiter is None:
        return tuple(text.split())
    (cells,) = csv.reader([text], delimiter=delimiter, skipinitialspace=True, strict=True)
    return tuple(cell.strip() for cell in cells)


def _dictionary(file: GivenFile, line: Line, text: str) -> Mapping[str, object]:
    """The dictionary of attributes that networkx writes after an edge."""
    try:
        data = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        data = None
    if not isinstance(data, dict) or not all(isinstance(name, str) for name in data):
        raise file.refusal(line, "is not an edge: what stands in braces is no dictionary of its attributes.")
    return data
