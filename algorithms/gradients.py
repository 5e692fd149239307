"""Gradients from evaluations of the objective itself, so that each counts and is logged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from algorithms.expectation import Expectation, Spectrum
from algorithms.hyperparameters import HyperparameterError
from algorithms.options import Option

Vector = NDArray[np.float64]


class Differentiable(Protocol):
    """What a gradient needs of an objective."""

    @property
    def spectra(self) -> list[Spectrum] | None:
        """As `Expectation.spectra`."""

    def batch(self, points: NDArray[np.float64]) -> Vector:
        """Values at points of shape (points, parameters), evaluated together."""


class Gradient(Protocol):
    """A rule for the gradient."""

    def __call__(self, objective: Differentiable, x: Vector) -> Vector:
        """The gradient at `x`, shape (parameters,)."""

    def evaluations(self, spectra: list[Spectrum] | None, parameters: int) -> int:
        """How many evaluations one gradient takes."""


@dataclass(frozen=True)
class FiniteDifferences:
    """Central differences: two evaluations for each parameter.

    The error is of the order step², that of shot noise stderr / step.
    """

    step: Annotated[float, Option("Step of the differences to either side", unit="rad", above=0)] = 0.1

    def __call__(self, objective: Differentiable, x: Vector) -> Vector:
        """The gradient at `x`."""
        shifts = self.step * np.eye(len(x))
        values = objective.batch(np.concatenate([x + shifts, x - shifts]))
        plus, minus = np.split(values, 2)
        return (plus - minus) / (2.0 * self.step)

    def evaluations(self, spectra: list[Spectrum] | None, parameters: int) -> int:  # noqa: ARG002
        """Two for each parameter."""
        return 2 * parameters


@dataclass(frozen=True)
class ParameterShift:
    """The parameter-shift rule, exact for expectation values.

    Evaluations are at distances of the order of a radian. For a trigonometric polynomial of order R there are
    2R equidistant shifts (Wierichs, Izaac, Wang and Lin, Quantum 6, 677, 2022); for a single Pauli rotation
    these are the well-known two at ±π/2.
    """

    def __call__(self, objective: Differentiable, x: Vector) -> Vector:
        """The gradient at `x`.

        Raises:
            HyperparameterError: The objective is no trigonometric polynomial of its parameters.
        """
        spectra = _spectra(objective.spectra)
        points, rows = [], []
        for index, spectrum in enumerate(spectra):
            for number in range(2 * spectrum.order):
                half = (2 * number + 1) * np.pi / (2 * spectrum.order)  # the shift times the frequency
                point = np.array(x, dtype=float)
                point[index] += half / spectrum.frequency
                sign = -1.0 if number % 2 else 1.0
                weight = sign * spectrum.frequency / (4.0 * spectrum.order * np.sin(half / 2.0) ** 2)
                points.append(point)
                rows.append((index, weight))
        gradient = np.zeros(len(x))
        for (index, weight), value in zip(rows, objective.batch(np.array(points)), strict=True):
            gradient[index] += weight * value
        return gradient

    def evaluations(self, spectra: list[Spectrum] | None, parameters: int) -> int:  # noqa: ARG002
        """Twice the order of each parameter's polynomial."""
        return 2 * sum(spectrum.order for spectrum in _spectra(spectra))


def _spectra(
    spectra: list[Spectrum] | None, why: str = "the objective is no trigonometric polynomial"
) -> list[Spectrum]:
    if spectra is None:
        raise HyperparameterError(
            f"optimizer.gradient=parameter_shift is not exact: {why}. Choose "
            "optimizer.gradient=finite_differences."
        )
    return spectra


@dataclass(frozen=True)
class FollowsGradient:
    """What all optimizers that follow a gradient have."""

    checked: ClassVar = ("gradient",)

    gradient: Annotated[
        Gradient,
        Option(
            "Rule for the gradient",
            one_of={"parameter_shift": ParameterShift, "finite_differences": FiniteDifferences},
        ),
    ] = field(default=ParameterShift(), kw_only=True)

    def check(self, expectation: Expectation, max_evaluations: int) -> None:
        """Refuse a rule that does not hold for an expectation, and too few evaluations for one gradient.

        Raises:
            HyperparameterError: Says what would do.
        """
        spectra = expectation.spectra()
        if isinstance(self.gradient, ParameterShift):
            spectra = _spectra(spectra, expectation.inexact)
        needed = self.gradient.evaluations(spectra, expectation.parameters)
        if max_evaluations < needed:
            raise HyperparameterError(
                f"max_iterations={max_evaluations} is not possible: max_iterations must be {needed} or more, "
                "which one gradient takes."
            )
