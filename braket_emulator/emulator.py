"""The emulator: everything put together, started and stopped."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .administration import Administration
from .braket_service import BraketService
from .calls import Call, Caller, CallLog
from .clock import Clock, EventClock, RateLimits, WallClock
from .cloud import ROLE_NAME, Cloud
from .device_operations import DeviceOperations
from .devices import DeviceCatalogue, DeviceStatus
from .faults import Fault, FaultPlan
from .gateway import Gateway, PolicyHolder
from .instances import Instances, Site
from .job import Job
from .jobs import Jobs
from .policy import Policy
from .prices import price_list
from .programs import Containers, Programs, Stubs
from .protocol import Protocol
from .requests import access_key
from .server import HttpServer
from .settings import EmulatorSettings
from .spending import SpendingLimit, SpendingLimits
from .tags import Tags
from .tasks import Tasks


class Emulator:
    """An AWS account with Amazon Braket on 127.0.0.1, until closed.

    Attributes:
        internal_errors: Tracebacks of the emulator's own faults; a test should find none.
    """

    # moto keeps its state per process, so there is room for one emulator.
    _process_has_one = threading.Lock()

    def __init__(
        self, settings: EmulatorSettings | None = None, containers: Containers | None = None
    ) -> None:
        """Start.

        Args:
            settings: How the account is set up.
            containers: Runs the jobs' programs, and goes on when the emulator is closed; None for its own.

        Raises:
            RuntimeError: This process has an emulator that is not closed.
        """
        if not self._process_has_one.acquire(blocking=False):
            raise RuntimeError("This process has an emulator already; close it first")
        self.settings = settings or EmulatorSettings()
        self.internal_errors: list[str] = []
        self._folder = Path(tempfile.mkdtemp(prefix="braket-"))
        per_call = self.settings.seconds_per_call
        self._events = None if per_call is None else EventClock(per_call)
        self._clock: Clock = self._events or WallClock(self.settings.time_scale)
        self._calls = CallLog()
        self._faults = FaultPlan()
        self._devices = DeviceCatalogue(self.settings.devices)
        self._programs: Programs = (
            Stubs(self.settings.stub, self._clock) if self.settings.stub else containers or Containers()
        )
        self._programs_are_ours = self._programs is not containers
        self._policy = PolicyHolder()
        accounts = (self.settings.account_id, *self.settings.other_accounts)
        self._cloud = Cloud(accounts, self._calls, self._faults, self._clock, self._policy)
        report_bug = self.internal_errors.append
        self._instances = Instances(
            Site(
                settings=self.settings,
                clock=self._clock,
                cloud=self._cloud,
                programs=self._programs,
                environment=lambda region: self.environment(region, Caller.JOB),
                folder=self._folder,
                report_bug=report_bug,
            )
        )
        self._jobs = Jobs(self.settings, self._devices, self._faults, self._instances, self._clock)
        spending = self._spending = SpendingLimits(self.settings.account_id, self._devices)
        self._tasks = Tasks(
            self.settings,
            clock=self._clock,
            cloud=self._cloud,
            devices=self._devices,
            jobs=self._jobs,
            spending=spending,
            report_bug=report_bug,
        )
        service = BraketService(
            Protocol(),
            self._jobs.operations
            | self._tasks.operations
            | DeviceOperations(self._devices).operations
            | spending.operations
            | Tags([self._jobs.find, self._tasks.find, spending.find]).operations,
            RateLimits(self.settings.rates, self._clock),
            self.settings.regions,
            report_bug,
        )
        gateway = Gateway(
            service,
            name_operation=service.name_operation,
            calls=self._calls,
            faults=self._faults,
            clock=self._clock,
            account=self.settings.account_id,
            policy=self._policy,
        )
        prices = price_list(self.settings.devices, self.settings.instance_prices, self.settings.volume_price)
        self._server = HttpServer(Administration(self, gateway, prices))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all jobs, processes, threads and servers, and remove all files."""
        self._clock.close()
        self._instances.close()
        self._tasks.close()
        if self._programs_are_ours:
            self._programs.close()
        self._server.close()
        self._cloud.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._process_has_one.release()

    def environment(
        self, region: str | None = None, caller: Caller = Caller.CLIENT, account: str | None = None
    ) -> dict[str, str]:
        """The variables that lead an unmodified client here.

        Args:
            region: The client's region; none for the account's default.
            caller: As whom it signs.
            account: One of the other accounts; none for the first.
        """
        variables = {
            "AWS_ACCESS_KEY_ID": access_key(caller, account),
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": region or self.settings.default_region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_BRAKET": self._server.url,
            "BRAKET_PRICE_OFFERS_URL": f"{self._server.url}/_emulator/prices.csv",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
        # After the services' ids, not their signing names: that of `logs` is CloudWatch Logs.
        services = ("S3", "IAM", "STS", "CLOUDWATCH_LOGS", "ECR")
        return variables | {f"AWS_ENDPOINT_URL_{service}": self._cloud.url for service in services}

    @property
    def url(self) -> str:
        """Braket's endpoint, also that of `/_emulator/`."""
        return self._server.url

    @property
    def role_arn(self) -> str:
        """The execution role that exists from the start."""
        return f"arn:aws:iam::{self.settings.account_id}:role/service-role/{ROLE_NAME}"

    @property
    def calls(self) -> list[Call]:
        """Every call so far, but for the emulator's own."""
        return self._calls.all()

    @property
    def jobs(self) -> list[Job]:
        """Every hybrid job, oldest first."""
        return self._jobs.all()

    @property
    def seconds(self) -> float:
        """Emulated seconds that have passed, up to a constant."""
        return self._clock.seconds()

    def advance(self, seconds: float) -> None:
        """Let emulated seconds pass at once, where `seconds_per_call` moves the clock.

        Raises:
            RuntimeError: The clock is the real one.
        """
        if self._events is None:
            raise RuntimeError("time passes by itself here: set EmulatorSettings.seconds_per_call")
        self._events.advance(seconds)

    def inject(self, fault: Fault) -> None:
        """Arm a fault."""
        self._faults.inject(fault)

    def allow_only(self, policy: Mapping[str, Any] | None) -> None:
        """Deny the client, from now on, whatever this IAM policy does not allow; none allows everything."""
        self._policy.policy = None if policy is None else Policy(policy)

    @property
    def spending_limits(self) -> list[SpendingLimit]:
        """The spending limits that are in force."""
        return self._spending.all()

    def set_device_status(self, arn: str, status: DeviceStatus | str) -> None:
        """Take a device off line, retire it, or bring it back.

        Raises:
            KeyError: There is no such device.
        """
        self._devices.set_status(arn, DeviceStatus(status))

    def reset(self) -> None:
        """Disarm all faults and forget all calls; resources stay."""
        self._faults.clear()
        self._calls.clear()
