"""Jobs share no folder that they write into: each has its own copy of the source."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sweeper.executors.imports import imports_of
from sweeper.job.state import JobState

from .conftest import Place
from .test_local import place_for

# Every place that a script may take for its own; what the import computes, the job then writes to.
HERE = {
    "beside the file": "Path(__file__).parent",
    "beside the file, by the spec": "Path(__spec__.origin).parent",
    "where the source is found": "next(Path(p) for p in sys.path if Path(p, 'package').is_dir())",
    "the working directory": "Path(os.getcwd())",
    "beside a module of the package": "Path(inner.__file__).parent",
    "the package's folder": "Path(list(package.__path__)[0])",
    "as a resource": "Path(str(importlib.resources.files('package')))",
    "where a function's code is": "Path(inspect.getfile(inner.function)).parent",
    "where the compiled code is": "Path(inner.__cached__).parent",
}
PACKAGE = """
{mark}
import importlib.resources, inspect, os, sys
from pathlib import Path

import package
from package import inner

AT_IMPORT = {at_import}


def main():
    here = AT_IMPORT or {here}
    seen = (here / "cache.json").exists()
    here.mkdir(exist_ok=True)
    (here / "cache.json").write_text("{{}}")
    print(seen, here)
"""


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """A local executor for a package with this place."""
    opened = []

    def make(here: str, *, mark: str, at_import: bool) -> Place:
        folder = tmp_path / "package"
        folder.mkdir()
        (folder / "__init__.py").write_text(mark)
        (folder / "inner.py").write_text("def function(): ...\n")
        code = PACKAGE.format(mark=mark, here=here, at_import=here if at_import else None)
        (folder / "job.py").write_text(code)
        context = place_for(tmp_path, "unused.py", "")
        opened.append(context)
        place = context.__enter__()
        place.source = folder
        return place

    yield make
    for context in opened:
        context.__exit__(None, None, None)


@pytest.mark.parametrize("at_import", [True, False], ids=["at import", "when called"])
@pytest.mark.parametrize("mark", ["", "__import_ahead__ = True"], ids=["", "marked"])
@pytest.mark.parametrize("here", HERE.values(), ids=HERE)
def test_what_a_job_writes_lands_where_no_other_job_looks(
    package: Callable[..., Place], here: str, mark: str, at_import: bool
) -> None:
    place = package(here, mark=mark, at_import=at_import)
    places = set()
    for _ in range(2):
        status, _, folder = place.run("package", entry_point="package.job:main")
        assert status.state is JobState.COMPLETED, folder.log.read_text()
        seen, where = folder.log.read_text().strip().split(" ", 1)
        assert seen == "False"
        assert Path(where).is_relative_to(folder.root)
        assert (Path(where) / "cache.json").exists()  # kept, as a job's output
        places.add(where)
    assert len(places) == 2


def test_jobs_at_the_same_time_have_different_copies(tmp_path: Path) -> None:
    code = "import os, time\ndef main():\n    open('mine', 'x')\n    print(os.stat(__file__).st_ino)\n"
    with place_for(tmp_path, "two.py", code) as place:
        jobs = [place.submit(place.spec("main")) for _ in range(2)]
        ends = [place.end(handle, folder)[0].state for handle, folder in jobs]
        assert ends == [JobState.COMPLETED] * 2
        assert len({folder.log.read_text() for _, folder in jobs}) == 2


def test_an_untouched_copy_goes_on_to_the_next_job_and_no_other_one_does(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "def main():\n    print(os.stat(__file__).st_ino)\n"
        "def edits():\n    print(os.stat(__file__).st_ino)\n    open(__file__, 'a').write('# more')\n"
        "def restores():\n    text = open(__file__).read()\n    times = os.stat(__file__)\n"
        "    open(__file__, 'w').write(text.replace('main', 'niam'))\n"
        "    os.utime(__file__, ns=(times.st_atime_ns, times.st_mtime_ns))\n    print(times.st_ino)\n"
    )

    def inode(place: Place, program: str) -> str:
        status, _, folder = place.run(program)
        assert status.state is JobState.COMPLETED, folder.log.read_text()
        return folder.log.read_text().strip()

    with place_for(tmp_path, "inode.py", code) as place:
        first = inode(place, "main")
        assert inode(place, "main") == first
        assert inode(place, "edits") == first
        assert inode(place, "restores") != first  # size and time of the last write are as they were
        inode(place, "main")
    # Only what the jobs have written themselves is kept.
    kept = [path.relative_to(place.folder.root) for path in place.folder.root.glob("jobs/*/work/**/*")]
    assert sorted(map(str, kept)) == ["jobs/2/work/inode.py", "jobs/3/work/inode.py"]


def test_no_job_compiles_what_another_one_could_use(tmp_path: Path) -> None:
    code = "import os, time\ndef main():\n    print(os.stat(__cached__).st_mtime_ns)\n"
    with place_for(tmp_path, "compiled.py", code) as place:
        texts = [place.run("main")[2].log.read_text() for _ in range(3)]
    assert len(set(texts)) == 1


def test_what_a_job_writes_into_the_sweep_s_copy_of_the_source_reaches_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = (
        "import glob, os\n"
        "def main():\n    print('as it was')\n"
        "def tampers():\n"
        "    for path in glob.glob('../../../source/*/*.py'):\n"
        "        open(path, 'w').write('def main():\\n    print(1 / 0)\\n')\n"
        "    open('so that this copy is not used again', 'w')\n"
    )
    with place_for(tmp_path, "writes.py", code) as place:
        assert place.run("tampers")[0].state is JobState.COMPLETED
        status, _, folder = place.run("main")
        assert (status.state, folder.log.read_text()) == (JobState.COMPLETED, "as it was\n")
    assert "something has written into it. It is copied again" in capsys.readouterr().err


def test_a_module_that_could_remember_its_place_is_not_imported_ahead(tmp_path: Path) -> None:
    def ahead(code: str) -> bool:
        source = tmp_path / "source.py"
        source.write_text(f"__import_ahead__ = True\n{code}\n")
        return bool(imports_of(source).own)

    assert ahead("def main():\n    return __path__\n")
    assert ahead("x = '__init__.py'  # __file")
    for asks in (
        "HERE = __file__",
        "def main():\n    return __file__",
        "def main(here=__path__): ...",
        "class A:\n    where = __spec__",
        "import importlib.resources",
        "from importlib import resources",
    ):
        assert not ahead(asks), asks


def test_the_copy_of_a_source_is_described_by_its_bytes_alone(tmp_path: Path) -> None:
    """What a job sees of its copy does not depend on the machine: times and rights are the source's."""
    code = "import json, os\ndef main():\n    print(json.dumps([os.stat(__file__).st_mtime_ns]))\n"
    with place_for(tmp_path, "times.py", code) as place:
        place.source.chmod(0o444)
        _, _, folder = place.run("main")
        assert json.loads(folder.log.read_text()) == [place.source.stat().st_mtime_ns]
