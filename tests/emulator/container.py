"""Braket's job container as a process: forks from one that has imported the SDK already.

Run as a script, in a process of its own, where nothing of the tests or the project can be imported. It
reads requests as JSON lines from standard input and reports on standard output which jobs ended.

    {"start": id, "entry_point": …, "root": …, "source": …, "log": …, "failure": …, "environment": {…}}
    {"kill": id}
    -> {"ended": id, "exit_code": …}

What a job's child does follows `braket_container.py` of amazon-braket-containers: the entry point's
module is imported first, hyperparameters that fit the function's signature become its arguments, and only
an exception inside the function leaves its text in the failure file.
"""

import contextlib
import importlib
import inspect
import io
import json
import os
import random
import runpy
import selectors
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

_PRELOADED = ("boto3", "braket.aws", "braket.circuits", "braket.devices", "braket.jobs", "scipy.optimize")


def serve() -> None:
    """Start and end jobs until standard input is closed, then kill those left."""
    wake, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
    selector.register(wake, selectors.EVENT_READ)
    running: dict[int, str] = {}
    unread = b""
    while True:
        for key, _ in selector.select():
            data = os.read(key.fd, 1 << 16)
            if key.fd == wake:
                continue
            if not data:
                for pid in running:
                    _kill(pid)
                return
            *lines, unread = (unread + data).split(b"\n")
            for line in lines:
                _handle(json.loads(line), running)
        _report_ended(running)


def _handle(request: dict[str, Any], running: dict[int, str]) -> None:
    if "kill" in request:
        for pid, job in running.items():
            if job == request["kill"]:
                _kill(pid)
        return
    pid = os.fork()
    if pid == 0:
        _become_job(request)
    running[pid] = request["start"]


def _report_ended(running: dict[int, str]) -> None:
    for pid in list(running):
        # Left uncollected for a moment: while it is a zombie its number, which is its group's, is not
        # given to anybody else, and what the job left running can be killed.
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            continue
        _kill(pid)
        _, status = os.waitpid(pid, 0)
        report = {"ended": running.pop(pid), "exit_code": os.waitstatus_to_exitcode(status)}
        print(json.dumps(report), flush=True)


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # right after the fork there is no group yet
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def _become_job(request: dict[str, Any]) -> NoReturn:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        _redirect(request["log"])
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["root"])
        # Braket appends too: what the image has installed hides a module of the same name.
        sys.path.append(request["source"])
        random.seed()
        sys.modules["numpy"].random.seed(int.from_bytes(os.urandom(4), "little"))
        code = _run(request)
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
    except SystemExit as stop:
        code = _exit_code(stop)
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(code)


def _redirect(log: str) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(nothing, 0)
    os.dup2(file, 1)
    os.dup2(file, 2)
    # As with PYTHONUNBUFFERED=1, which the image sets.
    for stream in (sys.stdout, sys.stderr):
        assert isinstance(stream, io.TextIOWrapper)
        stream.reconfigure(line_buffering=True, encoding="utf-8", errors="backslashreplace")


def _run(request: dict[str, Any]) -> int:
    """Import and call the entry point; returns the exit code."""
    module, _, function = request["entry_point"].partition(":")
    if function:
        code = getattr(importlib.import_module(module), function)
    else:

        def code() -> None:
            runpy.run_module(module, run_name="__main__")

    print("Running Code As Process")
    arguments = _bind_hyperparameters(code)
    os.chdir(request["source"])
    exit_code = 0
    try:
        code(**arguments)
    except SystemExit as stop:
        exit_code = _exit_code(stop)
    except Exception as error:
        traceback.print_exc()
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        Path(request["failure"]).write_text(text, encoding="utf-8", errors="replace")
        exit_code = 1
    print("Code Run Finished")
    return exit_code


def _bind_hyperparameters(code: Callable[..., Any]) -> dict[str, Any]:
    """Hyperparameters as arguments, if they fit the signature, each cast by calling its annotation."""
    hyperparameters = json.loads(Path(os.environ["AMZN_BRAKET_HP_FILE"]).read_text())
    try:
        inspect.signature(code).bind(**hyperparameters)
    except TypeError:
        return {}
    annotations = inspect.getfullargspec(code).annotations
    return {name: annotations.get(name, str)(value) for name, value in hyperparameters.items()}


def _exit_code(stop: SystemExit) -> int:
    if stop.code is None or isinstance(stop.code, int):
        return (stop.code or 0) & 0xFF
    print(stop.code, file=sys.stderr)
    return 1


def _hide_the_checkout() -> None:
    """Leave on the path only what an interpreter brings along and what is installed.

    An editable install would let jobs import the project, and hide what is missing in an archive.
    """
    prefixes = (sys.prefix, sys.base_prefix)
    sys.path[:] = [entry for entry in sys.path if entry.startswith(prefixes)]


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the emulator, which ends the jobs
    _hide_the_checkout()
    for name in _PRELOADED:
        importlib.import_module(name)
    serve()
