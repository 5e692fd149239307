"""What happens when Braket casts a hyperparameter: it calls the annotation with the text, which often fails.

The outcomes are those of Braket's own container (`tests/contract/recorded.json`).
"""

from __future__ import annotations

import ast

from sweeper.contract.modules import Module

_SPLIT = frozenset({"list", "tuple", "set", "frozenset"})
_NUMBERS = {"int": int, "float": float, "complex": complex}
_REFUSE_TEXT = frozenset({"dict", "bytes", "bytearray", "memoryview", "object", "range"})
"""Built-in types that cannot be made from a text alone."""

_TYPING = frozenset({"typing", "typing_extensions", "collections.abc"})
_CALLABLE = frozenset({"Annotated", "NewType", "NamedTuple", "Text", "Counter", "Deque", "ChainMap"})
"""Names of `typing` that can be called; the others cannot be called, or not with a text."""

_MOST_STEPS = 10


def trap(name: str, annotation: ast.expr, value: str, module: Module) -> str | None:
    """Why casting a hyperparameter by an annotation misleads or fails.

    Args:
        name: The name of the parameter.
        annotation: The annotation of the parameter.
        value: The text of the hyperparameter.
        module: The module of the function.

    Returns:
        A sentence that names the parameter, and one that says what to do; None if the cast works, or if
        only running the code could tell.
    """
    written = f"`{name}: {ast.unparse(annotation)}`"
    fails = "cannot be called with a text, so every job fails before the function starts"
    meant = _resolved(annotation, module)
    base = meant.value if isinstance(meant, ast.Subscript) else meant
    builtin = base.id if isinstance(base, ast.Name) and base.id not in module.bound else ""
    if module.postponed:
        line = "from __future__ import annotations"
        what = f"is a text by the line `{line}` in {module.file.name}, and {fails}"
        mend = f"Remove that line, or the annotation of {name}."
    elif isinstance(meant, ast.Constant) and isinstance(meant.value, str):
        what, mend = fails, "Write the type without quotes."
    elif _is_union_or_none(meant) or _cannot_be_called(base, module):
        what, mend = fails, f"Write one type that takes a text, such as `{name}: int` or `{name}: str`."
    elif builtin in _REFUSE_TEXT:
        what, mend = fails, f"Write `{name}: json.loads`, or `{name}: str` and read it in the function."
    elif builtin == "bool":
        what = 'is True for every text, also for "False" and "0"'
        mend = f'Write `{name}: str`, and compare it with "True" in the function.'
    elif builtin in _SPLIT:
        what = 'gets the characters of the text: "[1, 2]" becomes "[", "1", "," and so on'
        mend = f"Write `{name}: json.loads`, or `{name}: str` and read it in the function."
    elif builtin in _NUMBERS and base is meant and not _is_number(builtin, value):
        what = f'cannot be made of "{value}", so that job fails before the function starts'
        mend = "Give another value, or write another type."
    else:
        return None
    return f"{written} {what}, on Braket as here. {mend}"


def _is_union_or_none(meant: ast.expr) -> bool:
    return isinstance(meant, ast.BinOp) or (isinstance(meant, ast.Constant) and meant.value is None)


def _cannot_be_called(base: ast.expr, module: Module) -> bool:
    place, _, name = (module.full_name(base) or "").rpartition(".")
    return place in _TYPING and name not in _CALLABLE


def _is_number(builtin: str, value: str) -> bool:
    try:
        _NUMBERS[builtin](value)
    except ValueError:
        return False
    return True


def _resolved(annotation: ast.expr, module: Module) -> ast.expr:
    """The annotation after replacing the module's names for types, and `Annotated`."""
    for _ in range(_MOST_STEPS):
        if isinstance(annotation, ast.Name) and isinstance(
            bound := module.bound.get(annotation.id), ast.expr
        ):
            annotation = bound
        elif (
            isinstance(annotation, ast.Subscript)
            and module.full_name(annotation.value) in {f"{place}.Annotated" for place in _TYPING}
            and isinstance(annotation.slice, ast.Tuple)
        ):
            annotation = annotation.slice.elts[0]
        else:
            break
    return annotation
