"""MatrixMarket: a graph as its adjacency matrix, `coordinate` or `array`.

https://math.nist.gov/MatrixMarket/formats.html
"""

from __future__ import annotations

from io import BytesIO

from sweeper.errors import ConfigError
from sweeper.problems.given_file import GivenFile
from sweeper.problems.graph_formats.named_graph import WEIGHT, NamedEdge, NamedGraph, check_size


def is_matrix_market(file: GivenFile) -> bool:
    """Whether the file begins with the format's banner."""
    return file.text[:20].lower().startswith("%%matrixmarket")


def matrix_market(file: GivenFile) -> NamedGraph:
    """The graph whose adjacency matrix this is; rows count from 1, a zero of an `array` is no edge.

    Raises:
        ConfigError: No matrix, not a square one, too large, or not of real numbers.
    """
    from scipy.io import mminfo, mmread
    from scipy.sparse import coo_array

    # scipy reads bytes and knows no byte order mark.
    content = file.text.encode()
    try:
        rows, columns, entries, form, field, symmetry = mminfo(BytesIO(content))
    except (ValueError, OverflowError, TypeError, IndexError) as error:
        raise ConfigError(f"{file.where}: not a MatrixMarket file ({error}).") from None
    if rows != columns:
        raise ConfigError(
            f"{file.where}: a matrix of {rows} rows and {columns} columns is no adjacency matrix."
        )
    if field == "complex" or symmetry not in {"general", "symmetric"}:
        raise ConfigError(
            f"{file.where}: a {field} {symmetry} matrix is no adjacency matrix, which is symmetric and real."
        )
    check_size(rows, file.where)
    # scipy makes room for as many entries as the file announces before it reads them.
    if entries > len(file.lines) and form == "coordinate":
        raise ConfigError(
            f"{file.where}: {entries} entries are announced, but there are {len(file.lines)} lines."
        )
    try:
        matrix = mmread(BytesIO(content))
    except (ValueError, OverflowError, TypeError, IndexError) as error:
        raise ConfigError(f"{file.where}: not a MatrixMarket file ({error}).") from None
    names = [str(node) for node in range(1, rows + 1)]
    # Of an array what is zero is no edge; of coordinates whatever is written is one.
    found = coo_array(matrix)
    edges = [
        NamedEdge(names[row], names[column], {} if field == "pattern" else {WEIGHT: value})
        for row, column, value in zip(
            found.row.tolist(), found.col.tolist(), found.data.tolist(), strict=True
        )
    ]
    return NamedGraph(edges, names)
