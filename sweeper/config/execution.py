"""How a variational algorithm's evaluations are carried out. What is off does not travel to the job."""

from __future__ import annotations

from sweeper.config.described import FromSource, Option, described, sent, with_options
from sweeper.config.shipped import shipped

SETTINGS: dict[str, Option] = {option.name: option for option in described(shipped("algorithms"), "settings")}
"""What every variational algorithm reads, by the names of hyperparameters."""


def of_group(prefix: str) -> list[Option]:
    """The settings whose names begin so."""
    return [option for name, option in SETTINGS.items() if name.startswith(prefix)]


class Feature(FromSource):
    """Something that is off by default."""

    def hyperparameters(self) -> dict[str, object]:
        """Nothing while it is off."""
        return sent(self.described, self.values(), defaults=False)


@with_options("stop.", of_group("stop."))
class Stop(Feature):
    """The stopping rule, the same for all optimizers."""


@with_options("shots_schedule.", of_group("shots_schedule."))
class ShotsSchedule(Feature):
    """Shots that change with the evaluations, from `first` to `shots` at the last of `max_iterations`."""


@with_options("warmup.", of_group("warmup."))
class Warmup(Feature):
    """The first `iterations` evaluations run on another `device` (a device string) with other `shots`."""


@with_options(
    "tasks.",
    [SETTINGS["execution"], *of_group("retry."), SETTINGS["fallback_device"]],
    {"retry.first_pause": "first_pause_seconds"},
)
class Tasks(Feature):
    """How circuits become quantum tasks, and what happens to those that fail."""

    def of_job(self, embedded: bool) -> dict[str, object]:
        """What differs from the job's own defaults; an embedded simulator has no passing failures."""
        retry = {name: value for name, value in self.values().items() if name.startswith("retry.")}
        others = {name: value for name, value in self.hyperparameters().items() if name not in retry}
        return others if embedded else {**others, **retry}
