"""Ctrl-C once: stop in order. Twice: stop now."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""SIGTERM is what batch systems and shutdowns send, and means the same."""

_SAID = b"\nStopping: writing down how everything stands. Once more stops at once.\n"


class CtrlC:
    """Notes the first signal to stop, for whoever asks between two steps; the second raises at once.

    Leaving the context raises KeyboardInterrupt if there was a signal and nothing was raised for it yet.
    """

    def __init__(self) -> None:
        self._pressed = False
        self._before: dict[signal.Signals, Any] = {}

    def pressed(self) -> bool:
        """Whether somebody wants the run to stop."""
        return self._pressed

    def __enter__(self) -> Self:
        """Listen; only a process's main thread can."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the signals as they were."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._pressed and error is None:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._pressed:
            raise KeyboardInterrupt
        self._pressed = True
        with contextlib.suppress(OSError):  # a stream object may be in the middle of writing something
            os.write(2, _SAID)
