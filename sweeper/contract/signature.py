"""What becomes of a job's hyperparameters when its function is called, before anything is submitted.

Braket gives them to the function as arguments if they fit its signature, and calls it with nothing if they do
not (`hybrid_job`, `docs/contract.md`). What the source shows of that without being run is said here.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sweeper.contract.casts import trap
from sweeper.contract.modules import Function, Module, find_function, read_module


def remarks_on(source: Path, entry_point: str, given: Iterable[Mapping[str, str]]) -> list[str]:
    """What a person should know of how the entry function gets its hyperparameters; most often nothing.

    Args:
        source: The source module: a Python file, or a folder.
        entry_point: `module:function`, or `module`, which is called with nothing.
        given: The hyperparameters of each job.
    """
    module_name, _, name = entry_point.partition(":")
    module = read_module(source, module_name) if name else None
    if module is None:
        return []
    if name not in module.bound and not module.unseen:
        return [f"{entry_point}: {module.file.name} defines no {name}, so every job fails before it starts."]
    found = find_function(source, module, name)
    # A decorator makes another function of it, and what that takes cannot be seen.
    if found is None or found[0].decorator_list:
        return []
    function, home = found
    said = list(_without_effect(function))
    signature, casts = _signature(function), _casts(function)
    for hyperparameters in given if signature.parameters else ():
        said += _of_a_call(signature, casts, home, hyperparameters)
    return [f"{entry_point}: {remark}" for remark in dict.fromkeys(said)]


def _of_a_call(
    signature: inspect.Signature,
    casts: Mapping[str, ast.expr],
    module: Module,
    hyperparameters: Mapping[str, str],
) -> Iterator[str]:
    try:
        signature.bind(**hyperparameters)
    except TypeError as mismatch:
        yield from _not_bound(signature, hyperparameters, str(mismatch))
        return
    for name, value in hyperparameters.items():
        if name in casts and (remark := trap(name, casts[name], value, module)):
            yield remark


def _not_bound(
    signature: inspect.Signature, hyperparameters: Mapping[str, str], mismatch: str
) -> Iterator[str]:
    try:
        signature.bind()
    except TypeError as missing:
        outcome = f"and fails ({missing})"
    else:
        kept = [f"`{name}`" for name in signature.parameters if name in hyperparameters]
        if not kept:  # it does not ask for hyperparameters in this way
            return
        outcome = (
            f"and {', '.join(kept)} {'keeps its' if len(kept) == 1 else 'keep their'} default in every job"
        )
    yield (
        f"the hyperparameters do not fit its signature ({mismatch}), so it is called without any arguments, "
        f"{outcome}, on Braket as here. Give exactly what it takes, let it take `**more`, or read "
        "braket.jobs.get_hyperparameters() in it."
    )


def _without_effect(function: Function) -> Iterator[str]:
    if isinstance(function, ast.AsyncFunctionDef):
        yield (
            "it is an `async def`, which is called and never awaited, so nothing of it runs, on Braket as "
            "here. Let a plain function call asyncio.run()."
        )
    elif any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _own_nodes(function)):
        yield (
            "it has a `yield`, and a generator that is only called runs nothing, on Braket as here. Let a "
            "plain function go through it."
        )


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions and classes within it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function | ast.ClassDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _signature(function: Function) -> inspect.Signature:
    """Its signature; of a default it is only known that there is one."""
    given, kinds = function.args, inspect.Parameter
    positional = [*given.posonlyargs, *given.args]
    without, only = len(positional) - len(given.defaults), len(given.posonlyargs)
    parameters = [
        inspect.Parameter(
            argument.arg,
            kinds.POSITIONAL_ONLY if place < only else kinds.POSITIONAL_OR_KEYWORD,
            default=kinds.empty if place < without else ...,
        )
        for place, argument in enumerate(positional)
    ]
    if given.vararg:
        parameters.append(inspect.Parameter(given.vararg.arg, kinds.VAR_POSITIONAL))
    parameters += [
        inspect.Parameter(argument.arg, kinds.KEYWORD_ONLY, default=kinds.empty if default is None else ...)
        for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    if given.kwarg:
        parameters.append(inspect.Parameter(given.kwarg.arg, kinds.VAR_KEYWORD))
    return inspect.Signature(parameters)


def _casts(function: Function) -> dict[str, ast.expr]:
    """Annotations by name; those of `*args`, `**more` and `return` cast hyperparameters of these names."""
    given = function.args
    every = (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg)
    casts = {argument.arg: argument.annotation for argument in every if argument and argument.annotation}
    return {**casts, "return": function.returns} if function.returns else casts
