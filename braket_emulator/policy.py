"""What an IAM policy lets the client do: which actions a request needs, and whether they are allowed.

Which action goes with which operation is what AWS's service authorization reference says of these services.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from .requests import Request

# S3's actions are named after permissions, not after operations.
_S3_ACTIONS = {
    "HeadObject": "GetObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "ListBuckets": "ListAllMyBuckets",
    "DeleteObjects": "DeleteObject",
}
_PASSED_TO = {"iam:PassedToService": "braket.amazonaws.com"}


class Policy:
    """An identity-based policy; what it does not allow is denied."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Take a policy document as IAM does."""
        statements = document["Statement"]
        self._statements = [statements] if isinstance(statements, Mapping) else list(statements)

    def denied(self, request: Request) -> str | None:
        """The first action that a request needs and that is not allowed."""
        return next((action for action, on in needs(request) if not self.allows(action, on)), None)

    def allows(self, action: str, resource: str) -> bool:
        """Whether an action on a resource is allowed, and not denied."""
        effects = {s["Effect"] for s in self._statements if _applies(s, action, resource)}
        return effects == {"Allow"}


def needs(request: Request) -> Iterator[tuple[str, str]]:
    """The actions that a request needs, each with the ARN of what it is about."""
    service, _, name = request.operation.rpartition(":")
    place = f"{request.region}:{request.account}"
    if service == "":
        parameters = _parameters(request)
        yield f"braket:{name}", _braket_resource(parameters, place)
        if name == "CreateJob":
            yield "iam:PassRole", str(parameters.get("roleArn"))
        if parameters.get("tags"):
            yield "braket:TagResource", f"arn:aws:braket:{place}:*"
    elif service == "s3":
        bucket, key = request.ids.get("bucket", ""), request.ids.get("key", "")
        yield f"s3:{_S3_ACTIONS.get(name, name)}", f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
    elif service == "logs":
        group = _parameters(request).get("logGroupName", "")
        yield f"logs:{name}", f"arn:aws:logs:{place}:log-group:{group}:log-stream:any"
    elif request.operation != "sts:GetCallerIdentity":  # which nobody needs a permission for
        yield request.operation, f"arn:aws:{service}::{request.account}:role/"


def _braket_resource(parameters: Mapping[str, Any], place: str) -> str:
    for name in ("jobArn", "deviceArn", "spendingLimitArn", "quantumTaskArn"):
        if name in parameters:
            return str(parameters[name])
    return f"arn:aws:braket:{place}:*"


def _parameters(request: Request) -> dict[str, Any]:
    try:
        sent = json.loads(request.body or b"{}")
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}


def _applies(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    actions, resources = (_listed(statement[name]) for name in ("Action", "Resource"))
    conditions = statement.get("Condition", {})
    for operator, wanted in conditions.items():
        if operator != "StringEquals":
            raise NotImplementedError(f"condition {operator}")
        if any(_PASSED_TO.get(key) not in _listed(values) for key, values in wanted.items()):
            return False
    return any(fnmatchcase(action.lower(), one.lower()) for one in actions) and any(
        fnmatchcase(resource, one) for one in resources
    )


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(one) for one in value]
