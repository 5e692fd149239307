"""What a person sees of a sweep: an announcement, the progress, the table at the end."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from sweeper.comparison.sweep_tables import SweepTables
from sweeper.console.console import make_console
from sweeper.console.results_table import render_answers, render_failures, render_results
from sweeper.executors.base import Executor
from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.ledger.record import Standing

_LINE_EVERY_SECONDS = 5.0
_REMARK_EVERY_SECONDS = 60.0


def announce(folder: SweepFolder, executor: Executor, jobs: int, finished: int, reused: int = 0) -> None:
    """Say what is about to run, and where."""
    kept = f"; {finished} of them finished before and are kept" if finished else ""
    kept += f"; {reused} of them are reused from other sweeps" if reused else ""
    word = "hybrid job" if jobs == 1 else "hybrid jobs"
    make_console(stderr=True).print(
        f"{jobs} {word} {executor.words}{kept}. Folder: {folder.root}", soft_wrap=True
    )


def summarize(sweep: SweepTables, max_usd: float | None = None) -> None:
    """Print the table, remarks on it, failures with the ends of their logs, what is left, and where it is."""
    console, folder, results = make_console(), sweep.folder, sweep.results
    console.print(render_results(results, console, limit=60))
    console.print(render_answers(results, lambda: sweep.comparison), soft_wrap=True)
    for sentence in sweep.remarks:
        console.print(sentence, soft_wrap=True)
    if (failures := render_failures(sweep.failed, folder, of=len(results))) is not None:
        console.print(failures)
    count = Counter(results["status"])
    if unfinished := len(results) - count[JobState.COMPLETED]:
        console.print(
            f"{unfinished} of {len(results)} jobs have not completed. Go on: sweeper resume {folder.typed}",
            soft_wrap=True,
        )
    waiting = count[JobState.PENDING]
    if max_usd is not None and waiting:
        console.print(
            f"{waiting} of them were not started, because the sweep could then cost more than "
            f"budget.max_usd={max_usd:g} (sweeper resume {folder.typed} --max-usd …).",
            soft_wrap=True,
        )
    console.print(
        f"Tables: {folder.results_csv} (results.parquet, metrics.parquet); "
        f"again: sweeper table {folder.typed}",
        soft_wrap=True,
    )


def say_what_goes_on(folder: SweepFolder, states: Iterable[JobState]) -> None:
    """Say that jobs go on without this process, if any do, and what can be done about them."""
    count = Counter(state for state in states if state.active)
    if not count:
        return
    unanswered = count.pop(JobState.SUBMITTING, 0)
    more = f" and perhaps {unanswered} more, whose creation was not answered," if unanswered else ""
    make_console(stderr=True).print(
        f"{count.total()} jobs{more} go on without this process. Collect them: sweeper resume "
        f"{folder.typed}. End them: sweeper cancel {folder.typed}.",
        soft_wrap=True,
    )


class Progress:
    """Shows done, running and failed jobs, and the time left.

    No best value so far: the least of the values that happen to be there is the luckiest one.
    """

    def __init__(self, states: Mapping[int, JobState]) -> None:
        self._states = dict(states)
        self._count = Counter(states.values())
        self._kept = sum(state is JobState.COMPLETED for state in states.values())
        self._remarks: dict[str, str] = {}
        self._said: dict[str, float] = {}
        self._begun = time.monotonic()
        self._next_line = self._begun + _LINE_EVERY_SECONDS
        self._console = make_console(stderr=True)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(elapsed_when_finished=False),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("", total=len(states), completed=self._kept)

    def __enter__(self) -> Self:
        """Start to show."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop to show."""
        self._bar.stop()

    def changed(self, job: Standing) -> None:
        """Take a job's new state in."""
        self._count[self._states[job.number]] -= 1
        self._count[job.state] += 1
        self._states[job.number] = job.state

    def say(self, topic: str, text: str | None) -> None:
        """Say what is waited for: when it is new, and again now and then while it holds.

        Numbers that go on, such as seconds, make no new remark.
        """
        if text is None:
            self._remarks.pop(topic, None)
            return
        self._remarks[topic] = text
        gist, now = f"{topic} {re.sub(r'[0-9]+', '#', text)}", time.monotonic()
        if now >= self._said.get(gist, 0.0):
            self._said[gist] = now + _REMARK_EVERY_SECONDS
            self._console.print(text, soft_wrap=True)

    def ask(self, question: str) -> bool:
        """Ask a person; without a terminal the answer is no."""
        if not (sys.stdin.isatty() and self._console.is_terminal):
            return False
        self._bar.stop()
        answer = self._console.input(f"{question} [y/N] ", markup=False)
        self._bar.start()
        return answer.strip().lower() in {"y", "yes"}

    def tick(self) -> None:
        """Show the state of things: at once on a terminal, every few seconds elsewhere."""
        if self._console.is_terminal:
            self._bar.update(self._task, description=self._words(), completed=self._ended())
        elif time.monotonic() >= self._next_line:
            self._console.print(f"{self._words()}{self._time_left()}", soft_wrap=True)
            self._next_line = time.monotonic() + _LINE_EVERY_SECONDS

    def _words(self) -> str:
        count = self._count
        words = [
            f"{count[JobState.COMPLETED]}/{len(self._states)} done",
            f"{count[JobState.RUNNING]} running",
        ]
        waiting = (JobState.QUEUED, JobState.SUBMITTING)
        words += [f"{count[state]} {state.lower()}" for state in waiting if count[state]]
        if count[JobState.FAILED]:
            words.append(f"{count[JobState.FAILED]} failed")
        return ", ".join(words)

    def _ended(self) -> int:
        return sum(self._count[state] for state in JobState if state.finished)

    def _time_left(self) -> str:
        ended = self._ended() - self._kept
        if ended <= 0:
            return ""
        waiting = len(self._states) - self._kept - ended
        return f", about {waiting * (time.monotonic() - self._begun) / ended:.0f} s left"
