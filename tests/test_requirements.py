"""What a source's requirements.txt asks for is held against this machine before anything starts."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.errors import ConfigError
from sweeper.job.requirements import remark_or_refuse, unmet_requirements

NUMPY = version("numpy")


def source(root: Path, **files: str) -> Path:
    """A source folder; `__` in a name stands for a slash, `_txt` at its end for `.txt`."""
    for name, content in {"job_py": "def main(): ...\n", **files}.items():
        path = root / "source" / name.replace("__", "/").replace("_txt", ".txt").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root / "source"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# no-such-package",
        "numpy",
        "NumPy  # the arrays",
        f"numpy=={NUMPY}",
        f"numpy==\\\n{NUMPY}",
        f"numpy=={NUMPY} --hash=sha256:{'0' * 64} \\\n  --hash=sha256:{'1' * 64}",
        "numpy>=1,!=1.99 ; python_version >= '3.8'",
        "no-such-package; sys_platform == 'win32' and sys_platform == 'linux'",
        "no-such-package; extra == 'dev'",
        "\ufeffnumpy",
        "--index-url https://example.org/simple",
        "-i https://example.org/simple\n--extra-index-url=https://example.org\n--no-binary :all:\n--pre",
        "-f wheels\n--find-links wheels\n--trusted-host example.org\n--require-hashes",
        f"numpy-{NUMPY}-cp311-cp311-linux_x86_64.whl",
        "hypothesis[numpy]",
        "-r requirements.txt",
        "numpy\r\nscipy\r\n",
    ],
)
def test_what_is_installed_is_no_news(tmp_path: Path, line: str) -> None:
    found = unmet_requirements(source(tmp_path, requirements_txt=line))
    assert (found.missing, found.unknown) == ([], [])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("numpy\n\nno-such-package>=2", "line 3: no-such-package>=2: not installed"),
        ("numpy<1", f"line 1: numpy<1: {NUMPY} is installed"),
        ("numpy ~= 1.0 # old", f": {NUMPY} is installed"),
        ("no-such-package @ https://example.org/x.tar.gz", "not installed"),
        ("no_such_package-1.0-py3-none-any.whl", "no-such-package==1.0: not installed"),
        ("hypothesis[django]", "django"),
        ("numpy==1.0 --hash=sha256:00", "is installed"),
        ("numpy = 1.0", "'numpy = 1.0' is no requirement that pip takes"),
        ("numpy 1.0", "is no requirement that pip takes"),
        ("numpy>=", "is no requirement"),
        ("-r missing.txt", "missing.txt cannot be read (No such file or directory)"),
        ("-rmissing.txt", "missing.txt cannot be read"),
        ("--requirement=missing.txt", "missing.txt cannot be read"),
    ],
)
def test_what_is_missing_or_another_version_is_named_with_its_line(
    tmp_path: Path, line: str, said: str
) -> None:
    (found,) = unmet_requirements(source(tmp_path, requirements_txt=line)).missing
    assert found.startswith("requirements.txt line ")
    assert said in found


@pytest.mark.parametrize(
    "line",
    [
        "git+https://github.com/someone/something@main#egg=something",
        "https://example.org/something-1.0.tar.gz",
        "-e .",
        "--editable ./package",
        "./package",
        "../package[extra]",
        "numpy @ https://example.org/numpy.tar.gz",
        "-r https://example.org/requirements.txt",
        "-c https://example.org/constraints.txt",
    ],
)
def test_what_only_pip_can_tell_is_remarked(tmp_path: Path, line: str) -> None:
    place = source(tmp_path, requirements_txt=line)
    found = unmet_requirements(place)
    assert (found.missing, len(found.unknown)) == ([], 1)
    (remark,) = remark_or_refuse(place, go_on=False)
    assert line.split(maxsplit=1)[0] in remark


def test_all_files_anywhere_in_the_source_count_with_what_they_name(tmp_path: Path) -> None:
    place = source(
        tmp_path,
        requirements_txt="-r more/other.txt\n-c limits.txt\nnumpy\n",
        more__other_txt="first-missing\n-r ../requirements.txt\n-r third.txt\n",
        more__third_txt="third-missing\n",
        limits_txt="numpy<1\nscipy<1\nno-such-package==1\n",
        deep__in__it__requirements_txt="second-missing\n",
        deep__notes_txt="no-such-package\n",
    )
    missing = unmet_requirements(place).missing
    assert [line.partition(":")[0] for line in missing] == [
        "deep/in/it/requirements.txt line 1",
        "more/other.txt line 1",
        "more/third.txt line 1",
        "limits.txt line 1",
    ]


def test_a_variable_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANTED", "numpy")
    place = source(tmp_path, requirements_txt="${WANTED}<1\n${UNSET_HERE}\n")
    said = " ".join(unmet_requirements(place).missing)
    assert "numpy<1" in said
    assert "${UNSET_HERE}" in said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_are_read_as_pip_reads_them(tmp_path: Path, encoding: str) -> None:
    folder = source(tmp_path)
    (folder / "requirements.txt").write_bytes("numpy\r\nno-such-package>=2\r\n".encode(encoding))
    assert unmet_requirements(folder).missing == [
        "requirements.txt line 2: no-such-package>=2: not installed"
    ]


def test_a_single_file_has_no_requirements(tmp_path: Path) -> None:
    place = source(tmp_path, requirements_txt="no-such-package")
    assert unmet_requirements(place / "job.py").missing == []


def test_it_is_refused_or_said(tmp_path: Path) -> None:
    place = source(tmp_path, requirements_txt="no-such-package\n")
    with pytest.raises(ConfigError, match=r"(?s)no-such-package: not installed.*job\.requirements=ignore"):
        remark_or_refuse(place, go_on=False)
    (remark,) = remark_or_refuse(place, go_on=True)
    assert "no-such-package" in remark


PIECES = [
    *(
        "numpy",
        "==",
        "1.0",
        " ",
        "\\",
        "\n",
        "\r",
        "#",
        ";",
        "[",
        "]",
        "@",
        "-r ",
        "-c",
        "-e",
        "://",
        "'",
        "~=",
    ),
    *(
        "python_version",
        "extra",
        "os_name",
        "${A}",
        ".",
        "/",
        "--hash=",
        "\x00",
        "ψ",
        "requirements.txt",
        ",",
    ),
]


@given(
    st.lists(
        st.sampled_from(PIECES),
        max_size=12,
    ).map("".join)
    | st.binary(max_size=40)
)
def test_no_file_makes_a_traceback(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    place = tmp_path_factory.mktemp("source")
    (place / "requirements.txt").write_bytes(content if isinstance(content, bytes) else content.encode())
    unmet_requirements(place)
    remark_or_refuse(place, go_on=True)
