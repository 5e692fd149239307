"""The differences between two jobs."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from sweeper.config.leaves import flatten
from sweeper.ledger.record import JobRecord

_OUTCOME = ("value", "stderr", "reference", "error", "ratio", "evaluations", "shots_total")
_ABSENT = "–"


def config_diff(first: JobRecord, second: JobRecord) -> pd.DataFrame:
    """The config keys in which two jobs differ, then their outcomes; columns `key`, `job <n>`, `job <m>`."""
    configs = [dict(flatten(job.config)) for job in (first, second)]
    choices = [dict(job.choices) for job in (first, second)]
    rows = [*_differing(*choices), *_differing(*configs)]
    outcomes = [
        {"status": str(job.state), **{k: job.result.get(k) for k in _OUTCOME}} for job in (first, second)
    ]
    rows += [
        (f"→ {key}", _words(outcomes[0][key]), _words(outcomes[1][key]))
        for key in outcomes[0]
        if any(outcome[key] is not None for outcome in outcomes)
    ]
    return pd.DataFrame(rows, columns=["key", f"job {first.number}", f"job {second.number}"])


def _differing(first: dict[str, Any], second: dict[str, Any]) -> list[tuple[str, str, str]]:
    missing = object()
    return [
        (key, _words(first.get(key)), _words(second.get(key)))
        for key in dict.fromkeys([*first, *second])
        if first.get(key, missing) != second.get(key, missing)
    ]


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    return _ABSENT if value is None else json.dumps(value, ensure_ascii=False)
