"""How many examples Hypothesis makes for tests whose examples are slow."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def share(part: float) -> settings:
    """Settings with this share of the examples that the profile (`sample` or `drill`) makes for other tests.

    What slow tests draw is large on purpose and may often be of no use, which is no mistake of theirs.
    """
    count = round(part * settings.default.max_examples)
    return settings(max_examples=count, suppress_health_check=list(HealthCheck))
