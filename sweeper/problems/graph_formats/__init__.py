"""Graph files. The format is recognised by the content, and ambiguous files are refused."""

from sweeper.problems.graph_formats.reading import FORMATS, GraphReading, read_graph

__all__ = ["FORMATS", "GraphReading", "read_graph"]
