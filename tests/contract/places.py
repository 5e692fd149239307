"""Where the cases are run: every place that this project has for hybrid jobs."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from braket_emulator.programs import Containers, Start
from braket_emulator.programs import JobFolder as ContainerFolder
from sweeper.contract import hybrid_job
from sweeper.errors import ConfigError
from sweeper.executors.base import Batch, Executor, Submission
from sweeper.executors.local import LocalExecutor
from sweeper.folder.layout import JobFolder, SweepFolder
from sweeper.job.prepare import prepare
from sweeper.job.source import Source, digest_of
from sweeper.job.spec import JobSpec
from sweeper.planning.rehearsal import rehearse

from ..executors.conftest import emulated_aws
from .cases import Case, Outcome, outcome_of

PATIENCE_SECONDS = 600
REHEARSED_FAILURES = (
    "binding.casts_union",
    "binding.extra_key_of_needed",
    "ends.raises_empty",
    "ends.exits_three",
    "ends.killed",
    "import.raises",
    "function.no_such_module",
    "module.raises",
)
"""A rehearsal ends with the first program that fails, so each of these takes one of its own."""

Outcomes = Mapping[str, Outcome]


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a source; returns its file or folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / Path(next(iter(files))).parts[0]


def specs_of(parent: Path, cases: Sequence[Case]) -> dict[str, JobSpec]:
    """The jobs of cases. Their sources are not looked at first, as `read_source` would refuse some."""
    sources: dict[int, Source] = {}
    specs = {}
    for case in cases:
        if id(case.source) not in sources:
            path = write(parent / str(len(sources)), case.source)
            sources[id(case.source)] = Source(path, digest_of(path))
        specs[case.name] = JobSpec(
            device="local:braket/default",
            source=sources[id(case.source)],
            entry_point=case.entry_point,
            hyperparameters=case.hyperparameters,
            input_files={},
            instance_type="ml.m5.large",
            max_runtime_seconds=86_400,  # of emulated time: the test's own patience ends before
        )
    return specs


def submission(folder: SweepFolder, number: int, spec: JobSpec) -> Submission:
    job = folder.job(number)
    prepare(job, spec, {})
    token = hashlib.sha256(f"{spec.key}-{number}".encode()).hexdigest()
    return Submission(number, spec, job, token, f"conformance-{number}")


def finish(executor: Executor, batches: Iterable[Batch], most: int) -> None:
    """Run batches to their ends, so many at a time."""
    waiting = list(batches)
    active: dict[str, JobFolder] = {}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while waiting or active:
        while waiting and len(active) < most:
            batch = waiting.pop(0)
            folders = [submission.folder for submission in batch.submissions]
            active |= dict(zip(executor.submit(batch), folders, strict=True))
        statuses = executor.poll(active)
        ended = {handle: status for handle, status in statuses.items() if status.state.finished}
        executor.fetch({handle: (active.pop(handle), status) for handle, status in ended.items()})
        assert time.monotonic() < deadline, f"{len(waiting)} wait, {len(active)} run"
        if active:
            executor.wait(0.1)


def left_in(folder: JobFolder) -> Outcome:
    report = json.loads((folder.root / "exit.json").read_text())
    code = report["exit_code"] if report["exit_code"] is not None else -report["signal"]
    return outcome_of(code, folder.root / "failure.txt", folder.results)


def by_local_jobs(parent: Path, cases: Sequence[Case]) -> Outcomes:
    folder = SweepFolder(parent / "sweep")
    jobs = {
        name: submission(folder, number, spec)
        for number, (name, spec) in enumerate(specs_of(parent, cases).items())
    }
    with LocalExecutor(folder, n_jobs=None, memory_gib=None) as executor:
        finish(executor, [Batch(job.name, job.token, (job,)) for job in jobs.values()], executor.concurrency)
    return {name: left_in(job.folder) for name, job in jobs.items()}


def by_packed_jobs(parent: Path, cases: Sequence[Case]) -> Outcomes:
    from sweeper.executors.aws import AwsExecutor

    folder = SweepFolder(parent / "sweep")
    shared: dict[str, list[Submission]] = {}
    jobs = {}
    for number, (name, spec) in enumerate(specs_of(parent, cases).items()):
        jobs[name] = submission(folder, number, spec)
        shared.setdefault(spec.source.digest, []).append(jobs[name])
    # Two of a kind at least, or the job would have a hybrid job of its own.
    for number, alone in enumerate([members for members in shared.values() if len(members) == 1]):
        alone.append(submission(folder, 10_000 + number, alone[0].spec))
    batches = [Batch(members[0].name, members[0].token, tuple(members)) for members in shared.values()]
    with (
        emulated_aws(),
        AwsExecutor(folder, poll_seconds=0.1, pack=len(cases), creations_per_second=100) as executor,
    ):
        for batch in batches:
            finish(executor, [batch], 1)
    return {name: left_in(job.folder) for name, job in jobs.items()}


def by_rehearsals(parent: Path, cases: Sequence[Case], failing: Callable[[str], bool]) -> Outcomes:
    specs = specs_of(parent, cases)
    # Programs whose hyperparameters have the same names count as one, so they take a round each.
    rounds: dict[int, list[str]] = defaultdict(list)
    seen: Counter[Hashable] = Counter()
    for case in cases:
        if not failing(case.name):
            program = (case.entry_point, *sorted(case.hyperparameters))
            rounds[seen[program]].append(case.name)
            seen[program] += 1
    outcomes = {}
    for number, names in rounds.items():
        folder = SweepFolder(parent / f"good {number}")
        rehearse(folder, [specs[name] for name in names])
        stage = SweepFolder(folder.rehearsal)
        outcomes |= {name: left_in(stage.job(place)) for place, name in enumerate(names)}
    for name in REHEARSED_FAILURES:
        folder = SweepFolder(parent / name)
        with pytest.raises(ConfigError, match="failed, so nothing was submitted"):
            rehearse(folder, [specs[name]])
        outcomes[name] = left_in(SweepFolder(folder.rehearsal).job(0))
    return outcomes


def by_containers(parent: Path, cases: Sequence[Case]) -> Outcomes:
    """The emulator's containers, without the emulator around them."""
    ended = threading.Semaphore(0)
    containers = Containers()
    running = {}
    try:
        for case in cases:
            folder = ContainerFolder(parent / case.name)
            folder.create()
            write(folder.source, case.source)
            folder.hyperparameters.write_text(json.dumps(dict(case.hyperparameters)))
            places = hybrid_job.Places(
                folder.hyperparameters, folder.input_data, folder.results, folder.inside("/opt/checkpoints")
            )
            environment = hybrid_job.own_variables(
                case.name, "local:braket/default", case.entry_point, places
            )
            start = Start(
                job_id=case.name,
                folder=folder,
                entry_point=case.entry_point,
                hyperparameters=case.hyperparameters,
                environment={**environment, "PATH": os.environ["PATH"]},
                on_end=ended.release,
            )
            running[case.name] = containers.start(start), folder
        for _ in running:
            assert ended.acquire(timeout=PATIENCE_SECONDS)
    finally:
        containers.close()
    return {
        name: outcome_of(program.exit_code or 0, folder.failure, folder.results)
        for name, (program, folder) in running.items()
    }
