"""YAML, JSON and Python literals as one tree of texts with line numbers.

Scalars stay text, because YAML 1.1 reads `1e-3` as a text, `010` as eight and `no` as false.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from sweeper.errors import ConfigError
from sweeper.problems.given_file import GivenFile, message_of, quoted, repeated

_DEEPEST = 20
"""Largest depth of nested lists and mappings; a Hamiltonian has four levels."""


@dataclass(frozen=True)
class Node:
    """A piece of the file: a text, a list of pieces, or pairs of a text and a piece.

    Attributes:
        value: The piece.
        line: Line in which the piece begins; None if the reader of the format does not tell.
    """

    value: str | list[Node] | dict[str, Node]
    line: int | None

    @property
    def place(self) -> str:
        """`, line 3` for messages."""
        return "" if self.line is None else f", line {self.line}"

    def __str__(self) -> str:
        """The piece, shortened for messages."""
        return quoted(self._shown(2))[1:-1]

    def _shown(self, deep: int) -> str:
        if isinstance(self.value, str):
            return self.value[:100]
        if not deep:
            return "…"
        if isinstance(self.value, list):
            shown = ", ".join(node._shown(deep - 1) for node in self.value[:5])
            return f"[{shown}]"
        pairs = list(self.value.items())[:5]
        return "{" + ", ".join(f"{key[:40]}: {node._shown(deep - 1)}" for key, node in pairs) + "}"


def read_nodes(file: GivenFile) -> Node | None:
    """The content of the file; None if it is empty.

    Raises:
        ConfigError: The file is not YAML, JSON or a Python literal, repeats a key, or is nested too deeply.
    """
    if file.text.lstrip().startswith(("[(", "(")):
        return _python(file)
    try:
        _refuse_knots(file)
        return _of_yaml(file, yaml.compose(file.text, Loader=_loader()))
    except yaml.YAMLError as error:
        fault = error
    if file.text.lstrip()[:1] in {"[", "{"}:
        # JSON may be indented with tabs and may escape a slash; YAML allows neither.
        try:
            return _of_json(file, json.loads(file.text, object_pairs_hook=_Pairs, **_AS_TEXT))
        except (ValueError, RecursionError) as error:
            raise ConfigError(
                f"{file.where}: the {file.what} cannot be read ({message_of(error)})."
            ) from None
    raise ConfigError(f"{file.where}: the {file.what} cannot be read ({message_of(fault)}).") from None


@cache
def _loader() -> Any:
    """The fast loader if PyYAML was built with it, otherwise the slow one."""
    return getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def _refuse_knots(file: GivenFile) -> None:
    """Refuse aliases and deep nesting before a tree is built: aliases can make a small file a huge tree."""
    deep = 0
    for event in yaml.parse(file.text, Loader=_loader()):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise file.refusal(line, "aliases (*name) are not read here. Write out what they stand for.")
        if isinstance(event, yaml.CollectionStartEvent):
            deep += 1
            if deep > _DEEPEST:
                raise file.refusal(line, f"more than {_DEEPEST} lists or mappings inside each other.")
        elif isinstance(event, yaml.CollectionEndEvent):
            deep -= 1


def _of_yaml(file: GivenFile, node: Any) -> Node | None:
    if node is None:
        return None
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return Node([_some(_of_yaml(file, item)) for item in node.value], line)
    if not isinstance(node, yaml.MappingNode):
        return Node(str(node.value), line)
    pairs: dict[str, Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise file.refusal(key.start_mark.line + 1, "a key is a text, no list or mapping.")
        if key.value in pairs:
            raise file.refusal(key.start_mark.line + 1, f"the key {quoted(key.value)} stands twice.")
        pairs[str(key.value)] = _some(_of_yaml(file, value))
    return Node(pairs, line)


def _some(node: Node | None) -> Node:
    assert node is not None
    return node


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON, its keys not yet compared."""


_AS_TEXT: dict[str, Any] = {"parse_float": str, "parse_int": str, "parse_constant": str}


def _of_json(file: GivenFile, value: Any, deep: int = 0) -> Node:
    if deep > _DEEPEST:
        raise ConfigError(f"{file.where}: more than {_DEEPEST} lists or objects inside each other.")
    if isinstance(value, _Pairs):
        twice = repeated(name for name, _ in value)
        if twice is not None:
            raise ConfigError(f"{file.where}: the key {quoted(twice)} stands twice.")
        return Node({name: _of_json(file, item, deep + 1) for name, item in value}, None)
    if isinstance(value, list):
        return Node([_of_json(file, item, deep + 1) for item in value], None)
    return Node(value if isinstance(value, str) else json.dumps(value), None)


def _python(file: GivenFile) -> Node:
    """Lists and tuples as `print(op.to_list())` shows them; numbers stay the text they are."""
    try:
        tree = ast.parse(file.text.strip(), mode="eval").body
        # The lines that blanks before the text take are lost with them.
        above = file.text[: len(file.text) - len(file.text.lstrip())].count("\n")
        return _of_python(tree, above, 0)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise ConfigError(f"{file.where}: the {file.what} cannot be read as a list ({said}).") from None


def _of_python(tree: ast.expr, above: int, deep: int) -> Node:
    if deep > _DEEPEST:
        raise ValueError(f"more than {_DEEPEST} lists or tuples inside each other")
    line = tree.lineno + above
    if isinstance(tree, (ast.List, ast.Tuple)):
        return Node([_of_python(item, above, deep + 1) for item in tree.elts], line)
    if isinstance(tree, ast.Dict):
        return Node(dict(_python_pairs(tree, above, deep)), line)
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return Node(tree.value, line)
    return Node(ast.unparse(tree), line)


def _python_pairs(tree: ast.Dict, above: int, deep: int) -> Iterator[tuple[str, Node]]:
    seen = set()
    for key, value in zip(tree.keys, tree.values, strict=True):
        if not isinstance(key, ast.Constant) or key.value in seen:
            raise ValueError("a key is no text, or stands twice")
        seen.add(key.value)
        yield str(key.value), _of_python(value, above, deep + 1)
