"""Asks our sources what their jobs will ask of their devices, in this process, which has both worlds."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from sweeper.config.root import SweepConfig
from sweeper.config.shipped import shipped
from sweeper.job.source import read_source
from sweeper.job.workload import Question, Workload, question_of, workload_of


class Here:
    """An `Ask` without a process of its own."""

    def expect(self, question: Question) -> None:
        """Nothing is gained by asking ahead."""

    def __call__(self, question: Question) -> dict[str, Any]:
        module, _, function = question.function.partition(":")
        answer = getattr(import_module(module), function)(question.hyperparameters)
        return dict(json.loads(json.dumps(answer)))


def asked_of(config: SweepConfig) -> Question:
    """What is asked about a job of ours."""
    algorithm = config.algorithm
    source = read_source(shipped("algorithms"), algorithm.entry_point)
    question = question_of(algorithm, source, algorithm.encode(config))
    assert question is not None
    return question


def workload(config: SweepConfig) -> Workload | None:
    """What is known of a job of ours, or of a script that nobody can ask.

    Raises:
        ConfigError: The job cannot run.
    """
    question = asked_of(config) if config.algorithm.source_module is None else None
    return workload_of(config, question, Here())
