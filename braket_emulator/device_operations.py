"""The operations on devices."""

from __future__ import annotations

from typing import Any

from .context import Context, Operation, Parameters
from .devices import Device, DeviceCatalogue
from .search import page, select

_FILTERS = frozenset({"deviceArn", "deviceName", "deviceType", "deviceStatus", "providerName"})


class DeviceOperations:
    """GetDevice and SearchDevices."""

    def __init__(self, devices: DeviceCatalogue) -> None:
        self._devices = devices

    @property
    def operations(self) -> dict[str, Operation]:
        """The operations by their names."""
        return {"GetDevice": self._get, "SearchDevices": self._search}

    def _get(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        device = self._devices.find(parameters["deviceArn"], context.region)
        queues: list[dict[str, str]] = [
            {"queue": "QUANTUM_TASKS_QUEUE", "queueSize": "0", "queuePriority": priority}
            for priority in ("Normal", "Priority")
        ]
        queues.append({"queue": "JOBS_QUEUE", "queueSize": "0"})
        return self._summary(device) | {
            "deviceCapabilities": device.capabilities(),
            "deviceQueueInfo": queues,
        }

    def _search(self, context: Context, parameters: Parameters) -> dict[str, Any]:
        summaries = [self._summary(device) for device in self._devices.all_in(context.region)]
        found = select(summaries, parameters["filters"], _FILTERS)
        devices, next_token = page(found, "deviceArn", parameters)
        return {"devices": devices, "nextToken": next_token}

    def _summary(self, device: Device) -> dict[str, Any]:
        return {
            "deviceArn": device.arn,
            "deviceName": device.name,
            "providerName": device.provider,
            "deviceType": device.type,
            "deviceStatus": self._devices.status(device).value,
        }
