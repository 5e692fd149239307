"""Braket's job container as a process: forks from one that has imported the SDK already.

Run as a script, in a process of its own, where nothing of the tests or the project can be imported. It
reads requests as JSON lines from standard input and reports on standard output which jobs ended.

    {"start": id, "entry_point": …, "root": …, "source": …, "log": …, "failure": …, "environment": {…}}
    {"kill": id}
    -> {"ended": id, "exit_code": …}

What a job's child does is the contract of Braket's container, as the project has it for all places where jobs
run (`sweeper/contract/hybrid_job.py`, held to what Amazon's own container script does by `tests/contract`).
"""

import contextlib
import importlib.util
import json
import os
import selectors
import signal
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

_PRELOADED = ("boto3", "braket.aws", "braket.circuits", "braket.devices", "braket.jobs", "scipy.optimize")


def _load_contract() -> ModuleType:
    """The contract's module, under a name that no job's module has."""
    file = Path(__file__).parents[1] / "sweeper" / "contract" / "hybrid_job.py"
    spec = importlib.util.spec_from_file_location("_hybrid_job_contract", file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hybrid_job = _load_contract()


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
        hybrid_job.redirect(request["log"])
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["root"])
        hybrid_job.reseed()
        source = request["source"]
        code = hybrid_job.run(request["entry_point"], path=source, cwd=source, failure=request["failure"])
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _hide_the_checkout() -> None:
    """Leave on the path only what an interpreter brings along and what is installed.

    An editable install would let jobs import the project, and hide what is missing in an archive.
    """
    sys.path[:] = hybrid_job.installed_path()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the emulator, which ends the jobs
    _hide_the_checkout()
    for name in _PRELOADED:
        importlib.import_module(name)
    serve()
