"""The packages with which sweeps were computed, as their jobs report them (`results/metadata.json`)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from sweeper.folder.layout import SweepFolder, open_regular
from sweeper.job.state import JobState

_JOBS = 20
"""Jobs of each sweep that are read, evenly spread, because jobs of a resumed sweep may differ."""
_MOST_BYTES = 2**16
_NAME = re.compile(r"[\w.+!-]{1,60}", re.ASCII)

Versions = dict[str, tuple[str, ...]]


def versions_of(folder: SweepFolder, states: Mapping[int, JobState]) -> Versions:
    """Versions of each package among a sweep's completed jobs; "none" if it was not installed."""
    completed = [number for number, state in states.items() if state is JobState.COMPLETED]
    found: dict[str, set[str]] = {}
    for number in completed[:: max(1, len(completed) // _JOBS)]:
        for package, version in _versions_of_job(folder, number).items():
            found.setdefault(package, set()).add(version)
    return {package: tuple(sorted(versions)) for package, versions in found.items()}


def differences(sweeps: Sequence[tuple[str, Versions]]) -> str | None:
    """A sentence about the packages in which sweeps differ; None if all versions that are known agree."""
    packages = [name for name in sweeps[0][1] if all(name in versions for _, versions in sweeps)]
    words = []
    for package in packages:
        if len({versions[package] for _, versions in sweeps}) > 1:
            places = (f"{' and '.join(versions[package])} in {sweep}" for sweep, versions in sweeps)
            words.append(f"{package} {', '.join(places)}")
    return f"computed with different packages: {'; '.join(words)}" if words else None


def _versions_of_job(folder: SweepFolder, number: int) -> dict[str, str]:
    """The versions that one job reports; empty if they cannot be read."""
    try:
        with open_regular(folder.job(number).results / "metadata.json") as file:
            versions = json.loads(file.read(_MOST_BYTES))["versions"]
        named = {package: "none" if version is None else version for package, version in versions.items()}
        return named if all(_NAME.fullmatch(text) for pair in named.items() for text in pair) else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
