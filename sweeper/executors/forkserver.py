"""A process that has imported once what the jobs of a source need, and forks a ready child for every job.

Run as a script, in a process of its own; it is part of the world where jobs run and imports nothing
of `sweeper`, but loads the file that says what a job finds there (`contract/hybrid_job.py`). It speaks JSON
lines: requests on standard input, events on standard output.

    {"op": "import", "libraries": [[module, [name, …]], …], "path": …, "own": [module, …]}
    {"op": "start", "id": …, "entry_point": …, "path": …, "cwd": …, "start_in": …, "env": {…}, "log": …,
     "failure": …, "exit": …, "seconds": …, "memory_bytes": …, "lock": …, "digested": {name: path, …}}
    {"op": "ask", "id": …, "function": …, "path": …, "questions": …, "answers": …, "start_in": …, "log": …,
     "exit": …, "seconds": …}: a process as a job's, which asks the source instead of running it
    {"op": "kill", "id": …}
    {"op": "rest"}
    -> {"event": "started", "id": …, "pid": …, "at": …}
    -> {"event": "ended", "id": …, …} with the fields of the job's exit file
An empty line stands before each event, so that what a job may have written there spoils none of ours.

The standard library's `multiprocessing` has a fork server too; this one also gives each job a process
group of its own, ends all that a job has started, says how a job ended and what it used (wait4), and ends
all jobs when the orchestrator dies. How a job ended is written down where the next orchestrator finds it: by
the job's process as its last act, so that not even the server's death undoes a good end, and then by the
server, with digests of what the job has left.

What a job has started cannot leave its descent (Linux): a process whose parent ends is adopted by the
nearest ancestor that is a subreaper (prctl(2)), which every job is, and this server. A process that turns
up as a child of the server without having been started by it belongs to a job that has ended, whatever
sessions, groups or environments it has made for itself, and is killed before the job's end is told.
"""

import contextlib
import ctypes
import fcntl
import gc
import hashlib
import importlib.util
import json
import os
import resource
import select
import selectors
import signal
import stat
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn


