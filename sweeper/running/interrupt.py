"""Ctrl-C once: stop in order. Twice: stop now. Before a sweep runs: stop now, without a word."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
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


class Patience:
    """Whether somebody has pressed Ctrl-C while a command was getting ready, so that no traceback is shown.

    A KeyboardInterrupt can arise where Python or a library only reports it, or makes another error of it:
    in the middle of an import, a finalizer, a weak reference's callback. One that got lost is raised again.
    """

    def __init__(self) -> None:
        self.at_an_end = False
        self._before: Any = None
        self._reporter = sys.unraisablehook

    def __enter__(self) -> Self:
        """Watch, if nobody else does."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.getsignal(signal.SIGINT)
            if self._before is signal.default_int_handler:
                signal.signal(signal.SIGINT, self._note)
                self._reporter = sys.unraisablehook
                sys.unraisablehook = self._report
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the signal as it was."""
        if self._before is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._before)
            sys.unraisablehook = self._reporter

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.at_an_end = True
        raise KeyboardInterrupt

    def _report(self, lost: sys.UnraisableHookArgs) -> None:
        if self.at_an_end and isinstance(lost.exc_value, KeyboardInterrupt):
            threading.Timer(0.01, signal.raise_signal, (signal.SIGINT,)).start()
        else:
            self._reporter(lost)
