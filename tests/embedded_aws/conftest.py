"""Helpers of the conformance suite: clients of root, and roles made for one test."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from clients import client

from data_pipeline.embedded_aws.server.endpoint import Endpoint

Statement = dict[str, Any]


@pytest.fixture
def aws(embedded: Endpoint) -> Callable[..., Any]:
    """``aws("s3")``: a client with root's credential, or with the options of ``clients.client``."""
    return lambda service, **options: client(embedded, service, **options)


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return "t-" + uuid.uuid4().hex[:12]


@pytest.fixture
def role(aws: Callable[..., Any]) -> Callable[..., str]:
    """``role(service, *statements)``: the ARN of a new role that the service may assume, with these
    permissions.
    """

    def make(service: str, *statements: Statement, trust: Statement | None = None) -> str:
        iam = aws("iam")
        named = "r-" + uuid.uuid4().hex[:12]
        assume = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        policy = {"Version": "2012-10-17", "Statement": [{**assume, **(trust or {})}]}
        arn = iam.create_role(RoleName=named, AssumeRolePolicyDocument=json.dumps(policy))["Role"]["Arn"]
        if statements:
            document = {"Version": "2012-10-17", "Statement": list(statements)}
            iam.put_role_policy(RoleName=named, PolicyName="test", PolicyDocument=json.dumps(document))
        return str(arn)

    return make


@pytest.fixture
def create(aws: Any, role: Any, name: str) -> Callable[..., str]:
    """``create(definition, *statements)``: the ARN of a new machine whose role has these permissions."""

    def make(machine: dict[str, Any], *statements: Any, **more: Any) -> str:
        more.setdefault("roleArn", role("states.amazonaws.com", *statements))
        created = aws("stepfunctions").create_state_machine(name=name, definition=json.dumps(machine), **more)
        return str(created["stateMachineArn"])

    return make


@pytest.fixture
def user(aws: Callable[..., Any], name: str) -> Callable[..., dict[str, str]]:
    """``user(*statements)``: the credentials, as options of ``aws``, of a new user with these permissions."""

    def make(*statements: Statement) -> dict[str, str]:
        iam = aws("iam")
        iam.create_user(UserName=name)
        if statements:
            document = {"Version": "2012-10-17", "Statement": list(statements)}
            iam.put_user_policy(UserName=name, PolicyName="test", PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}

    return make


def allow(action: str | list[str], resource: str | list[str] = "*", **condition: Any) -> Statement:
    """One statement that allows."""
    statement: Statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement
