"""Reads pickled values from standard input and writes plain values to standard output, both as JSON.

This module runs as a script in a process of its own, and imports nothing of `sweeper`. As in
`braket.jobs.serialization.deserialize_values`, each value is a base64 text.
"""

import base64
import json
import os
import pickle
import sys
from typing import Any


def plain(value: Any) -> Any:
    """A replacement for a value that JSON cannot hold."""
    if hasattr(value, "tolist"):  # numpy's arrays and numbers
        return value.tolist()
    return sorted(value, key=repr) if isinstance(value, set | frozenset) else repr(value)


def main() -> None:
    """Unpickle the values; output of the unpickled code is discarded."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    values = json.load(sys.stdin)
    found = {key: pickle.loads(base64.b64decode(text)) for key, text in values.items()}  # noqa: S301
    with answer:
        json.dump(found, answer, default=plain)


if __name__ == "__main__":
    main()
