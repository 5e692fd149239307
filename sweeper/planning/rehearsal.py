"""Before anything is paid for: each distinct program runs once, briefly, on this machine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from sweeper.contract.outcome import log_tail, read_outcome
from sweeper.errors import ConfigError
from sweeper.executors.base import Batch, Status, Submission
from sweeper.executors.local import LocalExecutor
from sweeper.folder.layout import JobFolder, SweepFolder
from sweeper.folder.orphans import end_orphans
from sweeper.job.cost import Cost
from sweeper.job.prepare import prepare
from sweeper.job.requirements import remark_or_refuse
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.terminal import say

_LONGEST_SECONDS = 300
_ENOUGH_SECONDS = 60
"""A program that has run this long without failing has shown what it can."""
_BRIEFLY = {"max_iterations": 10, "shots": 100, "warmup.shots": 100}
REHEARSED = (
    "it is being rehearsed here, before anything is paid for. Where it cannot do without AWS, rehearse=false "
    "skips the rehearsal"
)
"""What a program is told that calls AWS."""
_ELSEWHERE = ("warmup.device", "fallback_device")


def rehearse(folder: SweepFolder, specs: Sequence[JobSpec]) -> None:
    """Run a few short evaluations of each distinct program, from the same source and on a local simulator.

    Programs are distinct if their source, entry point or the names of their hyperparameters differ.

    Raises:
        ConfigError: One failed; says which, why, and where its log is. Nothing has been paid for.
    """
    programs = {(s.source.digest, s.entry_point, *sorted(s.hyperparameters)): s for s in specs}
    shorts = [_shortened(spec) for spec in programs.values()]
    for spec in shorts:
        otherwise = ", or skip the rehearsal with rehearse=false"
        remarks = remark_or_refuse(spec.source.path, go_on=spec.requirements == "ignore", otherwise=otherwise)
        for remark in remarks:
            say(remark)
    say(f"Rehearsing {len(shorts)} distinct programs on this machine …")
    stage = SweepFolder(folder.rehearsal)
    end_orphans(stage)
    with LocalExecutor(stage, n_jobs=None, memory_gib=None, way_out=REHEARSED) as executor:
        waiting = list(enumerate(shorts))
        active: dict[str, tuple[JobFolder, JobSpec, float]] = {}
        while waiting or active:
            while waiting and len(active) < executor.concurrency:
                number, spec = waiting.pop(0)
                job = stage.job(number)
                prepare(job, spec, {})
                token, name = f"rehearsal-{time.time_ns()}", f"rehearsal-{number}"
                (handle,) = executor.submit(Batch(name, token, (Submission(number, spec, job, token, name),)))
                active[handle] = (job, spec, time.monotonic())
            statuses = executor.poll(active)
            for handle, status in statuses.items():
                job, spec, since = active[handle]
                if status.state.finished or time.monotonic() - since > _ENOUGH_SECONDS:
                    del active[handle]
                    _judge(status, job, spec)
            executor.wait(0.2)


def _shortened(spec: JobSpec) -> JobSpec:
    """The same program with few evaluations and shots, where it has hyperparameters of these names."""
    given = spec.hyperparameters
    brief = {
        key: str(most)
        for key, most in _BRIEFLY.items()
        if given.get(key, "").isdigit() and int(given[key]) > most
    }
    # No rehearsal may reach a device that costs money, or ask a simulator for what only AWS has.
    brief |= {key: "local:braket/default" for key in _ELSEWHERE if key in given}
    if given.get("execution") == "batch":
        brief["execution"] = "tasks"
    return replace(
        spec,
        device=spec.device if spec.device.startswith("local:") else "local:braket/default",
        hyperparameters={**given, **brief},
        input_data={c: place for c, place in spec.input_data.items() if not place.startswith("s3://")},
        max_runtime_seconds=_LONGEST_SECONDS,
        cost=Cost(0, 0, 0.0, 0.0),
    )


def _judge(status: Status, job: JobFolder, spec: JobSpec) -> None:
    if status.state is JobState.FAILED:
        raise ConfigError(
            f"The rehearsal of {spec.entry_point} failed, so nothing was submitted: {status.reason}\n"
            f"{log_tail(job.log)}\nIts log: {job.log}. Mend it, or skip the rehearsal with rehearse=false."
        )
    problem = read_outcome(job, None, allow_pickle=spec.allow_pickle).problem
    if status.state is JobState.COMPLETED and problem:
        raise ConfigError(
            f"The rehearsal of {spec.entry_point} left a result that cannot be read, so nothing was "
            f"submitted: {problem}. Its folder: {job.root}."
        )
