"""Whatever a job does, it is one row with a reason, and the others end well."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sweeper import load_sweep

from ..conftest import Command

# Each action of this script is one job's; `well` is everybody else's.
SCRIPT = """
import json, os, shutil, signal, socket, subprocess, sys, time
from pathlib import Path

from braket.jobs import get_hyperparameters, save_job_result

ROOT = Path(os.environ["AMZN_BRAKET_HP_FILE"]).parent
RESULTS = Path(os.environ["AMZN_BRAKET_JOB_RESULTS_DIR"])


def replaced(name, make):
    path = ROOT / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    make(path)


def to_pipe(name):
    replaced(name, os.mkfifo)


def to_folder(name):
    replaced(name, lambda path: (path / "inner").mkdir(parents=True))


def to_zero(name):
    replaced(name, lambda path: path.symlink_to("/dev/zero"))


def to_dangling(name):
    replaced(name, lambda path: path.symlink_to("nowhere"))


def to_binary(name):
    replaced(name, lambda path: path.write_bytes(bytes(range(256)) * 100))


def spoil_events():
    for pid in (os.getppid(),):
        for descriptor in range(3, 12):
            try:
                with open(f"/proc/{pid}/fd/{descriptor}", "wb", buffering=0) as pipe:
                    os.set_blocking(pipe.fileno(), False)
                    pipe.write(b'{"event": "ended", "id": 3}\\n[]\\n\\xff\\xfe{"event": "ended", "id": "x"')
            except OSError:
                pass


def act(action):
    name, _, of = action.partition(" ")
    if of:
        globals()[name](of)
    elif name == "dies":
        os.kill(os.getpid(), 40)
    elif name == "aborts":
        os.abort()
    elif name == "locks_its_folder":
        for path in (RESULTS, ROOT):
            path.chmod(0)
    elif name == "removes_its_folder":
        shutil.rmtree(ROOT)
    elif name == "moves_its_folder":
        ROOT.rename(ROOT.with_name(f"{ROOT.name}-moved"))
    elif name == "spoil_events":
        spoil_events()
    elif name == "closes_everything":
        os.closerange(0, 100)
    elif name == "kills_its_session":
        os.killpg(0, signal.SIGKILL)
    elif name == "kills_the_server":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    elif name == "says_binary":
        os.write(2, bytes(range(256)))
        raise RuntimeError("\\x00\\udcff")
    elif name == "fails_with_a_strange_text":
        raise RuntimeError("\\x1b[2J\\x00\\u202e" * 1000)
    elif name == "raises":
        raise type("E", (Exception,), {"__str__": lambda self: 1 / 0})()


def main():
    action = get_hyperparameters()["action"]
    save_job_result({"loss": 1.0})
    if not action.startswith("well"):
        act(action)
"""

WELL = SCRIPT.replace("        act(action)", "        pass")

NAMES = ("job.json", "exit.json", "results/results.json", "log.txt", "hyperparameters.json", "failure.txt")
ACTIONS = (
    *(f"{how} {name}" for how in ("to_pipe", "to_folder", "to_zero") for name in NAMES),
    *(f"to_dangling {name}" for name in ("results", "work", "checkpoints", "results/results.json")),
    *(f"to_binary {name}" for name in ("job.json", "exit.json", "results/results.json", "results")),
    *("dies", "aborts", "locks_its_folder", "removes_its_folder", "moves_its_folder", "spoil_events"),
    *("closes_everything", "kills_its_session", "says_binary", "fails_with_a_strange_text", "raises"),
)
ENDS_WELL = {
    f"{how} {name}"
    for how in ("to_pipe", "to_folder", "to_zero", "to_binary")
    for name in ("job.json", "exit.json", "log.txt", "hyperparameters.json", "failure.txt")
} | {"to_dangling work", "to_dangling checkpoints", "spoil_events", "closes_everything", "locks_its_folder"}
"""What leaves the job's result in order, at least for root; its row may be COMPLETED."""


def sweep(
    sweeper: Command, folder: Path, actions: list[str], expect: int, *words: str, script: str = SCRIPT
) -> pd.DataFrame:
    (folder / "script.py").write_text(script)
    quoted = ",".join(f"'{action}'" for action in actions)
    sweeper(
        *("-m", "algorithm=script", "algorithm.source_module=script.py", "algorithm.entry_point=script:main"),
        *("algorithm.objective=loss", f"+algorithm.hyperparameters.action={quoted}", "report=false"),
        *("hydra.sweep.dir=out", "hydra.launcher.n_jobs=2", "job.max_runtime_seconds=20", *words),
        expect=expect,
    )
    return load_sweep(folder / "out").results.set_index("algorithm.hyperparameters.action")


def test_one_hostile_job_is_one_row_and_all_others_end_well(sweeper: Command, tmp_path: Path) -> None:
    mixed = [text for place, action in enumerate(ACTIONS) for text in (action, f"well {place}")]
    table = sweep(sweeper, tmp_path, mixed, 1)
    assert len(table) == len(mixed)
    for action, row in table.iterrows():
        if str(action).startswith("well"):
            assert (row["status"], row["objective"]) == ("COMPLETED", 1.0), (action, row["reason"])
        elif row["status"] == "COMPLETED":
            assert (row["objective"], action in ENDS_WELL) == (1.0, True), action
        else:
            assert row["status"] == "FAILED", action
            assert row["reason"], action


def test_a_job_whose_folder_is_spoilt_can_run_again(sweeper: Command, tmp_path: Path) -> None:
    """What one attempt leaves does not stand in the way of the next."""
    spoilt = [f"{how} {name}" for how in ("to_pipe", "to_folder", "to_dangling") for name in NAMES]
    spoilt += ["to_binary results", "to_dangling work", "to_binary attempts", "to_dangling .hydra"]
    sweep(sweeper, tmp_path, spoilt, 1, script=SCRIPT + "    raise RuntimeError('once more')\n")
    table = sweep(sweeper, tmp_path, spoilt, 0, "accept_changes=true", script=WELL)
    assert set(table["status"]) == {"COMPLETED"}
    assert set(table["attempts"]) == {2}


def test_a_job_that_kills_the_fork_server_again_and_again(sweeper: Command, tmp_path: Path) -> None:
    actions = ["kills_the_server", *(f"well {number}" for number in range(8))]
    table = sweep(sweeper, tmp_path, actions, 1, "job.first_pause_seconds=0.5", "job.retries=2")
    assert set(table.drop("kills_the_server")["status"]) == {"COMPLETED"}
    row = table.loc["kills_the_server"]
    assert row["status"] == "FAILED"
    assert row["attempts"] == 3
    assert "the process that starts the jobs, which ended unexpectedly (SIGKILL" in row["reason"]
