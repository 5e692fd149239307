"""The one way a schema refuses a value."""

from __future__ import annotations

from sweeper.errors import ConfigError


def require(holds: bool, key: str, value: object, allowed: str) -> None:
    """Refuse `value` of config key `key` unless `holds`, saying what is allowed.

    Raises:
        ConfigError: `holds` is false.
    """
    if not holds:
        raise ConfigError(f"{key}={value} is not possible: {key} must be {allowed}.")
