"""Names, overrides, reasons and results are data everywhere, and secrets are not even that."""

from __future__ import annotations

import ast
import io
import json
import stat
import sys
from collections import Counter
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import sweeper
from sweeper.__main__ import main
from sweeper.api import load_sweep
from sweeper.cli import run_subcommand
from sweeper.comparison.sweep_tables import SweepTables
from sweeper.console.console import make_console
from sweeper.folder import provenance
from sweeper.folder.layout import SweepFolder
from sweeper.folder.provenance import without_secrets
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry
from sweeper.ledger.second_copy import RecordWriter
from sweeper.report.write import write_report
from sweeper.results.table_files import Tables
from sweeper.results.tables import to_csv
from sweeper.terminal import visible

from ..synthetic import DEVICE, INSTANCE
from .made import in_child

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"
ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil"


def make(root: Path, text: str) -> SweepFolder:
    """A sweep in which every text that can be anybody's is `text`."""
    folder = SweepFolder(root)
    with closing(Ledger(folder.ledger)) as ledger:
        configs = [
            {"seed": n, "device": DEVICE, "instance": INSTANCE, text: n, "name": f"{text}{n}"}
            for n in range(3)
        ]
        ledger.enlist(
            Entry(str(n), [f"name={text}{n}"], config, {"optimizer": f"{text}{n}"})
            for n, config in enumerate(configs)
        )
        records = RecordWriter(folder, ledger, jobs_outlive_us=False)
        for number in range(3):
            ledger.submitting(number)
            folder.job(number).root.mkdir(parents=True)
            folder.job(number).log.write_text(f"{text}\n")
            failed = number == 2
            ledger.finish(
                number,
                JobState.FAILED if failed else JobState.COMPLETED,
                f"{text}\n{text}" if failed else None,
                started_at=1.0,
                ended_at=2.0,
                result={"value": float(number), text: text, "other": [text]},
                objective=float(number),
            )
            records.changed(ledger.job(number))
        provenance.record(folder, ledger.sweep_id, configs)
        Tables(folder).write()
    return folder


