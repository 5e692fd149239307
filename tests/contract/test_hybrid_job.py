"""What a job finds beside its arguments: its channels, its checkpoints, its place on the path."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.contract import hybrid_job
from sweeper.errors import ConfigError
from sweeper.job.source import read_source

NAMES = st.from_regex(r"[a-z]{1,3}", fullmatch=True)


def test_it_needs_the_standard_library_alone() -> None:
    tree = ast.parse(Path(hybrid_job.__file__).read_bytes())
    imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imports |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imports
    assert {name.partition(".")[0] for name in imports} <= sys.stdlib_module_names
    # By itself, as it is loaded where jobs run.
    subprocess.run([sys.executable, "-I", "-S", hybrid_job.__file__], check=True)


def test_a_channel_has_its_files_under_their_names_whatever_was_there(tmp_path: Path) -> None:
    file, folder, given = tmp_path / "graph.csv", tmp_path / "data", tmp_path / "input"
    file.write_text("0,1")
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "a.txt").write_text("a")
    for content in (file, folder, file, file, folder, folder, file):
        hybrid_job.give_channel(given, "channel", content)
        found = [path for path in (given / "channel").rglob("*") if path.is_file()]
        assert [str(path.relative_to(given)) for path in found] == (
            ["channel/graph.csv"] if content is file else ["channel/inner/a.txt"]
        )
    (given / "channel" / "graph.csv").unlink()
    (given / "channel" / "written by the job").mkdir()
    hybrid_job.give_channel(given, "channel", file)
    assert (given / "channel" / "graph.csv").read_text() == "0,1"
    assert file.read_text() == "0,1"
    assert (folder / "inner" / "a.txt").is_file()


@given(
    attempts=st.lists(st.dictionaries(st.none() | NAMES, st.integers(), max_size=3), max_size=6),
    stem=st.sampled_from(["sweep-1f-1", "sweep-1f-11", "sweep-7-0"]),
)
def test_of_every_suffix_the_latest_checkpoint_is_found_by_the_next_attempt(
    tmp_path_factory: pytest.TempPathFactory, attempts: list[dict[str | None, int]], stem: str
) -> None:
    """A model: each attempt takes over, and then writes some checkpoints or is killed before it does."""
    folder = tmp_path_factory.mktemp("checkpoints")
    others = {f"{stem}0-1.json": "another", "state_1.json": "own", f"{stem}-1x_a.json": "own", "a.bin": "own"}
    for name, text in others.items():
        (folder / name).write_text(text)
    names = [f"{stem}-{number}" for number in range(1, len(attempts) + 2)]
    expected: dict[str | None, int] = {}
    for number, written in enumerate([*attempts, {}]):
        hybrid_job.take_over_checkpoints(folder, names[number], names[:number][::-1])
        hybrid_job.take_over_checkpoints(folder, names[number], names[:number][::-1])  # killed, and again
        found = {suffix: int((folder / file_name(names[number], suffix)).read_text()) for suffix in expected}
        assert found == expected
        for suffix, step in written.items():
            (folder / file_name(names[number], suffix)).write_text(str(step))
        expected |= written
    assert {name: (folder / name).read_text() for name in others} == others


def file_name(job: str, suffix: str | None) -> str:
    return f"{job}.json" if suffix is None else f"{job}_{suffix}.json"


def test_the_source_comes_after_what_is_installed_and_before_what_else_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = hybrid_job.installed_path()
    assert str(Path(ast.__file__).parent) in installed
    assert str(Path(pytest.__file__).parents[1]) in installed
    monkeypatch.setattr(sys, "path", ["", "/checkout", *installed, "/elsewhere"])
    hybrid_job.append_to_path("/source")
    hybrid_job.append_to_path("/source")
    assert sys.path == [*installed, "/source", "", "/checkout", "/elsewhere"]


@pytest.mark.parametrize("name", ["random", "sys", "json", "six", "numpy", "braket"])
@pytest.mark.parametrize("folder", [False, True])
def test_a_source_called_like_what_is_installed_is_refused(tmp_path: Path, name: str, folder: bool) -> None:
    source = tmp_path / name if folder else tmp_path / f"{name}.py"
    if folder:
        source.mkdir()
    (source / "__init__.py" if folder else source).touch()
    with pytest.raises(ConfigError, match=rf"installed \({name}, .*another name"):
        read_source(source, f"{name}:main")


def test_the_variables_of_s3_are_well_formed_and_name_nobodys_bucket() -> None:
    from braket.aws import AwsSession

    variables = hybrid_job.unstored_variables("sweep-1f-0-1")
    bucket = variables["AMZN_BRAKET_OUT_S3_BUCKET"]
    assert "_" in bucket  # no bucket's name has one
    for name in ("AMZN_BRAKET_TASK_RESULTS_S3_URI", "AMZN_BRAKET_SCRIPT_S3_URI"):
        assert AwsSession.parse_s3_uri(variables[name])[0] == bucket
    assert variables["AMZN_BRAKET_JOB_RESULTS_S3_PATH"] == "jobs/sweep-1f-0-1/output"
    assert variables["AMZN_BRAKET_SCRIPT_COMPRESSION_TYPE"] == "GZIP"
