"""Hybrid job: quantum approximate optimisation of MaxCut.

Hyperparameters: those of `settings.Settings` and `Options`.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np

from algorithms import job, variational
from algorithms.aggregation import AGGREGATIONS, Aggregation, Mean
from algorithms.graph import parse_graph
from algorithms.hyperparameters import HyperparameterError, Hyperparameters
from algorithms.job import Job
from algorithms.layerwise import layer_by_layer
from algorithms.options import Option, name_of, read
from algorithms.qaoa import ExpectedCut
from algorithms.settings import Settings
from algorithms.start_points import START_POINTS, Start, ramp


@dataclass(frozen=True)
class Interp:
    """Depth by depth from 1 on, each from the optimum of the one before, equal shares of the evaluations."""


_STARTS = ChainMap[str, type]({"interp": Interp}, START_POINTS)  # type: ignore[arg-type]  # only read


@dataclass(frozen=True)
class Options:
    """What QAOA reads beside the settings; the graph is the problem's."""

    nodes: Annotated[int, Option("Number of nodes", at_least=1)]
    edges: Annotated[str, Option("`0-1,1-2`, or `0-1:0.5,1-2:2` with weights")]
    depth: Annotated[int, Option("Number of layers, the literature's p", at_least=1)] = 1
    initial_point: Annotated[Start | Interp, Option("Where the search starts", one_of=_STARTS)] = field(
        default=ramp.Start()
    )
    angles: Annotated[
        Literal["standard", "multi"],
        Option("One gamma and beta for each layer, or one for each edge and node of it", may_be_absent=True),
    ] = "standard"
    aggregation: Annotated[
        Aggregation, Option("What the optimizer maximises", one_of=AGGREGATIONS, may_be_absent=True)
    ] = field(default=Mean())


def main() -> None:
    """Maximise the expected cut; raises as `job.run`."""
    job.run(_read)


def braket_workload(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """What such a job will ask of its devices."""
    return job.workload(_read, hyperparameters)


def _read(given: Hyperparameters, settings: Settings) -> Job:
    options = read(Options, given)
    graph, depth = parse_graph(options.edges, options.nodes), options.depth
    expected_cut = ExpectedCut(
        graph, depth, multi_angle=options.angles == "multi", aggregation=options.aggregation
    )

    def search(rng: np.random.Generator) -> variational.Search:
        if not isinstance(options.initial_point, Interp):
            start = options.initial_point(graph, depth, rng)
            return variational.from_point(expected_cut.spread(start))
        if options.angles == "multi" or settings.max_evaluations < depth:
            raise HyperparameterError(
                f"initial_point=interp needs angles=standard, and max_iterations of depth={depth} or more."
            )
        return layer_by_layer(ramp.Start()(graph, 1, rng), depth)

    def results(run: variational.Run) -> dict[str, Any]:
        best = expected_cut.best_cut
        return {
            "ratio": run.final.value / settings.reference if settings.reference else None,
            "best_cut": best.value if best else None,
            "best_bitstring": best.bitstring if best else None,
        }

    return Job(
        expectation=expected_cut,
        search=search,
        qubits=graph.nodes,
        metadata={
            "algorithm": "qaoa_maxcut",
            "ansatz": "qaoa",
            "depth": depth,
            "initial_point": name_of(_STARTS, options.initial_point),
            "angles": options.angles,
            "aggregation": name_of(AGGREGATIONS, options.aggregation),
            "edges": options.edges,
        },
        regardless_of=("cvar_alpha", "gibbs_eta"),
        results=results,
    )


if __name__ == "__main__":
    main()
