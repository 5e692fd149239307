"""Made-up sweeps of any size, written as the runner writes them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sweeper.contract.metric import Metric
from sweeper.folder import provenance
from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry, JobRecord
from sweeper.results.table_files import Tables

DEVICE = {"arn": "local:braket/default", "price": {"per_task": 0.0, "per_shot": 0.0, "per_minute": 0.0}}
INSTANCE = {"type": "ml.m5.large", "per_hour": 0.115, "as_of": "2026-11-21"}
OPTIMIZERS = {"cobyla": 0.004, "nelder_mead": 0.008, "powell": 0.02, "spsa": 0.06}
"""Each with its mean error in Ha."""
BEGUN = 1_795_000_000.0


def vqe_sweep(
    root: Path,
    *,
    optimizers: Sequence[str] = tuple(OPTIMIZERS),
    shots: Sequence[int] = (100, 1000),
    lengths: Sequence[float] = (0.735,),
    seeds: int = 5,
    iterations: int = 20,
    failing: Mapping[int, str] | None = None,
    unfinished: Sequence[int] = (),
    without_value: Sequence[int] = (),
    cost_per_shot: float = 0.0,
    shift: float = 0.0,
    algorithm: str = "vqe",
) -> SweepFolder:
    """A VQE sweep whose errors are exponentially distributed, with shot noise on top.

    Args:
        root: The folder to make.
        optimizers: Names in `OPTIMIZERS`.
        shots: Shots of a task.
        lengths: Bond lengths in Å.
        seeds: Replicates of each combination.
        iterations: Evaluations of each job, two metrics each.
        failing: Reasons of the jobs that fail.
        unfinished: Jobs that are still running.
        without_value: Jobs that complete without a value.
        cost_per_shot: USD.
        shift: Added to every error, Ha: another device.
        algorithm: Its option and module; `vqe_h2` in earlier versions.
    """
    folder = SweepFolder(root)
    ledger = Ledger(folder.ledger)
    failing = failing or {}
    combinations = list(itertools.product(optimizers, shots, lengths, range(seeds)))
    configs = [_config(algorithm, *combination) for combination in combinations]
    rng = np.random.default_rng(7)
    with ledger.transaction():
        numbers = ledger.enlist(
            Entry(
                key=f"{root.name}-{number}",
                overrides=[
                    f"optimizer={optimizer}",
                    f"shots={count}",
                    f"problem.bond_length={length}",
                    f"seed={seed}",
                ],
                config=config,
                choices={
                    "algorithm": algorithm,
                    "problem": "h2",
                    "device": "local",
                    "optimizer": optimizer,
                },
            )
            for number, ((optimizer, count, length, seed), config) in enumerate(
                zip(combinations, configs, strict=True)
            )
        )
        for number, (optimizer, count, length, _) in zip(numbers, combinations, strict=True):
            begun = BEGUN + number
            ledger.submitting(number)
            ledger.submitted(number, str(number))
            ledger.running(number, begun)
            if number in unfinished:
                continue
            if number in failing:
                folder.job(number).root.mkdir(parents=True)
                folder.job(number).log.write_text(f"a log line of job {number}\n</script><b>bold</b>\n")
                ledger.finish(number, JobState.FAILED, failing[number], ended_at=begun + 1)
                continue
            reference = -1.137 + 0.3 * (length - 0.735) ** 2
            noise = 0.3 / math.sqrt(count)
            error = shift + rng.exponential(OPTIMIZERS[optimizer]) + rng.normal(0, noise / 10)
            path = error + (0.5 - error) * np.exp(-np.arange(iterations) / (iterations / 6))
            path += rng.normal(0, noise / 10, iterations)
            result: dict[str, Any] = {
                "objective": reference + error,
                "value": reference + error,
                "stderr": noise / 10,
                "reference": reference,
                "error": error,
                "evaluations": iterations + 1,
                "tasks": 2 * (iterations + 1),
                "shots_total": 2 * count * (iterations + 1),
            }
            if number in without_value:
                result = dict.fromkeys(result)
            metrics = [
                metric
                for step, value in enumerate(path)
                for metric in (
                    Metric(step, begun + step / 100, "energy", float(reference + value)),
                    Metric(step, begun + step / 100, "stderr", noise / 10),
                )
            ]
            ledger.finish(
                number,
                JobState.COMPLETED,
                None,
                ended_at=begun + rng.uniform(1, 3),
                cost_usd=cost_per_shot * 2 * count * (iterations + 1),
                result=result,
                objective=result["objective"],
                metrics=metrics,
            )
    provenance.record(folder, ledger.sweep_id, configs)
    Tables(folder).write()
    ledger.close()
    return folder


@dataclass(frozen=True)
class Made:
    """A made-up job.

    Attributes:
        swept: Values of the keys that its sweep varies, by dotted key.
        state: How it ended, or that it runs.
        result: What it saved, failed or not.
        logged: Values of the metric `energy`, one an iteration.
        algorithm: Its algorithm's further config, such as `direction`; `name` is the choice, `made` if none.
    """

    swept: Mapping[str, Any]
    state: JobState = JobState.COMPLETED
    result: Mapping[str, Any] = field(default_factory=dict)
    logged: Sequence[float] = ()
    algorithm: Mapping[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> dict[str, Any]:
        """The config with the swept values in it."""
        config: dict[str, Any] = {"algorithm": dict(self.algorithm), "device": DEVICE, "instance": INSTANCE}
        for key, value in self.swept.items():
            *groups, name = key.split(".")
            place = config
            for group in groups:
                place = place.setdefault(group, {})
            place[name] = value
        return {**config, "seed": config.get("seed", 0)}


def records(jobs: Sequence[Made]) -> list[JobRecord]:
    """The jobs as the ledger would return them; each takes a second."""
    return [
        JobRecord(
            number=number,
            key=str(number),
            overrides=[f"{key}={value}" for key, value in job.swept.items()],
            config=job.config,
            choices={"algorithm": str(job.algorithm.get("name", "made"))},
            spec={},
            state=job.state,
            attempts=1,
            batch=None,
            handle=None,
            reserved_usd=0.0,
            reason=None if job.state is JobState.COMPLETED else "made so",
            started_at=BEGUN,
            ended_at=BEGUN + 1,
            cost_usd=0.0,
            job_arn=None,
            result=dict(job.result),
            objective=job.result.get("objective"),
        )
        for number, job in enumerate(jobs)
    ]


def written(root: Path, jobs: Sequence[Made]) -> SweepFolder:
    """A sweep's folder with these jobs."""
    folder = SweepFolder(root)
    ledger = Ledger(folder.ledger)
    with ledger.transaction():
        for record, job in zip(records(jobs), jobs, strict=True):
            entry = Entry(record.key, record.overrides, record.config, record.choices)
            (number,) = ledger.enlist([entry])
            ledger.submitting(number)
            ledger.submitted(number, str(number))
            ledger.running(number, BEGUN)
            if not job.state.finished:
                continue
            ledger.finish(
                number,
                job.state,
                record.reason,
                ended_at=record.ended_at,
                result=record.result,
                objective=record.objective,
                metrics=[Metric(step, BEGUN, "energy", value) for step, value in enumerate(job.logged)],
            )
    provenance.record(folder, ledger.sweep_id, [record.config for record in records(jobs)])
    Tables(folder).write()
    ledger.close()
    return folder


def empty_sweep(root: Path) -> SweepFolder:
    """A sweep without jobs."""
    folder = SweepFolder(root)
    ledger = Ledger(folder.ledger)
    Tables(folder).write()
    ledger.close()
    return folder


def _config(algorithm: str, optimizer: str, shots: int, length: float, seed: int) -> dict[str, Any]:
    return {
        "algorithm": {"entry_point": f"algorithms.{algorithm}:main", "ansatz": "ry_cnot_ry"},
        "problem": {"bond_length": length},
        "device": DEVICE,
        "optimizer": {"name": optimizer},
        "instance": INSTANCE,
        "shots": shots,
        "seed": seed,
        "max_iterations": 60,
    }
