"""The sweep that ran locally, on Amazon Braket."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest

from braket_emulator import Caller, DeviceStatus
from braket_emulator.devices import DEVICES
from sweeper import load_sweep

from .conftest import NO_REHEARSAL, QUICK, Cloud, MakeCloud


def test_the_results_are_those_of_the_local_sweep(aws: Cloud) -> None:
    words = ("-m", "algorithm=vqe,qaoa_maxcut", "seed=0,1")
    aws.run(*words, *NO_REHEARSAL)
    aws.run(*words, "max_iterations=3", "shots=50", "hydra.sweep.dir=local")
    there, here = aws.results, load_sweep(aws.directory / "local").results
    differing = ["seconds", "cost_usd", "job_arn"]
    theirs = there.drop(columns=[*differing, "result.cost_is"])  # here nothing costs anything
    pd.testing.assert_frame_equal(theirs, here.drop(columns=differing))
    assert there["job_arn"].str.startswith("arn:aws:braket:us-east-1:123456789012:job/").all()
    metrics = [
        load_sweep(aws.directory / name).metrics.drop(columns="timestamp") for name in ("out", "local")
    ]
    pd.testing.assert_frame_equal(*metrics)


def test_a_job_costs_one_createjob_and_everything_else_is_looked_up_once(aws: Cloud) -> None:
    aws.run("-m", "seed=range(6)", *NO_REHEARSAL)
    count = aws.count()
    created = [call for call in aws.emulator.calls if call.operation == "CreateJob"]
    assert sum(call.status == 201 for call in created) == 6
    assert len(aws.emulator.jobs) == 6
    # Looked up once for the whole sweep.
    assert count["iam:ListRoles"] == 1
    assert count["sts:GetCallerIdentity"] == 1
    assert count["s3:CreateBucket"] == 1
    assert count["s3:PutObject"] == 1
    # Once for each job, at its end.
    assert count["GetJob"] == 6
    client = (call for call in aws.emulator.calls if call.caller is Caller.CLIENT)
    fetched = Counter(call.ids["key"] for call in client if call.operation == "s3:GetObject")
    assert set(fetched.values()) == {1}
    assert sum(key.endswith("model.tar.gz") for key in fetched) == 6
    assert len(fetched) >= 2 * 6  # its checkpoint as well, and what it was just writing at the last copy


def test_jobs_are_named_and_tagged(aws: Cloud) -> None:
    aws.run("-m", "seed=0,1", "+job.tags={project: h2}", *NO_REHEARSAL)
    sweep = json.loads((aws.directory / "out/provenance.json").read_text())["sweep"]
    for number, job in enumerate(aws.emulator.jobs):
        assert job.name == f"sweep-{sweep}-{number}-1"
        assert job.tags["braket-sweeper:sweep"] == sweep
        assert job.tags["braket-sweeper:job"] == str(number)
        assert len(job.tags["braket-sweeper:token"]) == 64
        assert job.tags["project"] == "h2"


def test_quantum_tasks_run_on_the_device_and_are_paid_for(aws: Cloud) -> None:
    said = aws.run("device=sv1", *QUICK)
    (row,) = aws.results.to_dict("records")
    assert row["status"] == "COMPLETED"
    assert row["tasks"] == 8
    tasks = [call for call in aws.emulator.calls if call.operation == "CreateQuantumTask"]
    assert len(tasks) == 8
    assert all(call.caller is Caller.JOB for call in tasks)
    # 8 tasks of 3 s of SV1 at least, and no more than an hour of the instance.
    assert 8 * 0.00375 <= row["cost_usd"] <= 8 * 0.00375 + 0.115
    assert "Rehearsing 1 distinct programs" in said
    assert "ONLINE" in said


def test_a_spending_limit_is_set_on_the_qpu_and_removed(aws: Cloud) -> None:
    aws.run("device=iqm_garnet", "budget.spending_limit=true", *NO_REHEARSAL)
    operations = [call.operation for call in aws.emulator.calls if call.caller is Caller.CLIENT]
    assert operations.count("CreateSpendingLimit") == operations.count("DeleteSpendingLimit") == 1
    assert operations.index("CreateSpendingLimit") < operations.index("CreateJob")
    assert list(aws.results["status"]) == ["COMPLETED"]


def test_the_plan_costs_nothing_and_starts_nothing(aws: Cloud) -> None:
    said = aws.run("plan", "-m", "device=sv1,iqm_garnet", *QUICK[:1], "shots=1000", expect=1)
    assert "separately" in said
    said = aws.run("plan", "-m", "shots=100,1000", "device=iqm_garnet", "max_iterations=10", *QUICK[:1])
    # (10 + 1) evaluations of 2 circuits: 22 tasks at 0.30 USD, and 0.00145 USD a shot.
    assert f"{22 * 0.30 + 22 * 1000 * 0.00145:.4f}" in said
    assert f"{22 * 0.30 + 22 * 100 * 0.00145:.4f}" in said
    assert aws.emulator.jobs == []
    assert not (aws.directory / "outputs").exists()


def test_nothing_is_spent_without_consent_or_over_the_budget(aws: Cloud) -> None:
    no_budget = [word for word in QUICK if not word.startswith("budget")]
    said = aws.run("device=iqm_garnet", *no_budget, expect=1)
    assert "budget.max_usd" in said
    said = aws.run("device=iqm_garnet", *no_budget, "budget.max_usd=1", expect=1)
    assert "budget.max_usd=1 is less than the" in said
    assert aws.emulator.jobs == []


def test_a_script_without_bound_is_refused_on_a_paid_device(aws: Cloud) -> None:
    (aws.directory / "theirs.py").write_text("def main(): pass\n")
    script = ("algorithm=script", "algorithm.source_module=theirs.py", "algorithm.entry_point=theirs:main")
    said = aws.run("device=sv1", *script, *QUICK[:4], expect=1)
    assert "algorithm.max_tasks" in said


def test_a_failing_rehearsal_stops_everything_for_free(aws: Cloud) -> None:
    (aws.directory / "theirs.py").write_text("def main(): raise RuntimeError('no such gate')\n")
    script = ("algorithm=script", "algorithm.source_module=theirs.py", "algorithm.entry_point=theirs:main")
    said = aws.run(*script, *QUICK[:4], expect=1)
    assert "The rehearsal of theirs:main failed" in said
    assert "no such gate" in said
    assert aws.emulator.jobs == []


def test_what_a_source_requires_is_looked_for_by_the_rehearsal_and_metrics_come_from_anywhere_in_a_line(
    aws: Cloud,
) -> None:
    theirs = aws.directory / "theirs"
    theirs.mkdir()
    (theirs / "requirements.txt").write_text("no-such-package==1.5\n")
    (theirs / "job.py").write_text(
        "from braket.jobs.metrics import log_metric\n"
        "def main():\n"
        "    for step in range(3):\n"
        "        print(f'\\r{step}/3 |#', end='')\n"
        "        log_metric('train/loss', 3.0 - step, iteration_number=step)\n"
    )
    script = ("algorithm=script", "algorithm.source_module=theirs", "algorithm.entry_point=theirs.job:main")
    said = aws.run(*script, *QUICK[:4], expect=1)
    assert "requirements.txt line 1: no-such-package==1.5: not installed" in said
    assert "rehearse=false" in said
    assert aws.emulator.jobs == []
    said = aws.run(*script, *QUICK[:4], "job.requirements=ignore", "report=false")
    assert "The jobs run without it" in said
    metrics = load_sweep(aws.directory / "out").metrics
    assert [*metrics["metric"].unique(), *metrics["value"]] == ["train/loss", 3.0, 2.0, 1.0]


def test_regions_follow_the_device(aws: Cloud) -> None:
    aws.run("device=iqm_garnet", *NO_REHEARSAL)
    assert aws.results["job_arn"][0].split(":")[3] == "eu-north-1"
    said = aws.run("device=sv1", "hydra.launcher.region=eu-north-1", *NO_REHEARSAL, expect=1)
    assert "not offered in eu-north-1" in said


def test_long_values_and_input_data_travel_through_s3(aws: Cloud) -> None:
    nodes = 16
    edges = [f"{i} {j} 0.{i:03}{j:03}1234567890123456" for i in range(nodes) for j in range(i)]
    (aws.directory / "big.txt").write_text("\n".join(edges))
    (aws.directory / "extra").mkdir()
    (aws.directory / "extra/note.txt").write_text("hello")
    words = ("algorithm=qaoa_maxcut", "problem=graph_file", "problem.path=big.txt", "max_iterations=2")
    aws.run(*words, "+job.input_data.extra=extra", *NO_REHEARSAL[:4], "rehearse=false", "shots=20")
    assert list(aws.results["status"]) == ["COMPLETED"]
    channels = {channel["channelName"] for channel in aws.emulator.jobs[0].request["inputDataConfig"]}
    assert channels == {"hyperparameters", "extra"}


@pytest.mark.parametrize("device", ["local", "sv1"])
def test_packed_jobs_have_their_own_rows(aws: Cloud, device: str) -> None:
    aws.run("-m", "seed=range(5)", f"device={device}", "hydra.launcher.pack=3", *NO_REHEARSAL)
    assert len(aws.emulator.jobs) == 2
    packed = aws.results
    assert list(packed["status"]) == ["COMPLETED"] * 5
    assert packed["job_arn"].nunique() == 2
    if device == "local":
        aws.run("-m", "seed=range(5)", "max_iterations=3", "shots=50", "hydra.sweep.dir=local")
        here = load_sweep(aws.directory / "local").results
        pd.testing.assert_series_equal(packed["value"], here["value"])
    assert "Metrics - " in (aws.directory / "out/jobs/4/log.txt").read_text()


def test_only_jobs_that_share_all_of_a_hybrid_job_are_packed_together(stubs: Cloud) -> None:
    words = ("-m", "device=local,sv1", "seed=0,1,2", "hydra.launcher.pack=2", "job.retries=0")
    stubs.run(*words, *NO_REHEARSAL, expect=1)  # a stub runs no program that could run several
    device_of = dict(zip(stubs.results["job"], stubs.results["device"], strict=True))
    devices = {job.tags["braket-sweeper:job"]: job.device for job in stubs.emulator.jobs}
    assert set(devices) == {"0.1", "2", "3.4", "5"}
    for numbers, device in devices.items():
        assert {device_of[int(n)] for n in numbers.split(".")} == {"sv1" if "sv1" in device else "local"}


def test_a_failing_packed_job_is_one_row_with_its_reason(aws: Cloud) -> None:
    (aws.directory / "theirs.py").write_text(
        "import os\nfrom braket.jobs import get_hyperparameters, save_job_result\n"
        "def main():\n    n = int(get_hyperparameters()['n'])\n    if n == 1: os.kill(os.getpid(), 11)\n"
        "    if n == 2: raise ValueError('no angle')\n    save_job_result({'n': n})\n"
    )
    script = ("algorithm=script", "algorithm.source_module=theirs.py", "algorithm.entry_point=theirs:main")
    words = ("-m", *script, "+algorithm.hyperparameters.n=0,1,2,3", "hydra.launcher.pack=4")
    aws.run(*words, *NO_REHEARSAL[:4], "rehearse=false", expect=1)
    assert list(aws.results["status"]) == ["COMPLETED", "FAILED", "FAILED", "COMPLETED"]
    assert "SIGSEGV" in aws.results["reason"][1]
    assert aws.results["reason"][2].startswith("AlgorithmError: ValueError: no angle")


PACKED_TOGETHER = """
import os, time
from pathlib import Path