class Tags(HTMLParser):
    """Counts the elements of a page, and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] += 1
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def test_a_page_has_no_element_that_a_job_made(tmp_path: Path) -> None:
    pages = {}
    for name, text in (("plain", "harmless"), ("hostile", HOSTILE)):
        folder = make(tmp_path / name, text)
        pages[name] = (
            Tags(write_report(SweepTables(folder)).read_text()),
            Tags(load_sweep(folder.root)._repr_html_()),
        )
    for plain, hostile in zip(*pages.values(), strict=True):
        assert hostile.found == plain.found
        assert (hostile.found["img"], hostile.handlers) == (0, [])


@pytest.mark.parametrize("command", ["table", "status", "compare", "report"])
def test_a_terminal_obeys_no_job(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # so that colours of our own remain
    monkeypatch.setenv("COLUMNS", "300")
    folder = make(tmp_path / "[red]a[/blue] sweep", ESCAPE)
    run_subcommand([command, str(folder.root)])
    out = capsys.readouterr().out
    for part in ("\x1b]", "\x1b[2J", "\x07", "\x9b", "\u202e"):
        assert part not in out
    assert "[red]a[/blue] sweep" in out or command in ("table", "compare")
    if command in ("table", "status"):
        assert "␛[2J�31m�evil" in out
        assert "\x1b[" in out


def test_logs_are_shown_on_a_terminal_and_passed_on_to_a_pipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(tmp_path / "sweep", ESCAPE)
    run_subcommand(["logs", str(folder.root), "0"])
    assert capsys.readouterr().out == f"{ESCAPE}\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    run_subcommand(["logs", str(folder.root), "0"])
    assert capsys.readouterr().out == f"{visible(ESCAPE)}\n"
    for words in (["table", "--csv"], ["compare", "--format=markdown"]):
        run_subcommand([words[0], str(folder.root), words[1]])
        out = capsys.readouterr().out
        assert "␛[2J" in out
        assert "\x1b" not in out


def test_what_is_visible_stays_as_it_was() -> None:
    text = "ψ = |0⟩ → 1.5 mHa\n\t'ä' [bold] :smile: 漢字 😀"
    assert visible(text) == text
    assert visible("\r\0\x7f\x85\ud800") == "␍␀␡��"
    console = make_console()
    console.file = io.StringIO()
    console.print(text.replace("\t", ""), soft_wrap=True)
    assert console.file.getvalue() == text.replace("\t", "") + "\n"


def test_a_spreadsheet_gets_no_formula_and_numbers_stay_numbers(tmp_path: Path) -> None:
    for formula in ("=1+1", "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1"):
        folder = make(tmp_path / str(ord(formula[0])), formula)
        table = pd.read_csv(folder.results_csv, dtype="str", keep_default_na=False)
        shown = formula.replace("\r", "\n")
        assert table["name"][0] == f"'{shown}0"
        assert table["reason"][2].startswith(f"'{shown}\n")
        assert load_sweep(folder.root).results["name"][0] == f"{formula}0"
    frame = pd.DataFrame(
        {"x": [-1.5, 2.0], "text": pd.Series(["-0.5", "+inf"], dtype="str"), "n": [None, "-"]}
    )
    assert to_csv(frame) == "x,text,n\n-1.5,-0.5,\n2.0,+inf,'-\n"


def test_only_the_owner_reads_what_names_the_account(tmp_path: Path) -> None:
    folder = make(tmp_path / "sweep", "x")
    private = [folder.ledger, folder.facts, folder.listing, folder.provenance, folder.job(0).record]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}

    def die_writing() -> None:
        import os

        Ledger(folder.ledger).requeue(2, "again")
        os._exit(0)

    in_child(die_writing)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.root.glob("sweep.db-*")} == {0o600}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:hunter2@db.example/optuna", "postgresql://me:***@db.example/optuna"),
        ("tracking_uri=https://me:hunter2@host:5000", "tracking_uri=https://me:***@host:5000"),
        ("job.tags={api_key: hunter2, team: qc}", "job.tags={api_key: ***, team: qc}"),
        ("AWS_SECRET_ACCESS_KEY=hunter2", "AWS_SECRET_ACCESS_KEY=***"),
        ("problem.bond_length=0.735,1.0", "problem.bond_length=0.735,1.0"),
        ("https://host/path?a=b", "https://host/path?a=b"),
    ],
)
def test_secrets_are_left_out(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


def test_the_recorded_command_has_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["sweeper", "--password", "hunter 2", "+x.token=hunter 2 and more", "shots=1,2", "name=a b"]
    monkeypatch.setattr(sys, "orig_argv", words)
    folder = SweepFolder(tmp_path)
    provenance.record(folder, "id", [])
    run = json.loads(folder.provenance.read_text())["runs"][0]
    assert run["command"] == "sweeper --password '***' '+x.token=***' shots=1,2 'name=a b'"


@pytest.mark.parametrize(
    ("name", "override"),
    [
        ("env_copy", "hydra.job.env_copy=[THE_TOKEN]"),
        ("env_set", "+hydra.job.env_set.A='${oc.env:THE_TOKEN}'"),
    ],
)
def test_environment_variables_are_not_written_by_hydra(
    tmp_path: Path,
    name: str,
    override: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("THE_TOKEN", "hunter2")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["sweeper", override, "hydra.sweep.dir=out"])
    assert main() == 1
    said = capsys.readouterr().err
    assert f"hydra.job.{name} is refused" in said
    assert "hunter2" not in said
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_nothing_is_evaluated_unpickled_or_given_to_a_shell() -> None:
    """The one place that unpickles results is a process of its own, started where the user has allowed it."""
    # One copies configs, which never leave this process, and one makes digests and reads nothing.
    unpickling = {"unpickler.py", "fast_loader.py", "seals.py"}
    root = Path(sweeper.__file__).parent
    dangerous = {"eval", "exec", "system", "popen", "getoutput", "compile_command", "load_yaml"}
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                picklers = names & {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
                assert not picklers or path.name in unpickling, path
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                assert called not in dangerous, f"{path}:{node.lineno}"
                for keyword in node.keywords:
                    literal = getattr(keyword.value, "value", None)
                    assert (keyword.arg, literal) not in {("shell", True), ("allow_pickle", True)}, path
                if ast.unparse(node.func) in ("yaml.load", "yaml.load_all"):
                    assert "Safe" in ast.unparse(node), f"{path}:{node.lineno}"
