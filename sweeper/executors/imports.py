"""Which modules the jobs of a source import anyway, and may be imported once for all before they are forked.

Found by reading the source, not by running it. Importing must make no difference to a job, so only modules
are named of which that is known: the standard library's, `FORK_SAFE`, and those of a source that says so.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sweeper.job.source import Source
from sweeper.job.source_files import source_files

FORK_SAFE = frozenset(
    {"boto3", "botocore", "braket", "networkx", "nlopt", "numpy", "qulacs", "scipy", "sympy"}
)
"""Libraries whose import starts no thread, draws no random number that a job would use, and reads nothing
of a job's surroundings. A job imports every other library by itself (pandas, for one, starts a thread)."""

_STANDARD = sys.stdlib_module_names - {
    *("__main__", "antigravity", "idlelib", "site", "test", "this", "tkinter", "turtle", "turtledemo")
}

MARK = "__import_ahead__"
"""A source whose script or `__init__.py` has `__import_ahead__ = True` says that importing its modules has no
effects and depends on nothing that differs between jobs: environment, working directory, hyperparameters,
chance. Each job has its own copy of the source; a module that asks where it is (`_PLACE`) is therefore not
imported ahead, and with it none of its source."""

_PLACE = frozenset({"__file__", "__cached__", "__spec__", "__loader__"})
"""Names in a module by which it learns its place; `__path__` besides, where that is asked at its import."""


@dataclass(frozen=True)
class Imports:
    """What to import before jobs are forked.

    Attributes:
        libraries: Modules outside the source, each with the names taken from it, as `from … import …` does.
        own: All modules of the source itself; none unless it is marked.
    """

    libraries: tuple[tuple[str, tuple[str, ...]], ...]
    own: tuple[str, ...]


@dataclass(frozen=True)
class _Copy:
    """A copy of a source module: all with the same name and content import the same."""

    name: str
    digest: str
    module: Path = field(compare=False)


def imports_of_source(source: Source, module: Path) -> Imports:
    """As `imports_of`; read once for all copies of a source.

    Args:
        source: The source.
        module: A copy of it to read, or its original.
    """
    return _imports_of_copy(_Copy(module.stem, source.digest, module))


@cache
def _imports_of_copy(copy: _Copy) -> Imports:
    return imports_of(copy.module)


def imports_of(source: Path) -> Imports:
    """What the modules of a source import, wherever in their code, as far as it may be imported ahead.

    Args:
        source: The source module: a Python file, or a folder. One that is gone imports nothing.
    """
    # A file that cannot be read or parsed is the job's to complain of.
    files = list(_modules(source))
    trees = {module: tree for module, file in files if (tree := _parsed(file)) is not None}
    libraries: dict[str, dict[str, None]] = {}
    for tree in trees.values():
        for module, names in _imported(tree):
            root = module.partition(".")[0]
            if root in FORK_SAFE | _STANDARD and root != source.stem:
                libraries.setdefault(module, {}).update(dict.fromkeys(names))
    marked = (
        source.stem in trees
        and _is_marked(trees[source.stem])
        and not any(_asks_where_it_is(file, trees[module]) for module, file in files if module in trees)
    )
    return Imports(
        tuple((module, tuple(names)) for module, names in libraries.items()), tuple(trees) if marked else ()
    )


def _modules(source: Path) -> Iterator[tuple[str, Path]]:
    """The modules of a source, packages before what is in them."""
    if not source.is_dir():
        yield source.stem, source
        return
    try:
        found = source_files(source).files
    except OSError:
        return
    files = (file.relative for file in found if file.relative.suffix == ".py")
    for file in sorted(files, key=lambda file: (file.parent.parts, file.name != "__init__.py", file.name)):
        parts = (source.stem, *file.parent.parts, *([] if file.stem == "__init__" else [file.stem]))
        if file.stem != "__main__" and all(part.isidentifier() for part in parts):
            yield ".".join(parts), source / file


def _parsed(file: Path) -> ast.Module | None:
    try:
        return ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def _imported(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, [alias.name for alias in node.names if alias.name != "*"]


def _asks_where_it_is(file: Path, tree: ast.Module) -> bool:
    """Whether a module could remember from its import in which folder it was."""
    text = file.read_bytes()  # looked at first, as most have none of the names, and trees are large
    if not any(name.encode() in text for name in (*_PLACE, "__path__", "resources")):
        return False
    if any(
        f"{module}.{name}".startswith("importlib.resources")
        for module, names in _imported(tree)
        for name in ("", *names)
    ):
        return True
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, later = waiting.pop()
        if isinstance(node, ast.Name) and (node.id in _PLACE or (node.id == "__path__" and not later)):
            return True
        # What a function's body asks, it asks when it is called; its defaults are asked at the import.
        bodies = node.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []
        waiting += [(child, later or child in bodies) for child in ast.iter_child_nodes(node)]
    return False


def _is_marked(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == MARK for target in node.targets)
        and isinstance(node.value, ast.Constant)
        and node.value.value is True
        for node in tree.body
    )
