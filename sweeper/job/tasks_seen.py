"""Quantum tasks of a job as the place where it runs has counted them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TasksSeen:
    """The tasks that a job has created so far, those that failed or were cancelled left out.

    Attributes:
        tasks: How many.
        shots: Of all of them together.
        seconds: For each, from its creation to its end (to now if it has not ended): no less than what a
            simulator bills for it.
        elsewhere: Device strings other than the job's own on which it created tasks.
        sharers: Jobs of ours that share the hybrid job whose tasks these are, and that nobody can tell apart.
    """

    tasks: int = 0
    shots: int = 0
    seconds: tuple[float, ...] = ()
    elsewhere: tuple[str, ...] = ()
    sharers: int = 1

    def excess(self, most_tasks: int, most_shots: int) -> str | None:
        """Why a job that said it would create no more than this is ended; none if it keeps its word.

        Args:
            most_tasks: Of all jobs that share the hybrid job.
            most_shots: The same.
        """
        if self.elsewhere:
            return (
                f"ended after quantum tasks on {', '.join(self.elsewhere)}, not on its device: nothing "
                "bounds what these cost, and cost_usd lacks it (set device to where its tasks run)"
            )
        if self.tasks > most_tasks:
            return f"ended after {self.tasks} quantum tasks: algorithm.max_tasks allows {most_tasks}"
        if self.shots > most_shots:
            return (
                f"ended after {self.shots} shots: algorithm.max_tasks and algorithm.max_shots_per_task allow "
                f"{most_shots}"
            )
        return None
