"""A hybrid job's hyperparameters, read as the types the algorithm needs.

Braket passes `{str: str}`. The reader insists that every value it is asked for is there and well
formed, and `finish` that every value that was passed was asked for: a misspelt key ends the job before
its first quantum task instead of silently running with a default.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from braket.jobs import get_hyperparameters, get_input_data_dir

INPUT_CHANNEL = "hyperparameters"
"""Input-data channel with the values that exceed Braket's 2500 characters, one file for each key."""

_FILE_REFERENCE = re.compile(rf"@{INPUT_CHANNEL}/([A-Za-z0-9._-]+)")
_SHOWN_CHARACTERS = 200


class HyperparameterError(ValueError):
    """A hyperparameter that is missing, malformed or unknown."""


class Hyperparameters:
    """Typed access to the strings a job was given.

    Args:
        strings: The job's hyperparameters as Braket passes them.
        channel: Folder of the input channel `hyperparameters`; need not exist if no value refers to it.
    """

    def __init__(self, strings: Mapping[str, str], channel: Path) -> None:
        self._strings = strings
        self._channel = channel
        self._prefix = ""
        self._read: set[str] = set()

    @classmethod
    def of_this_job(cls) -> Hyperparameters:
        """The hyperparameters of the job this process runs (`AMZN_BRAKET_HP_FILE`)."""
        return cls(get_hyperparameters(), Path(get_input_data_dir(INPUT_CHANNEL)))

    def prefixed(self, prefix: str) -> Hyperparameters:
        """The keys that start with `prefix`, named without it; reading them counts for `finish` here."""
        view = Hyperparameters(self._strings, self._channel)
        view._prefix = self._prefix + prefix
        view._read = self._read
        return view

    def has(self, key: str) -> bool:
        """Whether the key was passed: what belongs to a feature that is off is not."""
        return self._prefix + key in self._strings

    def skip(self, key: str) -> None:
        """Count a key as read that was not passed, and need not be."""
        self._read.add(self._prefix + key)

    def says(self, key: str, text: str) -> bool:
        """Whether the key, which has to be there, was passed as exactly this text."""
        return self._text_of(key) == text

    def integer(self, key: str) -> int:
        """An integer."""
        text = self._text_of(key)
        if not re.fullmatch(r"-?[0-9]+", text, re.ASCII):
            raise self._malformed(key, text, "an integer")
        return int(text)

    def number(self, key: str) -> float:
        """A float, `inf` and `nan` included."""
        text = self._text_of(key)
        try:
            return _float(text)
        except ValueError:
            raise self._malformed(key, text, "a number") from None

    def flag(self, key: str) -> bool:
        """A truth value, `true` or `false`."""
        text = self._text_of(key)
        if text not in {"true", "false"}:
            raise self._malformed(key, text, "true or false")
        return text == "true"

    def text(self, key: str) -> str:
        """A text, passed bare or as a JSON string literal."""
        text = self._text_of(key)
        if text.startswith('"'):
            value = self.json(key)
            if not isinstance(value, str):
                raise self._malformed(key, text, "one string")
            return value
        if text in {"", "null"}:
            raise self._malformed(key, text, "a text")
        return text

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        """One of the texts in `allowed`."""
        names = sorted(allowed)
        text = self.text(key)
        if text not in names:
            raise self._malformed(key, text, "one of " + ", ".join(names))
        return text

    def numbers(self, key: str) -> list[float]:
        """A JSON list of numbers."""
        values = self.json(key)
        if not isinstance(values, list) or any(
            isinstance(value, bool) or not isinstance(value, (int, float)) for value in values
        ):
            raise self._malformed(key, self._text_of(key), "a JSON list of numbers")
        return [float(value) for value in values]

    def json(self, key: str) -> Any:
        """Any JSON value; `NaN`, `Infinity` and `-Infinity` count as numbers, as in Python's json."""
        text = self._text_of(key)
        try:
            return json.loads(text)
        except ValueError:
            raise self._malformed(key, text, "JSON") from None

    def digest(self, *, without: tuple[str, ...] = ()) -> str:
        """Digest of all that was passed, the contents of files included, but for keys with these prefixes."""
        texts = {
            key: self._file_text(key, text) if text.startswith("@") else text
            for key, text in self._strings.items()
            if not key.startswith(without)
        }
        return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()

    def finish(self) -> None:
        """Refuse hyperparameters that nobody asked for.

        Raises:
            HyperparameterError: Names them, and those that were read.
        """
        unread = sorted(set(self._strings) - self._read)
        if unread:
            raise HyperparameterError(
                f"Unknown hyperparameters: {', '.join(unread)}. "
                f"This job reads: {', '.join(sorted(self._read)) or 'none'}."
            )

    def _text_of(self, key: str) -> str:
        name = self._prefix + key
        self._read.add(name)
        if name not in self._strings:
            given = ", ".join(sorted(self._strings)) or "none"
            raise HyperparameterError(f'Hyperparameter "{name}" is missing. Given: {given}.')
        text = self._strings[name]
        return self._file_text(key, text) if text.startswith("@") else text

    def _file_text(self, key: str, reference: str) -> str:
        match = _FILE_REFERENCE.fullmatch(reference)
        if match is None:
            raise self._malformed(key, reference, f"@{INPUT_CHANNEL}/<file name>, or a quoted text")
        channel = self._channel.resolve()
        path = (channel / match[1]).resolve()
        if path.parent != channel:  # "..", or a link that leads out of the channel
            raise self._malformed(key, reference, f"a file inside {channel}")
        try:
            return path.read_bytes().decode("utf-8")
        except OSError as error:
            raise HyperparameterError(
                f'Hyperparameter "{self._prefix + key}" is in the input file {path}, '
                f"which cannot be read: {error.strerror}."
            ) from error

    def malformed(self, key: str, expected: str) -> HyperparameterError:
        """The error of a value that is not what is expected."""
        return self._malformed(key, self._text_of(key), expected)

    def _malformed(self, key: str, text: str, expected: str) -> HyperparameterError:
        shown = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
        return HyperparameterError(
            f'Hyperparameter "{self._prefix + key}" is {shown!r}: expected {expected}.'
        )


def _float(text: str) -> float:
    if text != text.strip() or "_" in text or not text.isascii():  # float() would take them
        raise ValueError(text)
    return float(text)
