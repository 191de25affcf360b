"""Connections to the session's embedded AWS as the deployer, and stacks of the test's own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from clients import client
from deployer import deployer

from data_pipeline.aws.cloudformation import Stacks
from data_pipeline.aws.session import Connection, EmbeddedCredentials, connect
from data_pipeline.core.config.environment import Data, Environment
from data_pipeline.embedded_aws.server.endpoint import Endpoint

SETTINGS = {"pipeline": "nyc-tlc", "name": "test", "region": "us-east-1", "steps": {}}


def environment(**changes: object) -> Environment:
    """An environment on the embedded AWS, or what the test makes of it."""
    given = {**SETTINGS, "endpoint": "embedded", "data": Data(), **changes}
    return Environment.model_construct(**given)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def connection(embedded: Endpoint) -> Connection:
    """The deployer's connection: every test here deploys with docs/reference/deployer-policy.json alone."""
    return connect(environment(), EmbeddedCredentials(embedded.url, **deployer(embedded)))


@pytest.fixture
def stacks(connection: Connection) -> Stacks:
    """CloudFormation, asked often."""
    return Stacks(connection.client("cloudformation"), pace=0.02)


@pytest.fixture
def name(embedded: Endpoint) -> Iterator[str]:
    """A stack name of the test's own; the stack is deleted at the end."""
    name = f"nyc-tlc-test-{uuid.uuid4().hex[:8]}"
    yield name
    root = client(embedded, "cloudformation")
    root.delete_stack(StackName=name)
    root.get_waiter("stack_delete_complete").wait(
        StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
    )
