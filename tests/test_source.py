"""A job's source is known by its content, and every job runs a complete copy of it."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest

from sweeper.config.shipped import shipped
from sweeper.errors import ConfigError
from sweeper.job.source import read_source

FILES = {"job.py": b"def main(): ...\n", "inner/__init__.py": b"", "inner/data.bin": bytes(range(256))}


def make(root: Path, name: str = "package", files: dict[str, bytes] = FILES) -> Path:
    """A folder of files; each test has its own, because a source is read once in a process."""
    for relative, content in files.items():
        file = root / name / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return root / name


def digest(folder: Path, entry_point: str = "package.job:main") -> str:
    return read_source(folder, entry_point).digest


def content(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


class TestDigest:
    def test_it_does_not_depend_on_where_and_when(self, tmp_path: Path) -> None:
        here, there = make(tmp_path / "a"), make(tmp_path / "b" / "deeper")
        for file in there.rglob("*"):
            os.utime(file, (1, 1))
        assert digest(here) == digest(there)

    @pytest.mark.parametrize(
        "files",
        [
            FILES | {"job.py": b"def main(): pass\n"},
            FILES | {"new.py": b""},
            {"job.py": FILES["job.py"], "inner/__init__.py": b""},
            {name.replace("data.bin", "renamed.bin"): code for name, code in FILES.items()},
            FILES | {"inner/__init__.py": FILES["inner/data.bin"], "inner/data.bin": b""},
        ],
        ids=["edited", "added", "removed", "renamed", "swapped"],
    )
    def test_any_change_of_content_or_name_changes_it(self, tmp_path: Path, files: dict[str, bytes]) -> None:
        assert digest(make(tmp_path / "a")) != digest(make(tmp_path / "b", files=files))

    @pytest.mark.parametrize(
        "name", ["__pycache__/job.cpython-311.pyc", "inner/job.pyc", ".git/HEAD", ".ipynb_checkpoints/a.py"]
    )
    def test_what_is_no_source_is_ignored(self, tmp_path: Path, name: str) -> None:
        assert digest(make(tmp_path / "a")) == digest(make(tmp_path / "b", files=FILES | {name: b"x"}))

    @pytest.mark.parametrize(
        "made",
        [
            {"outputs/a/multirun.yaml": b""},
            {
                "outputs/a/multirun.yaml": b"",
                "outputs/a/sweep.db": b"1",
                "outputs/a/jobs/0/work/job.py": b"x",
            },
            {"outputs/a/sweep.json": b"{}", "outputs/a/source/package-1/package/job.py": b"x"},
            {".venv/pyvenv.cfg": b"", ".venv/lib/site.py": b"x"},
            {"conda/conda-meta/history": b"", "conda/lib/site.py": b"x"},
            {"node_modules/a/index.py": b"x", ".hg/store": b"x"},
            {"cache/CACHEDIR.TAG": b"", "cache/x.py": b"x"},
        ],
        ids=["begun", "swept", "rebuilt", "venv", "conda", "modules", "cache"],
    )
    def test_what_is_written_into_a_sweep_or_installed_inside_changes_nothing(
        self, tmp_path: Path, made: dict[str, bytes]
    ) -> None:
        plain, used = make(tmp_path / "a"), make(tmp_path / "b", files=FILES | made)
        assert digest(plain) == digest(used)
        copy = read_source(used, "package.job:main").snapshot(tmp_path / "source")
        assert content(copy / "package") == FILES

    def test_links_are_followed_but_not_in_circles_and_what_is_no_file_is_left_out(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder, elsewhere = make(tmp_path / "a"), make(tmp_path, "elsewhere", {"shared.py": b"1"})
        (folder / "library").symlink_to(elsewhere)
        (folder / "copy.py").symlink_to("job.py")
        (folder / "inner/circle").symlink_to("..")
        (folder / "gone").symlink_to("nowhere")
        (folder / "self").symlink_to("self")
        os.mkfifo(folder / "pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.relpath(folder / "socket"))
            copy = read_source(folder, "package.job:main").snapshot(tmp_path / "source")
        job = FILES["job.py"]
        assert content(copy / "package") == FILES | {"library/shared.py": b"1", "copy.py": job}
        said = " ".join(capsys.readouterr().err.split())
        for name in (
            "inner/circle (a link in a circle)",
            "gone (a link: ",
            "self (a link: ",
            "pipe (no regular",
        ):
            assert name in said
        assert "socket (no regular file)" in said

    def test_a_source_too_large_to_be_copied_for_every_job_is_refused(self, tmp_path: Path) -> None:
        folder = make(tmp_path)
        with (folder / "data.bin").open("wb") as file:
            file.truncate(2**30)
        with pytest.raises(ConfigError, match=r"1\.0 GiB, .* data\.bin \(1024 MiB\): .*job\.input_data"):
            read_source(folder, "package.job:main")

    def test_of_a_single_file(self, tmp_path: Path) -> None:
        for name, code in (("a", b"1"), ("b", b"1"), ("c", b"2")):
            make(tmp_path, name, {"job.py": code})
        a, b, c = (digest(tmp_path / name / "job.py", "job:main") for name in "abc")
        assert a == b != c


class TestEntryPoint:
    @pytest.mark.parametrize(
        "entry_point",
        ["package.job:main", "package.job", "package.inner:main", "package.nested.deep:main", "package:main"],
    )
    def test_it_names_a_module_of_the_folder(self, tmp_path: Path, entry_point: str) -> None:
        more = {"nested/deep.py": b"", "__init__.py": b""}
        folder = make(tmp_path, files=FILES | more)
        assert read_source(folder, entry_point).path == folder

    @pytest.mark.parametrize("entry_point", ["job:main", "job"])
    def test_it_names_the_single_file(self, tmp_path: Path, entry_point: str) -> None:
        file = make(tmp_path) / "job.py"
        assert read_source(file, entry_point).path == file

    @pytest.mark.parametrize(
        ("source", "entry_point", "right"),
        [
            ("package", "job:main", "package.module:function"),
            ("package", "package.absent:main", "package.module:function"),
            ("package", "package:main", "package.module:function"),
            ("package", "", "package.module:function"),
            ("package", "package.:main", "package.module:function"),
            ("package", "package.job:", "package.module:function"),
            ("package", "package.job:main()", "package.module:function"),
            ("package", "package.job:main:more", "package.module:function"),
            ("package", "package.job:Class.method", "package.module:function"),
            ("package/job.py", "package.job:main", "job:function"),
            ("package/job.py", "other:main", "job:function"),
            ("package/job.py", "job.py", "job:function"),
            ("package/job.py", "job.inner:main", "job:function"),
        ],
    )
    def test_a_mistake_is_refused_with_the_keys_and_what_is_possible(
        self, tmp_path: Path, source: str, entry_point: str, right: str
    ) -> None:
        make(tmp_path)
        with pytest.raises(ConfigError) as refusal:
            read_source(tmp_path / source, entry_point)
        assert f"algorithm.entry_point={entry_point} is not in algorithm.source_module=" in str(refusal.value)
        assert str(refusal.value).endswith(f"an entry point there is {right}.")

    def test_a_source_that_does_not_exist_is_refused(self, tmp_path: Path) -> None:
        missing = tmp_path / "missing.py"
        with pytest.raises(ConfigError, match=re.escape(f"algorithm.source_module={missing} does not exist")):
            read_source(missing, "missing:main")


class TestSnapshot:
    def test_a_folder_is_copied_whole_and_byte_for_byte(self, tmp_path: Path) -> None:
        source = read_source(make(tmp_path, files=FILES | {"__pycache__/job.pyc": b"x"}), "package.job:main")
        copy = source.snapshot(tmp_path / "source")
        assert copy.name == source.snapshot_name == f"package-{source.digest[:12]}"
        assert content(copy / "package") == FILES
        assert [entry.name for entry in copy.iterdir()] == ["package"]

    def test_the_copy_has_the_digest_of_the_source(self, tmp_path: Path) -> None:
        source = read_source(shipped("algorithms"), "algorithms.vqe:main")
        copy = source.snapshot(tmp_path)
        assert read_source(copy / "algorithms", "algorithms.vqe:main").digest == source.digest

    def test_a_file_is_copied_under_its_name(self, tmp_path: Path) -> None:
        source = read_source(make(tmp_path) / "job.py", "job:main")
        assert content(source.snapshot(tmp_path / "source")) == {"job.py": FILES["job.py"]}

    def test_a_second_snapshot_is_the_first(self, tmp_path: Path) -> None:
        folder = make(tmp_path)
        source = read_source(folder, "package.job:main")
        first = source.snapshot(tmp_path / "source")
        (folder / "job.py").write_bytes(b"edited while the sweep runs")
        assert source.snapshot(tmp_path / "source") == first
        assert content(first / "package") == FILES

    def test_a_snapshot_that_fails_leaves_no_half_copy_under_the_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = read_source(make(tmp_path), "package.job:main")

        def full(*_: object) -> None:
            raise OSError("no space left on device")

        with monkeypatch.context() as broken:
            broken.setattr("sweeper.job.source.shutil.copy2", full)
            with pytest.raises(OSError, match="no space"):
                source.snapshot(tmp_path / "source")
        assert not (tmp_path / "source" / source.snapshot_name).exists()
        assert content(source.snapshot(tmp_path / "source") / "package") == FILES

    def test_a_source_that_is_not_what_it_was_is_not_copied_under_its_old_digest(
        self, tmp_path: Path
    ) -> None:
        source = read_source(make(tmp_path), "package.job:main")
        (tmp_path / "package/job.py").write_text("def main(): print('changed')\n")
        with pytest.raises(ConfigError, match="is not what it was"):
            source.snapshot(tmp_path / "copies")
        assert list((tmp_path / "copies").iterdir()) == []

    @pytest.mark.parametrize("harm", ["edited", "added", "beside", "removed", "compiled"])
    def test_a_copy_that_something_has_written_into_is_made_again(self, tmp_path: Path, harm: str) -> None:
        source = read_source(make(tmp_path), "package.job:main")
        copy = source.snapshot(tmp_path / "source")
        times = (copy / "package/job.py").stat()
        if harm == "edited":  # to the same size and times
            (copy / "package/job.py").write_bytes(FILES["job.py"].replace(b"main", b"niam"))
            os.utime(copy / "package/job.py", ns=(times.st_atime_ns, times.st_mtime_ns))
        elif harm == "removed":
            (copy / "package/job.py").unlink()
        else:
            names = {
                "added": "package/new.py",
                "beside": "json.py",
                "compiled": "package/__pycache__/job.pyc",
            }
            (copy / names[harm]).parent.mkdir(exist_ok=True)
            (copy / names[harm]).write_bytes(b"x")
        assert source.snapshot(tmp_path / "source") == copy
        assert content(copy) == {f"package/{name}": code for name, code in FILES.items()}

    def test_a_copy_that_cannot_be_made_again_is_refused(self, tmp_path: Path) -> None:
        source = read_source(make(tmp_path), "package.job:main")
        copy = source.snapshot(tmp_path / "source")
        for place in (copy / "package", tmp_path / "package"):
            (place / "job.py").write_bytes(b"changed")
        with pytest.raises(ConfigError, match="holds no right copy: restore it"):
            source.snapshot(tmp_path / "source")

    def test_it_tells_which_files_have_changed_since(self, tmp_path: Path) -> None:
        source = read_source(make(tmp_path), "package.job:main")
        assert source.changed_files(tmp_path / "copies") == []
        source.snapshot(tmp_path / "copies")
        assert source.changed_files(tmp_path / "copies") == []
        (tmp_path / "package/job.py").write_text("def main(): print('changed')\n")
        (tmp_path / "package/new.py").touch()
        (tmp_path / "package/inner/data.bin").unlink()
        told = source.changed_files(tmp_path / "copies")
        assert told == ["inner/data.bin removed", "job.py changed", "new.py added"]
