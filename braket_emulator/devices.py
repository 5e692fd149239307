"""The devices of the emulated account: where they are, what they can do, what they cost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .errors import AwsError, not_found

REGIONS = ("us-east-1", "us-west-1", "us-west-2", "eu-west-2", "eu-north-1")
_SIMULATOR_REGIONS = ("us-east-1", "us-west-1", "us-west-2", "eu-west-2")

_GATES = [
    *("ccnot", "cnot", "cphaseshift", "cswap", "cy", "cz", "h", "i", "iswap", "phaseshift", "rx", "ry"),
    *("rz", "s", "si", "swap", "t", "ti", "v", "vi", "x", "xx", "xy", "y", "yy", "z", "zz"),
]
_OBSERVABLES = ["x", "y", "z", "h", "i", "hermitian"]
MAX_PROGRAM_SET_EXECUTABLES = 100
MAX_PROGRAM_SET_SHOTS = 200_000


class DeviceStatus(StrEnum):
    """Whether a device takes work."""

    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"
    RETIRED = "RETIRED"


@dataclass(frozen=True)
class Device:
    """A device as GetDevice and the price list describe it.

    Attributes:
        regions: Where it can be used; a QPU has one.
        shots: Least and most shots of a quantum task; a least of 0 allows exact results.
        per_minute: USD, for simulators.
        per_task: USD, for QPUs.
        per_shot: USD, for QPUs.
        schema: Name and version of the capabilities' schema in amazon-braket-schemas.
        noisy: Whether it takes noise channels, as DM1 does.
    """

    arn: str
    name: str
    provider: str
    qubits: int
    regions: tuple[str, ...]
    shots: tuple[int, int]
    schema: tuple[str, str]
    status: DeviceStatus = DeviceStatus.ONLINE
    per_minute: float = 0.0
    per_task: float = 0.0
    per_shot: float = 0.0
    noisy: bool = False

    @property
    def is_qpu(self) -> bool:
        """Whether this is hardware."""
        return ":device/qpu/" in self.arn

    @property
    def type(self) -> str:
        """Braket's word for it."""
        return "QPU" if self.is_qpu else "SIMULATOR"

    def capabilities(self) -> str:
        """The JSON text that `AwsDevice.properties` is read from."""
        name, version = self.schema
        paradigm: dict[str, Any] = {"qubitCount": self.qubits}
        if self.is_qpu:
            kind = "gate_model_qpu_paradigm_properties"
            paradigm["nativeGateSet"] = ["prx", "cz"]
            paradigm["connectivity"] = {"fullyConnected": True, "connectivityGraph": {}}
        else:
            kind = "simulators.gate_model_simulator_paradigm_properties"
        paradigm["braketSchemaHeader"] = {"name": f"braket.device_schema.{kind}", "version": "1"}
        return json.dumps(
            {
                "braketSchemaHeader": {"name": f"braket.device_schema.{name}", "version": version},
                "service": self._service(),
                "action": self._actions(),
                "paradigm": paradigm,
                "deviceParameters": {},
            }
        )

    def _service(self) -> dict[str, Any]:
        price = (self.per_shot, "shot") if self.is_qpu else (self.per_minute, "minute")
        return {
            "braketSchemaHeader": {"name": "braket.device_schema.device_service_properties", "version": "1"},
            "executionWindows": [
                {"executionDay": "Everyday", "windowStartHour": "00:00:00", "windowEndHour": "23:59:59"}
            ],
            "shotsRange": list(self.shots),
            "deviceCost": {"price": price[0], "unit": price[1]},
            "deviceLocation": "nowhere: this is an emulated device",
            "updatedAt": "2026-11-21T00:00:00",
            "getTaskPollIntervalMillis": 50,
        }

    def _actions(self) -> dict[str, Any]:
        fewest, most = max(1, self.shots[0]), self.shots[1]
        results: list[dict[str, Any]] = [
            {"name": name, "observables": _OBSERVABLES, "minShots": self.shots[0], "maxShots": most}
            for name in ("Expectation", "Variance")
        ]
        results.append({"name": "Sample", "observables": _OBSERVABLES, "minShots": fewest, "maxShots": most})
        results.append({"name": "Probability", "minShots": self.shots[0], "maxShots": most})
        if not self.is_qpu:
            exact = "DensityMatrix" if self.noisy else "StateVector"
            results.append({"name": exact, "minShots": 0, "maxShots": 0})
        actions: dict[str, Any] = {
            "braket.ir.openqasm.program": {
                "actionType": "braket.ir.openqasm.program",
                "version": ["1"],
                "supportedOperations": _GATES,
                "supportedResultTypes": results,
            }
        }
        if self.is_qpu:
            actions["braket.ir.openqasm.program_set"] = {
                "actionType": "braket.ir.openqasm.program_set",
                "version": ["1"],
                "maximumExecutables": MAX_PROGRAM_SET_EXECUTABLES,
                "maximumTotalShots": MAX_PROGRAM_SET_SHOTS,
            }
        return actions


_IQM = ("iqm.iqm_device_capabilities", "1")
_SIMULATOR = ("simulators.gate_model_simulator_device_capabilities", "1")

