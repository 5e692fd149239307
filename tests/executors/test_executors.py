"""What every executor promises, whatever the place where jobs run."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

from sweeper.contract.outcome import read_outcome
from sweeper.executors.base import Unknown
from sweeper.job.source import digest_of
from sweeper.job.state import JobState

from .conftest import PATIENCE_SECONDS, Place


def test_a_job_gets_its_hyperparameters_and_its_result_log_and_metrics_come_back(place: Place) -> None:
    status, outcome, folder = place.run("well")
    assert status.state is JobState.COMPLETED
    assert outcome.result["hyperparameters"] == {"shots": "1000", "text": "ψ = |0⟩"}
    assert [(m.metric, m.iteration, m.value) for m in outcome.metrics] == [("loss", 0, 0.25)]
    assert "Metrics - " in folder.log.read_text()
    assert status.started_at is not None
    assert status.ended_at is not None
    assert status.ended_at >= status.started_at


def test_an_entry_point_without_a_function_runs_as_a_script(place: Place) -> None:
    status, outcome, _ = place.run("programs")
    assert status.state is JobState.COMPLETED
    assert outcome.result == {"as_script": True}


def test_long_values_arrive_as_input_files(place: Place) -> None:
    edges = ",".join(f"{node}-{node + 1}" for node in range(1000))
    _, outcome, _ = place.run("reads_input", input_files={"edges": edges})
    assert outcome.result == {"edges": edges}


def test_an_exception_fails_the_job_with_its_text_and_log(place: Place) -> None:
    status, _, folder = place.run("raises")
    assert status.state is JobState.FAILED
    assert status.reason == "AlgorithmError: RuntimeError: the circuit is too deep"
    assert "about to fail" in folder.log.read_text()
    assert "Traceback" in folder.log.read_text()


def test_sys_exit_fails_the_job_unless_it_says_success(place: Place) -> None:
    assert place.run("exits")[0].state is JobState.FAILED
    status, _, folder = place.run("exits_with_text")
    assert status.state is JobState.FAILED
    assert "no such angle" in folder.log.read_text()
    status, outcome, _ = place.run("exits_well")
    assert (status.state, outcome.result) == (JobState.COMPLETED, {"done": True})


def test_a_crash_of_the_interpreter_fails_that_job_alone(place: Place) -> None:
    crashing, crashed = place.submit(place.spec("segfaults"))
    working, worked = place.submit(place.spec("well"))
    status, _ = place.end(crashing, crashed)
    assert status.state is JobState.FAILED
    assert status.reason
    assert place.end(working, worked)[0].state is JobState.COMPLETED


def test_a_hang_ends_at_the_time_limit(place: Place) -> None:
    status, _, _ = place.run("hangs", max_runtime_seconds=1)
    assert status.state is JobState.FAILED
    assert status.reason is not None
    assert "job.max_runtime_seconds" in status.reason


def test_cancelling_ends_a_running_job(place: Place) -> None:
    handle, folder = place.submit(place.spec("hangs"))
    place.until(handle, lambda status: status.state is JobState.RUNNING)
    place.executor.cancel([handle])
    status, _ = place.end(handle, folder)
    assert status.state is JobState.CANCELLED


def test_a_handle_that_the_place_does_not_know_is_absent_only_where_that_is_certain(place: Place) -> None:
    handle = place.kind.unknown_handle
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        status = place.executor.poll([handle]).get(handle)
        if not place.kind.jobs_outlive_it:
            assert status is None
            return
        assert isinstance(status, Unknown)
        if status.answers >= 2:
            assert not status.lasting  # as long as it may only be late
            return
        assert time.monotonic() < deadline
        place.executor.wait(0.05)


def test_handing_a_batch_over_again_starts_nothing_new(place: Place) -> None:
    batch = place.batch(place.spec("well"))
    (handle,) = place.hand_over(batch)
    place.end(handle, batch.submissions[0].folder)
    with place.kind.make(place.folder) as later:
        assert later.find(batch) == [handle]
    never = place.executor.find(place.batch(place.spec("well")))
    assert isinstance(never, Unknown) if place.kind.jobs_outlive_it else never is None


def test_a_later_process_learns_how_a_job_ended(place: Place) -> None:
    handle, folder = place.submit(place.spec("well"))
    place.end(handle, folder)
    with place.kind.make(place.folder) as later:
        assert later.poll([handle])[handle].state is JobState.COMPLETED


def test_another_attempt_keeps_the_earlier_output_aside(place: Place) -> None:
    spec = place.spec("raises")
    place.end(*place.submit(spec, attempt=1, number=500))
    handle, folder = place.submit(place.spec("well"), attempt=2, number=500)
    status, outcome = place.end(handle, folder)
    assert (status.state, status.reason) == (JobState.COMPLETED, None)
    assert outcome.result["name"] == "suite-500-2"
    assert "too deep" in (folder.attempts / "1" / "log.txt").read_text()


def test_another_attempt_goes_on_from_the_checkpoints_of_the_earlier_one(place: Place) -> None:
    place.end(*place.submit(place.spec("stops_half_way"), attempt=1, number=501))
    status, outcome = place.end(*place.submit(place.spec("goes_on"), attempt=2, number=501))
    assert (status.state, outcome.result) == (JobState.COMPLETED, {"step": "17"})


def test_another_attempt_finds_what_the_sdk_saved_under_the_name_of_an_earlier_one(place: Place) -> None:
    spec = place.spec("goes_on_as_the_sdk_does")
    for attempt in (1, 4):  # the attempts between were killed before they began
        status, _ = place.end(*place.submit(spec, attempt, number=502))
        assert status.state is JobState.FAILED
    status, outcome = place.end(*place.submit(spec, attempt=5, number=502))
    assert (status.state, outcome.result) == (JobState.COMPLETED, {"step": 2, "steps": 3})


def test_channels_hold_files_by_their_names(place: Place, tmp_path: Path) -> None:
    file, folder = tmp_path / "graph.csv", tmp_path / "theirs"
    file.write_text("0,1")
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "note").write_text("hello")
    data = {"graph": str(file), "data": str(folder)}
    digests = {channel: digest_of(Path(where)) for channel, where in data.items()}
    _, outcome, _ = place.run("reads_channels", input_data=data, input_digests=digests)
    assert outcome.result == {"graph/graph.csv": "0,1", "data/inner/note": "hello"}
    assert place.run("reads_channels")[1].result == {}


def test_jobs_do_not_see_what_others_did_to_their_process(place: Place) -> None:
    place.run("changes_its_world")
    _, outcome, _ = place.run("sees_a_clean_world")
    assert outcome.result == {"left": None, "pi": math.pi}


def test_unseeded_scripts_draw_different_numbers(place: Place) -> None:
    draws = [place.run("draws")[1].result for _ in range(3)]
    assert len({draw["numpy"] for draw in draws}) == 3
    assert len({draw["random"] for draw in draws}) == 3


def test_binary_output_harms_nothing(place: Place) -> None:
    status, outcome, _ = place.run("writes_binary")
    assert status.state is JobState.COMPLETED
    assert [(m.metric, m.value) for m in outcome.metrics] == [("loss", 1.5)]


def test_what_a_job_leaves_is_read_with_care_and_is_its_trouble_alone(place: Place) -> None:
    programs = ("babbles", "leaves_half_a_result", "leaves_no_json", "pickles_its_result", "well")
    jobs = [place.submit(place.spec(program)) for program in programs]
    ends = [place.end(*job) for job in jobs]
    assert [status.state for status, _ in ends] == [JobState.COMPLETED] * len(programs)
    babble, half, no_json, pickled, well = (outcome for _, outcome in ends)
    assert babble.problem is None
    assert babble.result["=cmd"] == "<script>alert(1)</script>"
    assert (math.isnan(babble.result["nan"]), babble.result["big"]) == (True, 10**400)
    losses = [metric.value for metric in babble.metrics if metric.metric == "loss"]
    assert (math.isnan(losses[0]), losses[1:]) == (True, [math.inf, 0.5])
    for outcome in (half, no_json):
        assert (outcome.result, "not a Braket job result" in (outcome.problem or "")) == ({}, True)
    assert "job.allow_pickle=true" in (pickled.problem or "")
    assert read_outcome(jobs[3][1], None, allow_pickle=True).result == {"value": [[1.0, 0.0], [0.0, 1.0]]}
    assert (well.problem, len(well.metrics)) == (None, 1)


def test_the_surroundings_are_those_of_a_hybrid_job(place: Place) -> None:
    _, outcome, _ = place.run("surroundings")
    seen = outcome.result
    assert seen["variables"]["AMZN_BRAKET_DEVICE_ARN"] == "local:braket/default"
    assert seen["variables"]["AMZN_BRAKET_SCRIPT_ENTRY_POINT"] == "programs:surroundings"
    assert {name.removeprefix("AMZN_BRAKET_") for name in seen["variables"]} - {"JOB_TOKEN"} == {
        *("JOB_NAME", "DEVICE_ARN", "HP_FILE", "INPUT_DIR", "JOB_RESULTS_DIR", "CHECKPOINT_DIR"),
        *("OUT_S3_BUCKET", "JOB_RESULTS_S3_PATH", "TASK_RESULTS_S3_URI"),
        *("SCRIPT_ENTRY_POINT", "SCRIPT_S3_URI", "SCRIPT_COMPRESSION_TYPE"),
    }
    assert seen["source_in_cwd"]
    assert seen["stdin"] == ""
    assert json.dumps(seen)
