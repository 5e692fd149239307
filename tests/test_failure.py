"""Why an attempt failed, as a record and as text."""

from __future__ import annotations

import pytest

from sweeper.job.failure import Failure


@pytest.mark.parametrize(
    ("failure", "text", "details"),
    [
        (Failure(""), "", ""),
        (Failure("exit code 1"), "exit code 1", ""),
        (Failure("exit code 1", "two\nlines"), "exit code 1\ntwo\nlines", "two\nlines"),
        (Failure("a\nb", "c"), "a\nb\nc", "b\nc"),
    ],
)
def test_its_text_is_the_reason_and_then_the_end_of_the_log(
    failure: Failure, text: str, details: str
) -> None:
    assert (str(failure), failure.details) == (text, details)
    assert failure.headline == text.partition("\n")[0]
    assert str(Failure.from_text(text)) == text
    assert Failure.from_text(text).headline == failure.headline
