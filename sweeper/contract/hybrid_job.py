"""What a hybrid job finds when it starts and what it leaves: Amazon Braket's contract, said once.

The standard library alone, and nothing of `sweeper`: this file runs wherever jobs run. The fork server
loads it, packed jobs carry it in their archive, and the emulator's containers use it. What it does is held to
outcomes that were recorded by running Braket's own container script (`tests/contract`); where it differs on
purpose, `docs/contract.md` says so.
"""

import atexit
import contextlib
import functools
import importlib
import importlib.machinery
import inspect
import json
import os
import random
import runpy
import shutil
import site
import sys
import sysconfig
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Places:
    """Where a job finds what it is given, and leaves what it makes.

    Attributes:
        hyperparameters: A file: a flat JSON object of strings.
        input: Input data, a folder for each channel.
        results: What becomes the archive of results.
        checkpoints: What a later job may go on from.
    """

    hyperparameters: Path
    input: Path
    results: Path
    checkpoints: Path


def own_variables(name: str, device: str, entry_point: str, places: Places) -> dict[str, str]:
    """The environment variables that differ between the jobs of one instance.

    Source: "Environment variables for your hybrid job" in Braket's developer guide, and the SDK's
    `local_job_container_setup.py`.
    """
    return {
        "AMZN_BRAKET_JOB_NAME": name,
        "AMZN_BRAKET_DEVICE_ARN": device,
        "AMZN_BRAKET_HP_FILE": str(places.hyperparameters),
        "AMZN_BRAKET_INPUT_DIR": str(places.input),
        "AMZN_BRAKET_JOB_RESULTS_DIR": str(places.results),
        "AMZN_BRAKET_CHECKPOINT_DIR": str(places.checkpoints),
        "AMZN_BRAKET_SCRIPT_ENTRY_POINT": entry_point,
    }


def storage_variables(
    name: str, bucket: str, output: str, script: str, compression: str | None
) -> dict[str, str]:
    """The environment variables that name places in S3, as the SDK's own local job composes them.

    Args:
        name: The hybrid job's name.
        bucket: The bucket of its output.
        output: Key prefix of its output.
        script: URI of its source.
        compression: How the source is compressed; none if nobody says.
    """
    variables = {
        "AMZN_BRAKET_OUT_S3_BUCKET": bucket,
        "AMZN_BRAKET_TASK_RESULTS_S3_URI": f"s3://{bucket}/jobs/{name}/tasks",
        "AMZN_BRAKET_JOB_RESULTS_S3_PATH": f"{output.rstrip('/')}/{name}/output",
        "AMZN_BRAKET_SCRIPT_S3_URI": script,
    }
    return (
        variables
        if compression is None
        else {**variables, "AMZN_BRAKET_SCRIPT_COMPRESSION_TYPE": compression}
    )


NO_BUCKET = "local_jobs_store_nothing_in_s3"
"""The bucket of jobs that have none. S3 allows no underscore in a bucket's name, so nobody can own it."""


def unstored_variables(name: str) -> dict[str, str]:
    """The variables of S3 for a job of which nothing is stored there: well-formed, and nobody's."""
    script = f"s3://{NO_BUCKET}/jobs/{name}/script/source.tar.gz"
    return storage_variables(name, NO_BUCKET, "jobs", script, "GZIP")


def give_channel(folder: Path, channel: str, content: Path) -> None:
    """Let a job find a channel's content without copying it.

    Args:
        folder: The job's folder of input data.
        channel: Name of the channel.
        content: A folder, whose files are found as `<channel>/<path below it>`; or a file, which is
            found as `<channel>/<its name>`.
    """
    place = folder / channel
    if place.is_symlink() or place.is_file():
        place.unlink()
    elif place.exists():  # an earlier attempt's
        shutil.rmtree(place)
    if content.is_dir():
        place.symlink_to(content)
    else:
        place.mkdir(parents=True)
        (place / content.name).symlink_to(content)


def take_over_checkpoints(folder: Path, name: str, earlier: Sequence[str]) -> None:
    """Let a later attempt find its checkpoints where the SDK's `load_job_checkpoint` looks for them.

    That is `<job name>[_<suffix>].json`, and a new hybrid job has a new name: the files are renamed.

    Args:
        folder: The job's checkpoints.
        name: The name of the attempt that is about to start.
        earlier: The names of those before it, the latest first; of each suffix the latest file counts.
    """
    for old in earlier:
        for file in folder.glob(f"{old}*.json"):
            rest = file.name.removeprefix(old)
            new = folder / f"{name}{rest}"
            if (rest == ".json" or rest.startswith("_")) and not new.exists():
                file.rename(new)


@functools.cache
def _is_installed(entry: str) -> bool:
    """Whether an entry of `sys.path` is the interpreter's own, or where packages are installed for it."""
    place, standard = os.path.realpath(entry), os.path.realpath(sysconfig.get_path("stdlib"))
    packages = [*site.getsitepackages(), site.getusersitepackages(), sysconfig.get_path("purelib")]
    zipped = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    return (
        place == standard
        or place.startswith(standard + os.sep)
        or Path(place).name == zipped
        or place in {os.path.realpath(package) for package in packages}
    )