def _load_contract() -> ModuleType:
    """The contract's module, under a name that no job's module has."""
    file = Path(__file__).parents[1] / "contract" / "hybrid_job.py"
    spec = importlib.util.spec_from_file_location("_hybrid_job_contract", file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hybrid_job = _load_contract()

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_MADV_COLLAPSE = 25
_HUGE_PAGE = 2 * 2**20
_MOST_DIGESTED = 64 * 2**20
"""Bytes of a file that its digest covers, so that a huge log holds up no other job."""
_PATIENCE_SECONDS = 5.0
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass
class _Child:
    """A running job: its process leads the process group of the same number."""

    id: str
    pid: int
    exit_file: Path
    digested: dict[str, str]
    started_at: float
    deadline: float
    stopped_because: str | None = None


class ForkServer:
    """Starts jobs on request, watches them, and reports how they end."""

    def __init__(self) -> None:
        # What an import prints must not get among the events: it goes to standard error.
        self._events = os.dup(1)
        os.dup2(2, 1)
        self._lock: int | None = None
        self._children: dict[int, _Child] = {}
        self._helpers: set[int] = set()
        """What an import has started for itself."""
        self._ahead: dict[str, Any] = {"path": None}
        """The last request to import."""
        self._buffer = b""
        self._wake, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_writer, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(0, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)

    def serve(self) -> None:
        """Work until the orchestrator closes our standard input, by intent or by its death."""
        listening = True
        while listening:
            for key, _ in self._selector.select(self._until_next_deadline()):
                if key.fd == 0:
                    listening = self._read_requests()
                else:
                    os.read(self._wake, 4096)
            self._stop_overdue()
            self._reap()
        for child in self._children.values():
            _kill_group(child.pid)
        for pid in self._children:
            os.waitpid(pid, 0)
        self._children.clear()
        self._end_strays()

    def _until_next_deadline(self) -> float | None:
        pending = [child.deadline for child in self._children.values() if child.stopped_because is None]
        return max(0.0, min(pending) - time.monotonic()) if pending else None

    def _read_requests(self) -> bool:
        data = os.read(0, 1 << 16)
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            request = json.loads(line)
            if request["op"] in {"start", "ask"}:
                self._start(request)
            elif request["op"] == "import":
                _import_ahead(request)
                self._ahead = request
                self._helpers = set(_own_children()) - self._children.keys()
            elif request["op"] == "rest":
                self._rest()
            else:
                self._stop(request["id"], "cancelled")
        return bool(data)

    def _may_start(self, lock: str) -> bool:
        """Take the lock that says that jobs run, and see that the orchestrator lives, in this order.

        Whoever comes after a dead orchestrator waits for the lock, which the jobs inherit, so that no two
        attempts ever write into one folder.
        """
        if self._lock is None:
            self._lock = os.open(lock, os.O_WRONLY | os.O_CREAT, 0o644)
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            _die_with(None)  # from now on the end of our input tells, and the jobs are ended in order
        return not _orchestrator_is_gone()  # perhaps long ago, while we imported

    def _rest(self) -> None:
        """Let others have the folder until there is another job to start."""
        if self._lock is not None and not self._children:
            os.close(self._lock)
            self._lock = None
            _die_with(os.getppid())

    def _start(self, request: dict[str, Any]) -> None:
        # Who is asked writes into nobody's folder, and so takes no lock.
        if request["op"] == "start" and not self._may_start(request["lock"]):
            return
        started_at, begun = time.time(), time.monotonic()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._selector.close()
            os.close(self._events)
            _adopt_orphans()
            _set_private(False)
            _move_modules(self._ahead, request["path"])
            _become_job(request, parent, started_at)
        self._children[pid] = _Child(
            id=request["id"],
            pid=pid,
            exit_file=Path(request["exit"]),
            digested=request.get("digested", {}),
            started_at=started_at,
            deadline=begun + request["seconds"],
        )
        self._tell({"event": "started", "id": request["id"], "pid": pid, "at": started_at})

    def _stop(self, job: str, because: str) -> None:
        for child in self._children.values():
            if child.id == job:
                child.stopped_because = child.stopped_because or because
                _kill_group(child.pid)

    def _stop_overdue(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.deadline <= now and child.stopped_because is None:
                self._stop(child.id, "overdue")

    def _reap(self) -> None:
        """Report the jobs that have ended, as soon as all that they have started has ended as well."""
        ended = []
        for pid in list(self._children):
            # Looked at first and collected afterwards: until then the process keeps its number, so the
            # rest of its group (what the job left running) can be killed without hitting a stranger.
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            _kill_group(pid)
            _, status, usage = os.wait4(pid, 0)
            ended.append((self._children.pop(pid), status, usage))
        immortal = self._end_strays()
        for child, status, usage in ended:
            self._report(child, status, usage, immortal)

    def _end_strays(self) -> list[int]:
        """End what jobs have left behind; returns what does not end in time, as it waits for a device."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while strays := set(_own_children()) - self._children.keys() - self._helpers:
            for pid in strays:
                _kill_stray(pid, self._children)
            for pid in strays:
                with contextlib.suppress(ChildProcessError):
                    while os.waitpid(pid, os.WNOHANG)[0] == 0:
                        if time.monotonic() > deadline:
                            return sorted(strays)
                        time.sleep(0.0002)
        return []

    def _report(self, child: _Child, status: int, usage: resource.struct_rusage, immortal: list[int]) -> None:
        report = {
            "id": child.id,
            "exit_code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            "stopped_because": child.stopped_because,
            "started_at": child.started_at,
            "ended_at": time.time(),
            "digests": {name: digest_of_file(path) for name, path in child.digested.items()},
            "immortal": immortal,
            **_usage(usage),
        }
        try:
            _write_report(child.exit_file, report)
        except OSError as error:  # a full disk or a vanished folder must not end the other jobs
            report["exit_file_error"] = str(error)
        self._tell({"event": "ended", **report})

    def _tell(self, event: dict[str, Any]) -> None:
        data = b"\n" + json.dumps(event).encode() + b"\n"
        with contextlib.suppress(BrokenPipeError):  # the end of our input says it too, and ends the jobs
            while data:
                data = data[os.write(self._events, data) :]


def _orchestrator_is_gone() -> bool:
    """Whether nobody holds the other end of standard input, though requests may be left in it."""
    poll = select.poll()
    poll.register(0, 0)  # that the other end is closed is told in any case
    return bool(poll.poll(0))


def _usage(usage: resource.struct_rusage) -> dict[str, Any]:
    return {"cpu_seconds": usage.ru_utime + usage.ru_stime, "max_rss_kib": usage.ru_maxrss}


def digest_of_file(path: str | Path) -> str | None:
    """Size and SHA-256 of what a job has left, of its first 64 MiB; none if it is no regular file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        digest, left = hashlib.sha256(), _MOST_DIGESTED
        while left and (part := os.read(descriptor, min(left, 2**18))):
            digest.update(part)
            left -= len(part)
        return f"{status.st_size}:{digest.hexdigest()}"
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _write_report(exit_file: Path, report: dict[str, Any]) -> None:
    """Write how a job ended, whole or not at all."""
    draft = exit_file.with_name(f".{exit_file.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    # Nothing that lies there already is written into: it could be a link, or a pipe that nobody reads.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "w") as file:
        file.write(json.dumps(report))
    draft.replace(exit_file)


def _import_ahead(request: dict[str, Any]) -> None:
    """Import what the jobs would import; what cannot be imported is left to the job, which says why."""
    gc.disable()  # the collector's looks at what stays would take a sixth of the time
    for module, names in request["libraries"]:
        with contextlib.suppress(Exception, SystemExit):
            __import__(module, fromlist=names)
    if request["own"]:
        before = list(sys.path)
        hybrid_job.append_to_path(request["path"])
        writes_nothing, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # the source stays as it is
        for module in request["own"]:
            with contextlib.suppress(Exception, SystemExit):
                __import__(module)
        sys.dont_write_bytecode = writes_nothing
        sys.path[:] = before  # each job has the place of its own source there
    # What is loaded by now is never freed: keep it out of the children's garbage collections, which
    # would copy its pages.
    gc.collect()
    gc.freeze()
    gc.enable()
    _use_huge_pages()


def _use_huge_pages() -> None:
    """Put the memory of what is imported into huge pages: a fork copies a page table of a few entries then.

    With Braket's SDK imported a fork and the child's end take less than half as long. Needs Linux 6.1
    (madvise(2), MADV_COLLAPSE); elsewhere, and where memory does not suit, nothing changes.
    """
    if sys.platform != "linux":
        return
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, permissions, _, _, inode, *name = line.split()
        if permissions == "rw-p" and inode == "0" and name in ([], ["[heap]"]):
            first, last = (int(address, 16) for address in addresses.split("-"))
            first = -(-first // _HUGE_PAGE) * _HUGE_PAGE
            if length := max(0, last - first) // _HUGE_PAGE * _HUGE_PAGE:
                _LIBC.madvise(ctypes.c_void_p(first), ctypes.c_size_t(length), _MADV_COLLAPSE)


def _move_modules(ahead: dict[str, Any], path: str) -> None:
    """Let the source's modules that were imported ahead be those of the job's own copy, in this child.

    What they ask for their place, and what is imported later, is found there then.
    """
    shared = ahead["path"]
    if shared is None or shared == path:
        return
    with contextlib.suppress(ValueError):
        sys.path.remove(shared)

    def moved(place: Any) -> Any:
        within = isinstance(place, str) and place.startswith(shared + os.sep)
        return path + place[len(shared) :] if within else place

    for name in ahead["own"]:
        module = sys.modules.get(name)
        spec = getattr(module, "__spec__", None)
        if module is None or spec is None:
            continue
        for owner, attribute in (
            *((module, attribute) for attribute in ("__file__", "__cached__")),
            *((spec, attribute) for attribute in ("origin", "cached")),
            (spec.loader, "path"),
        ):
            if (place := getattr(owner, attribute, None)) is not None:
                setattr(owner, attribute, moved(place))
        if spec.submodule_search_locations is not None:
            places = [moved(place) for place in spec.submodule_search_locations]
            spec.submodule_search_locations = module.__path__ = places


def _kill_group(pid: int) -> None:
    """Kill a job that is not collected yet, with all that it has started."""
    for kill in (os.killpg, os.kill):  # a job that has only just been forked has no group yet
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def _kill_stray(pid: int, jobs: dict[int, _Child]) -> None:
    """Kill a child that no job owns any more, and its process group, which cannot outrun us by forking."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if (group := os.getpgid(pid)) not in jobs and group != os.getpgrp():
            os.killpg(group, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _own_children() -> list[int]:
    """The processes whose parent this is now (Linux; elsewhere none is told)."""
    try:
        text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    except OSError:
        return []
    return [int(pid) for pid in text.split()]


def _adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends (Linux)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _set_private(private: bool) -> None:
    """Whether other processes of the same user are kept from this one's memory and descriptors (Linux)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_DUMPABLE, 0 if private else 1, 0, 0, 0)


def _become_job(request: dict[str, Any], parent: int, started_at: float) -> NoReturn:
    """Turn this fresh child into the job: its own group, limits, log and environment."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        hybrid_job.redirect(request["log"])
        os.setsid()
        _die_with(parent)
        if request.get("memory_bytes"):
            resource.setrlimit(resource.RLIMIT_DATA, (request["memory_bytes"],) * 2)
        with contextlib.suppress(OSError):  # if the machine runs out of memory, a job goes, nothing else
            Path("/proc/self/oom_score_adj").write_bytes(b"500")
        os.environ.update(request.get("env", {}))
        os.chdir(request["start_in"])
        hybrid_job.reseed()
        code = _ask(request) if request["op"] == "ask" else _run(request)
    except BaseException:  # noqa: BLE001 - a job's child must never return into the server
        traceback.print_exc()
        code = code or 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        with contextlib.suppress(Exception):  # the server writes it then
            _report_own_end(request, code, started_at)
        os._exit(code)


def _run(request: dict[str, Any]) -> int:
    entry_point = request["entry_point"]
    # A source may have been imported ahead as a whole; what runs as a script is executed all the same.
    if ":" not in entry_point:
        sys.modules.pop(entry_point, None)
    where = {name: request[name] for name in ("path", "cwd", "failure")}
    return int(hybrid_job.run(entry_point, **where))


def _ask(request: dict[str, Any]) -> int:
    questions = json.loads(Path(request["questions"]).read_bytes())
    answers = hybrid_job.answer(request["function"], questions, path=request["path"])
    Path(request["answers"]).write_text(json.dumps(answers), encoding="utf-8")
    return 0


def _report_own_end(request: dict[str, Any], code: int, started_at: float) -> None:
    """The last act of a job that ends by itself, which it has in common with no other process."""
    report = {
        "id": request["id"],
        "exit_code": code,
        "signal": None,
        "stopped_because": None,
        "started_at": started_at,
        "ended_at": time.time(),
        **_usage(resource.getrusage(resource.RUSAGE_SELF)),
    }
    _write_report(Path(request["exit"]), report)


def _die_with(parent: int | None) -> None:
    """Ask the kernel to end this process if its parent is killed, or not (Linux; elsewhere nothing can)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL if parent else 0)
        if parent and os.getppid() != parent:
            os._exit(1)


def main() -> None:
    """Serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the orchestrator decides when jobs end
    _die_with(os.getppid())  # while there are no jobs to end, nobody need wait for the imports
    hybrid_job.installed_path()  # what is looked up for it is remembered, and not looked up in each job
    _adopt_orphans()
    _set_private(True)
    ForkServer().serve()


if __name__ == "__main__":
    main()
