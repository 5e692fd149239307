"""The tables: the columns of the design in their order, and nothing a job saved can break them."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeper.contract.metric import Metric
from sweeper.errors import DamagedLedgerError
from sweeper.folder.layout import SweepFolder
from sweeper.job.state import JobState
from sweeper.ledger.ledger import Ledger
from sweeper.ledger.record import Entry, JobRecord
from sweeper.results import tables
from sweeper.results.table_files import Tables, TableWriter
from sweeper.results.tables import metrics_frame, results_frame, varying_keys

OUTCOME = [
    "objective",
    "value",
    "stderr",
    "reference",
    "error",
    "ratio",
    "evaluations",
    "tasks",
    "shots_total",
    "cost_usd",
    "seconds",
    "attempts",
    "job_arn",
]
COBYLA = {"optimizer": {"rhobeg": 0.5}, "shots": 100}
SPSA = {"optimizer": {"a": 0.2}, "shots": 100}


def job(
    number: int = 0, config: dict[str, Any] | None = None, choices: dict[str, Any] | None = None, **other: Any
) -> JobRecord:
    """A completed job."""
    record = JobRecord(
        number=number,
        key=f"key-{number}",
        overrides=[],
        config=config or {},
        choices=choices or {},
        spec={},
        state=JobState.COMPLETED,
        attempts=1,
        batch=None,
        handle=None,
        reserved_usd=0.0,
        reason=None,
        started_at=10.0,
        ended_at=12.5,
        cost_usd=None,
        job_arn=None,
        result={},
        objective=None,
    )
    return replace(record, **other)


def results(*values: Any) -> pd.DataFrame:
    """The table of jobs that saved these values as `x`."""
    return results_frame([job(number, result={"x": value}) for number, value in enumerate(values)])


class TestColumns:
    def test_they_are_those_of_the_design_in_order(self) -> None:
        frame = results_frame(
            [
                job(0, COBYLA, {"optimizer": "cobyla"}, result={"zeta": 1, "value": 2, "objective": 3}),
                job(1, SPSA, {"optimizer": "spsa"}, result={"alpha": 1}),
                job(2, SPSA | {"shots": 200}, {"optimizer": "spsa"}),
            ]
        )
        assert list(frame) == [
            "job",
            "status",
            "optimizer",
            "shots",
            *OUTCOME,
            "result.zeta",
            "result.alpha",
            "reason",
        ]

    def test_a_sweep_of_one_job_varies_nothing(self) -> None:
        assert list(results_frame([job(config=COBYLA)])) == ["job", "status", *OUTCOME, "reason"]

    def test_a_sweep_without_jobs_has_the_same_columns(self) -> None:
        frame = results_frame([])
        assert (list(frame), len(frame)) == (["job", "status", *OUTCOME, "reason"], 0)

    def test_a_row_tells_what_the_ledger_knows(self) -> None:
        result = {
            "value": -1.1,
            "stderr": 0.01,
            "reference": -1.2,
            "error": 0.1,
            "evaluations": 7,
            "tasks": 14,
        }
        record = job(
            3, result=result, objective=-1.1, cost_usd=0.5, job_arn="arn:aws:braket", state=JobState.FAILED
        )
        (row,) = results_frame([replace(record, reason="killed", attempts=2)]).to_dict("records")
        shown = {name: value for name, value in row.items() if not pd.isna(value)}
        assert shown == {
            "job": 3,
            "status": "FAILED",
            "objective": -1.1,
            **result,
            "cost_usd": 0.5,
            "seconds": 2.5,
            "attempts": 2,
            "job_arn": "arn:aws:braket",
            "reason": "killed",
        }

    def test_a_job_without_a_result_has_missing_values(self) -> None:
        frame = results_frame([job(state=JobState.PENDING, attempts=0, started_at=None, ended_at=None)])
        missing = frame.iloc[0].isna()
        assert list(missing[~missing].index) == ["job", "status", "attempts"]


class TestVaryingKeys:
    def test_a_group_whose_choice_varies_is_one_key(self) -> None:
        jobs = [job(0, COBYLA, {"optimizer": "cobyla"}), job(1, SPSA, {"optimizer": "spsa"})]
        assert varying_keys(jobs) == ["optimizer"]

    def test_a_value_that_the_choice_implies_is_no_key(self) -> None:
        local = {"device": {"arn": "local:braket/default", "qubits": None}}
        garnet = {"device": {"arn": "arn:aws:garnet", "qubits": 20}}
        jobs = [job(0, local, {"device": "local"}), job(1, garnet, {"device": "garnet"})]
        assert varying_keys(jobs) == ["device"]

    def test_a_value_that_varies_within_a_choice_is_a_key(self) -> None:
        jobs = [
            job(0, COBYLA, {"optimizer": "cobyla"}),
            job(1, {"optimizer": {"rhobeg": 0.1}, "shots": 100}, {"optimizer": "cobyla"}),
            job(2, SPSA, {"optimizer": "spsa"}),
        ]
        assert varying_keys(jobs) == ["optimizer", "optimizer.rhobeg"]
        assert results_frame(jobs)["optimizer.rhobeg"].tolist()[:2] == [0.5, 0.1]
        assert results_frame(jobs)["optimizer.rhobeg"].isna().tolist() == [False, False, True]

    def test_groups_come_before_values(self) -> None:
        jobs = [
            job(0, {"shots": 1, "optimizer": {}}, {"optimizer": "a"}),
            job(1, {"shots": 2, "optimizer": {}}, {"optimizer": "b"}),
        ]
        assert varying_keys(jobs) == ["optimizer", "shots"]

    def test_a_key_that_only_some_jobs_have_varies(self) -> None:
        jobs = [job(number, {"algorithm": {"hyperparameters": h}}) for number, h in enumerate([{}, {"n": 1}])]
        assert varying_keys(jobs) == ["algorithm.hyperparameters.n"]

    def test_a_key_with_a_dot_in_it_has_its_values(self) -> None:
        jobs = [job(number, {"algorithm": {"h": {"a.b": number}}}) for number in range(2)]
        assert results_frame(jobs)["algorithm.h.a.b"].tolist() == [0, 1]

    def test_what_holds_for_the_whole_sweep_is_no_key(self) -> None:
        jobs = [job(0, {"budget": {"max_usd": 1.0}, "x": 1}), job(1, {"budget": {"max_usd": 2.0}, "x": 2})]
        assert varying_keys(jobs) == ["x"]

    def test_vqe_by_its_two_names_is_one_algorithm(self) -> None:
        def of(number: int, algorithm: str, **keys: Any) -> JobRecord:
            config = {"algorithm": {"entry_point": f"algorithms.{algorithm}:main", **keys}}
            return job(number, config, {"algorithm": algorithm})

        earlier, now = of(0, "vqe_h2", layers=1), of(1, "vqe", layers=1)
        assert varying_keys([earlier, now]) == []
        assert varying_keys([earlier, of(1, "vqe", layers=2)]) == ["algorithm.layers"]
        other = of(2, "qaoa_maxcut")
        assert results_frame([earlier, now, other])["algorithm"].tolist() == ["vqe", "vqe", "qaoa_maxcut"]
        assert results_frame([earlier, other])["algorithm"].tolist() == ["vqe_h2", "qaoa_maxcut"]

    def test_a_list_is_one_value(self) -> None:
        jobs = [job(number, {"angles": [0.1, number]}) for number in range(2)]
        assert results_frame(jobs)["angles"].tolist() == ["[0.1, 0]", "[0.1, 1]"]

    def test_one_and_true_and_1_0_are_different_values(self) -> None:
        assert varying_keys([job(0, {"x": 1}), job(1, {"x": True})]) == ["x"]
        assert varying_keys([job(0, {"x": 1}), job(1, {"x": 1.0})]) == ["x"]


class TestColumnTypes:
    @pytest.mark.parametrize(
        ("values", "dtype"),
        [
            ([1, None, 2**63 - 1], "Int64"),
            ([True, None, False], "boolean"),
            ([1, 2.5, None], "float64"),
            (["a", None, "ψ"], "str"),
        ],
    )
    def test_a_column_of_one_kind_keeps_its_values(self, values: list[Any], dtype: str) -> None:
        column = results(*values)["result.x"]
        assert column.dtype == pd.Series([], dtype=dtype).dtype
        assert [None if pd.isna(value) else value for value in column] == values

    @pytest.mark.parametrize(
        ("values", "texts"),
        [
            ([1, "one", None], ["1", "one", None]),
            ([True, 1], ["true", "1"]),
            ([[1, {"ψ": None}], 2.5], ['[1, {"ψ": null}]', "2.5"]),
            ([2**63, 1], ["9223372036854775808", "1"]),
            ([10**400, 0.5], [str(10**400), "0.5"]),
        ],
    )
    def test_what_is_mixed_nested_or_huge_becomes_text(
        self, values: list[Any], texts: list[str | None]
    ) -> None:
        column = results(*values)["result.x"]
        assert [None if pd.isna(value) else value for value in column] == texts

    @pytest.mark.parametrize("name", ["value", "stderr", "ratio", "evaluations", "tasks", "shots_total"])
    @pytest.mark.parametrize("saved", ["text", True, [1], {"a": 1}, None, 10**400])
    def test_what_is_no_number_is_missing_under_a_numeric_name(self, name: str, saved: object) -> None:
        assert results_frame([job(result={name: saved})])[name].isna().all()

    @pytest.mark.parametrize("judgement", ["error", "ratio"])
    @pytest.mark.parametrize("of", ["value", "reference"])
    def test_how_good_a_value_is_that_is_no_number_counts_for_nothing(self, judgement: str, of: str) -> None:
        saved = {"value": 1.0, "reference": 1.0, judgement: 0.0}
        broken = [{**saved, of: what} for what in (math.nan, math.inf, "text", True, 10**400)]
        sound = [saved, {**saved, of: None}, {judgement: 0.0}]
        frame = results_frame([job(n, result=result) for n, result in enumerate([*broken, *sound])])
        assert frame[judgement].isna().tolist() == [True] * len(broken) + [False] * len(sound)

    @pytest.mark.parametrize("saved", [3.5, math.inf, math.nan, 1e30, 2**63])
    def test_what_is_no_whole_number_is_missing_under_the_name_of_a_count(self, saved: float) -> None:
        frame = results_frame([job(result={"tasks": saved}), job(result={"tasks": 4.0})])
        assert frame["tasks"].isna().tolist() == [True, False]
        assert frame["tasks"][1] == 4


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(["value", "stderr", "tasks", "objective", "job", "x", "ψ", ""])


@pytest.fixture
def folder(tmp_path: Path) -> SweepFolder:
    return SweepFolder(tmp_path)


@pytest.fixture
def ledger(folder: SweepFolder) -> Iterator[Ledger]:
    with closing(Ledger(folder.ledger)) as ledger:
        yield ledger


def complete(ledger: Ledger, key: str, **what: Any) -> None:
    (number,) = ledger.enlist([Entry(key, [], {"key": key}, {})])
    ledger.submitting(number)
    ledger.finish(number, JobState.COMPLETED, None, **what)


class TestFiles:
    @given(st.lists(st.dictionaries(NAMES, JSON, max_size=4), max_size=4))
    def test_whatever_jobs_save_survives_a_round_trip(self, saved: list[dict[str, Any]]) -> None:
        jobs = [job(number, {"n": number}, result=result) for number, result in enumerate(saved)]
        frame = results_frame(jobs)
        buffer = BytesIO()
        frame.to_parquet(buffer, index=False)
        buffer.seek(0)
        pd.testing.assert_frame_equal(pd.read_parquet(buffer), frame)
        frame.to_csv(index=False).encode()

    def test_the_files_hold_the_jobs_and_metrics(self, folder: SweepFolder, ledger: Ledger) -> None:
        metrics = [Metric(0, 1.5, "energy", math.nan), Metric(None, None, "energy", math.inf)]
        complete(ledger, "a", result={"value": 1.5, "note": 'a "quoted", line\nbreak'}, metrics=metrics)
        complete(ledger, "b", result={"value": 0.1 + 0.2})
        Tables(folder).write()
        results = pd.read_parquet(folder.results)
        pd.testing.assert_frame_equal(results, results_frame(ledger.jobs()))
        people = pd.read_csv(folder.results_csv)
        assert list(people) == list(results)
        assert people["value"].tolist() == [1.5, 0.1 + 0.2]
        assert people["result.note"][0] == 'a "quoted", line\nbreak'
        pd.testing.assert_frame_equal(pd.read_parquet(folder.metrics), metrics_frame(ledger.metrics()))

    def test_metrics_are_in_long_form(self) -> None:
        frame = metrics_frame([(3, None, None, "energy", None), (3, 1, 2.5, "energy", -1.0)])
        assert list(frame) == ["job", "iteration", "timestamp", "metric", "value"]
        assert frame.iloc[0].isna().tolist() == [False, True, True, False, True]
        assert frame.iloc[1].tolist() == [3, 1, 2.5, "energy", -1.0]

    def test_a_sweep_without_metrics_has_the_same_columns(self) -> None:
        assert list(metrics_frame([])) == ["job", "iteration", "timestamp", "metric", "value"]

    def test_a_reader_never_sees_half_a_file(self, folder: SweepFolder, ledger: Ledger) -> None:
        Tables(folder).write()
        rewritten = threading.Event()
        sizes: list[int] = []
        faults: list[Exception] = []

        def read() -> None:
            try:
                while not rewritten.is_set():
                    sizes.append(len(pd.read_parquet(BytesIO(folder.results.read_bytes()))))
                    assert folder.results_csv.read_text().endswith("\n")
            except Exception as fault:
                faults.append(fault)

        reader = threading.Thread(target=read)
        reader.start()
        for number in range(1000):
            complete(ledger, str(number), result={"text": "x" * 1000})
            Tables(folder).write()
            if (len(sizes) >= 30 and sizes[-1] > 1) or faults:
                break
        rewritten.set()
        reader.join()
        assert faults == []
        assert sizes == sorted(sizes)
        assert sizes[-1] > 1

    def test_a_column_without_any_value_is_written_and_read(
        self, folder: SweepFolder, ledger: Ledger
    ) -> None:
        complete(ledger, "a")
        Tables(folder).write()
        assert pd.read_parquet(folder.results)[["value", "job_arn", "reason"]].isna().all(axis=None)

    @pytest.mark.usefixtures("ledger")
    def test_no_draft_stays_behind(self, folder: SweepFolder) -> None:
        Tables(folder).write()
        left = {file.name for file in folder.root.iterdir() if not file.name.startswith("sweep.db")}
        assert left == {"results.parquet", "results.csv", "metrics.parquet"}


class TestTablesThatGrow:
    """Only what has changed is read again, and the files are the same as if all had been."""

    @settings(deadline=None, max_examples=30)
    @given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["fail", "complete", "again", "write"]))))
    def test_they_are_what_the_whole_ledger_says(
        self, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str]]
    ) -> None:
        folder = SweepFolder(tmp_path_factory.mktemp("growing"))
        with closing(Ledger(folder.ledger)) as ledger:
            ledger.enlist(Entry(str(n), [], {"n": n // 2, "a": {"b": n}}, {"a": "x"}) for n in range(6))
            growing = Tables(folder)
            for step, (number, what) in enumerate([*steps, (0, "write")]):
                state = ledger.states([number])[number]
                metrics = [
                    Metric(None if step % 3 else step, math.nan, f"m{step % 4}", step),
                    Metric(step, 1.5, "ψ", math.inf),
                ]
                if what == "write":
                    growing.write()
                    self.see_files(folder, ledger)
                elif what == "again" and state is JobState.FAILED:
                    ledger.requeue(number, "again")
                elif what in {"fail", "complete"} and state is JobState.PENDING:
                    ledger.submitting(number)
                    end = JobState.FAILED if what == "fail" else JobState.COMPLETED
                    result = {f"key{step}": step, "text": what}
                    ledger.finish(number, end, what, result=result, metrics=metrics)

    def see_files(self, folder: SweepFolder, ledger: Ledger) -> None:
        results, metrics = results_frame(ledger.jobs()), metrics_frame(ledger.metrics())
        pd.testing.assert_frame_equal(pd.read_parquet(folder.results), results)
        written = pd.read_parquet(folder.metrics)
        assert list(written) == list(metrics)
        if len(metrics) + len(written):  # a column without values has no categories in a file
            pd.testing.assert_frame_equal(written, metrics)
        assert folder.results_csv.read_text() == tables.to_csv(results)
        assert tables.read_table(folder.metrics, ledger.version) is not None

    def test_jobs_that_are_enlisted_later_are_taken_in(self, folder: SweepFolder, ledger: Ledger) -> None:
        growing = Tables(folder)
        for key in "abc":
            complete(ledger, key, result={"value": 1.0}, metrics=[Metric(0, 0.0, key, 1.0)])
            growing.write()
            self.see_files(folder, ledger)


class TestVolume:
    """A table stays one that a person and a spreadsheet can open, and says what it leaves out."""

    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tables, "MOST_RESULT_COLUMNS", 5)
        monkeypatch.setattr(tables, "LONGEST_TEXT", 10)

    def test_the_keys_that_were_saved_first_have_columns(self) -> None:
        jobs = [job(n, result={"value": n, **{f"k{n}-{k}": k for k in range(3)}}) for n in range(1000)]
        frame = results_frame(jobs)
        extra = [name for name in frame if name.startswith("result.")]
        assert extra == ["result.k0-0", "result.k0-1", "result.k0-2", "result.k1-0", "result.k1-1"]
        assert frame["value"].tolist() == list(range(1000))
        assert "3000 different keys: the tables have columns for 5" in frame.attrs["left_out"]

    def test_what_is_minimised_always_has_one(self) -> None:
        results: list[dict[str, Any]] = [{f"k{k}": k for k in range(100)}, {"loss": 1.5}]
        jobs = [job(n, spec={"objective": "loss"}, result=result) for n, result in enumerate(results)]
        frame = results_frame(jobs)
        assert list(frame)[-6:-1] == ["result.k0", "result.k1", "result.k2", "result.k3", "result.loss"]

    def test_a_long_text_is_left_out_and_a_short_one_is_not(self) -> None:
        frame = results_frame(
            [job(0, result={"x": [1] * 99, "y": "short"}), job(1, result={"x": "0123456789"})]
        )
        assert frame["result.x"].isna().tolist() == [True, False]
        assert frame["result.y"][0] == "short"
        assert "left out: x." in frame.attrs["left_out"]

    def test_within_the_limits_nothing_is_said(self) -> None:
        assert "left_out" not in results_frame([job(0, result={"x": None, "y": 1.5, "z": "a"})]).attrs

    def test_what_is_said_is_in_the_file(self, folder: SweepFolder, ledger: Ledger) -> None:
        complete(ledger, "a", result={"long": "x" * 11})
        Tables(folder).write()
        assert "long" in pd.read_parquet(folder.results).attrs["left_out"]


class TestTableWriter:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        now = [1000.0]
        monkeypatch.setattr("sweeper.results.table_files.time.monotonic", lambda: now[0])
        return now

    @pytest.fixture
    def writes(self, monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> list[float]:
        """When the tables were written; each time takes half a second."""
        times: list[float] = []

        def write(_: object) -> None:
            times.append(clock[0])
            clock[0] += 0.5

        monkeypatch.setattr(Tables, "write", write)
        return times

    def tick(self, writer: TableWriter) -> None:
        """Let the writer look, and let its thread do what it has begun."""
        writer.tick()
        if writer._writing is not None:
            writer._writing.exception()

    def test_it_writes_when_a_job_has_finished(self, folder: SweepFolder, writes: list[float]) -> None:
        with TableWriter(folder) as writer:
            self.tick(writer)
            writer.changed(job(state=JobState.RUNNING))
            self.tick(writer)
            assert writes == []
            writer.changed(job(state=JobState.FAILED))
            writer.changed(job(state=JobState.RUNNING))
            self.tick(writer)
            assert writes == [1000.0]

    def test_it_writes_nothing_without_news_but_at_the_end(
        self, folder: SweepFolder, writes: list[float], clock: list[float]
    ) -> None:
        with TableWriter(folder) as writer:
            writer.changed(job())
            for _ in range(10):
                self.tick(writer)
                clock[0] += 100
            assert writes == [1000.0]
        assert len(writes) == 2

    def test_it_takes_a_twentieth_of_the_time_at_most(
        self, folder: SweepFolder, writes: list[float], clock: list[float]
    ) -> None:
        with TableWriter(folder) as writer:
            while clock[0] < 1250:
                writer.changed(job())
                self.tick(writer)
                clock[0] += 0.25
            assert len(writes) * 0.5 <= 0.05 * 275
            assert len(writes) >= 5

    def test_whoever_runs_the_sweep_does_not_wait_for_it(
        self, folder: SweepFolder, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        go_on = threading.Event()
        write = Tables.write

        def slow(self: Tables) -> None:
            assert go_on.wait(60)
            write(self)

        monkeypatch.setattr(Tables, "write", slow)
        with TableWriter(folder) as writer:
            complete(ledger, "a")
            writer.changed(job())
            writer.tick()
            complete(ledger, "b")
            writer.changed(job())
            writer.tick()
            assert not folder.results.exists()
            go_on.set()
        assert len(pd.read_parquet(folder.results)) == 2

    def test_what_goes_wrong_ends_the_sweep(self, folder: SweepFolder, ledger: Ledger) -> None:
        writer = TableWriter(folder)
        ledger.close()
        folder.ledger.write_bytes(b"no ledger")
        writer.changed(job())
        self.tick(writer)
        with pytest.raises(DamagedLedgerError):
            writer.tick()
