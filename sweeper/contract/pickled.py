"""Reads pickled results, in a process of its own; only ever called where the user has allowed it.

Unpickling runs code that whoever wrote the file has chosen. The process keeps a crash, a hang or a flood of
data away from the sweep, and credentials in environment variables away from that code; it does not keep it
from the user's files.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_CHILD = Path(__file__).with_name("unpickler.py")
_PATIENCE_SECONDS = 60.0


def unpickled(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that `save_job_result` pickled (protocol 4, base64), as JSON values.

    Arrays become lists; what JSON cannot hold becomes its `repr`.

    Raises:
        ValueError: They cannot be unpickled here.
    """
    try:
        child = subprocess.run(
            [sys.executable, "-I", str(_CHILD)],
            input=json.dumps(dict(values)).encode(),
            capture_output=True,
            env={},
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"unpickling it took more than {_PATIENCE_SECONDS:.0f} s") from None
    if child.returncode:
        last = child.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise ValueError(f"it cannot be unpickled: {last or f'exit code {child.returncode}'}")
    plain = json.loads(child.stdout)
    if not isinstance(plain, dict):
        raise ValueError("unpickling it gave no dictionary")  # noqa: TRY004 - the data's fault, not a caller's
    return plain
