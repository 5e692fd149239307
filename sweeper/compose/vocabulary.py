"""What people call the things that the config calls otherwise, and the name that is nearest to a slip."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache


def _by_word(said: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """What each word may mean here, from the words that other people have for each meaning."""
    return {word: tuple(meant.split()) for meant, words in said.items() for word in words.split()}


KEYS = _by_word(
    {
        "learning_rate": "lr eta",
        "learning_rate step": "step_size stepsize",
        "step": "epsilon",
        "depth": "p",
        "depth layers": "reps",
        "layers depth": "n_layers num_layers nlayers",
        "max_iterations": (
            "max_iter maxiter maxfev max_evals iterations n_iter niter steps epochs evaluations"
        ),
        "shots": "n_shots num_shots nshots repetitions",
        "seed": "random_seed random_state rng",
        "bond_length": "distance bond_distance bondlength r",
        "n": "nodes n_nodes num_nodes",
        "n qubits": "n_qubits num_qubits",
        "degree": "d",
        "probability": "edge_probability",
        "terms": "hamiltonian observable",
        "edges path": "graph",
        "path": "file",
        "tolerance tol": "tolerance",
        "xatol xtol tol": "xtol",
        "ansatz": "ansatz_type",
        "depolarizing": "noise_level depolarising error_rate",
        "max_usd": "budget max_cost",
        "max_runtime_seconds": "timeout max_runtime",
        "n_jobs": "jobs workers num_workers parallel processes",
        "memory_gib": "memory mem",
        "dry_run": "dryrun",
        "source_module": "script source",
        "objective": "metric",
        "arn": "device_arn",
        "type": "instance_type",
        "patience": "early_stopping",
    }
)
"""Names of the field, and of other packages' options, with what they are called here."""

OPTIONS = _by_word(
    {
        "local braket_sv sv1": "simulator",
        "local": "localsimulator default qulacs",
        "local braket_sv": "statevector",
        "braket_sv": "sv",
        "braket_dm": "dm densitymatrix",
        "ionq_forte": "ionq",
        "iqm_garnet iqm_emerald": "iqm",
        "rigetti_cepheus": "rigetti",
        "aqt_ibex": "aqt",
        "l_bfgs_b": "bfgs lbfgs",
        "gradient_descent": "gd sgd",
        "nelder_mead": "simplex nm",
        "grid": "bruteforce",
        "qaoa_maxcut": "qaoa maxcut",
        "h2": "hydrogen",
        "ring": "cycle",
        "erdos_renyi regular": "random",
        "graph_file": "file",
        "braket_aws": "aws",
        "braket_aws braket_local": "braket",
        "braket_docker": "docker container",
        "braket_local": "basic joblib",
    }
)
"""The same for options of groups, written as `plain` writes them."""

LAUNCHERS = ("braket_local", "braket_aws", "braket_docker")
"""Every place where jobs run."""

_NEAR = 0.7


