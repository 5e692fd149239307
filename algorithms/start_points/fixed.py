"""Angles that are optimal for large regular graphs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from algorithms.graph import Graph
from algorithms.hyperparameters import HyperparameterError
from algorithms.start_points._interface import Angles

# Wurtz and Lykov, "The fixed angle conjecture for QAOA on regular MaxCut graphs", Phys. Rev. A 104, 052419
# (2021): the optimum on 3-regular graphs without short cycles, by depth.
_THREE_REGULAR = {
    1: ((0.6155,), (0.3927,)),
    2: ((0.4877, 0.8980), (0.5551, 0.2925)),
    3: ((0.4221, 0.7984, 0.9371), (0.6088, 0.4593, 0.2354)),
    4: ((0.4088, 0.7806, 0.9877, 1.1563), (0.5996, 0.4344, 0.2970, 0.1591)),
    5: ((0.3596, 0.7066, 0.8226, 1.0048, 1.1543), (0.6319, 0.5227, 0.3897, 0.2754, 0.1492)),
}


@dataclass(frozen=True)
class Start:
    """Optimal angles of large regular graphs: any degree at depth 1, degree 3 up to depth 5.

    They hold for graphs without short cycles: at depth 1 for any degree D gamma = arctan(1/√(D-1)) and
    beta = π/8 (Wang, Hadfield, Jiang and Rieffel, Phys. Rev. A 97, 022304, 2018); up to depth 5 for degree 3
    (Wurtz and Lykov 2021).
    """

    def __call__(
        self,
        graph: Graph,
        depth: int,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> Angles:
        """The angles, shape (2 * depth,), in rad.

        Raises:
            HyperparameterError: The graph is not regular and unweighted, or the angles are not tabulated.
        """
        degrees = {sum(node in edge for edge in graph.edges) for node in range(graph.nodes)}
        possible = depth == 1 or (degrees == {3} and depth in _THREE_REGULAR)
        if len(degrees) > 1 or set(graph.weights) != {1.0} or not possible:
            raise HyperparameterError(
                "initial_point=fixed has angles for unweighted regular graphs only: any degree at depth=1, "
                "degree 3 up to depth 5."
            )
        (degree,) = degrees
        if depth == 1:
            # For degree 1, a single edge, the formula's limit is π/2.
            return np.array([np.arctan2(1.0, np.sqrt(degree - 1.0)), np.pi / 8])
        gammas, betas = _THREE_REGULAR[depth]
        return np.array([*gammas, *betas])
