"""The modules of a job's source as their syntax trees show them; nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef

_MOST_STEPS = 10
"""Names and imports that are followed from one to the next."""

_UNSEEN = frozenset({"exec", "globals", "setattr", "vars", "__getattr__"})
"""With these a module may have names that its tree does not show."""


@dataclass(frozen=True)
class Module:
    """A module of a source.

    Attributes:
        name: Its full name.
        file: Where it is.
        bound: What each of its names was bound to last: the statement that did it, or for a plain
            assignment the expression.
        postponed: Whether its annotations are texts when it runs.
        unseen: Whether it may have further names.
    """

    name: str
    file: Path
    bound: Mapping[str, ast.stmt | ast.expr]
    postponed: bool
    unseen: bool

    def full_name(self, expression: ast.expr) -> str | None:
        """The full name of an expression, such as `typing.Optional`; None if it was not imported."""
        if isinstance(expression, ast.Attribute):
            whole = self.full_name(expression.value)
            return whole and f"{whole}.{expression.attr}"
        if not isinstance(expression, ast.Name):
            return None
        name, statement = expression.id, self.bound.get(expression.id)
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            return None
        # `import a.b` binds `a`.
        meant = next((alias.name for alias in statement.names if (alias.asname or alias.name) == name), name)
        return f"{statement.module}.{meant}" if isinstance(statement, ast.ImportFrom) else meant


def module_file(source: Path, module: str) -> Path | None:
    """The file of a module in a source.

    Args:
        source: A Python file, or the folder of a package.
        module: The module's full name, whose first part is the source's.
    """
    _, *rest = module.split(".")
    if source.is_file():
        return None if rest else source
    inner = source.joinpath(*rest)
    candidates = [inner / "__init__.py", inner / "__main__.py"]
    if rest:
        candidates.insert(1, inner.with_suffix(".py"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def read_module(source: Path, name: str) -> Module | None:
    """A module of the source; None if it is missing or is not Python, which the job will report."""
    file = module_file(source, name)
    if file is None:
        return None
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    bound: dict[str, ast.stmt | ast.expr] = {}
    imports = []
    for statement in _own_statements(tree.body):
        bound |= _bound_by(statement)
        if isinstance(statement, ast.ImportFrom):
            imports += [(statement.module, alias.name) for alias in statement.names]
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | set(bound)
    unseen = any(imported == "*" for _, imported in imports) or not _UNSEEN.isdisjoint(names)
    return Module(name, file, bound, ("__future__", "annotations") in imports, unseen)


def find_function(source: Path, module: Module, name: str) -> tuple[Function, Module] | None:
    """A function and the module it is written in; followed if it is imported from elsewhere in the source."""
    for _ in range(_MOST_STEPS):
        bound = module.bound.get(name)
        if isinstance(bound, Function):
            return bound, module
        if isinstance(bound, ast.Name):
            name = bound.id
        elif isinstance(bound, ast.ImportFrom):
            where = _imported_from(bound, module)
            if where.partition(".")[0] != source.stem:
                return None
            name = next(alias.name for alias in bound.names if (alias.asname or alias.name) == name)
            elsewhere = read_module(source, where)
            if elsewhere is None:
                return None
            module = elsewhere
        else:
            return None
    return None


def _imported_from(statement: ast.ImportFrom, module: Module) -> str:
    """The full name of the module that an import names."""
    if not statement.level:
        return statement.module or ""
    parents = module.name.split(".")
    up = statement.level - (module.file.name == "__init__.py")
    return ".".join([*parents[: len(parents) - up], *([statement.module] if statement.module else [])])


def _own_statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that may bind a module's own names, in order."""
    for statement in body:
        yield statement
        if not isinstance(statement, Function | ast.ClassDef):
            for field in ("body", "handlers", "orelse", "finalbody", "cases"):
                for inner in getattr(statement, field, ()):
                    yield from _own_statements([inner] if isinstance(inner, ast.stmt) else inner.body)


def _bound_by(statement: ast.stmt) -> dict[str, ast.stmt | ast.expr]:
    """The names that a statement binds, but for those of statements within it."""
    if isinstance(statement, Function | ast.ClassDef):
        return {statement.name: statement}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0]: statement for alias in statement.names}
    if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if len(targets) == 1 and isinstance(targets[0], ast.Name):
            return {targets[0].id: statement.value}
    stored = (
        node.id
        for child in ast.iter_child_nodes(statement)
        if isinstance(child, ast.expr | ast.withitem)
        for node in ast.walk(child)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    return dict.fromkeys(stored, statement)