from braket.jobs import get_hyperparameters, save_job_result

HERE = (Path(__file__).parent / "cache", Path("cache"))


def main():
    n = int(get_hyperparameters()["n"])
    seen = sum(place.exists() for place in HERE)
    for place in HERE:
        place.touch()
    save_job_result({"seen": seen, "n": n})
    if n == 0 and os.fork() == 0:
        os.setsid()
        if os.fork() == 0:  # a daemon, which would change its neighbours' results
            mine = Path(os.environ["AMZN_BRAKET_JOB_RESULTS_DIR"])
            while not (mine.parent / "exit.json").exists():
                time.sleep(0.001)
            while True:
                for results in mine.parents[1].glob("*/results/results.json"):
                    results.write_text(results.read_text().replace('"seen": 0', '"seen": 17'))
                time.sleep(0.001)
        os._exit(0)
"""


def test_packed_jobs_share_no_source_and_leave_no_process(aws: Cloud) -> None:
    (aws.directory / "theirs.py").write_text(PACKED_TOGETHER)
    script = ("algorithm=script", "algorithm.source_module=theirs.py", "algorithm.entry_point=theirs:main")
    words = ("-m", *script, "+algorithm.hyperparameters.n=range(6)", "hydra.launcher.pack=6")
    aws.run(*words, *NO_REHEARSAL[:4], "rehearse=false")
    assert list(aws.results["result.n"]) == list(range(6))
    assert list(aws.results["result.seen"]) == [0] * 6


def test_submit_and_leave_then_collect_on_another_machine(make_cloud: MakeCloud) -> None:
    with make_cloud(startup_seconds=60) as aws:
        said = aws.run("-m", "seed=0,1", "hydra.launcher.wait=false", *NO_REHEARSAL)
        assert "sweeper resume out" in said
        assert set(aws.results["status"]) <= {"QUEUED", "RUNNING"}
        shutil.move(aws.directory / "out", aws.directory / "elsewhere")
        aws.run("resume", "elsewhere")
        results = load_sweep(aws.directory / "elsewhere").results
        assert list(results["status"]) == ["COMPLETED", "COMPLETED"]
        assert len(aws.emulator.jobs) == 2


def test_cancel_ends_queued_and_running_jobs(make_cloud: MakeCloud) -> None:
    with make_cloud(startup_seconds=2000) as aws:
        sweep = aws.start("-m", "seed=range(5)", *NO_REHEARSAL)
        aws.wait_until(lambda: len(aws.emulator.jobs) == 3, "three jobs")
        aws.run("cancel", "out")
        sweep.wait(timeout=60)
        assert sweep.returncode == 1
        assert list(aws.results["status"]) == ["CANCELLED"] * 5
        assert {str(job.status) for job in aws.emulator.jobs} == {"CANCELLED"}


def test_logs_follow_a_running_job(make_cloud: MakeCloud) -> None:
    with make_cloud(startup_seconds=40) as aws:
        # SPSA, as it uses all its evaluations.
        words = ("optimizer=spsa", "max_iterations=40", "shots=100")
        sweep = aws.start(*words, *NO_REHEARSAL[:4], "rehearse=false")
        aws.wait_until(lambda: len(aws.emulator.jobs) == 1, "a job")
        aws.wait_until(lambda: '"job_arn"' not in aws.run("status", "out"), "submitted")
        said = aws.run("logs", "out", "0", "--follow")
        assert said.count("Metrics - ") == 80
        sweep.wait(timeout=60)


def test_prices_are_compared_with_the_price_list_and_refreshed(make_cloud: MakeCloud) -> None:
    dearer = tuple(
        replace(device, per_shot=0.25) if device.arn.endswith("Garnet") else device for device in DEVICES
    )
    with make_cloud(devices=dearer) as aws:
        said = aws.run("devices", "--prices")
        assert "0.00145 a shot in the config, 0.3 a task + 0.25 a shot in AWS's price list" in said
        assert "sv1: 0.075 a minute, 3 s at least, as in AWS's price list" in said
        said_of_instances = [line for line in said.splitlines() if line.startswith("ml_")]
        # Of all regions the dearest: 0.12 USD in one, and 1.1 times as much in another.
        assert (
            "ml_m5_large: no price (estimate: 0.115 an hour) in the config, 0.132 an hour + 0.165 a GB-month "
            "of its volume in AWS's price list"
        ) in said_of_instances
        assert len(said_of_instances) == 3
        assert "Not in AWS's price list: ml_c4_2xlarge" in said
        aws.run("devices", "--refresh")
        assert "ml_m5_large: 0.132 an hour + 0.165 a GB-month of its volume, as in AWS's" in aws.run(
            "devices", "--prices"
        )
        # With what the list says, a paid sweep needs neither a price nor a word about estimates.
        planned = aws.run("plan", *QUICK[:1], "instance.volume_gib=30", "job.max_runtime_seconds=3600")
        # 0.132 USD, and 30 GB × 0.165 USD / 720 h.
        assert f"{0.132 + 30 * 0.165 / 720:.4f}" in planned
        assert "≈" not in planned
        config = aws.run("device=iqm_garnet", "--cfg", "job")
        assert "per_shot: 0.25" in config
        assert "AWS price list" in config


def test_devices_are_listed_with_their_status(aws: Cloud) -> None:
    garnet = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
    aws.emulator.set_device_status(garnet, DeviceStatus.OFFLINE)
    said = aws.run("devices")
    rows = {line.split()[0]: line for line in said.splitlines() if line.strip()}
    assert "OFFLINE" in rows["iqm_garnet"]
    assert "ONLINE" in rows["sv1"]
    assert "0.00145 a shot" in rows["iqm_garnet"]
    assert "embedded" in rows["local"]
