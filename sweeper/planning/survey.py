"""A sweep's combinations held against what there is already: in its folder, and in other sweeps'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sweeper.compose.composition import Combination
from sweeper.config.whole_sweep import OF_THE_WHOLE_SWEEP
from sweeper.errors import ConfigError, FolderError
from sweeper.folder.layout import SweepFolder
from sweeper.job.prepare import set_checkpoints_aside
from sweeper.job.spec import JobSpec
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.reader import read_jobs, read_standing, reading
from sweeper.ledger.record import Entry
from sweeper.planning.changes import Changes, changes_since
from sweeper.planning.outlook import Outlook, outlooks
from sweeper.planning.reuse import Finished, find_finished, take_over


@dataclass(frozen=True)
class Survey:
    """A sweep as its command composes it, held against what there is already.

    Attributes:
        combinations: The combinations.
        settings: The config keys that hold for the whole sweep.
        specs: What each combination runs: as a rule its own spec; the one with which it was enlisted, if
            that is another one and it has completed or runs.
        keys: The keys of these.
        outlooks: How each of them stands.
        changes: What has changed since they were enlisted.
        elsewhere: Results of other sweeps, by key.
    """

    combinations: Sequence[Combination]
    settings: Mapping[str, Any]
    specs: Sequence[JobSpec]
    keys: Sequence[str]
    outlooks: Sequence[Outlook]
    changes: Changes
    elsewhere: Mapping[str, Finished]

    @property
    def to_run(self) -> list[JobSpec]:
        """The jobs that are still to run."""
        return [
            combination.spec
            for combination, outlook in zip(self.combinations, self.outlooks, strict=True)
            if outlook is Outlook.TO_RUN
        ]


def survey(folder: SweepFolder, combinations: Sequence[Combination]) -> Survey:
    """Hold the combinations against the folder, and against the sweeps whose results are to be reused.

    Raises:
        ConfigError: Something has changed since the folder's jobs were enlisted; `reuse_from` is wrong.
    """
    settings = _settings(combinations)
    states: dict[str, JobState] = {}
    changes = Changes((), {})
    # A ledger that cannot be read, or is only just being made, is for its writer to judge.
    with suppress(FolderError), reading(folder.ledger) as db:
        states = read_standing(db)
        if any(combination.spec.key not in states for combination in combinations):
            changes = changes_since(read_jobs(db), combinations, folder)
    changes.refuse_unless(settings["accept_changes"], folder)
    fixed = {
        place: JobSpec.from_json(job.spec)
        for place, job in changes.enlisted.items()
        if job.state.active or job.state is JobState.COMPLETED
    }
    specs = [fixed.get(place, combination.spec) for place, combination in enumerate(combinations)]
    enlisted = {place: changes.enlisted[place].key for place in fixed}
    keys = [enlisted.get(place, combination.spec.key) for place, combination in enumerate(combinations)]
    elsewhere = find_finished(settings["reuse_from"], set(keys))
    return Survey(combinations, settings, specs, keys, outlooks(keys, states, elsewhere), changes, elsewhere)


def _settings(combinations: Sequence[Combination]) -> dict[str, Any]:
    """The keys that hold for the whole sweep.

    Raises:
        ConfigError: One of them is not the same for all combinations.
    """
    first = combinations[0].config
    for place, combination in enumerate(combinations):
        for key in OF_THE_WHOLE_SWEEP:
            if combination.config[key] != first[key]:
                raise ConfigError(
                    f"{key} holds for the whole sweep and cannot be swept: it is {first[key]} in combination "
                    f"0 and {combination.config[key]} in combination {place}. Nothing was started."
                )
    return {key: first[key] for key in OF_THE_WHOLE_SWEEP}


def enlist(folder: SweepFolder, ledger: Ledger, sweep: Survey) -> list[int]:
    """Numbers of the combinations' jobs; a job that was to be another one is changed, if it may be."""
    entries = [
        Entry(key, combination.overrides, combination.config, combination.choices, spec.to_json())
        for key, combination, spec in zip(sweep.keys, sweep.combinations, sweep.specs, strict=True)
    ]
    for place, job in sweep.changes.enlisted.items():
        if entries[place].key != job.key:
            ledger.renew(job.number, entries[place])
            set_checkpoints_aside(folder.job(job.number), job.attempts)
    return ledger.enlist(entries)


def take_over_finished(
    folder: SweepFolder, ledger: Ledger, sweep: Survey, numbers: Sequence[int]
) -> dict[int, str]:
    """Complete the jobs that other sweeps have completed; says for each where its result comes from."""
    reused = {}
    for number, key, spec, outlook in zip(numbers, sweep.keys, sweep.specs, sweep.outlooks, strict=True):
        if outlook is Outlook.REUSED:
            finished = sweep.elsewhere[key]
            take_over(folder.job(number), ledger, number, spec, finished)
            reused[number] = finished.words
    return reused
