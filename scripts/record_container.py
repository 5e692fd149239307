"""Make `tests/contract/recorded.json`: what comes of every case in Amazon Braket's own container script.

    git clone https://github.com/amazon-braket/amazon-braket-containers
    python scripts/record_container.py amazon-braket-containers/src/braket_container.py --commit HASH

The container script runs unmodified but for `/opt`, which becomes a temporary folder in a copy of it, once
for each case and in a process of its own; moto stands in for S3. Nothing of the script is kept here.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from tests.contract.cases import CASES, Case, Outcome, outcome_of

RECORDED = Path(__file__).parents[1] / "tests" / "contract" / "recorded.json"
BUCKET = "amazon-braket-recording"
ROOT = '"/opt"'


def archive_of(source: Mapping[str, str]) -> bytes:
    """A source as the tar.gz that Braket unpacks."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in source.items():
            member = tarfile.TarInfo(name)
            content = text.encode()
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def record(script: str, case: Case, s3: Any, environment: Mapping[str, str]) -> Outcome:
    """Run a case in the container script, with the variables that the SDK's own local job sets."""
    with tempfile.TemporaryDirectory() as folder:
        # The real path: macOS links its temporary folder.
        root = Path(folder).resolve() / "opt"
        ml = root / "ml"
        hyperparameters = ml / "input" / "config" / "hyperparameters.json"
        for directory in (hyperparameters.parent, ml / "model", ml / "code"):
            directory.mkdir(parents=True)
        hyperparameters.write_text(json.dumps(dict(case.hyperparameters)), encoding="utf-8")
        program = ml / "code" / "braket_container.py"
        program.write_text(script.replace(ROOT, repr(str(root))), encoding="utf-8")
        key = f"{case.name}/source.tar.gz"
        s3.put_object(Bucket=BUCKET, Key=key, Body=archive_of(case.source))
        done = subprocess.run(
            [sys.executable, str(program)],
            cwd=ml / "code",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=300,
            env={
                **environment,
                "AMZN_BRAKET_SCRIPT_S3_URI": f"s3://{BUCKET}/{key}",
                "AMZN_BRAKET_SCRIPT_ENTRY_POINT": case.entry_point,
                "AMZN_BRAKET_SCRIPT_COMPRESSION_TYPE": "GZIP",
                "AMZN_BRAKET_HP_FILE": str(hyperparameters),
                "AMZN_BRAKET_JOB_RESULTS_DIR": str(ml / "model"),
            },
        )
        outcome = outcome_of(done.returncode, ml / "output" / "failure", ml / "model")
        print(f"{case.name}: {outcome}")
        if b"Running Code As Process" not in done.stdout and outcome.exit_code:
            print("    " + done.stdout.decode(errors="replace").strip().splitlines()[-1])
        return outcome


def main() -> None:
    """Record every case.

    Raises:
        SystemExit: The script is not the one that this was written for.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("script", type=Path, help="braket_container.py")
    parser.add_argument("--commit", required=True, help="of amazon-braket-containers")
    arguments = parser.parse_args()
    script = arguments.script.read_text(encoding="utf-8")
    if ROOT not in script:
        sys.exit(f"{arguments.script} does not name {ROOT}: its places cannot be moved.")
    server = ThreadedMotoServer(port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        environment = {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "PATH": os.environ["PATH"],
            "PYTHONUNBUFFERED": "1",
        }
        s3 = boto3.client(
            "s3",
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - moto's
        )
        s3.create_bucket(Bucket=BUCKET)
        with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as threads:
            outcomes = list(threads.map(lambda case: record(script, case, s3, environment), CASES))
    finally:
        server.stop()
    recorded = {
        "source": "https://github.com/amazon-braket/amazon-braket-containers src/braket_container.py",
        "commit": arguments.commit,
        "python": platform.python_version(),
        "outcomes": {case.name: outcome.to_json() for case, outcome in zip(CASES, outcomes, strict=True)},
    }
    RECORDED.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