def plain(name: str) -> str:
    """A name without what people write in different ways: `Nelder-Mead` and `nelder_mead` are one."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def nearest(
    name: str, known: Iterable[str], synonyms: Mapping[str, tuple[str, ...]] | None = None
) -> list[str]:
    """Which of the known names may have been meant, the likeliest first; empty if nothing is near.

    Args:
        name: As it was typed.
        known: What there is.
        synonyms: Other words, written as `plain` writes them or as they are.
    """
    known = list(dict.fromkeys(known))
    same = [each for each in known if plain(each) == plain(name)]
    words = synonyms or {}
    meant = words.get(name) or words.get(name.lower()) or words.get(plain(name)) or ()
    same += [each for each in meant if each in known]
    if same:
        return list(dict.fromkeys(same))
    by_plain = {plain(each): each for each in reversed(known)}
    near = difflib.get_close_matches(plain(name), by_plain, n=3, cutoff=_NEAR)
    return [by_plain[each] for each in near]


def foreign_launcher(name: str) -> str:
    """Why no other launcher than ours can run a sweep, and which to take."""
    near = nearest(name, LAUNCHERS, OPTIONS)
    meant = f": did you mean hydra/launcher={near[0]}?" if near else "."
    return (
        f"hydra/launcher={name} cannot run hybrid jobs{meant} There are braket_local (processes on this "
        "machine, "
        "hydra.launcher.n_jobs at a time), braket_docker (Braket's container) and braket_aws (Amazon Braket)."
    )


def nearest_keys(key: str, *, below: str = "") -> list[str]:
    """Full names of the config keys that may have been meant, each with the option it belongs to, if any.

    Args:
        key: A dotted key, as it was typed.
        below: The option that is chosen, as in `optimizer=spsa`: its own keys come first.
    """
    owners = keys()
    name = key.rpartition(".")[2]
    group = key.partition(".")[0] if "." in key else ""
    last = {full: full.rpartition(".")[2] for full in owners}
    names = nearest(name, last.values(), KEYS)
    if names and name not in KEYS and plain(names[0]) != plain(name):
        names = names[:1]
    found = [full for each in names for full in owners if last[full] == each]
    # The group that was named, what needs no other option, and what the choice has, come first.
    ranked = sorted(
        dict.fromkeys(found),
        key=lambda full: (
            bool(group) and not full.startswith(f"{group}."),
            -difflib.SequenceMatcher(None, key, full).ratio() if group else 0.0,
            full.count("."),
            bool(owners[full]) and below not in owners[full],
        ),
    )
    return [_with_owner(full, owners[full], below) for full in ranked[:2]]


def _with_owner(full: str, owners: tuple[str, ...], below: str) -> str:
    if not owners or below in owners:
        return full
    return f"{full} (with {' or '.join(owners[:3])})"


@cache
def keys() -> Mapping[str, tuple[str, ...]]:
    """Every config key by its dotted name, with the options that have it; empty if it is always there."""
    from sweeper.config.algorithm import ALGORITHMS
    from sweeper.config.device import Device
    from sweeper.config.instance import Instance
    from sweeper.config.optimizer import OPTIMIZERS
    from sweeper.config.root import SweepConfig
    from sweeper.executors.settings import BraketAwsConf, BraketDockerConf, BraketLocalConf
    from sweeper.problems import PROBLEMS

    found: dict[str, tuple[str, ...]] = {}
    _collect(SweepConfig, "", found, ())
    for group in ("algorithm", "problem", "device", "optimizer", "instance"):
        del found[group]  # chosen, not set
    groups: dict[str, Mapping[str, type]] = {
        "algorithm": dict(ALGORITHMS),
        "problem": dict(PROBLEMS),
        "optimizer": dict(OPTIMIZERS),
        "hydra.launcher": {
            "braket_local": BraketLocalConf,
            "braket_aws": BraketAwsConf,
            "braket_docker": BraketDockerConf,
        },
    }
    for group, options in groups.items():
        every: list[dict[str, tuple[str, ...]]] = []
        for name, schema in options.items():
            own: dict[str, tuple[str, ...]] = {}
            _collect(schema, f"{group}.", own, (f"{group.replace('.', '/')}={name}",))
            every.append(own)
        for own in every:
            for key, owner in own.items():
                found[key] = (*found.get(key, ()), *owner)
        for key in set.intersection(*(set(own) for own in every)):
            found[key] = ()
    _collect(Device, "device.", found, ())
    _collect(Instance, "instance.", found, ())
    found |= {"hydra.sweep.dir": ()}
    return {key: owner for key, owner in found.items() if not key.rpartition(".")[2].startswith("_")}


def _collect(schema: type, prefix: str, into: dict[str, tuple[str, ...]], owner: tuple[str, ...]) -> None:
    for field in fields(schema):
        if field.name.startswith("_"):
            continue
        if is_dataclass(field.default_factory):
            _collect(field.default_factory, f"{prefix}{field.name}.", into, owner)
        else:
            into[f"{prefix}{field.name}"] = owner
