"""What sources have answered of the jobs they make, remembered on disk: importing Braket's SDK takes seconds.

An answer depends on the source and on the hyperparameters alone, and it says on which of these it does not
(`regardless_of`): to a thousand seeds there is one answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from sweeper.errors import ConfigError
from sweeper.executors.forkservers import ForkServers
from sweeper.job.workload import Answer, Question

_MOST_FILES = 100
"""Sources of which answers are kept, those that were asked last."""
_FORMAT = "1"
"""Another one where the questions or the meaning of their answers change."""

Remaining = tuple[frozenset[str], tuple[tuple[str, str], ...]]
"""What an answer does not depend on, and the hyperparameters that are left."""


class Workloads:
    """Answers from memory, from disk, or else from the sources themselves."""

    def __init__(self, servers: ForkServers | None = None) -> None:
        """Ask nothing yet.

        Args:
            servers: Fork servers that are warm for the jobs anyway; by default one is started when needed.
        """
        self._servers = servers
        self._own: tuple[ForkServers, TemporaryDirectory[str]] | None = None
        self._functions: dict[tuple[str, str], _Answers] = {}

    def expect(self, question: Question) -> None:
        """Note a question that will be asked."""
        answers = self._answers_of(question)
        if answers.of(question.hyperparameters) is None:
            answers.expected.append(question.hyperparameters)

    def __call__(self, question: Question) -> Answer:
        """What a source says.

        Raises:
            ConfigError: Its function fails, or says something that is no JSON object.
        """
        answers = self._answers_of(question)
        answer = answers.of(question.hyperparameters)
        if answer is None:
            expected, answers.expected = [question.hyperparameters, *answers.expected], []
            self._ask(question, answers, expected)
            answer = answers.of(question.hyperparameters)
            assert answer is not None
        return answer

    def _answers_of(self, question: Question) -> _Answers:
        key = question.source.digest, question.function
        if key not in self._functions:
            self._functions[key] = _Answers(*key)
        return self._functions[key]

    def _ask(self, question: Question, answers: _Answers, expected: Sequence[Mapping[str, str]]) -> None:
        """Ask all that is expected: twice as much each time, as an answer may spare many questions."""
        most = 1
        while some := list(islice((q for q in expected if answers.of(q) is None), most)):
            said = self._now().ask(question.source, question.function, some)
            for hyperparameters, each in zip(some, said, strict=True):
                answers.add(hyperparameters, _checked(each, question))
            most *= 2

    def close(self) -> None:
        """End the server that was started for questions alone."""
        if self._own:
            servers, folder = self._own
            servers.close()
            folder.cleanup()
            self._own = None

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _now(self) -> ForkServers:
        if self._servers is not None:
            return self._servers
        if self._own is None:
            folder = TemporaryDirectory(prefix="sweeper-asks-")
            self._own = ForkServers(Path(folder.name)), folder
        return self._own[0]


def _checked(said: Mapping[str, Any], question: Question) -> Answer:
    where = f"{question.function} of {question.source.path}"
    if "failed" in said:
        raise ConfigError(
            f"{where} failed, so that nobody can say what its jobs will ask of a device: {said['failed']}"
        )
    answer = said.get("answer")
    if not isinstance(answer, dict) or not _is_names(answer.get("regardless_of", [])):
        raise ConfigError(f"{where} says {answer!r}: expected a JSON object, with names in regardless_of.")
    return answer


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


class _Answers:
    """The answers of one function of one source: a file of JSON lines, to which each process appends.

    Attributes:
        expected: Hyperparameters about which will be asked.
    """

    def __init__(self, source_digest: str, function: str) -> None:
        self.expected: list[Mapping[str, str]] = []
        name = hashlib.sha256(f"{source_digest} {function}".encode()).hexdigest()
        self._file = _folder() / f"{name[:32]}.jsonl"
        self._known: dict[Remaining, Answer] = {}
        self._on_disk: dict[str, Answer] = {}
        """By the digest of what is left of the question."""
        self._sets: dict[frozenset[str], None] = {}
        """What answers did not depend on."""
        for line in self._lines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                found = json.loads(line)
                question, answer = found["question"], found["answer"]
                if isinstance(answer, dict) and _is_names(answer["regardless_of"]):
                    self._sets[frozenset(answer["regardless_of"])] = None
                    self._on_disk[question] = answer

    def of(self, hyperparameters: Mapping[str, str]) -> Answer | None:
        """What was answered to such a question; none if nothing was."""
        for names in self._sets:
            remaining = _without(names, hyperparameters)
            answer = self._known.get(remaining)
            if answer is None and self._on_disk:
                answer = self._on_disk.get(_digest(remaining))
            if answer is not None:
                self._known[remaining] = answer
                return answer
        return None

    def add(self, hyperparameters: Mapping[str, str], answer: Answer) -> None:
        """Remember an answer; a refusal not on disk, as it may be this machine's (a missing package)."""
        names = frozenset(answer.get("regardless_of", ()))
        self._sets[names] = None
        remaining = _without(names, hyperparameters)
        known = remaining in self._known
        self._known[remaining] = answer
        if known or answer.get("refused"):
            return
        kept = {"question": _digest(remaining), "answer": {**answer, "regardless_of": sorted(names)}}
        with contextlib.suppress(OSError):  # a home may be read-only
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if not self._file.exists():
                _forget_the_oldest(self._file.parent)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(kept) + "\n")

    def _lines(self) -> list[str]:
        try:
            os.utime(self._file)
            return self._file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []


def _without(names: frozenset[str], hyperparameters: Mapping[str, str]) -> Remaining:
    return names, tuple(pair for pair in hyperparameters.items() if pair[0] not in names)


def _digest(remaining: Remaining) -> str:
    names, pairs = remaining
    return hashlib.sha256(json.dumps([sorted(names), sorted(pairs)]).encode()).hexdigest()


def _folder() -> Path:
    """Where programs keep what they can do without (XDG Base Directory Specification)."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if given.startswith("/") else Path("~/.cache").expanduser()
    return base / "braket-sweeper" / f"workloads-{_FORMAT}"


def _forget_the_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.jsonl"), key=lambda file: file.stat().st_mtime)
    for file in files[: max(0, len(files) - _MOST_FILES + 1)]:
        file.unlink(missing_ok=True)
