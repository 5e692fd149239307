"""How long a sweep takes on AWS, and how many calls it makes: packed, one by one, and by the usual loop.

Runs against the emulator with Braket's quotas (3 hybrid jobs at once, CreateJob 1 a second) and a start-up of
90 emulated seconds; an emulated second is a tenth of a real one, which the jobs' own work does not know, so that
it weighs ten times what it would on AWS. The usual loop is what tutorials do: `AwsQuantumJob.create` for each combination,
again when the quota refuses it, then polling each job by itself and `job.result()`.

    python -m benchmarks.aws_makespan [combinations]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.markdown import table
from braket_emulator import Caller, Emulator, EmulatorSettings

_SCALE = 0.1
_LOOP = """
import sys, time
from botocore.exceptions import ClientError
from braket.aws import AwsQuantumJob, AwsSession
from braket.jobs.config import InstanceConfig
import json
combinations = json.loads(sys.argv[1])
scale = float(sys.argv[2])
jobs = []
for hyperparameters in combinations:
    while True:
        try:
            job = AwsQuantumJob.create(
                device="local:braket/default", source_module=sys.argv[3], entry_point="algorithms.vqe:main",
                hyperparameters=hyperparameters, instance_config=InstanceConfig(), job_name=f"loop-{len(jobs)}",
            )
            break
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("ServiceQuotaExceededException", "ThrottlingException"):
                raise
            time.sleep(5 * scale)
    jobs.append(job)
for job in jobs:
    while job.state() in ("QUEUED", "RUNNING"):
        time.sleep(5 * scale)
    assert "value" in job.result(poll_interval_seconds=5 * scale), job.state()
"""


def main() -> None:
    """Measure all three and print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    root = Path(__file__).parents[1]
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        hyperparameters = _hyperparameters(Path(scratch))
        loop = [
            "-c",
            _LOOP,
            json.dumps([{**hyperparameters, "seed": str(seed)} for seed in range(count)]),
            str(_SCALE),
            str(root / "algorithms"),
        ]
        rows.append(("usual loop", *_measure(loop, Path(scratch))))
        for pack in (1, 16):
            rows.append((f"sweeper, pack={pack}", *_measure(_sweep(count, pack), Path(scratch))))
    print(f"{count} VQE-H2 jobs; baseline: the usual loop.\n")
    cells = []
    for name, seconds, calls in rows:
        busiest = ", ".join(f"{operation} {n}" for operation, n in calls.most_common(6))
        cells.append((name, f"{seconds:.0f}", f"{rows[0][1] / seconds:.1f}", calls.total(), busiest))
    columns = ["", "emulated s", "times less", "calls", "most frequent"]
    print(table(columns, cells))


def _sweep(count: int, pack: int) -> list[str]:
    return [
        *("-m", "sweeper", "-m", f"seed=range({count})", "max_iterations=20", "shots=100"),
        *("hydra/launcher=braket_aws", f"hydra.launcher.pack={pack}", f"hydra.sweep.dir=pack-{pack}"),
        *(
            f"hydra.launcher.poll_seconds={10 * _SCALE}",
            f"hydra.launcher.creations_per_second={0.9 / _SCALE}",
        ),
        *("budget.max_usd=1000", "instance.accept_estimate=true", "rehearse=false"),
    ]


def _hyperparameters(scratch: Path) -> dict[str, str]:
    words = ["-m", "sweeper", "max_iterations=20", "shots=100", "hydra.sweep.dir=local"]
    subprocess.run([sys.executable, *words], cwd=scratch, check=True, capture_output=True)
    return dict(json.loads((scratch / "local/jobs/0/hyperparameters.json").read_text()))


def _measure(words: list[str], scratch: Path) -> tuple[float, Counter[str]]:
    """Emulated seconds from the first CreateJob to the end, and the calls."""
    with Emulator(EmulatorSettings(time_scale=_SCALE, startup_seconds=90)) as emulator:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=scratch,
            env={**os.environ, **emulator.environment(), "PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
        ended = time.time()
        calls = [call for call in emulator.calls if call.caller is Caller.CLIENT]
        first = next(call.time for call in calls if call.operation == "CreateJob").timestamp()
        return (ended - first) / _SCALE, Counter(call.operation for call in calls)


if __name__ == "__main__":
    main()
