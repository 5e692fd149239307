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

from algorithms import variational
from algorithms.aggregation import AGGREGATIONS
from algorithms.graph import parse_graph
from algorithms.hyperparameters import HyperparameterError, Hyperparameters
from algorithms.layerwise import layer_by_layer
from algorithms.qaoa import ExpectedCut
from algorithms.randomness import RandomStreams
from algorithms.settings import Settings
from algorithms.start_points import START_POINTS


def main() -> None:
    """Read the hyperparameters, maximise the expected cut, save the result.

    Raises:
        HyperparameterError: A hyperparameter is missing, malformed or unknown; no circuit has run.
    """
    given = Hyperparameters.of_this_job()
    settings = Settings.read(given)
    edges_text = given.text("edges")
    graph = parse_graph(edges_text, given.integer("nodes", at_least=1))
    depth = given.integer("depth", at_least=1)
    initial_point = given.choice("initial_point", [*START_POINTS, "interp"])
    angles = given.choice("angles", ("standard", "multi"), default="standard")
    aggregation_name = given.choice("aggregation", AGGREGATIONS, default="mean")
    aggregation = AGGREGATIONS[aggregation_name](given)
    given.finish()

    streams = RandomStreams.from_seed(settings.seed)
    expected_cut = ExpectedCut(graph, depth, multi_angle=angles == "multi", aggregation=aggregation)
    if initial_point == "interp":
        if angles == "multi" or settings.max_iterations < depth:
            raise HyperparameterError(
                "initial_point=interp needs standard angles and max_iterations of the depth or more."
            )
        search = layer_by_layer(START_POINTS["ramp"](graph, 1, streams.start), depth)
    else:
        start = START_POINTS[initial_point](graph, depth, streams.start)
        search = variational.from_point(expected_cut.spread(start))
    run = variational.run(expected_cut, search, settings, streams)

    best = expected_cut.best_cut
    variational.save(
        run,
        expected_cut,
        settings,
        results_of_algorithm={
            "ratio": run.final.value / settings.reference if settings.reference else None,
            "best_cut": best.value if best else None,
            "best_bitstring": best.bitstring if best else None,
        },
        metadata_of_algorithm={
            "algorithm": "qaoa_maxcut",
            "ansatz": "qaoa",
            "depth": depth,
            "initial_point": initial_point,
            "angles": angles,
            "aggregation": aggregation_name,
            "qubits": graph.nodes,
            "edges": edges_text,
        },
    )


if __name__ == "__main__":
    main()
