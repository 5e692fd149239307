"""An emulator of Amazon Braket's control plane; see README.md."""

from .calls import Call, Caller
from .devices import Device, DeviceStatus
from .emulator import Emulator
from .faults import Fault, FaultKind
from .job import Job, JobStatus
from .programs import Containers
from .settings import AWS_RATES, EmulatorSettings, Rate, StubProgram

__all__ = [
    "AWS_RATES",
    "Call",
    "Caller",
    "Containers",
    "Device",
    "DeviceStatus",
    "Emulator",
    "EmulatorSettings",
    "Fault",
    "FaultKind",
    "Job",
    "JobStatus",
    "Rate",
    "StubProgram",
]
