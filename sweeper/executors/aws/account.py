"""What is looked up in an AWS account, once for a sweep."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from braket.aws import AwsSession
from braket.jobs.image_uris import Framework, retrieve_image

from sweeper.errors import ConfigError, SweeperError
from sweeper.executors.aws.trouble import LOG_IN, CredentialsError, explained, patiently

# They tell of every endpoint and credential, and of errors that they raise as well, with tracebacks.
for _name in ("boto3", "botocore", "s3transfer", "urllib3"):
    logging.getLogger(_name).setLevel(logging.ERROR)

_SIMULATOR_REGIONS = ("us-east-1", "us-west-1", "us-west-2", "eu-west-2")


@dataclass(frozen=True)
class Account:
    """An AWS account in one region, as the hybrid jobs of a sweep need it.

    Attributes:
        region: Where the jobs run: the device's own region.
        profile: Profile of the AWS configuration.
        chosen_role: Role ARN that the user named.
        chosen_bucket: Bucket that the user named.
    """

    region: str
    profile: str | None = None
    chosen_role: str | None = None
    chosen_bucket: str | None = None

    @cached_property
    def _boto(self) -> boto3.Session:
        doing = "Reading the AWS configuration"
        with explained(doing):
            session = boto3.Session(region_name=self.region, profile_name=self.profile)
            try:
                session.get_credentials()
            except (OSError, ValueError) as error:  # of a credential_process, which botocore passes on
                raise CredentialsError(f"{doing}: {error}. {LOG_IN}") from error
        return session

    @cached_property
    def session(self) -> AwsSession:
        """Braket's session; its client makes each call once, since repeating one is decided here."""
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=10, read_timeout=60
        )
        with explained("Opening an AWS session"):
            client = self._boto.client("braket", config=config)
            return AwsSession(self._boto, braket_client=client, default_bucket=self.chosen_bucket)

    @property
    def braket(self) -> Any:
        """Braket's client."""
        return self.session.braket_client

    @cached_property
    def s3(self) -> Any:
        """A client for S3, which may be used by several threads."""
        config = Config(retries={"mode": "standard", "total_max_attempts": 5}, max_pool_connections=16)
        with explained("Opening an AWS session"):
            return self._boto.client("s3", config=config)

    @cached_property
    def logs(self) -> Any:
        """A client for CloudWatch Logs."""
        config = Config(retries={"mode": "standard", "total_max_attempts": 5})
        with explained("Opening an AWS session"):
            return self._boto.client("logs", config=config)

    @cached_property
    def number(self) -> str:
        """The account's twelve digits, as STS has them for these credentials."""
        return patiently("Asking which AWS account this is", lambda: str(self.session.account_id))

    @property
    def words(self) -> str:
        """The account and how it was chosen, for people."""
        chosen = f"profile {self.profile}" if self.profile else "default credentials"
        return f"account {self.number} ({chosen})"

    @cached_property
    def role(self) -> str:
        """ARN of the jobs' role."""
        if self.chosen_role:
            return self.chosen_role
        try:
            with explained("Looking for the hybrid jobs' role"):
                return str(self.session.get_default_jobs_role())
        except RuntimeError as error:  # what the SDK raises if there is none
            raise SweeperError(
                f"{error} Or name a role with hydra.launcher.role_arn=arn:aws:iam::…:role/service-role/…"
            ) from error

    @cached_property
    def bucket(self) -> str:
        """The bucket for code and results, made if need be."""
        with explained("Making sure of the S3 bucket"):
            return str(self.session.default_bucket())

    @cached_property
    def base_image(self) -> str:
        """Braket's base image in this region."""
        try:
            return str(retrieve_image(Framework.BASE, self.region))
        except ValueError as error:
            raise ConfigError(f"hydra.launcher.region={self.region}: {error}") from error

    def device_remark(self, arn: str) -> str:
        """Status and queues of a device, for people."""
        with explained(f"Asking for the device {arn}"):
            # Once: whoever plans without a network is not to wait for it.
            device = self.braket.get_device(deviceArn=arn)
        queues = ", ".join(
            f"{queue['queue'].lower().replace('_', ' ')} {queue['queueSize']}"
            for queue in device.get("deviceQueueInfo", [])
        )
        windows = json.loads(device["deviceCapabilities"]).get("service", {}).get("executionWindows", [])
        hours = {
            f"{window['executionDay']} {window['windowStartHour']}–{window['windowEndHour']} UTC"
            for window in windows
        }
        available = f"; runs {', '.join(sorted(hours))}" if 0 < len(hours) <= 3 else ""
        return f"{device['deviceName']}: {device['deviceStatus']}; queues: {queues or 'not told'}{available}"


def region_of(device: str, chosen: str | None, default: str | None) -> str | None:
    """The region in which jobs for a device run; none if nothing says it.

    Args:
        device: Device string.
        chosen: Region that the user named for the launcher.
        default: Region of the AWS configuration.

    Raises:
        ConfigError: The device is not in the chosen region.
    """
    own = device.split(":")[3] if device.startswith("arn:") else ""
    if own:
        if chosen and chosen != own:
            raise ConfigError(f"hydra.launcher.region={chosen}: the device {device} is in {own} only.")
        return own
    region = chosen or default
    if region and "quantum-simulator" in device and region not in _SIMULATOR_REGIONS:
        raise ConfigError(
            f"{device} is not offered in {region}: set hydra.launcher.region to one of "
            f"{', '.join(_SIMULATOR_REGIONS)}."
        )
    return region
