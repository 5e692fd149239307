"""The quantum tasks of a job, as its executor has counted them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TasksSeen:
    """The tasks that a job has created so far, without those that failed or were cancelled.

    Attributes:
        tasks: Number of tasks.
        shots: Sum of the shots of all tasks.
        seconds: For each task the time from its creation to its end, or to now if it has not ended. A
            simulator bills at most this time.
        elsewhere: Other device strings than the job's own on which it created tasks.
        sharers: Number of our jobs that share the hybrid job, and whose tasks cannot be told apart.
    """

    tasks: int = 0
    shots: int = 0
    seconds: tuple[float, ...] = ()
    elsewhere: tuple[str, ...] = ()
    sharers: int = 1

    def excess(self, most_tasks: int, most_shots: int) -> str | None:
        """The reason for ending a job that exceeds its limits; None if it does not.

        Args:
            most_tasks: Limit of the tasks of all jobs that share the hybrid job.
            most_shots: Limit of the shots of all jobs that share the hybrid job.
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
