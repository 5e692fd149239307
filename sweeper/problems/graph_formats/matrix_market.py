"""MatrixMarket: a graph as its adjacency matrix, `coordinate` or `array`.

https://math.nist.gov/MatrixMarket/formats.html. SciPy's reader is not used: it tells no lines, and some
damaged files end the interpreter in it (SciPy 1.17, fast_matrix_market, a segmentation fault).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sweeper.errors import ConfigError
from sweeper.problems.given_file import GivenFile, Line, quoted
from sweeper.problems.graph_formats.named_graph import WEIGHT, NamedEdge, NamedGraph, check_size
from sweeper.problems.numbers import real, whole

_FIELDS = {"real", "double", "integer", "pattern"}
_SYMMETRIES = {"general", "symmetric"}


def is_matrix_market(file: GivenFile) -> bool:
    """Whether the file begins with the format's banner."""
    return file.text[:20].lower().startswith("%%matrixmarket")


def matrix_market(file: GivenFile) -> NamedGraph:
    """The graph whose adjacency matrix this is; rows count from 1, a zero of an `array` is no edge.

    Raises:
        ConfigError: No matrix, not a square one, too large, not of real numbers, or a line is no entry.
    """
    if not is_matrix_market(file):
        raise ConfigError(f"{file.where}: not a MatrixMarket file: it does not begin with %%MatrixMarket.")
    banner = file.lines[0]
    words = banner.text.lower().split()
    if len(words) != 5 or words[1] != "matrix" or words[2] not in {"coordinate", "array"}:
        raise file.refusal(banner, "is no banner such as %%MatrixMarket matrix coordinate real symmetric.")
    _, _, form, field, symmetry = words
    if field not in _FIELDS or symmetry not in _SYMMETRIES:
        raise file.refusal(
            banner,
            f"announces a {field} {symmetry} matrix: an adjacency matrix is real, and general or symmetric.",
        )
    lines = [line for line in file.lines[1:] if not line.text.lstrip().startswith("%")]
    if not lines:
        raise file.refusal(banner, "is all there is: the matrix is missing.")
    counts = [whole(word) for word in lines[0].text.split()]
    if None in counts or len(counts) != (3 if form == "coordinate" else 2):
        raise file.refusal(lines[0], "is no size of the matrix: rows, columns and, of coordinates, entries.")
    rows, columns = counts[0] or 0, counts[1] or 0
    if rows != columns:
        raise file.refusal(lines[0], "is no size of an adjacency matrix, which has as many rows as columns.")
    check_size(rows, file.where)
    if form == "coordinate":
        if len(lines) - 1 != counts[2]:
            raise file.refusal(lines[0], f"promises {counts[2]} entries, but {len(lines) - 1} follow.")
        edges = [_entry(file, line, rows, pattern=field == "pattern") for line in lines[1:]]
    else:
        edges = list(_dense(file, lines, rows, symmetric=symmetry == "symmetric"))
    return NamedGraph(edges, [str(node) for node in range(1, rows + 1)])


def _entry(file: GivenFile, line: Line, rows: int, *, pattern: bool) -> NamedEdge:
    words = line.text.split()
    ends = [whole(word) for word in words[:2]]
    if len(words) != (2 if pattern else 3) or not all(end in range(1, rows + 1) for end in ends):
        raise file.refusal(line, f"is no entry of a matrix of {rows} rows and columns.")
    if not pattern and real(words[2]) is None:
        raise file.refusal(line, f"is no entry: {quoted(words[2])} is no finite number.")
    return NamedEdge(str(ends[0]), str(ends[1]), {} if pattern else {WEIGHT: words[2]}, line.number)


def _dense(file: GivenFile, lines: Sequence[Line], rows: int, *, symmetric: bool) -> Iterator[NamedEdge]:
    """An array's numbers stand column by column; of a symmetric one only the lower triangle is written."""
    numbers = [(line, word) for line in lines[1:] for word in line.text.split()]
    places = [(i, j) for j in range(1, rows + 1) for i in range(j if symmetric else 1, rows + 1)]
    if len(numbers) != len(places):
        raise file.refusal(lines[0], f"needs {len(places)} numbers, but {len(numbers)} follow.")
    for (row, column), (line, word) in zip(places, numbers, strict=True):
        value = real(word)
        if value is None:
            raise file.refusal(line, f"has {word[:50]!r}, which is no finite number.")
        if value:
            yield NamedEdge(str(row), str(column), {WEIGHT: value}, line.number)
