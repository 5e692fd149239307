"""Remarks on the numbers of a sweep, which are kept with each job and shown once for all jobs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_MOST_NAMES = 12


class Remark(NamedTuple):
    """A remark on a job's numbers.

    Attributes:
        kind: A key of `_SAY`.
        detail: JSON, whose form depends on the kind.
    """

    kind: str
    detail: str


def names_beyond_words(names: Sequence[str]) -> Remark:
    """Braket reads the names of these metrics only in part, or not at all."""
    return Remark("names_beyond_words", json.dumps(list(names)))


def thinned_metrics(kept: int, logged: int) -> Remark:
    """Not all values of a job's metrics are kept."""
    return Remark("thinned_metrics", json.dumps([kept, logged]))


def names_left_out(count: int, kept: int) -> Remark:
    """Not all of a job's metrics are kept."""
    return Remark("names_left_out", json.dumps([count, kept]))


def broken_promise(why: str) -> Remark:
    """A job created more quantum tasks than its limits allow, and ended before they were counted."""
    return Remark("broken_promise", json.dumps(why))


def sentences(remarks: Iterable[tuple[int, Remark]]) -> list[str]:
    """The sentences about a whole sweep.

    Args:
        remarks: The remarks, each with the number of its job.
    """
    by_kind: dict[str, dict[int, str]] = {}
    for job, remark in remarks:
        by_kind.setdefault(remark.kind, {})[job] = remark.detail
    return [say(by_kind[kind]) for kind, say in _SAY.items() if kind in by_kind]


def listed(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    """Names for a sentence, at most `most` of them."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _say_names_beyond_words(details: dict[int, str]) -> str:
    names = list(dict.fromkeys(name for detail in details.values() for name in json.loads(detail)))
    return (
        f"Metrics with names that are not one word of letters, digits and underscores: {listed(names)}. They "
        "are kept apart here; Braket's console and the SDK's metrics() read such names in part or not at all."
    )


def _say_thinned_metrics(details: dict[int, str]) -> str:
    kept, logged = (sum(json.loads(detail)[at] for detail in details.values()) for at in (0, 1))
    return (
        f"{_jobs(details)} logged more metric values than the tables hold: {kept} of {logged} are kept, "
        "evenly spaced, with the first, last, least and greatest of each metric. The logs have all of them."
    )


def _say_names_left_out(details: dict[int, str]) -> str:
    left_out = max(json.loads(detail)[0] for detail in details.values())
    kept = max(json.loads(detail)[1] for detail in details.values())
    return (
        f"{_jobs(details)} logged metrics under too many names: the first {kept} are kept, up to {left_out} "
        "are not. Is there a number in the name that belongs into iteration_number?"
    )


def _say_broken_promises(details: dict[int, str]) -> str:
    said = "; ".join(f"job {job} {json.loads(why)}" for job, why in list(details.items())[:_MOST_NAMES])
    more = f" and {len(details) - _MOST_NAMES} more" if len(details) > _MOST_NAMES else ""
    return f"Too late to be cancelled for it, as they had ended before they were counted: {said}{more}."


def _jobs(details: dict[int, str]) -> str:
    first = min(details)
    return f"Job {first}" if len(details) == 1 else f"{len(details)} jobs (the first is {first})"


_SAY = {
    "broken_promise": _say_broken_promises,
    "thinned_metrics": _say_thinned_metrics,
    "names_left_out": _say_names_left_out,
    "names_beyond_words": _say_names_beyond_words,
}