def installed_path() -> list[str]:
    """The part of `sys.path` that a container has too: what comes with the interpreter, and is installed."""
    return [entry for entry in sys.path if entry and _is_installed(entry)]


def collision(module: str) -> str | None:
    """What is installed under the name of a source's module; none if the two do not get in each other's way.

    What is installed is imported instead of the source. Folders without code of their own give way to a
    source; but Braket's SDK is one of these, and could not be imported any more.
    """
    if module in sys.builtin_module_names:
        return "built into Python"
    found = importlib.machinery.PathFinder.find_spec(module, installed_path())
    if found is None or (found.loader is None and module != "braket"):
        return None
    return found.origin or next(iter(found.submodule_search_locations or []), None)


def append_to_path(source: str) -> None:
    """Let the modules in a folder be found, after what is installed, as in Braket's container.

    What else this process finds (by PYTHONPATH, or installed in editable mode) comes after them: a
    container does not have it.
    """
    if source not in sys.path:
        installed = installed_path()
        sys.path[:] = [*installed, source, *(entry for entry in sys.path if entry not in installed)]


def redirect(log: str) -> None:
    """Standard output and error to the log, line by line, so that it can be followed; no input."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    os.close(nothing)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - stays open as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115


def reseed() -> None:
    """Fresh entropy for the global generators, which all jobs forked from one process would share."""
    random.seed()
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))


def run(entry_point: str, *, path: str, cwd: str, failure: str) -> int:
    """Run a job's script to its end, in this process, which is to be a fresh one of its own.

    The environment variables are set, and the current directory is not the source's: it becomes that
    only when the function is called. An exception of the function leaves its text in the failure file.
    What fails before (an import, a missing function, a hyperparameter that cannot be cast) leaves
    none, and neither does what is no `Exception`.

    Args:
        entry_point: `module:function`, or `module`, which runs as a script.
        path: The folder in which the source's module is found.
        cwd: The current directory of the function.
        failure: The failure file.

    Returns:
        The exit code.
    """
    exit_code = 1
    try:
        sys.argv = [entry_point]
        append_to_path(path)
        code = _code_of(entry_point)
        _call(code, _arguments_of(code), cwd, failure)
        exit_code = 0
    except SystemExit as stop:
        exit_code = _exit_code(stop)
    except BaseException:  # noqa: BLE001 - whatever it is, it is the job's failure
        traceback.print_exc()
    try:
        # What the interpreter does at its end, except for taking every module apart, which costs more
        # than starting a job does.
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    except BaseException:  # noqa: BLE001 - of a thread, or of what was to run at the end
        traceback.print_exc()
        exit_code = exit_code or 1
    return exit_code


def answer(function: str, questions: Iterable[Mapping[str, str]], *, path: str) -> list[dict[str, Any]]:
    """What a source answers to each set of hyperparameters, where its jobs run.

    Args:
        function: `module:function` of the source.
        questions: The hyperparameters of one job each, with the texts of those that travel as files.
        path: The folder in which the source's module is found; nothing is written into it.

    Returns:
        For each question `{"answer": …}`, or `{"failed": …}` with the text of the exception.
    """
    sys.dont_write_bytecode = True
    append_to_path(path)
    answers: list[dict[str, Any]] = []
    code: Callable[..., Any] | None = None
    for question in questions:
        try:
            code = code or _code_of(function)
            answers.append({"answer": json.loads(json.dumps(code(dict(question)), allow_nan=False))})
        except (Exception, SystemExit) as error:  # noqa: BLE001 - it is the source's failure, whatever it is
            answers.append({"failed": f"{type(error).__name__}: {error}"})
    return answers


def _code_of(entry_point: str) -> Callable[..., Any]:
    module, colon, function = entry_point.partition(":")
    if colon:
        code: Callable[..., Any] = getattr(importlib.import_module(module), function)
        return code

    def script() -> None:
        runpy.run_module(module, run_name="__main__")

    return script


def _arguments_of(code: Callable[..., Any]) -> dict[str, Any]:
    """The hyperparameters as arguments, if they fit the signature, each cast by calling its annotation."""
    file = os.environ.get("AMZN_BRAKET_HP_FILE")
    if file is None:
        return {}
    hyperparameters = json.loads(Path(file).read_bytes())
    try:
        inspect.signature(code).bind(**hyperparameters)
    except TypeError:
        return {}
    casts = inspect.getfullargspec(code).annotations
    return {name: casts.get(name, str)(value) for name, value in hyperparameters.items()}


def _call(code: Callable[..., Any], arguments: dict[str, Any], cwd: str, failure: str) -> None:
    before = Path.cwd()
    try:
        os.chdir(cwd)
        try:
            code(**arguments)
        finally:
            os.chdir(before)
    except Exception as error:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        with (
            contextlib.suppress(OSError),
            open(failure, "a", encoding="utf-8", errors="replace") as file,  # noqa: PTH123
        ):
            file.write(text)
        raise


def _exit_code(stop: SystemExit) -> int:
    if stop.code is None or isinstance(stop.code, int):
        return (stop.code or 0) & 0xFF
    print(stop.code, file=sys.stderr)  # noqa: T201 - what the interpreter does with a text
    return 1
