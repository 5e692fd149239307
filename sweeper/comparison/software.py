"""What sweeps were computed with, as their jobs say it (`results/metadata.json`)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from sweeper.folder.layout import SweepFolder, open_regular
from sweeper.job.state import JobState

_JOBS = 20
"""Looked at in each sweep, evenly spread: jobs of a resumed one may differ."""
_MOST_BYTES = 2**16
_NAME = re.compile(r"[\w.+!-]{1,60}", re.ASCII)

Versions = dict[str, tuple[str, ...]]


def versions_of(folder: SweepFolder, states: Mapping[int, JobState]) -> Versions:
    """Versions of each package among a sweep's completed jobs; `none` where it was not installed."""
    completed = [number for number, state in states.items() if state is JobState.COMPLETED]
    found: dict[str, set[str]] = {}
    for number in completed[:: max(1, len(completed) // _JOBS)]:
        for package, version in _said_by(folder, number).items():
            found.setdefault(package, set()).add(version)
    return {package: tuple(sorted(versions)) for package, versions in found.items()}


def differences(sweeps: Sequence[tuple[str, Versions]]) -> str | None:
    """In which packages sweeps differ, in words; none if in nothing that all of them tell of."""
    packages = [name for name in sweeps[0][1] if all(name in versions for _, versions in sweeps)]
    words = []
    for package in packages:
        if len({versions[package] for _, versions in sweeps}) > 1:
            places = (f"{' and '.join(versions[package])} in {sweep}" for sweep, versions in sweeps)
            words.append(f"{package} {', '.join(places)}")
    return f"computed with different packages: {'; '.join(words)}" if words else None


def _said_by(folder: SweepFolder, number: int) -> dict[str, str]:
    """What one job says; nothing if it says it in no way that can be understood."""
    try:
        with open_regular(folder.job(number).results / "metadata.json") as file:
            said = json.loads(file.read(_MOST_BYTES))["versions"]
        named = {package: "none" if version is None else version for package, version in said.items()}
        return named if all(_NAME.fullmatch(text) for pair in named.items() for text in pair) else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
