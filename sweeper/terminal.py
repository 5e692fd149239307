"""Text that a terminal only shows.

Logs, reasons and results may hold escape sequences that would move the cursor, rename the window, or hide
what stands beside them.
"""

from __future__ import annotations

import sys

_C0 = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"}
_C1 = dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
# They turn the direction of what follows (Unicode Technical Report 36, section 2.5.2), or cannot be written.
_DECEPTIVE = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)], 0xFFFD)
_SHOWN = {**_C0, 0x7F: 0x2421, **_C1, **_DECEPTIVE}


def visible(text: str) -> str:
    """The text with a picture of each control character in its place, one column wide as it."""
    return text if text.isascii() and text.isprintable() else text.translate(_SHOWN)


def say(text: str) -> None:
    """Tell a person, on standard error: standard output belongs to results."""
    print(visible(text), file=sys.stderr)  # noqa: T201 - the terminal is what it is for


def put(text: str) -> None:
    """Write to standard output: on a terminal visibly, into a file or a pipe as it is."""
    sys.stdout.write(visible(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()
