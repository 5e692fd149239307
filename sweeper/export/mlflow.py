"""MLflow: one run for each job, with parameters, metric histories, tags and the files the job saved.

What a failed job left behind, and an impossible value, are kept under names of their own (`failed/…`,
`fault/…`): sorted by a result, they must not come first.

The destination is a tracking URI: a file store beside the sweep by default, or a server's address.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from sweeper.comparison.faults import fault_sentences, is_faulty
from sweeper.config.leaves import flatten
from sweeper.errors import SweeperError
from sweeper.export import needs
from sweeper.folder.layout import JobFolder
from sweeper.folder.provenance import without_secrets
from sweeper.job.state import JobState
from sweeper.ledger.reader import read_jobs, reading
from sweeper.ledger.record import JobRecord

if TYPE_CHECKING:
    from sweeper.api import Sweep

DESTINATION = "file:{folder}/mlruns"

_STATUS = {JobState.COMPLETED: "FINISHED", JobState.FAILED: "FAILED", JobState.CANCELLED: "KILLED"}
_MOST_METRICS = 1000  # of one request, MLflow's limits
_MOST_PARAMS = 100
_LONGEST_PARAM = 500
_JOB, _SWEEP = "sweeper.job", "sweeper.sweep"


def export(sweep: Sweep, destination: str) -> str:
    """Write an experiment named like the sweep's folder, without the jobs that it already has.

    Raises:
        SweeperError: MLflow is missing, or refuses.
    """
    try:
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
    except ImportError as error:
        raise needs("MLflow", "mlflow") from error
    with reading(sweep.folder.ledger) as db:
        jobs = read_jobs(db)
        (sweep_id,) = db.execute("SELECT value FROM sweep WHERE key = 'id'").fetchone()
    name = sweep.folder.root.resolve().name
    shown = without_secrets(destination)
    metrics = dict(iter(sweep.metrics.groupby("job", sort=False)))
    results = sweep.results
    faulty = results["job"].array[is_faulty(results)]
    faults = dict(zip(faulty, fault_sentences(results, most=len(results)), strict=True))
    ended = [job for job in jobs if job.state.finished]
    with _file_store_allowed(destination):
        try:
            client = MlflowClient(destination)
            known = client.get_experiment_by_name(name)
            experiment = known.experiment_id if known else client.create_experiment(name)
            target = _Experiment(client, experiment, sweep_id)
            there = target.exported()
            missing = [job for job in ended if (str(job.number), _STATUS[job.state]) not in there]
            for job in missing:
                files = sweep.folder.job(job.number)
                target.add(job, metrics.get(job.number), files, faults.get(job.number))
        except MlflowException as error:
            raise SweeperError(without_secrets(f"MLflow refuses {shown}: {error}")) from error
    kept = f", {len(ended) - len(missing)} were there" if len(missing) < len(ended) else ""
    left = f"; {len(jobs) - len(ended)} unfinished jobs left out" if len(ended) < len(jobs) else ""
    return f"{len(missing)} runs written to experiment {name!r} of {shown}{kept}{left}"


@contextmanager
def _file_store_allowed(destination: str) -> Iterator[None]:
    """Allow MLflow 3 to use its file store, which it refuses by default but which needs no server."""
    name = "MLFLOW_ALLOW_FILE_STORE"
    before = os.environ.get(name)
    if destination.startswith("file:"):
        os.environ.setdefault(name, "true")
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)


@dataclass(frozen=True)
class _Experiment:
    """The MLflow experiment of one sweep; `client` is an `MlflowClient`."""

    client: Any
    id: str
    sweep_id: str

    def exported(self) -> set[tuple[str, str]]:
        """Number and status of every job of this sweep that the experiment has."""
        found: set[tuple[str, str]] = set()
        token = None
        while True:
            ours = f"tags.`{_SWEEP}` = '{self.sweep_id}'"
            page = self.client.search_runs([self.id], ours, max_results=1000, page_token=token)
            found |= {(run.data.tags[_JOB], run.info.status) for run in page}
            token = page.token
            if not token:
                return found

    def add(self, job: JobRecord, history: pd.DataFrame | None, files: JobFolder, fault: str | None) -> None:
        """Write one job as a run; `fault` says why its value is impossible, and is None if it is not."""
        from mlflow.entities import Param

        begun = job.started_at or 0.0
        tags = {_JOB: str(job.number), _SWEEP: self.sweep_id, "sweeper.overrides": " ".join(job.overrides)}
        tags |= {"sweeper.reason": job.why} if job.why else {}
        tags |= {"braket.job_arn": job.job_arn} if job.job_arn else {}
        tags |= {"sweeper.fault": fault} if fault else {}
        kept_apart = "fault/" if fault else "" if job.state is JobState.COMPLETED else "failed/"
        run = self.client.create_run(
            self.id, start_time=int(1000 * begun), tags=tags, run_name=f"job {job.number}"
        ).info.run_id
        parameters = [Param(_key(key), text) for key, text in _parameters(job).items()]
        for start in range(0, len(parameters), _MOST_PARAMS):
            self.client.log_batch(run, params=parameters[start : start + _MOST_PARAMS])
        values = _metrics(job, history, kept_apart)
        for start in range(0, len(values), _MOST_METRICS):
            self.client.log_batch(run, metrics=values[start : start + _MOST_METRICS])
        if files.results.is_dir():
            self.client.log_artifacts(run, str(files.results), "results")
        for file in (files.log, files.config):
            if file.is_file():
                self.client.log_artifact(run, str(file))
        self.client.set_terminated(run, _STATUS[job.state], end_time=int(1000 * (job.ended_at or begun)))


def _parameters(job: JobRecord) -> Mapping[str, str]:
    """The chosen options and every value of the config."""
    leaves = {key: value for key, value in flatten(job.config) if value is not None}
    return {key: str(value)[:_LONGEST_PARAM] for key, value in {**leaves, **job.choices}.items()}


def _metrics(job: JobRecord, history: pd.DataFrame | None, prefix: str) -> list[Any]:
    """The numbers of the result and all logged metrics; `prefix` begins their names."""
    from mlflow.entities import Metric

    at = int(1000 * (job.ended_at or job.started_at or 0.0))
    outcome = {**job.result, "cost_usd": job.cost_usd, "seconds": job.seconds}
    if isinstance(error := job.result.get("error"), int | float):
        outcome["abs_error"] = abs(error)  # what jobs are judged by: to sort by the error itself misleads
    values = [
        Metric(_key(f"{prefix}result.{name}"), float(value), at, 0)
        for name, value in outcome.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    ]
    if history is not None:
        for place, row in enumerate(history.to_dict("records")):
            step = place if pd.isna(row["iteration"]) else int(row["iteration"])
            when = at if math.isnan(row["timestamp"]) else int(1000 * row["timestamp"])
            values.append(Metric(_key(f"{prefix}{row['metric']}"), row["value"], when, step))
    return values


def _key(name: str) -> str:
    """A name with only the characters that MLflow allows: letters, digits, `_ - . : /` and blanks."""
    return re.sub(r"[^\w\-.:/ ]", "_", name)
