"""What a variational algorithm estimates on a quantum device."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from algorithms.executable import Executable
from algorithms.measurement import Estimate, Outcomes, QuantumTasks


@dataclass(frozen=True)
class Spectrum:
    """How an expectation value depends on one parameter: a trigonometric polynomial.

    Attributes:
        frequency: The smallest frequency; 2π / frequency is a period.
        order: Frequencies are 0, 1 … `order` times it.
    """

    frequency: float
    order: int


class Expectation(ABC):
    """A number that a device estimates at a point: the circuits, and the evaluation of their outcomes.

    Attributes:
        metric: Name under which each evaluation is logged.
        sign: 1 if smaller values are better, -1 if larger.
        parameters: Number of parameters.
        circuits: Number of circuits of one evaluation.
        inexact: Why `spectra` returns None, if it does.
    """

    metric: ClassVar[str]
    sign: float
    parameters: int
    circuits: int
    inexact: str = "the objective is no trigonometric polynomial of its parameters"

    @abstractmethod
    def executables(self, parameters: NDArray[np.float64]) -> list[Executable]:
        """The circuits of one evaluation, the same objects in each, with their inputs."""

    @abstractmethod
    def evaluate(self, outcomes: Sequence[Outcomes]) -> Estimate:
        """The estimate from the outcomes of one evaluation's circuits."""

    def spectra(self) -> list[Spectrum] | None:
        """One for each parameter; None if the expectation is no trigonometric polynomial of all of them."""
        return None

    def periods(self) -> list[float] | None:
        """After which each parameter repeats itself, rad; None if there is no such period."""
        spectra = self.spectra()
        return None if spectra is None else [2.0 * math.pi / spectrum.frequency for spectrum in spectra]

    def allocate(self, shots: int, circuits: int) -> list[int]:
        """Shots of each of one evaluation's circuits if `shots` is asked for: the same for all."""
        return [shots] * circuits

    def memory(self) -> Any:
        """What the expectation remembers of earlier evaluations, as a JSON value."""
        return None

    def remember(self, memory: Any) -> None:  # noqa: B027 - most remember nothing
        """Take back what `memory` returned."""

    def estimate(
        self, parameters: NDArray[np.float64], tasks: QuantumTasks, shots: int | None = None
    ) -> Estimate:
        """Run the circuits of one point, of shape (parameters,), and evaluate."""
        return self.estimates([parameters], tasks, shots)[0]

    def estimates(
        self, points: Sequence[NDArray[np.float64]], tasks: QuantumTasks, shots: int | None = None
    ) -> list[Estimate]:
        """Run the circuits of several points together and evaluate each.

        Args:
            points: Each of shape (parameters,).
            tasks: Runs the circuits.
            shots: Of each circuit, before `allocate`; the tasks' own by default.
        """
        asked = tasks.shots if shots is None else shots
        of_points = [self.executables(point) for point in points]
        shares = [share for some in of_points for share in self.allocate(asked, len(some))]
        outcomes = iter(tasks.run([executable for some in of_points for executable in some], shares))
        return [self.evaluate([next(outcomes) for _ in some]) for some in of_points]
