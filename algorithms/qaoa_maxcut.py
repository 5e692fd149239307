"""Hybrid job: quantum approximate optimisation of MaxCut.

Hyperparameters: those of `variational.Settings`, `optimizer.<option>`, and

- `nodes`: number of nodes
- `edges`: `0-1,1-2`, or `0-1:0.5,1-2:2` with weights
- `depth`: number of layers, the literature's p
- `initial_point`: a name in `qaoa.START_POINTS`
"""

from __future__ import annotations

from algorithms import variational
from algorithms.graph import parse_graph
from algorithms.hyperparameters import Hyperparameters
from algorithms.qaoa import START_POINTS, ExpectedCut
from algorithms.randomness import RandomStreams


def main() -> None:
    """Read the hyperparameters, maximise the expected cut, save the result.

    Raises:
        HyperparameterError: A hyperparameter is missing, malformed or unknown; no circuit has run.
    """
    given = Hyperparameters.of_this_job()
    settings = variational.Settings.read(given)
    edges_text = given.text("edges")
    graph = parse_graph(edges_text, given.integer("nodes", at_least=1))
    depth = given.integer("depth", at_least=1)
    initial_point = given.choice("initial_point", START_POINTS)
    given.finish()

    streams = RandomStreams.from_seed(settings.seed)
    start = START_POINTS[initial_point](depth, streams.start)
    expected_cut = ExpectedCut(graph, depth)
    run = variational.run(expected_cut, start, settings, streams)

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
            "qubits": graph.nodes,
            "edges": edges_text,
        },
    )


if __name__ == "__main__":
    main()
