"""`python -m braket_emulator`: starts the emulator and prints what a shell needs to use it."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import signal
import threading

from .emulator import Emulator
from .settings import AWS_RATES, EmulatorSettings, StubProgram


def main() -> None:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m braket_emulator", description=__doc__)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--concurrent-jobs", type=int, default=3, metavar="N")
    parser.add_argument("--startup-seconds", type=float, default=0.0, metavar="S", help="until a job runs")
    parser.add_argument("--time-scale", type=float, default=1.0, metavar="X", help="real per emulated second")
    parser.add_argument("--no-rates", action="store_true", help="without AWS's limits on calls per second")
    parser.add_argument("--stub", type=float, metavar="S", help="let jobs take S seconds instead of running")
    arguments = parser.parse_args()
    settings = EmulatorSettings(
        default_region=arguments.region,
        max_concurrent_jobs=arguments.concurrent_jobs,
        startup_seconds=arguments.startup_seconds,
        time_scale=arguments.time_scale,
        rates={} if arguments.no_rates else AWS_RATES,
        stub=None if arguments.stub is None else StubProgram(arguments.stub),
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), Emulator(settings) as emulator:
        for name, value in emulator.environment().items():
            print(f"export {name}={shlex.quote(value)}")
        print("# Ctrl-C ends the emulator.", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
