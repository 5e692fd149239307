"""Config values as the string hyperparameters of an Amazon Braket hybrid job.

A job receives `{str: str}` and nothing else, so every value is written such that the job's reader
(`algorithms/hyperparameters.py`, which knows nothing of this package) gets it back bit for bit:

=================  =================================================================
value              text
=================  =================================================================
int, float         `1000`, `0.1` (repr: the shortest text that reads back exactly)
bool, None         `true`, `false`, `null`
str                the bare text, or a JSON string literal where bare is ambiguous
list, tuple, dict  JSON
=================  =================================================================

No text contains a newline or any of ``$ ( ) & ` ``, which Braket's `hybrid_job` decorator calls
forbidden. A text longer than Braket's limit travels as a file of the input channel `hyperparameters`
and leaves `@hyperparameters/<key>` in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sweeper.errors import ConfigError

# Limits of CreateJob's `hyperParameters` (Amazon Braket API reference). botocore checks none of them
# but the empty value, so that a job would only be refused after its source was uploaded.
MAX_PAIRS = 100
MAX_KEY_CHARACTERS = 256
MAX_VALUE_CHARACTERS = 2500

FORBIDDEN_CHARACTERS = "\n$()&`"
INPUT_CHANNEL = "hyperparameters"
"""Input-data channel of the values that are too long for a hyperparameter."""

_FILE_NAME = re.compile(r"(?!\.+$)[A-Za-z0-9._-]{1,255}")
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in FORBIDDEN_CHARACTERS}


@dataclass(frozen=True)
class Encoded:
    """Hyperparameters ready to travel.

    Attributes:
        strings: The hybrid job's hyperparameters, within Braket's limits.
        files: Texts too long for a hyperparameter, by file name in the input channel `hyperparameters`.
    """

    strings: Mapping[str, str]
    files: Mapping[str, str]

    @property
    def whole(self) -> Mapping[str, str]:
        """Every hyperparameter's text, those of files as well."""
        return {**self.strings, **self.files}

    def with_more(self, values: Mapping[str, object]) -> Encoded:
        """These with further values.

        Raises:
            ConfigError: As `encode_all`.
        """
        if not values:
            return self
        more = encode_all(values)
        strings = {**self.strings, **more.strings}
        _check_count(strings)
        return Encoded(strings, {**self.files, **more.files})


def encode(value: object) -> str:
    """Write one value as text that reads back exactly.

    Raises:
        ConfigError: A type that has no text form (the message says which are possible).
    """
    if isinstance(value, str):
        # The base class's own conversion: an enum of strings would print its member's name.
        text = str.__str__(value)
        return text if _reads_back_bare(text) else _json_text(text)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, (list, tuple, Mapping)):
        return _json_text(_plain(value))
    raise ConfigError(_unsupported(value))


def encode_all(values: Mapping[str, object]) -> Encoded:
    """Write all values of a job, long ones as files.

    Raises:
        ConfigError: A key or value that Braket or the encoding cannot take, or more than 100 of them;
            the message names the key.
    """
    strings: dict[str, str] = {}
    files: dict[str, str] = {}
    for key, value in values.items():
        _check_key(key)
        try:
            text = encode(value)
        except ConfigError as error:
            raise ConfigError(f"Hyperparameter {key!r}: {error}") from None
        if len(text) <= MAX_VALUE_CHARACTERS:
            strings[key] = text
            continue
        if not _FILE_NAME.fullmatch(key):
            raise ConfigError(
                f"Hyperparameter {key!r} is {len(text)} characters long. More than {MAX_VALUE_CHARACTERS} "
                "travel as a file named like the key, which may then only contain letters, digits and '._-'."
            )
        strings[key] = f"@{INPUT_CHANNEL}/{key}"
        files[key] = text
    _check_count(strings)
    return Encoded(strings, files)


def as_sdk_strings(values: Mapping[str, object]) -> dict[str, str]:
    """Write values as `AwsQuantumJob.create` does: `str(key)` and `str(value)`, so True becomes "True".

    This is what a hybrid-job script that was not written for the sweeper expects.

    Raises:
        ConfigError: A key or value outside Braket's limits, or more than 100 of them.
    """
    strings = {str(key): str(value) for key, value in values.items()}
    for key, text in strings.items():
        _check_key(key)
        if not text:
            raise ConfigError(f"Hyperparameter {key!r} is empty: Braket rejects empty hyperparameters.")
        if len(text) > MAX_VALUE_CHARACTERS:
            raise ConfigError(
                f"Hyperparameter {key!r} is {len(text)} characters long: Braket allows "
                f"{MAX_VALUE_CHARACTERS}. Pass the content as input data instead."
            )
        if "\n" in text:
            raise ConfigError(f"Hyperparameter {key!r} contains a newline, which Braket rejects.")
    _check_count(strings)
    return strings


def format_edges(edges: Iterable[tuple[int, int]], weights: Sequence[float] | None = None) -> str:
    """Write a graph's edges as `0-1,1-2`, or `0-1:0.5,1-2:2.0` with one weight for each edge.

    Raises:
        ConfigError: There are more or fewer weights than edges.
    """
    pairs = [f"{u}-{v}" for u, v in edges]
    if weights is None:
        return ",".join(pairs)
    if len(weights) != len(pairs):
        raise ConfigError(f"{len(pairs)} edges need as many weights, not {len(weights)}.")
    return ",".join(f"{pair}:{float(weight)!r}" for pair, weight in zip(pairs, weights, strict=True))


def format_pauli_terms(terms: Iterable[tuple[float, str]]) -> str:
    """Write (coefficient, Pauli string) terms as `-1.05 II, 0.4 IZ`; leftmost letter: qubit 0."""
    return ", ".join(f"{float(coefficient)!r} {paulis}" for coefficient, paulis in terms)


def _reads_back_bare(text: str) -> bool:
    """Whether the text itself is unambiguous: no other value's text, no quotes, nothing invisible."""
    return (
        text != ""
        and text == text.strip()
        and text.isprintable()
        and text[0] not in '"@'
        and text != "null"
        and not any(character in FORBIDDEN_CHARACTERS for character in text)
    )


def _json_text(value: object) -> str:
    # In JSON the forbidden characters occur inside string literals only, where an escape means the same.
    return json.dumps(value, ensure_ascii=True).translate(_ESCAPES)


def _plain(value: object) -> object:
    """The value as JSON knows it, refusing what json.dumps would silently change."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ConfigError(f"dictionary key {key!r} is not a string, as JSON needs.")
        return {key: _plain(item) for key, item in value.items()}
    raise ConfigError(_unsupported(value))


def _unsupported(value: object) -> str:
    return (
        f"{value!r} is a {type(value).__name__}; "
        "possible are int, float, bool, None, str, and lists and dictionaries of these."
    )


def _check_key(key: object) -> None:
    if not isinstance(key, str) or not 1 <= len(key) <= MAX_KEY_CHARACTERS or not key.isprintable():
        raise ConfigError(
            f"Hyperparameter key {key!r} is not possible: a key is 1 to {MAX_KEY_CHARACTERS} "
            "printable characters."
        )


def _check_count(strings: Mapping[str, str]) -> None:
    if len(strings) > MAX_PAIRS:
        raise ConfigError(f"{len(strings)} hyperparameters are too many: Braket allows {MAX_PAIRS}.")
