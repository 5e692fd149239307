"""Thins out the metrics of a job that has logged more than a table can hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sweeper.contract.metric import Metric

MOST_VALUES = 50_000
"""Largest number of metric values of a job that are kept; of more values, evenly spaced ones are kept."""
MOST_NAMES = 1_000
"""Largest number of different metrics of a job that are kept: those that it logged first."""

_Place = tuple[int, Metric]


@dataclass
class _Series:
    """One metric: every `stride`-th value, and the last, smallest and largest value."""

    kept: list[_Place] = field(default_factory=list)
    stride: int = 1
    count: int = 0
    last: _Place | None = None
    least: _Place | None = None
    greatest: _Place | None = None

    def add(self, place: _Place) -> None:
        """Take the next value."""
        if self.count % self.stride == 0:
            self.kept.append(place)
        self.count += 1
        self.last = place
        value = place[1].value
        if math.isfinite(value):
            if self.least is None or value < self.least[1].value:
                self.least = place
            if self.greatest is None or value > self.greatest[1].value:
                self.greatest = place

    def halve(self) -> int:
        """Drop every other value; returns the number of dropped values."""
        before = len(self.kept)
        del self.kept[1::2]
        self.stride *= 2
        return before - len(self.kept)

    def places(self) -> Iterator[_Place]:
        """The kept values with their places."""
        yield from self.kept
        if self.stride > 1:
            yield from (place for place in (self.last, self.least, self.greatest) if place is not None)


@dataclass(frozen=True)
class Thinned:
    """Metrics in the order in which they were logged.

    Attributes:
        metrics: The kept values.
        count: Number of logged values.
        names_left_out: Number of metrics of which no value is kept.
    """

    metrics: list[Metric]
    count: int
    names_left_out: int


def thinned(metrics: Iterable[Metric], always: str | None = None) -> Thinned:
    """Thin out any number of metric values, with memory for `MOST_VALUES` of them.

    If there are too many, the longest series drops every other value, repeatedly, so that the rest is evenly
    spaced. The first, last, smallest and largest finite value of each metric are kept.

    Args:
        metrics: The values, in the order in which they were logged.
        always: Name of a metric that is kept even if `MOST_NAMES` others came before it.
    """
    series: dict[str, _Series] = {}
    left_out: set[int] = set()
    count = kept = 0
    for metric in metrics:
        count += 1
        of_this = series.get(metric.metric)
        if of_this is None:
            if len(series) >= MOST_NAMES and metric.metric != always:
                if len(left_out) < MOST_VALUES:
                    left_out.add(hash(metric.metric))
                continue
            of_this = series[metric.metric] = _Series()
        kept -= len(of_this.kept)
        of_this.add((count, metric))
        kept += len(of_this.kept)
        if kept > MOST_VALUES:
            kept -= max(series.values(), key=lambda one: len(one.kept)).halve()
    places = {place for one in series.values() for place in one.places()}
    return Thinned([metric for _, metric in sorted(places, key=lambda place: place[0])], count, len(left_out))
