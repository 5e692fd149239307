"""Every command that README and docs show, executed as it is written.

A block of shell commands is run line by line. A block that begins with `# FILE, then: COMMAND` is written
to that file, and the command is run. Lines after `$ COMMAND` are what the command says. A block of Python
that imports the sweeper is a program. Each runs in a directory of its own, beside the files and sweeps that
the pages take for granted; AWS is the emulated account.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .page import ROOT

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_THEN = re.compile(r"# (\S+), then: (.+)\n")
_SMALL = "-m optimizer=cobyla,spsa shots=100,1000 seed='range(2)' max_iterations=5 report=false"

SWEEPS = {
    "DIR": _SMALL,
    "LOCAL": _SMALL,
    "NOISY": f"{_SMALL} device=braket_dm",
    "QPU": f"{_SMALL} device=braket_sv",
    "outputs/showcase": "-m +experiment=showcase",
}
"""Sweeps that the pages take for granted, by their folders."""
FILES = {
    "my_job.py": (
        "from braket.jobs import get_hyperparameters, save_job_result\n"
        "def main():\n    save_job_result({'loss': 1 / int(get_hyperparameters()['n_layers'])})\n"
    ),
    "my_hamiltonian.yaml": "- {coefficient: 1, string: ZZ}\n- {coefficient: 0.5, string: XI}\n",
    "my_graph.txt": "0 1\n1 2\n2 0\n2 3\n",
    "flow.graphml": (
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
        '<key id="c" for="edge" attr.name="capacity" attr.type="double"/><graph edgedefault="undirected">'
        '<node id="a"/><node id="b"/><node id="z"/>'
        '<edge source="a" target="b"><data key="c">2</data></edge>'
        '<edge source="b" target="z"><data key="c">3</data></edge></graph></graphml>'
    ),
}
"""Files that the pages take for granted."""


@dataclass(frozen=True)
class Shown:
    """A command that a page shows.

    Attributes:
        page: Where, from the checkout.
        command: As it is typed into a shell.
        files: What the page has written before, by name.
        says: What the page says that the command answers, without its exit code; it is an error then.
    """

    page: str
    command: str
    files: dict[str, str]
    says: str | None = None


def shown() -> Iterator[Shown]:
    """All commands of README and docs, in their order."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        page = str(path.relative_to(ROOT))
        for language, text in _BLOCK.findall(path.read_text(encoding="utf-8")):
            if then := _THEN.match(text):
                file, command = then.groups()
                yield Shown(page, command, {file: text[then.end() :]})
            elif language == "python" and "from sweeper import" in text:
                yield Shown(page, "python shown.py", {"shown.py": text})
            elif text.startswith("$ "):
                command, _, says = text.removeprefix("$ ").partition("\n")
                yield Shown(page, command, {}, says)
            else:
                for command in text.replace("\\\n", "").splitlines():
                    if command.startswith("sweeper "):
                        yield Shown(page, re.sub(r" +", " ", command.partition(" # ")[0]), {})


def execute(one: Shown, directory: Path, environment: dict[str, str]) -> None:
    """Run a command in a directory, after writing the files that belong to it.

    Raises:
        AssertionError: It fails, or does not say what the page says.
    """
    for name, text in {**FILES, **one.files}.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    done = _typed(one.command, directory, environment)
    said = f"{one.page}: {one.command}\nexit code {done.returncode}\n{done.stdout}{done.stderr}"
    assert (done.returncode == 0) == (one.says is None), said
    assert one.says is None or one.says.split() == done.stderr.split(), said


def _typed(command: str, directory: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {**os.environ, "COLUMNS": "200", **environment, "PATH": path}
    return subprocess.run(
        ["bash", "-c", command],
        cwd=directory,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def run(evidence: Path) -> None:
    """Run all commands, and keep their list."""
    from braket_emulator import Emulator, EmulatorSettings

    done = []
    with tempfile.TemporaryDirectory() as folder, Emulator(EmulatorSettings(time_scale=0.05)) as emulator:
        ready = Path(folder) / "ready"
        ready.mkdir()
        for name, words in SWEEPS.items():
            made = _typed(f"sweeper {words} hydra.sweep.dir={name}", ready, {})
            assert made.returncode == 0, f"{name}: {made.stderr}"
        for number, one in enumerate(shown()):
            directory = Path(folder) / str(number)
            (directory / "outputs").mkdir(parents=True)
            for name in SWEEPS:
                (directory / name).symlink_to(ready / name)
            execute(one, directory, dict(emulator.environment()))
            print(f"{one.page}: {one.command}", flush=True)
            done.append(f"{one.page}: {one.command}\n")
    (evidence / "commands.txt").write_text("".join(done))
