"""Which modules a job would import anyway, and may be imported once for all jobs before they are forked.

Found by reading the source, not by running it. Importing must make no difference to a job, so only modules
are named of which that is known: the standard library's, `FORK_SAFE`, and those of a source that says so.
"""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

FORK_SAFE = frozenset({"boto3", "botocore", "braket", "networkx", "numpy", "qulacs", "scipy", "sympy"})
"""Libraries whose import starts no thread, draws no random number that a job would use, and reads nothing
of a job's surroundings. A job imports every other library by itself (pandas, for one, starts a thread)."""

_STANDARD = sys.stdlib_module_names - {
    *("__main__", "antigravity", "idlelib", "site", "test", "this", "tkinter", "turtle", "turtledemo")
}

MARK = "__import_ahead__"
"""A source whose first file has `__import_ahead__ = True` says that importing its modules has no effects and
depends on nothing that differs between jobs: environment, working directory, hyperparameters, chance."""


@dataclass(frozen=True)
class Imports:
    """What to import before jobs are forked.

    Attributes:
        libraries: Modules outside the source, each with the names taken from it, as `from … import …` does.
        own: Modules of the source itself; none unless it is marked.
    """

    libraries: tuple[tuple[str, tuple[str, ...]], ...]
    own: tuple[str, ...]


def imports_of(source: Path, entry_point: str) -> Imports:
    """What a job with this entry point imports when it starts, as far as it may be imported ahead.

    Args:
        source: The source module: a Python file, or a folder.
        entry_point: `module` or `module:function`.
    """
    module, _, function = entry_point.partition(":")
    modules = _Modules(source)
    libraries: dict[str, dict[str, None]] = {}
    direct: tuple[str, ...] = ()
    seen = {module}
    queue = deque([module])
    while queue:
        current = queue.popleft()
        own: list[str] = []
        for name, taken in modules.imports(current):
            if name.partition(".")[0] == source.stem:
                own += [name, *(f"{name}.{part}" for part in taken)]
            elif name.partition(".")[0] in FORK_SAFE | _STANDARD:
                libraries.setdefault(name, {}).update(dict.fromkeys(taken))
        own = [name for name in own if modules.file(name)]
        if current == module:
            direct = tuple(dict.fromkeys(own))
        packages = (current.rpartition(".")[0],) if "." in current else ()
        for name in (*packages, *own):
            if name not in seen:
                seen.add(name)
                queue.append(name)
    # What runs as a script is executed afresh by every job, under the name `__main__`.
    ahead = (module,) if function else direct
    return Imports(
        tuple((name, tuple(taken)) for name, taken in libraries.items()), ahead if modules.marked else ()
    )


class _Modules:
    """The modules of a source, read and not run."""

    def __init__(self, source: Path) -> None:
        self._source = source

    def file(self, module: str) -> Path | None:
        """Where a module's code is; none if the source has no such module."""
        root, *parts = module.split(".")
        if root != self._source.stem:
            return None
        if self._source.is_file():
            return None if parts else self._source
        inner = self._source.joinpath(*parts)
        candidates = [inner / "__init__.py", inner / "__main__.py", inner.with_suffix(".py")]
        return next((file for file in candidates[: 3 if parts else 2] if file.is_file()), None)

    @property
    def marked(self) -> bool:
        """Whether the source says that its modules may be imported ahead."""
        return any(
            isinstance(node, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == MARK for target in node.targets)
            and isinstance(node.value, ast.Constant)
            and node.value.value is True
            for node in self._statements(self._source.stem)
        )

    def imports(self, module: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The imports that run when the module does: each module's full name with the names taken from it."""
        file = self.file(module)
        is_package = file is not None and file.name == "__init__.py"
        for node in _run_on_import(self._statements(module)):
            if isinstance(node, ast.Import):
                yield from ((alias.name, ()) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                names = tuple(alias.name for alias in node.names if alias.name != "*")
                above = module.split(".")[: None if is_package else -1]
                package = above[: len(above) - node.level + 1] if node.level else []
                if name := ".".join([*package, *([node.module] if node.module else [])]):
                    yield name, names

    def _statements(self, module: str) -> list[ast.stmt]:
        """A module's statements; none if it cannot be read: the job will say why."""
        file = self.file(module)
        try:
            return ast.parse(file.read_bytes()).body if file else []
        except (OSError, SyntaxError, ValueError):
            return []


def _run_on_import(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that are executed on import, those inside functions and type-checking blocks left out."""
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from _run_on_import(node.orelse)
            continue
        yield node
        for block in ("body", "handlers", "orelse", "finalbody"):
            for inner in getattr(node, block, ()):
                yield from _run_on_import([inner] if isinstance(inner, ast.stmt) else inner.body)
