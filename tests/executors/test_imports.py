"""What a fork server imports ahead of a source's jobs: read from the source, which is not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeper.executors.imports import Imports, imports_of


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name.replace('__of__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_libraries_are_found_through_the_modules_of_the_source(tmp_path: Path) -> None:
    package = tmp_path / "study"
    write(
        package,
        __init__="",
        main="import numpy as np\nfrom study import ansatz\nfrom . import device\n",
        ansatz="from braket.circuits import Circuit, Observable\n",
        device="from .inner.simulator import run\n",
        inner__of____init__="import json\n",
        inner__of__simulator="import scipy.optimize\n",
        unused="import networkx\n",
    )
    assert dict(imports_of(package, "study.main:main").libraries) == {
        "numpy": (),
        "braket.circuits": ("Circuit", "Observable"),
        "json": (),
        "scipy.optimize": (),
    }


@pytest.mark.parametrize(
    "code",
    [
        "import torch",  # starts threads: not known to be safe
        "import this",  # prints
        "import helper",  # beside the script, and not part of the source
        "def main():\n    import numpy",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy",
        "import numpy as",  # the job will say what is wrong with it
        "",
    ],
)
def test_what_could_make_a_difference_is_left_to_the_job(tmp_path: Path, code: str) -> None:
    write(tmp_path, script=code)
    imports = imports_of(tmp_path / "script.py", "script:main")
    assert [name for name, _ in imports.libraries if name != "typing"] == []
    assert imports.own == ()


def test_imports_inside_of_blocks_that_always_run_count(tmp_path: Path) -> None:
    code = "try:\n    import numpy\nexcept ImportError:\n    import json\nelse:\n    import scipy\n"
    write(tmp_path, script=code)
    libraries = imports_of(tmp_path / "script.py", "script:main").libraries
    assert {name for name, _ in libraries} == {"numpy", "json", "scipy"}


def test_own_modules_count_only_if_the_source_says_so(tmp_path: Path) -> None:
    write(tmp_path / "plain", __init__="", main="from plain import other", other="")
    assert imports_of(tmp_path / "plain", "plain.main:main").own == ()
    write(tmp_path / "marked", __init__="__import_ahead__ = True", main="from marked import other", other="")
    assert imports_of(tmp_path / "marked", "marked.main:main").own == ("marked.main",)
    # A module that runs as a script is executed by every job, and only what it imports is shared.
    assert imports_of(tmp_path / "marked", "marked.main").own == ("marked", "marked.other")


def test_the_shipped_algorithms_are_imported_ahead() -> None:
    algorithms = Path(__file__).parents[2] / "algorithms"
    imports = imports_of(algorithms, "algorithms.vqe_h2:main")
    assert imports.own == ("algorithms.vqe_h2",)
    assert {"numpy", "braket.circuits", "braket.devices"} <= dict(imports.libraries).keys()


def test_a_source_that_is_gone_has_no_imports(tmp_path: Path) -> None:
    assert imports_of(tmp_path / "gone.py", "gone:main") == Imports((), ())
