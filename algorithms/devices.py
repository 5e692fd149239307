"""From a hybrid job's device string to a device that runs circuits."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points

import numpy as np
from braket.default_simulator.simulator import BaseLocalSimulator
from braket.devices import Device, LocalSimulator

from algorithms.hyperparameters import HyperparameterError

_LOCAL = "local:"
_GENERATOR = "_rng_generator"
_DEFAULT = ("local:braket/default", "local:none/none")
"""Device strings that leave the choice of the simulator to the job."""


@dataclass(frozen=True)
class Backend:
    """A device and what it is called.

    Attributes:
        name: The simulator's own name (`qulacs`, `braket_sv`), or the device's ARN.
        device: Runs circuits.
    """

    name: str
    device: Device


def open_device(device_string: str, shot_rng: np.random.Generator) -> Backend:
    """Open the device a hybrid job was started with.

    Args:
        device_string: An ARN, or `local:<provider>/<simulator>`, which Braket passes on unread;
            `local:none/none` is what it passes to a job without a device. With that, and with
            `local:braket/default`, circuits run on `local_simulator` if qulacs is installed, else on
            Braket's state-vector simulator; other names are Braket's.
        shot_rng: Draws the shots of a local simulator; anything behind an ARN has its own chance.

    Raises:
        HyperparameterError: There is no such local simulator; names those there are.
    """
    if not device_string.startswith(_LOCAL):
        from braket.aws import AwsDevice

        return Backend(device_string, AwsDevice(device_string))
    if device_string in _DEFAULT and (device := _fast_simulator(shot_rng)):
        return Backend(device.name, device)
    simulator = _seeded_simulator(device_string, shot_rng)
    return Backend(simulator.DEVICE_ID, LocalSimulator(simulator))


def _fast_simulator(shot_rng: np.random.Generator) -> Device | None:
    """Ours, if qulacs can be imported; if not, that is said."""
    try:
        import qulacs  # noqa: F401
    except ImportError as error:
        print(
            f"qulacs cannot be imported ({error}): circuits run on Braket's own simulator, which is slower."
        )
        return None
    from algorithms.local_simulator.device import QulacsSimulator

    return QulacsSimulator(shot_rng)


def _seeded_simulator(device_string: str, shot_rng: np.random.Generator) -> BaseLocalSimulator:
    provider, _, name = device_string.removeprefix(_LOCAL).partition("/")
    if (provider, name) == ("none", "none"):
        name = "default"
    installed = {entry.name: entry for entry in entry_points(group="braket.simulators")}
    installed.pop("braket_ahs", None)  # analog Hamiltonian simulation: runs no circuits
    if name not in installed:
        known = ", ".join(f"local:braket/{known}" for known in sorted(installed))
        raise HyperparameterError(f"No local simulator {device_string!r} runs circuits. Installed: {known}.")
    return _with_generator(installed[name].load(), shot_rng)


def _with_generator(simulator: type, shot_rng: np.random.Generator) -> BaseLocalSimulator:
    """An instance of a Braket simulator class whose shots all come from one generator.

    Braket's simulators draw each task's shots from a fresh, unseeded generator and offer no way to seed
    it. The one used here goes on from task to task, so tasks differ from each other but not from run to
    run, as long as they run one after the other.
    """
    if not issubclass(simulator, BaseLocalSimulator):
        raise TypeError(f"{simulator.__name__} draws its shots in a way of its own that cannot be seeded.")

    class Seeded(simulator):  # type: ignore[misc]
        def initialize_simulation(self, **kwargs: object) -> object:
            simulation = super().initialize_simulation(**kwargs)
            if not hasattr(simulation, _GENERATOR):
                raise RuntimeError(
                    f"{simulator.__name__} of this amazon-braket-default-simulator has no {_GENERATOR}: "
                    "its shots would not depend on the seed. Version 1.40 or 1.41 has it."
                )
            setattr(simulation, _GENERATOR, shot_rng)
            return simulation

    return Seeded()
