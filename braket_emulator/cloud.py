"""S3, IAM, STS and CloudWatch Logs, by moto, with what a Braket account has in them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from .calls import Caller, CallLog
from .clock import Clock
from .faults import FaultPlan
from .gateway import Gateway, PolicyHolder
from .requests import access_key, account_of
from .server import HttpServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LOG_GROUP = "/aws/braket/jobs"
ROLE_NAME = "AmazonBraketJobsExecutionRole"


class Cloud:
    """The services beside Braket, on a port of their own."""

    def __init__(
        self,
        accounts: Sequence[str],
        calls: CallLog,
        faults: FaultPlan,
        clock: Clock,
        policy: PolicyHolder,
    ) -> None:
        """Start with accounts that are empty but for the execution role; the first is the usual one."""
        BackendDict.reset()
        moto = DomainDispatcherApplication(create_backend_app)

        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            environ["HTTP_X_MOTO_ACCOUNT_ID"] = account_of(environ) or accounts[0]
            answer: Iterable[bytes] = moto(environ, start_response)
            return answer

        gateway = Gateway(
            application,
            name_operation=None,
            calls=calls,
            faults=faults,
            clock=clock,
            account=accounts[0],
            policy=policy,
        )
        self._server = HttpServer(gateway)
        self.url = self._server.url
        self._session = boto3.Session()
        self._clients: dict[tuple[str, str, str | None], Any] = {}
        self._lock = threading.Lock()
        self._create_role(None)
        for account in accounts[1:]:
            self._create_role(account)

    def close(self) -> None:
        """Stop, and forget everything."""
        for client in self._clients.values():
            client.close()
        self._server.close()
        BackendDict.reset()

    def client(self, service: str, region: str, account: str | None = None) -> Any:
        """A client that leaves no trace in the call log; each region has the jobs' log group.

        Args:
            service: The service.
            region: The region.
            account: None for the first.
        """
        with self._lock:
            if (service, region, account) not in self._clients:
                client = self._session.client(
                    service,
                    region_name=region,
                    endpoint_url=self.url,
                    aws_access_key_id=access_key(Caller.SERVICE, account),
                    aws_secret_access_key="none",
                    # No proxy of the user's environment stands between the emulator and itself.
                    config=Config(max_pool_connections=50, proxies={}, retries={"total_max_attempts": 1}),
                )
                if service == "logs":
                    client.create_log_group(logGroupName=LOG_GROUP)
                self._clients[service, region, account] = client
            return self._clients[service, region, account]

    def _create_role(self, account: str | None) -> None:
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "braket.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        self.client("iam", "us-east-1", account).create_role(
            Path="/service-role/", RoleName=ROLE_NAME, AssumeRolePolicyDocument=json.dumps(trust)
        )
