"""What a fork server imports ahead of a source's jobs: read from the source, which is not run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweeper.executors.imports import Imports, imports_of

CHECKOUT = Path(__file__).parents[2]


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name.replace('__of__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_libraries_are_found_in_all_modules_of_the_source(tmp_path: Path) -> None:
    package = tmp_path / "study"
    write(
        package,
        __init__="",
        main="import numpy as np\nfrom study import ansatz\nfrom . import device\n",
        ansatz="from braket.circuits import Circuit, Observable\n",
        # Imported by name at run time, and by a function.
        methods__of__cobyla="def minimise():\n    import scipy.optimize\n",
    )
    assert dict(imports_of(package).libraries) == {
        "numpy": (),
        "braket.circuits": ("Circuit", "Observable"),
        "scipy.optimize": (),
    }


@pytest.mark.parametrize(
    "code",
    [
        "import torch",  # starts threads: not known to be safe
        "import this",  # prints
        "import helper",  # beside the script, and not part of the source
        "import script",
        "import numpy as",  # the job will say what is wrong with it
        "",
    ],
)
def test_what_could_make_a_difference_is_left_to_the_job(tmp_path: Path, code: str) -> None:
    write(tmp_path, script=code)
    assert imports_of(tmp_path / "script.py") == Imports((), ())


def test_own_modules_count_only_if_the_source_says_so(tmp_path: Path) -> None:
    for name, mark in (
        ("plain", ""),
        ("unmarked", "__import_ahead__ = False"),
        ("odd", "x.__import_ahead__ = 1"),
    ):
        write(tmp_path / name, __init__=mark, main="")
        assert imports_of(tmp_path / name).own == ()
    package = tmp_path / "marked"
    write(package, __init__="__import_ahead__ = True", main="", inner__of____init__="", inner__of__part="")
    write(package, __main__="", draft="this is no Python", **{"not-a-module": ""})
    assert imports_of(package).own == ("marked", "marked.main", "marked.inner", "marked.inner.part")


def test_the_shipped_algorithms_are_imported_ahead() -> None:
    imports = imports_of(CHECKOUT / "algorithms")
    assert {"algorithms.vqe", "algorithms.optimizers.cobyla"} <= set(imports.own)
    assert {"numpy", "braket.circuits", "braket.devices"} <= dict(imports.libraries).keys()


def test_a_source_that_is_gone_has_no_imports(tmp_path: Path) -> None:
    assert imports_of(tmp_path / "gone.py") == Imports((), ())


def test_importing_the_shipped_algorithms_leaves_nothing_behind(tmp_path: Path) -> None:
    own = imports_of(CHECKOUT / "algorithms").own
    script = f"""
import json, os, random, threading
import numpy as np
def state():
    return {{
        "environment": dict(os.environ), "folder": os.getcwd(), "threads": threading.active_count(),
        "random": repr(random.getstate()), "numpy": repr(np.random.get_state()),
    }}
before = state()
for module in {own!r}:
    __import__(module)
print(json.dumps([name for name, value in state().items() if value != before[name]]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
    assert list(tmp_path.iterdir()) == []
