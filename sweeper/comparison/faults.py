"""Impossible values: an energy below the exact ground energy, a cut above the maximum cut.

No state has an energy below the exact minimum. A value that is below it by many of its standard errors shows
that the reference, the mapping or the measurement is wrong. Such a job must not be the best.

The limit is 5 standard errors, which a normally distributed value exceeds with a probability of 1 in 3.5
million. With few shots the standard error itself is uncertain, so the limit is the quantile with the same
probability of Student's t with shots − 1 degrees of freedom. Real values are skewed: samples that miss a rare
outcome also underestimate the noise. Simulations of H2 in its exact ground state
(`tests/comparison/test_faults.py`) give 1.3 false alarms in 100 000 jobs with 1000 shots, 5 with 100 shots
and 30 with 20 shots. An exact value may deviate by a millionth, the precision of the references.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sweeper.comparison.metric import completed, numbers, value_is_minimised

LIMIT = 5.0
"""Standard errors. The limit is fixed, so that it does not depend on the selection of jobs."""
_CHANCE = 2.866515719e-7
"""Probability that a standard normal variable is below -5."""
_EXACT = 1e-6
_MOST_NAMED = 3


def is_faulty(results: pd.DataFrame) -> NDArray[np.bool_]:
    """Which completed jobs report a value that is significantly beyond the exact optimum; shape (jobs,).

    Values without a standard error are not judged. Values whose shots all agreed are not judged either,
    because such shots do not show the noise.
    """
    return _excess(results) > 0


def fault_sentences(results: pd.DataFrame, most: int = _MOST_NAMED) -> list[str]:
    """One sentence for each faulty job, for at most `most` jobs, and a sentence that counts the others."""
    excess = _excess(results)
    places = np.flatnonzero(excess > 0)
    sentences = []
    for row in results.iloc[places[:most]].to_dict("records"):
        value, reference, stderr = (float(row[name]) for name in ("value", "reference", "stderr"))
        below = value < reference
        beyond = (
            f"{abs(value - reference) / stderr:.0f} standard errors ({stderr:.2g} each)"
            if stderr > 0
            else f"{abs(value - reference):.2g}"
        )
        sentences.append(
            f"fault: job {row['job']} reports {value:.8g}, {beyond} {'below' if below else 'above'} the "
            f"exact {'minimum' if below else 'maximum'} {reference:.8g}, which is impossible: the reference, "
            "the mapping or the measurement is wrong. It counts as no result"
        )
    if (rest := len(places) - len(sentences)) > 0:
        sentences.append(f"fault: {rest} more jobs report a value beyond the exact optimum")
    return sentences


def limit(shots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Number of standard errors beyond which a value is a fault, by the shots of a circuit (or nan)."""
    from scipy.special import stdtrit

    freedom = np.maximum(shots - 1, 1)
    return np.where(np.isfinite(shots), -stdtrit(np.where(np.isfinite(freedom), freedom, 1), _CHANCE), LIMIT)


def _excess(results: pd.DataFrame) -> NDArray[np.float64]:
    """By how much each value exceeds what noise explains; at most 0 if it does not. Shape (jobs,)."""
    excess = np.zeros(len(results))
    done = completed(results)
    if not (done & np.isfinite(numbers(results, "reference"))).any():
        return excess
    # Algorithms differ in whether a smaller value is better.
    algorithm = np.zeros(len(results), dtype=np.int64)
    if "algorithm" in results:
        algorithm, _ = pd.factorize(results["algorithm"], use_na_sentinel=False)
    for code in np.unique(algorithm):
        of_it = done & (algorithm == code)
        rows = results[of_it]
        minimised = value_is_minimised(rows)
        if minimised is not None:
            excess[of_it] = _beyond(rows) if minimised else _beyond(rows, sign=-1.0)
    return excess


def _beyond(rows: pd.DataFrame, sign: float = 1.0) -> NDArray[np.float64]:
    value, reference, stderr = (numbers(rows, name) for name in ("value", "reference", "stderr"))
    total, tasks = numbers(rows, "shots_total"), numbers(rows, "tasks")
    below = sign * (reference - value)
    shots = np.divide(total, tasks, out=np.full(len(rows), np.nan), where=(total > 0) & (tasks > 0))
    tolerance = np.where(
        stderr > 0,
        limit(shots) * np.nan_to_num(stderr),
        np.where(total > 0, np.inf, _EXACT * np.maximum(1.0, np.abs(reference))),
    )
    return np.where(np.isfinite(below) & np.isfinite(stderr), below - tolerance, 0.0)
