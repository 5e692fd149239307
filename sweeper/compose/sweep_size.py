"""How many combinations a sweep has, counted before any of them is made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from hydra.core.override_parser.types import ChoiceSweep, Override, RangeSweep

from sweeper.errors import ConfigError

MOST_COMBINATIONS = 100_000
"""Of one sweep: each is composed, kept in memory and gets a folder and a row."""


def refuse_too_many(overrides: Sequence[Override], most: int = MOST_COMBINATIONS) -> None:
    """See that a sweep can be run, before its combinations are made.

    Args:
        overrides: Those whose values are combined.
        most: So many combinations are allowed.

    Raises:
        ConfigError: There are more; says which key has how many values.
    """
    counts = [(override.get_key_element(), _count(override)) for override in overrides]
    combinations = math.prod(count for _, count in counts)
    if combinations > most:
        factors = " × ".join(f"{count} of {key}" for key, count in counts if count > 1)
        raise ConfigError(
            f"These are {combinations} combinations ({factors}); a sweep takes {most} at most. "
            "Give fewer values, or sweep them in parts. Nothing was started."
        )


def _count(override: Override) -> int:
    """How many values a key is to have, without listing them."""
    values = override.value() if override.is_sweep_override() else None
    if isinstance(values, RangeSweep) and values.start is not None and values.stop is not None:
        start, stop, step = (Decimal(str(number)) for number in (values.start, values.stop, values.step))
        try:
            return max(0, math.ceil((stop - start) / step))
        except (ArithmeticError, ValueError) as error:  # a step of zero; infinity; not a number
            raise ConfigError(f"{override.input_line} cannot be counted out: {error}.") from error
    return len(values.list) if isinstance(values, ChoiceSweep) else 1