# Shot caps: https://docs.aws.amazon.com/braket/latest/developerguide/braket-quotas.html
# Prices: https://aws.amazon.com/braket/pricing/, as of 2026-11.
DEVICES = (
    Device(
        arn="arn:aws:braket:::device/quantum-simulator/amazon/sv1",
        name="SV1",
        provider="Amazon Braket",
        qubits=34,
        regions=_SIMULATOR_REGIONS,
        shots=(0, 50_000),
        schema=_SIMULATOR,
        per_minute=0.075,
    ),
    Device(
        arn="arn:aws:braket:::device/quantum-simulator/amazon/dm1",
        name="DM1",
        provider="Amazon Braket",
        qubits=17,
        regions=_SIMULATOR_REGIONS,
        shots=(0, 50_000),
        schema=_SIMULATOR,
        per_minute=0.075,
        noisy=True,
    ),
    Device(
        arn="arn:aws:braket:::device/quantum-simulator/amazon/tn1",
        name="TN1",
        provider="Amazon Braket",
        qubits=50,
        regions=_SIMULATOR_REGIONS,
        shots=(1, 1000),
        schema=_SIMULATOR,
        status=DeviceStatus.RETIRED,
        per_minute=0.275,
    ),
    Device(
        arn="arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet",
        name="Garnet",
        provider="IQM",
        qubits=20,
        regions=("eu-north-1",),
        shots=(1, 20_000),
        schema=_IQM,
        per_task=0.30,
        per_shot=0.00145,
    ),
    Device(
        arn="arn:aws:braket:eu-north-1::device/qpu/iqm/Emerald",
        name="Emerald",
        provider="IQM",
        qubits=54,
        regions=("eu-north-1",),
        shots=(1, 20_000),
        schema=_IQM,
        per_task=0.30,
        per_shot=0.0016,
    ),
    Device(
        arn="arn:aws:braket:eu-north-1::device/qpu/aqt/Ibex-Q1",
        name="Ibex-Q1",
        provider="AQT",
        qubits=12,
        regions=("eu-north-1",),
        shots=(1, 2000),
        # AQT's own schema demands a calibration, which an emulated device has not.
        schema=_IQM,
        per_task=0.30,
        per_shot=0.0235,
    ),
    Device(
        arn="arn:aws:braket:us-west-1::device/qpu/rigetti/Cepheus-1-108Q",
        name="Cepheus-1-108Q",
        provider="Rigetti",
        qubits=108,
        regions=("us-west-1",),
        shots=(1, 50_000),
        schema=("rigetti.rigetti_device_capabilities", "2"),
        per_task=0.30,
        per_shot=0.000425,
    ),
    Device(
        arn="arn:aws:braket:us-east-1::device/qpu/ionq/Forte-Enterprise-1",
        name="Forte Enterprise 1",
        provider="IonQ",
        qubits=36,
        regions=("us-east-1",),
        shots=(100, 5000),
        schema=("ionq.ionq_device_capabilities", "1"),
        per_task=0.30,
        per_shot=0.08,
    ),
    Device(
        arn="arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1",
        name="Forte 1",
        provider="IonQ",
        qubits=36,
        regions=("us-east-1",),
        shots=(100, 5000),
        schema=("ionq.ionq_device_capabilities", "1"),
        status=DeviceStatus.OFFLINE,
        per_task=0.30,
        per_shot=0.08,
    ),
    Device(
        arn="arn:aws:braket:us-east-1::device/qpu/ionq/Aria-1",
        name="Aria 1",
        provider="IonQ",
        qubits=25,
        regions=("us-east-1",),
        shots=(100, 5000),
        schema=("ionq.ionq_device_capabilities", "1"),
        status=DeviceStatus.RETIRED,
        per_task=0.30,
        per_shot=0.03,
    ),
)


class DeviceCatalogue:
    """The devices, with their present status."""

    def __init__(self, devices: Iterable[Device]) -> None:
        self._devices = {device.arn: device for device in devices}
        self._status = {device.arn: device.status for device in self._devices.values()}
        self._lock = threading.Lock()

    def set_status(self, arn: str, status: DeviceStatus) -> None:
        """Take a device off line, or bring it back.

        Raises:
            KeyError: There is no such device.
        """
        with self._lock:
            self._status[self._devices[arn].arn] = status

    def status(self, device: Device) -> DeviceStatus:
        """Its status now."""
        with self._lock:
            return self._status[device.arn]

    def find(self, arn: str, region: str) -> Device:
        """A device that can be used from a region.

        Raises:
            AwsError: ResourceNotFoundException.
        """
        device = self._devices.get(arn)
        if device is None or region not in device.regions:
            raise not_found(arn)
        return device

    def require_online(self, device: Device) -> None:
        """Refuse work for a device that takes none.

        Raises:
            AwsError: DeviceOfflineException or DeviceRetiredException.
        """
        status = self.status(device)
        if status is DeviceStatus.OFFLINE:
            raise AwsError("DeviceOfflineException", f"Device {device.arn} is offline.")
        if status is DeviceStatus.RETIRED:
            raise AwsError("DeviceRetiredException", f"Device {device.arn} is retired.")

    def all_in(self, region: str) -> list[Device]:
        """Everything that can be used from a region."""
        return [device for device in self._devices.values() if region in device.regions]
