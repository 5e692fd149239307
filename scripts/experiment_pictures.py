"""Draw the pictures of docs/experiments from finished sweeps.

Needs the extra `pictures` (matplotlib): `python scripts/experiment_pictures.py FOLDER`, with each sweep in
FOLDER/<experiment> (`sweeper -m +experiment=<experiment> hydra.sweep.dir=FOLDER/<experiment>`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from sweeper import load_sweep
from sweeper.api import Sweep
from sweeper.problems.h2 import h2_table

PICTURES = Path(__file__).parents[1] / "docs" / "experiments"


def h2_dissociation(sweep: Sweep, axes: Axes) -> None:
    """Energies over the bond length."""
    rows = [row for row in h2_table() if row.bond_length >= 0.3]
    lengths = [row.bond_length for row in rows]
    axes.plot(lengths, [row.hartree_fock for row in rows], "--", color="0.6", label="Hartree-Fock")
    axes.plot(lengths, [row.full_ci for row in rows], color="0.2", label="full CI")
    for shots, group in sweep.results.groupby("shots"):
        label = "VQE, exact" if shots == 0 else f"VQE, {shots} shots"
        error = group["stderr"] if shots else None
        axes.errorbar(group["problem.bond_length"], group["value"], error, fmt=".", label=label)
    axes.set(xlabel="bond length, Å", ylabel="total energy, Ha", ylim=(-1.2, -0.5))


def shot_noise(sweep: Sweep, axes: Axes) -> None:
    """Standard error over the shots of all circuits of an evaluation."""
    keys = ["algorithm.grouping", "algorithm.allocation"]
    frame = sweep.results.assign(total=lambda frame: frame["shots_total"] / frame["evaluations"])
    for names, group in frame.groupby(keys):
        means = group.groupby("total")["stderr"].mean() * 1000
        axes.plot(means.index, means, "o-", label=", ".join(map(str, names)))
    axes.axhline(1.6, color="0.6", linestyle="--", label="chemical accuracy")
    axes.set(xlabel="shots of one evaluation", ylabel="standard error, mHa", xscale="log", yscale="log")


def optimizer_showdown(sweep: Sweep, axes: Axes) -> None:
    """Error of each optimizer, every seed a point."""
    names = list(dict.fromkeys(sweep.results["optimizer"]))
    for offset, (shots, group) in enumerate(sweep.results.groupby("shots")):
        places = group["optimizer"].map(names.index) + 0.25 * offset
        axes.plot(places, group["error"].abs() * 1000, "o", label=f"{shots} shots" if shots else "exact")
    axes.axhline(1.6, color="0.6", linestyle="--", label="chemical accuracy")
    axes.set(ylabel="|error|, mHa", yscale="log", ylim=(1e-6, None))
    axes.set_xticks(range(len(names)), names, rotation=30)


def qaoa_depth(sweep: Sweep, axes: Axes) -> None:
    """Ratio over the depth."""
    for name, group in sweep.results.groupby("algorithm.initial_point", sort=False):
        axes.plot(group["algorithm.depth"], group["ratio"], "o-", label=name, alpha=0.7)
    axes.set(xlabel="depth p", ylabel="approximation ratio", xticks=[1, 2, 3])


def qaoa_landscape(sweep: Sweep, axes: Axes) -> None:
    """The exact expected cut of the ring over gamma and beta."""
    jobs = sweep.results
    job = jobs[(jobs["problem"] == "ring") & (jobs["shots"] == 0)]["job"].iloc[0]
    rows = sweep.metrics[(sweep.metrics["job"] == job) & (sweep.metrics["metric"] == "expected_cut")]
    values = rows.sort_values("iteration")["value"]
    side = round(np.sqrt(len(values)))
    picture = axes.imshow(
        values.to_numpy().reshape(side, side).T, origin="lower", extent=(0, 2, 0, 1), aspect="auto"
    )
    plt.colorbar(picture, label="expected cut of the 4-ring")
    axes.set(xlabel="gamma / π", ylabel="beta / π")


def noise_robustness(sweep: Sweep, axes: Axes) -> None:
    """Error over the readout error, for each depolarising noise."""
    keys = ["algorithm.ansatz", "device.noise.depolarizing"]
    for (ansatz, noise), group in sweep.results.groupby(keys):
        style = "o-" if ansatz == "ucc" else "s--"
        error = group["error"].clip(lower=1e-6) * 1000
        axes.plot(group["device.noise.readout"], error, style, label=f"{ansatz}, depolarising {noise:g}")
    axes.axhline(1.6, color="0.6", linestyle="--", label="chemical accuracy")
    axes.set(xlabel="readout error", ylabel="error, mHa", yscale="log", ylim=(0.5, None))


DRAWN: tuple[Callable[[Sweep, Axes], None], ...] = (
    *(h2_dissociation, shot_noise, optimizer_showdown),
    *(qaoa_depth, qaoa_landscape, noise_robustness),
)


def main(folder: Path) -> None:
    """Draw all of them."""
    mpl.rcParams.update({"svg.hashsalt": "sweeper", "font.size": 9})
    for draw in DRAWN:
        figure, axes = plt.subplots(figsize=(5.5, 3.5), layout="constrained")
        draw(load_sweep(folder / draw.__name__), axes)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=7)
        figure.savefig(PICTURES / f"{draw.__name__}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
