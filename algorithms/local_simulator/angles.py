"""Gate angles as functions of a circuit's inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from braket.parametric import FreeParameterExpression
from numpy.typing import NDArray


@dataclass(frozen=True)
class Angle:
    """`constant + Σ coefficient · value`, rad.

    Attributes:
        constant: The part without parameters.
        terms: Index of a value, with its coefficient.
    """

    constant: float
    terms: tuple[tuple[int, float], ...] = ()

    def __mul__(self, factor: float) -> Angle:
        """The angle `factor` times as large."""
        return Angle(factor * self.constant, tuple((i, factor * c) for i, c in self.terms))


class Inputs:
    """The numbers a circuit takes: its parameters by name, then what is no linear function of them.

    Args:
        names: Of the circuit's parameters.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(names)
        self._derived: list[tuple[Callable[..., float], list[str]]] = []

    def __len__(self) -> int:
        return len(self.names) + len(self._derived)

    def angle(self, value: float | FreeParameterExpression) -> Angle:
        """Of a gate, as Braket gives it."""
        if not isinstance(value, FreeParameterExpression):
            return Angle(float(value))
        expression = value.expression
        if expression.is_Symbol:  # most are, and SymPy takes its time
            return Angle(0.0, ((self.names.index(str(expression)), 1.0),))
        symbols = sorted(expression.free_symbols, key=str)
        slopes = [expression.diff(symbol) for symbol in symbols]
        if all(slope.is_number for slope in slopes):
            constant = expression.subs(dict.fromkeys(symbols, 0))
            indices = [self.names.index(str(symbol)) for symbol in symbols]
            return Angle(float(constant), tuple(zip(indices, map(float, slopes), strict=True)))
        self._derived.append((_function(symbols, expression), [str(symbol) for symbol in symbols]))
        return Angle(0.0, ((len(self) - 1, 1.0),))

    def values(self, inputs: Mapping[str, float]) -> list[float]:
        """All of the numbers.

        Raises:
            ValueError: A parameter has no value.
        """
        try:
            values = [inputs[name] for name in self.names]
        except KeyError:
            missing = sorted(set(self.names).difference(inputs))
            raise ValueError(f"The circuit's parameters {missing} have no value: pass inputs.") from None
        if self._derived:
            values += [function(*map(inputs.__getitem__, names)) for function, names in self._derived]
        return values


def _function(symbols: list[Any], expression: Any) -> Callable[..., float]:
    from sympy import lambdify

    found: Callable[..., float] = lambdify(symbols, expression, "math")
    return found


def as_matrix(angles: list[Angle], values: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients of shape (angles, values) and constants of shape (angles,)."""
    coefficients = np.zeros((len(angles), values))
    for row, angle in zip(coefficients, angles, strict=True):
        for index, coefficient in angle.terms:
            row[index] += coefficient
    return coefficients, np.array([angle.constant for angle in angles])
