"""The one way a schema refuses a value."""

from __future__ import annotations

import datetime as dt

from sweeper.errors import ConfigError


def require(holds: bool, key: str, value: object, allowed: str) -> None:
    """Refuse `value` of config key `key` unless `holds`, saying what is allowed.

    Raises:
        ConfigError: `holds` is false.
    """
    if not holds:
        raise ConfigError(f"{key}={value} is not possible: {key} must be {allowed}.")


def require_date(key: str, value: str | None) -> None:
    """Refuse what is no day.

    Raises:
        ConfigError: `value` is neither none nor an ISO date.
    """
    if value is None:
        return
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        require(False, key, value, "a day such as 2026-11-21, or null")
