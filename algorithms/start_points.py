"""Where QAOA's search starts, as angles gamma_1 … gamma_p, beta_1 … beta_p in rad."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.graph import Graph
from algorithms.hyperparameters import HyperparameterError

Angles = NDArray[np.float64]

# Wurtz and Lykov, "The fixed angle conjecture for QAOA on regular MaxCut graphs", Phys. Rev. A 104, 052419
# (2021): the optimum on 3-regular graphs without short cycles, by depth.
_THREE_REGULAR = {
    1: ((0.6155,), (0.3927,)),
    2: ((0.4877, 0.8980), (0.5551, 0.2925)),
    3: ((0.4221, 0.7984, 0.9371), (0.6088, 0.4593, 0.2354)),
    4: ((0.4088, 0.7806, 0.9877, 1.1563), (0.5996, 0.4344, 0.2970, 0.1591)),
    5: ((0.3596, 0.7066, 0.8226, 1.0048, 1.1543), (0.6319, 0.5227, 0.3897, 0.2754, 0.1492)),
}


def _tutorial(graph: Graph, depth: int, rng: np.random.Generator) -> Angles:  # noqa: ARG001
    """The Braket tutorial's 0.1 and 0.5 in every layer; its cost layer exp(-i 0.1 ZZ) is a gamma of -0.2."""
    return np.repeat([-0.2, 0.5], depth)


def _random(graph: Graph, depth: int, rng: np.random.Generator) -> Angles:  # noqa: ARG001
    """Uniform over gamma in [0, 2π) and beta in [0, π), the whole period for unweighted graphs."""
    return np.concatenate([rng.uniform(0, 2 * np.pi, depth), rng.uniform(0, np.pi, depth)])


def _ramp(graph: Graph, depth: int, rng: np.random.Generator) -> Angles:  # noqa: ARG001
    """Quantum annealing in `depth` steps: the cost turned on linearly, the mixer off.

    Sack and Serbyn, Quantum 5, 491 (2021), with the schedule taken at the middle of each step; the
    heights are close to the fixed angles of Wurtz and Lykov (2021) for 3-regular graphs.
    """
    time = (np.arange(depth) + 0.5) / depth
    return np.concatenate([1.2 * time, 0.75 * (1.0 - time)])


def _fixed(graph: Graph, depth: int, rng: np.random.Generator) -> Angles:  # noqa: ARG001
    """Optimal angles of large regular graphs without short cycles.

    At depth 1 for any degree D: gamma = arctan(1/√(D-1)), beta = π/8 (Wang, Hadfield, Jiang and Rieffel,
    Phys. Rev. A 97, 022304, 2018); up to depth 5 for degree 3 (Wurtz and Lykov 2021).

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


START_POINTS = {"tutorial": _tutorial, "random": _random, "ramp": _ramp, "fixed": _fixed}
"""Every start point by the name of the hyperparameter `initial_point`; each makes shape (2 * depth,)."""


def one_layer_more(angles: Angles) -> Angles:
    """A start for depth p + 1 from the optimum of depth p, both gammas then betas.

    INTERP of Zhou, Wang, Choi, Pichler and Lukin, Phys. Rev. X 10, 021067 (2020), appendix B.
    """
    return np.concatenate([_stretch(half) for half in np.split(angles, 2)])


def _stretch(values: Angles) -> Angles:
    depth = len(values)
    padded = np.concatenate([[0.0], values, [0.0]])
    share = np.arange(depth + 1) / depth
    stretched: Angles = share * padded[:-1] + (1.0 - share) * padded[1:]
    return stretched
