"""What composing a combination costs: the sweeper's way beside Hydra's own.

    python -m benchmarks.composition          # 1000 combinations of each sweep
    python -m benchmarks.composition 10000

With Hydra alone, a job's config is composed twice before the job starts: by its sweeper, which validates the
batch, and by the launcher. Hydra's time is that of its loader alone, twice. Ours is the whole way from
overrides to jobs, once: `SweepLoader`, its checks against Hydra, the values, the schema's checks and the job's
spec. CPU time, ours and Hydra's in turns.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import DictConfig

from benchmarks.markdown import records
from sweeper.compose.composition import Composer
from sweeper.compose.fast_loader import SweepLoader
from sweeper.config.register import register
from sweeper.config.shipped import shipped
from sweeper.executors.workloads import Workloads

SWEEPS = {
    "VQE, seeds": ["algorithm=vqe"],
    "QAOA, seeds": ["algorithm=qaoa_maxcut", "problem=regular", "problem.n=16"],
    "VQE, optimizers and seeds": ["algorithm=vqe", "optimizer={optimizer}", "shots=100"],
    "VQE, interpolated tags": ["algorithm=vqe", "+job.tags.seed=${{seed}}"],
}
OPTIMIZERS = ("cobyla", "nelder_mead", "powell", "spsa")
COMBINATIONS = 1000
STOCK_COMBINATIONS = 8
ROUNDS = 3


@dataclass(frozen=True)
class Row:
    """One sweep; times in ms of CPU for each combination."""

    sweep: str
    combinations: int
    hydra_ms: float
    ours_ms: float
    ratio: float


def measure(combinations: int = COMBINATIONS) -> list[Row]:
    """Measure every sweep, each with so many combinations."""
    register()
    with initialize_config_dir(str(shipped("conf")), job_name="sweeper"):
        loader = GlobalHydra.instance().config_loader()
    return [_measure(loader, name, words, combinations) for name, words in SWEEPS.items()]


def _measure(loader: ConfigLoader, name: str, words: Sequence[str], combinations: int) -> Row:
    master = loader.load_configuration("config", [], run_mode=RunMode.MULTIRUN)
    jobs = [
        [*(word.format(optimizer=OPTIMIZERS[seed % len(OPTIMIZERS)]) for word in words), f"seed={seed}"]
        for seed in range(combinations)
    ]
    few = jobs[:: max(1, combinations // STOCK_COMBINATIONS)][:STOCK_COMBINATIONS]
    stock, ours = [], []
    for _ in range(ROUNDS):
        # Twice: for the sweeper and for the launcher.
        stock.append(2 * _milliseconds(lambda: _load_all(loader, master, few), len(few)))
        composer = Composer(SweepLoader(loader), master)
        with Workloads() as ask:
            ours.append(_milliseconds(partial(composer.compose, jobs, ask), len(jobs)))
    ratio = statistics.median(theirs / mine for theirs, mine in zip(stock, ours, strict=True))
    return Row(name, combinations, statistics.median(stock), statistics.median(ours), ratio)


def _load_all(loader: ConfigLoader, master: DictConfig, jobs: Sequence[Sequence[str]]) -> None:
    for job in jobs:
        loader.load_sweep_config(master, list(job))


def _milliseconds(work: Callable[[], object], count: int) -> float:
    begun = time.process_time()
    work()
    return 1e3 * (time.process_time() - begun) / count


if __name__ == "__main__":
    print(records(measure(int(sys.argv[1]) if len(sys.argv) > 1 else COMBINATIONS)))
