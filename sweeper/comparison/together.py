"""Several sweeps read as one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sweeper.comparison.software import differences, versions_of
from sweeper.errors import ConfigError
from sweeper.folder.layout import SweepFolder
from sweeper.ledger.reader import read_jobs, read_states, reading
from sweeper.ledger.record import JobRecord
from sweeper.results.selection import NOT_ONE_OBJECTIVE, is_named, says_the_problem, seeds_randomness
from sweeper.results.tables import results_frame, varying_keys


def load_together(folders: Sequence[Path], problem_keys: Sequence[str] = ()) -> pd.DataFrame:
    """One table of all jobs, with the column `sweep` after `status`.

    A key counts as swept if it varies within one of the sweeps. A key that only differs between sweeps (the
    device of a local and a noisy run) is left out, because `sweep` stands for it and combinations would not
    pair otherwise. The algorithm and the problem (with the further `problem_keys`) always count as swept,
    because sweeps that solved different problems cannot be paired.

    Raises:
        ConfigError: A folder is named twice, so its jobs would count as replicates of themselves.
        FolderError: One is not the folder of a sweep.
    """
    places = [folder.resolve() for folder in folders]
    if twice := [folder for at, folder in enumerate(folders) if places[at] in places[:at]]:
        raise ConfigError(f"{twice[0]} is named twice: a sweep is compared with others, not with itself.")
    names = _names(folders)
    jobs: list[JobRecord] = []
    sweeps: list[str] = []
    varying: set[str] = set()
    for folder, name in zip(folders, names, strict=True):
        with reading(SweepFolder(folder).ledger) as db:
            of_this = read_jobs(db)
        jobs += of_this
        sweeps += [name] * len(of_this)
        varying.update(varying_keys(of_this))
    table = results_frame(jobs)
    columns = list(table.columns)
    swept = columns[2 : columns.index("objective")]
    # The keys below a choice that differs between sweeps (a device's price) are left out with it.
    apart = [
        key
        for key in swept
        if key not in varying
        and key != "algorithm"
        and not seeds_randomness(key)
        and not says_the_problem(table, key)
        and not any(is_named(key, name) for name in problem_keys)
    ]
    table = table.drop(columns=apart)
    table.insert(2, "sweep", sweeps)
    if said := _different_objectives(jobs, sweeps):
        table.attrs[NOT_ONE_OBJECTIVE] = said
    return table


def _different_objectives(jobs: Sequence[JobRecord], sweeps: Sequence[str]) -> str | None:
    """A sentence if the sweeps state different objectives of one algorithm; a sweep's latest one counts."""
    stated: dict[str, dict[str, str]] = {}
    for job, sweep in zip(jobs, sweeps, strict=True):
        algorithm = job.config.get("algorithm") or {}
        words = " ".join(
            [
                str(algorithm.get("direction") or "minimize"),
                str(algorithm.get("objective") or "its objective"),
            ]
        )
        stated.setdefault(str(job.choices.get("algorithm")), {})[sweep] = words
    for by_sweep in stated.values():
        if len(set(by_sweep.values())) > 1:
            listed = ", ".join(f"{sweep} has to {words}" for sweep, words in by_sweep.items())
            return (
                f"These sweeps' objectives are not one quantity ({listed}): "
                "name the column to compare with --metric, or say by --direction that they are."
            )
    return None


def software_differences(folders: Sequence[Path]) -> str | None:
    """A sentence about the packages that differ between the sweeps' jobs; None if no difference is known."""
    found = []
    for folder, name in zip(folders, _names(folders), strict=True):
        with reading(SweepFolder(folder).ledger) as db:
            found.append((name, versions_of(SweepFolder(folder), read_states(db))))
    return differences(found)


def _names(folders: Sequence[Path]) -> list[str]:
    """The names of the folders; the whole paths of folders with the same name."""
    short = [folder.resolve().name for folder in folders]
    repeated = {name for name, count in Counter(short).items() if count > 1}
    return [str(folder) if name in repeated else name for folder, name in zip(folders, short, strict=True)]
