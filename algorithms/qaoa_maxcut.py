"""Hybrid job: quantum approximate optimisation of MaxCut.

Hyperparameters: those of `settings.Settings`, `optimizer.<option>`, and

- `nodes`: number of nodes
- `edges`: `0-1,1-2`, or `0-1:0.5,1-2:2` with weights
- `depth`: number of layers, the literature's p
- `initial_point`: a name in `start_points.START_POINTS`, or `interp`: depth by depth from 1 on,
  each started from the optimum of the one before, with an equal share of the evaluations
- `angles`: `standard` or `multi`, one for each edge and node; standard if not passed
- `aggregation`: a name in `aggregation.AGGREGATIONS`, with `cvar_alpha` or `gibbs_eta`; `mean` if not passed
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from algorithms import job, variational
from algorithms.aggregation import AGGREGATIONS
from algorithms.graph import parse_graph
from algorithms.hyperparameters import HyperparameterError, Hyperparameters
from algorithms.job import Job
from algorithms.layerwise import layer_by_layer
from algorithms.qaoa import ExpectedCut
from algorithms.settings import Settings
from algorithms.start_points import START_POINTS


def main() -> None:
    """Maximise the expected cut; raises as `job.run`."""
    job.run(_read)


def braket_workload(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """What such a job will ask of its devices."""
    return job.workload(_read, hyperparameters)


def _read(given: Hyperparameters, settings: Settings) -> Job:
    edges_text = given.text("edges")
    graph = parse_graph(edges_text, given.integer("nodes", at_least=1))
    depth = given.integer("depth", at_least=1)
    initial_point = given.choice("initial_point", [*START_POINTS, "interp"])
    angles = given.choice("angles", ("standard", "multi"), default="standard")
    aggregation_name = given.choice("aggregation", AGGREGATIONS, default="mean")
    aggregation = AGGREGATIONS[aggregation_name](given)
    expected_cut = ExpectedCut(graph, depth, multi_angle=angles == "multi", aggregation=aggregation)

    def search(rng: np.random.Generator) -> variational.Search:
        if initial_point != "interp":
            start = START_POINTS[initial_point](graph, depth, rng)
            return variational.from_point(expected_cut.spread(start))
        if angles == "multi" or settings.max_iterations < depth:
            raise HyperparameterError(
                f"initial_point=interp needs angles=standard, and max_iterations of depth={depth} or more."
            )
        return layer_by_layer(START_POINTS["ramp"](graph, 1, rng), depth)

    def results(run: variational.Run) -> dict[str, Any]:
        best = expected_cut.best_cut
        return {
            "ratio": run.final.value / settings.reference if settings.reference else None,
            "best_cut": best.value if best else None,
            "best_bitstring": best.bitstring if best else None,
        }

    return Job(
        cost=expected_cut,
        search=search,
        qubits=graph.nodes,
        metadata={
            "algorithm": "qaoa_maxcut",
            "ansatz": "qaoa",
            "depth": depth,
            "initial_point": initial_point,
            "angles": angles,
            "aggregation": aggregation_name,
            "edges": edges_text,
        },
        regardless_of=("cvar_alpha", "gibbs_eta"),
        results=results,
    )


if __name__ == "__main__":
    main()
