"""Metric lines are read as the SDK's own parser reads them, anywhere in a log, and names are kept apart."""

from __future__ import annotations

import contextlib
import io
import json
import math
from itertools import pairwise
from pathlib import Path

import pytest
from braket.jobs.metrics import log_metric
from braket.jobs.metrics_data.log_metrics_parser import LogMetricsParser
from hypothesis import example, given
from hypothesis import strategies as st

from sweeper.contract import thinning
from sweeper.contract.metric import Metric
from sweeper.contract.outcome import log_tail, read_log
from sweeper.contract.remarks import Remark, sentences
from sweeper.contract.thinning import thinned


def logged(name: str, value: float, **more: float) -> str:
    """What the SDK prints for a metric."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        log_metric(name, value, **more)  # type: ignore[arg-type]
    return out.getvalue()


def read(tmp_path: Path, text: str | bytes) -> list[Metric]:
    log = tmp_path / "log.txt"
    log.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_log(log).metrics


def as_the_sdk_reads(lines: list[str]) -> list[tuple[str, float, float, float | None]]:
    """(name, value, timestamp, iteration) of each line that CloudWatch is asked for."""
    parser = LogMetricsParser()
    for line in lines:
        if "Metrics - " in line:
            parser.parse_log_message("", line)
    return [
        (name, value, metric["timestamp"], metric.get("iteration_number"))
        for metric in parser.all_metrics
        for name, value in metric.items()
        if name not in {"timestamp", "iteration_number", "node_id"}
    ]


WORDS = st.from_regex(r"\w{1,12}", fullmatch=True).filter(
    lambda name: name not in {"timestamp", "iteration_number", "node_id"}
)
NOISE = st.sampled_from(
    [
        "",
        "  ",
        "\t",
        "[1,mpirank:0,algo-1]<stdout>:",
        "\x1b[32m",
        "\x1b]0;title\x07",
        " 33%|###      | 1/3 [00:01<00:02,  1.00s/it]",
        "ψ→ ",
        "Metrics",
        "Metrics -",
        "2026-11-27 INFO: ",
        "x" * 3000,
    ]
) | st.text(st.characters(exclude_characters="=;\r\n", codec="utf-8"), max_size=12)
LINES = st.tuples(
    NOISE,
    WORDS,
    st.floats() | st.integers(-(10**18), 10**18),
    st.floats(0.001, 2e9),
    st.none() | st.integers(-5, 10**9),
    NOISE,
)


@given(st.lists(LINES, max_size=6), st.sampled_from(["\n", "\r\n", "\n\n"]))
@example([("\r0/3 |#", "loss", math.nan, 1.5, 0, "\r1/3 |##")], "\n")
def test_words_are_read_as_the_sdk_reads_them(
    tmp_path_factory: pytest.TempPathFactory,
    entries: list[tuple[str, str, float, float, int | None, str]],
    ending: str,
) -> None:
    lines = []
    for before, name, value, timestamp, iteration, after in entries:
        more: dict[str, float] = {"timestamp": timestamp}
        if iteration is not None:
            more["iteration_number"] = iteration
        lines.append(before + logged(name, value, **more).rstrip("\n") + after)
    expected = as_the_sdk_reads(lines)
    assert len(expected) == len(entries)
    found = [
        (m.metric, m.value, m.timestamp, m.iteration)
        for m in read(tmp_path_factory.mktemp("log"), ending.join([*lines, ""]))
    ]
    assert repr(found) == repr([(n, float(v), t, None if i is None else int(i)) for n, v, t, i in expected])


NAMES = [
    "train/loss",
    "val/loss",
    "acc-train",
    "acc-val",
    "energy (Ha)",
    "energy (eV)",
    "my loss",
    "⟨H⟩",
    "a=b",
    "x;y",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_are_no_words_are_kept_apart_under_their_full_names(tmp_path: Path, name: str) -> None:
    lines = logged(name, -1.5, timestamp=2.0, iteration_number=3) + logged(name, 1e-7, timestamp=3.0)
    assert read(tmp_path, lines) == [Metric(3, 2.0, name, -1.5), Metric(None, 3.0, name, 1e-7)]


NAME = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1).map(str.strip)


@given(st.lists(NAME.filter(lambda n: n and not {*"=;"} & {*n} and "Metrics - " not in n), max_size=4))
def test_whatever_the_names_are_none_is_merged_or_dropped(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    names = [name for name in names if name not in {"timestamp", "iteration_number"}]
    text = "".join(logged(name, float(n), timestamp=1.0) for n, name in enumerate(names))
    found = read(tmp_path_factory.mktemp("log"), text)
    assert [(metric.metric, metric.value) for metric in found] == [(name, n) for n, name in enumerate(names)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("\r0/3 |#Metrics - timestamp=1; loss=3;\n\r1/3 |#Metrics - timestamp=2; loss=2;\n", [3, 2]),
        ("\rMetrics - timestamp=1; loss=3;\rMetrics - timestamp=2; loss=2;\r3/3 done", [3, 2]),
        ("Metrics - timestamp=1; loss=3;Metrics - timestamp=2; loss=2;\n\n", [3, 2]),
        ("Metrics - timestamp=1; loMetrics - timestamp=2; loss=2;\nss=3;\n", [2]),
        ("\x1b[1mMetrics - timestamp=1; \x1b[31mloss\x1b[0m=\x1b[1m3;\x1b[0m\n", [3]),
        ("Metrics - loss = 3 ; \n", [3]),
        ("Metrics - epoch 7: loss=3;\nMetrics - epoch 8: loss=2;\n", [3, 2]),
        ("Metrics - timestamp=1; loss=; \nMetrics - timestamp=1; loss=three;\n", []),
        ("Metrics - timestamp=1; loss=1E+2;\nMetrics - timestamp=1; loss=-.5e-3;\n", [100, -0.0005]),
        ("Metrics - timestamp=1; loss=Infinity;\nMetrics - timestamp=1; loss=-inf;\n", [math.inf, -math.inf]),
        ("Metrics -timestamp=1; loss=1;\nmetrics - timestamp=1; loss=1;\n", []),
        ("." * 200_000 + "Metrics - timestamp=1; loss=3;\n", [3]),
        (("." * 99_999 + "Metrics - timestamp=1; loss=3;") * 5, [3] * 5),
    ],
)
def test_a_metric_is_found_wherever_it_stands(tmp_path: Path, text: str, values: list[float]) -> None:
    found = read(tmp_path, text)
    assert [metric.value for metric in found] == values
    assert {metric.metric for metric in found} <= {"loss"}


@pytest.mark.parametrize("step", ["0.5", "nan", "inf", "1e30"])
def test_an_iteration_that_is_no_whole_number_is_missing(tmp_path: Path, step: str) -> None:
    assert read(tmp_path, f"Metrics - timestamp=1; loss=2; iteration_number={step};\n")[0].iteration is None


class TestVolume:
    """However much a job logs, what is kept is bounded, evenly spaced, and said."""

    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(thinning, "MOST_VALUES", 100)
        monkeypatch.setattr(thinning, "MOST_NAMES", 10)

    def test_what_is_within_the_limit_is_kept_whole(self) -> None:
        metrics = [Metric(step, None, f"m{step % 10}", step) for step in range(100)]
        assert thinned(metrics).metrics == metrics

    @given(st.lists(st.floats(), min_size=101, max_size=900))
    def test_the_first_last_least_and_greatest_stay(self, values: list[float]) -> None:
        found = thinned(Metric(step, None, "loss", value) for step, value in enumerate(values))
        kept = [metric.iteration or 0 for metric in found.metrics]
        assert found.count == len(values)
        assert 40 <= len(kept) <= 103
        assert kept == sorted(set(kept))
        assert (kept[0], kept[-1]) == (0, len(values) - 1)
        finite = [value for value in values if math.isfinite(value)]
        if finite:
            assert {min(finite), max(finite)} <= {metric.value for metric in found.metrics}
        gaps = [after - before for before, after in pairwise(kept)]
        assert max(gaps) <= 2 * len(values) / 40

    def test_the_longest_series_are_thinned_and_the_short_ones_are_not(self) -> None:
        metrics = [Metric(step, None, "loss", -step) for step in range(10_000)]
        metrics[5000:5000] = [Metric(step, None, "rare", step) for step in range(20)]
        found = thinned(metrics).metrics
        assert [metric.iteration for metric in found if metric.metric == "rare"] == list(range(20))

    def test_too_many_names_are_counted_and_the_wanted_one_is_kept(self) -> None:
        metrics = [Metric(None, None, f"loss at {step}", step) for step in range(60)]
        found = thinned([*metrics, Metric(None, None, "last", 7.0)], always="last")
        assert len({metric.metric for metric in found.metrics}) == 11
        assert found.metrics[-1].metric == "last"
        assert (found.count, found.names_left_out) == (61, 50)

    def test_it_is_said_how_many_of_how_many_are_kept(self, tmp_path: Path) -> None:
        log = tmp_path / "log.txt"
        log.write_text("".join(f"Metrics - timestamp={n}; loss={n};\n" for n in range(1000)))
        found = read_log(log)
        (said,) = sentences((5, remark) for remark in found.remarks)
        assert f"Job 5 logged more metric values than the tables hold: {len(found.metrics)} of 1000" in said


def test_names_that_braket_reads_in_part_are_said_once_for_a_whole_sweep(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("".join(logged(name, 1.0) for name in [*NAMES[:3], "loss", NAMES[0]]))
    remarks = read_log(log).remarks
    assert remarks == (Remark("names_beyond_words", json.dumps(NAMES[:3])),)
    (said,) = sentences((job, remark) for job in range(1000) for remark in remarks)
    assert "train/loss, val/loss, acc-train." in said
    assert "Braket's console" in said


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("\r1/3 |#\r2/3 |##\r3/3 |###\nValueError: no\n", "3/3 |###\nValueError: no"),
        ("\r1/3 |#Metrics - timestamp=1; loss=3;\nValueError: no\n", "1/3 |#\nValueError: no"),
        ("[1,mpirank:0,algo-1]<stdout>:Metrics - timestamp=1; loss=3;\nend\n", "end"),
        ("  Metrics - timestamp=1; loss=3;\r\n\x1b[31mred\x1b[0m\r\n", "red"),
        ("done\r     \n", "done"),
    ],
)
def test_the_end_of_a_log_is_what_a_terminal_would_show(tmp_path: Path, text: str, tail: str) -> None:
    log = tmp_path / "log.txt"
    log.write_text(text, newline="")
    assert log_tail(log) == tail
