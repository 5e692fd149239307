"""The installation itself: versions that live together, and a wheel that works outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.version import Version

from sweeper import load_sweep
from tests.synthetic import vqe_sweep

ROOT = Path(__file__).parents[1]


def test_hydra_and_the_braket_sdk_are_the_versions_that_share_an_environment() -> None:
    versions = {
        name: Version(metadata.version(name)) for name in ("hydra-core", "omegaconf", "amazon-braket-sdk")
    }
    assert Version("1.4.0rc3") <= versions["hydra-core"] < Version("1.5")
    assert Version("2.4.1rc1") <= versions["omegaconf"] < Version("2.5")
    assert Version("1.127") <= versions["amazon-braket-sdk"] < Version("2")


def test_both_grammars_parse_in_one_process() -> None:
    from braket.circuits import Circuit
    from braket.devices import LocalSimulator
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from omegaconf import OmegaConf

    (override,) = OverridesParser.create().parse_overrides(["seed=range(0,3)"])
    assert [int(value) for value in override.sweep_iterator()] == [0, 1, 2]
    assert OmegaConf.create({"shots": 10, "twice": "${shots}"}).twice == 10
    counts = LocalSimulator().run(Circuit().x(0), shots=10).result().measurement_counts
    assert counts == {"1": 10}


HEAVY = {"braket", "boto3", "botocore", "scipy", "plotly", "networkx"}


@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        (["--help"], {*HEAVY, "numpy", "pandas", "pyarrow"}),
        (["--cfg", "job"], {*HEAVY, "numpy", "pandas", "pyarrow"}),
        (["status", "sweep"], {*HEAVY, "hydra", "omegaconf", "numpy", "pandas", "pyarrow"}),
        # What is best is said below the table, which takes Student's t of scipy.special (60 ms).
        (["table", "sweep"], {*HEAVY - {"scipy"}, "hydra", "omegaconf"}),
    ],
    ids=["--help", "--cfg", "status", "table"],
)
def test_commands_that_run_no_job_import_what_they_need(
    words: list[str], unneeded: set[str], tmp_path: Path
) -> None:
    vqe_sweep(tmp_path / "sweep", optimizers=["spsa"], shots=[100], seeds=2, iterations=2)
    code = (
        "import atexit, sys\n"
        "from sweeper.__main__ import main\n"
        "imported = lambda: sorted({name.partition('.')[0] for name in sys.modules})\n"
        "atexit.register(lambda: print('imported:', *imported()))\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    output, _, imported = done.stdout.rpartition("imported:")
    assert output.strip()
    assert unneeded.isdisjoint(imported.split())


def test_a_wheel_sweeps_outside_the_checkout(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    assert {
        "sweeper/py.typed",
        "sweeper/_shipped/conf/config.yaml",
        "sweeper/_shipped/algorithms/vqe.py",
        "braket_sweeper-0.1.0.dist-info/licenses/LICENSE",
    } <= inside
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", site]
    subprocess.run([*install, wheel], check=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(site)}
    where = subprocess.run(
        [sys.executable, "-P", "-c", "from sweeper.config.shipped import shipped; print(shipped('conf'))"],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(site)
    words = ["-m", "algorithm=vqe,qaoa_maxcut", "max_iterations=3", "shots=20", "hydra.sweep.dir=out"]
    subprocess.run(
        [sys.executable, "-P", "-m", "sweeper", *words], cwd=elsewhere, env=environment, check=True
    )
    assert list(load_sweep(elsewhere / "out").results["status"]) == ["COMPLETED", "COMPLETED"]
    assert (elsewhere / "out/report.html").is_file()
