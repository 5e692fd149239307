"""Graph files: which format a file has is seen in its content, and what has two readings is refused."""

from sweeper.problems.graph_formats.reading import FORMATS, GraphReading, read_graph

__all__ = ["FORMATS", "GraphReading", "read_graph"]
