"""What the conformance tests of jobs share: roles, buckets, waiting with a deadline. boto3 alone."""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from clients import client

from data_pipeline.embedded_aws.server.endpoint import Endpoint

T = TypeVar("T")

DEADLINE = 30.0
LOGS = [
    f"logs:{name}" for name in ["CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents"]
]
IMAGE = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
]
S3 = ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]


@functools.cache
def api(endpoint: Endpoint, service: str) -> Any:
    """Root's client of a service, made once: making one takes longer than most calls."""
    return client(endpoint, service)


def unique(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}-{uuid4().hex[:10]}"


def allow(actions: Iterable[str], resource: str | list[str] = "*", **condition: Any) -> dict[str, Any]:
    """A statement that allows the actions."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    if condition:
        statement["Condition"] = condition
    return statement


def role(endpoint: Endpoint, service: str, *statements: dict[str, Any]) -> str:
    """The ARN of a new role that the service may assume, with these statements."""
    iam = api(endpoint, "iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    name = unique("role")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    return str(made["Role"]["Arn"])


def user(endpoint: Endpoint, *statements: dict[str, Any]) -> dict[str, str]:
    """The credentials of a new user with these statements, as `clients.client` takes them."""
    iam = api(endpoint, "iam")
    name = unique("user")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


def document(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def bucket(endpoint: Endpoint, **objects: str) -> str:
    """A new bucket with these objects; `__` in a name stands for `/`, `_py` at its end for `.py`."""
    s3 = api(endpoint, "s3")
    name = unique("bucket")
    s3.create_bucket(Bucket=name)
    for key, body in objects.items():
        path = key.replace("__", "/")
        path = path[:-3] + ".py" if path.endswith("_py") else path
        s3.put_object(Bucket=name, Key=path, Body=body.encode())
    return name


def until(look: Callable[[], T], done: Callable[[T], bool], seconds: float = DEADLINE) -> T:
    """What `look` returns once `done` holds for it; AssertionError after the deadline."""
    end = time.monotonic() + seconds
    while not done(found := look()):
        assert time.monotonic() < end, f"still {found!r} after {seconds} s"
        time.sleep(0.05)
    return found


def messages(endpoint: Endpoint, group: str, stream_prefix: str) -> list[str]:
    """The messages of all streams of a group with this prefix; empty where there is no such group."""
    logs = api(endpoint, "logs")
    try:
        streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=stream_prefix)[
            "logStreams"
        ]
    except logs.exceptions.ResourceNotFoundException:
        return []
    names = [stream["logStreamName"] for stream in streams]
    return [message for name in names for message in _all_events(logs, group, name)]


def _all_events(logs: Any, group: str, stream: str) -> list[str]:
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        names = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
        page = logs.get_log_events(**names, **token)
        found += [event["message"] for event in page["events"]]
        if token.get("nextToken") == page["nextForwardToken"]:
            return found
        token = {"nextToken": page["nextForwardToken"]}


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
