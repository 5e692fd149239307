"""How many combinations a sweep has, counted before any of them is made."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, RangeSweep

from sweeper.errors import ConfigError

MOST_COMBINATIONS = 100_000
"""Of one sweep: each is composed, kept in memory and gets a folder and a row."""


def refuse_too_many(words: Iterable[str]) -> None:
    """See that these overrides, as Hydra's basic sweeper would expand them, are a sweep that can be run.

    Args:
        words: Overrides as they were typed or stand in `hydra.sweeper.params`; of a key the last one counts.

    Raises:
        ConfigError: They make too many combinations; says which key has how many values.
        HydraException: One cannot be parsed.
    """
    values = {
        override.get_key_element(): _count(override)
        for override in OverridesParser.create().parse_overrides(list(words))
    }
    combinations = math.prod(values.values())
    if combinations > MOST_COMBINATIONS:
        factors = " × ".join(f"{count} of {key}" for key, count in values.items() if count > 1)
        raise ConfigError(
            f"These are {combinations} combinations ({factors}); a sweep takes {MOST_COMBINATIONS} at most. "
            "Give fewer values, or sweep them in parts. Nothing was started."
        )


def _count(override: Override) -> int:
    """How many values a key is to have, without listing them."""
    values = override.value() if override.is_sweep_override() else None
    if isinstance(values, RangeSweep) and values.start is not None and values.stop is not None:
        start, stop, step = (Decimal(str(number)) for number in (values.start, values.stop, values.step))
        return max(0, math.ceil((stop - start) / step))
    return len(values.list) if isinstance(values, ChoiceSweep) else 1
