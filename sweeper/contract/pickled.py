"""Reads pickled results in a process of its own. It is only called if the user has allowed it.

Unpickling runs code that the author of the file has chosen. The process protects the sweep from a crash, a
hang or a flood of data, and hides credentials in environment variables from that code. It does not protect
the user's files.
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

    Arrays become lists. Values that JSON cannot hold are replaced by their `repr`.

    Raises:
        ValueError: The values cannot be unpickled here.
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
