"""What `run` says when it cannot reach, or may not use, the environment's AWS: what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from cli.test_run_edges import stubbed
from core.histories import History, succeeded
from paths import ROOT
from system.project import Project

from data_pipeline.aws.session import Connection, connect
from data_pipeline.cli.deployed import deployed_outputs
from data_pipeline.cli.running import following
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_environment
from data_pipeline.core.progress.follow import Progress
from data_pipeline.project import runs

ARN = "arn:aws:states:us-east-1:123456789012:execution:nyc-tlc-dev:2026-11-23T06-00-00Z-a1b2c3"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A copy of the project, whose embedded AWS is stopped at the end."""
    made = Project(tmp_path / "project")
    yield made
    made.down()


def dev(service: str) -> tuple[Environment, Connection, Stubber]:
    """The environment dev with one client whose answers are given, and an account."""
    environment = load_environment(ROOT, "dev")
    connection = connect(environment, None, {})
    client, stub = stubbed(service)
    connection._clients[service] = client
    sts, identity = stubbed("sts")
    connection._clients["sts"] = sts
    identity.add_response(
        "get_caller_identity", {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/me"}
    )
    return environment, connection, stub


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "no AWS credentials found. Sign in (aws sso login)"),
        ({"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}, "incomplete AWS credentials"),
        ({"AWS_PROFILE": "nobody"}, "aws configure list-profiles"),
        ({**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, "unset AWS_ENDPOINT_URL"),
    ],
)
def test_without_usable_settings(project: Project, variables: dict[str, str], said: str) -> None:
    """Exit 1, one error that says what to do, no traceback; --json still prints its object."""
    done = project(
        "python", "data_pipeline_run.py", "dev", "--json", AWS_EC2_METADATA_DISABLED="true", **variables
    )
    assert done.status == 1
    assert said in done.err
    assert "Traceback" not in done.err
    assert done.json["status"] == "NOT_STARTED"
    assert said in done.json["cause"]


def test_another_account_is_refused() -> None:
    """The account that the environment's file names is a guard: nothing is looked up in another one."""
    environment, connection, _ = dev("cloudformation")
    connection.expected_account = "210987654321"
    with pytest.raises(UserError, match=r"config/dev\.yaml says account 210987654321, but these credentials"):
        deployed_outputs(environment, connection)


def test_no_network() -> None:
    """AWS that cannot be reached is one line that says what to check."""
    environment, connection, _ = dev("cloudformation")

    def interrupt(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://cloudformation.us-east-1.amazonaws.com")

    connection.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.DescribeStacks", interrupt
    )
    with pytest.raises(UserError, match=r"AWS cannot be reached .* Check the network and `region:`"):
        deployed_outputs(environment, connection)


STATUSES = [
    (
        "REVIEW_IN_PROGRESS",
        "is not deployed in account 123456789012, region us-east-1",
        "./deploy.sh dev BUCKET",
    ),
    ("ROLLBACK_COMPLETE", "its stack nyc-tlc-dev-pipeline is ROLLBACK_COMPLETE", "./deploy.sh dev BUCKET"),
    ("DELETE_IN_PROGRESS", "its stack nyc-tlc-dev-pipeline is DELETE_IN_PROGRESS", "./deploy.sh dev BUCKET"),
    ("CREATE_IN_PROGRESS", "is being deployed right now", "Run the same command again"),
    ("CREATE_COMPLETE", "has no output StateMachineArn, InputUri, OutputUri", "./deploy.sh dev BUCKET"),
]


@pytest.mark.parametrize(("status", "found", "remedy"), STATUSES)
def test_stacks_that_are_not_deployed(status: str, found: str, remedy: str) -> None:
    """Each way of not being deployed has its sentence, and the command that mends it."""
    environment, connection, stub = dev("cloudformation")
    stack = {"StackName": "nyc-tlc-dev-pipeline", "StackStatus": status, "CreationTime": 0}
    stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "nyc-tlc-dev-pipeline"})
    with pytest.raises(UserError) as error:
        deployed_outputs(environment, connection)
    assert found in str(error.value)
    assert remedy in str(error.value)


def test_a_stack_that_is_being_updated_can_run(capsys: pytest.CaptureFixture[str]) -> None:
    """The outputs of the last deployment are there; a note says what is going on."""
    environment, connection, stub = dev("cloudformation")
    names = ("StateMachineArn", "InputUri", "OutputUri")
    outputs = [{"OutputKey": name, "OutputValue": name.lower()} for name in names]
    stack = {"StackName": "s", "StackStatus": "UPDATE_IN_PROGRESS", "CreationTime": 0, "Outputs": outputs}
    stub.add_response("describe_stacks", {"Stacks": [stack]})
    assert deployed_outputs(environment, connection)["InputUri"] == "inputuri"
    assert "is being updated right now" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredToken", "the AWS credentials have expired"),
        ("AccessDenied", "access denied"),
        ("InvalidClientTokenId", "AWS does not know these credentials"),
    ],
)
def test_refusals_before_the_start(code: str, said: str) -> None:
    """What AWS refuses is one line that says what to do."""
    environment, connection, stub = dev("cloudformation")
    stub.add_client_error("describe_stacks", code, "no", http_status_code=403)
    with pytest.raises(UserError, match=said):
        deployed_outputs(environment, connection)


def test_credentials_that_expire_during_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Following ends, the execution does not: the error says so, and how to look at it."""
    environment, connection, stub = dev("stepfunctions")
    stub.add_client_error("get_execution_history", "ExpiredTokenException", "expired", http_status_code=400)
    with pytest.raises(UserError) as error:
        following.follow(environment, connection, ARN)
    message = str(error.value)
    assert "the AWS credentials have expired" in message
    name = ARN.rpartition(":")[2]
    assert f"The execution goes on; look with: python -m data_pipeline runs show dev {name}" in message


def test_a_network_that_is_lost_for_a_moment(capsys: pytest.CaptureFixture[str]) -> None:
    """The display says that AWS does not answer and that it answers again, once each."""
    environment, connection, stub = dev("stepfunctions")
    down = [True]

    def interrupt(**_: Any) -> None:
        if down and down.pop():
            raise EndpointConnectionError(endpoint_url="https://states.us-east-1.amazonaws.com")

    connection.client("stepfunctions").meta.events.register(
        "provide-client-params.sfn.GetExecutionHistory", interrupt
    )
    stub.add_response("get_execution_history", {"events": succeeded().events})
    assert following.follow(environment, connection, ARN).status == "SUCCEEDED"
    err = capsys.readouterr().err
    assert err.count("AWS does not answer, trying again") == err.count("AWS answers again") == 1


def test_a_log_that_may_not_be_read_does_not_hide_the_failure() -> None:
    """The failure's own reason stays, and the missing action is named."""
    environment, connection, stub = dev("logs")
    said = "User: arn:aws:iam::123456789012:user/me is not authorized to perform: logs:DescribeLogStreams"
    stub.add_client_error("describe_log_streams", "AccessDeniedException", said, http_status_code=400)
    record = runs.failed(environment, connection, failure())
    assert (record["state"], record["reason"]) == ("Load", "no files")
    assert "needs the action logs:DescribeLogStreams" in record["logError"]


def failure() -> Any:
    """A processing job that failed with a message."""
    history = History()
    history.enter(0, "Load")
    history.processing_job(0, "nyc-tlc-dev-load-0123456789ab-0-0-0")
    cause = history.fail(9, "States.TaskFailed", {"ExitMessage": "error: no files"})
    history.end_failed(9, "States.TaskFailed", cause)
    return Progress().after(history.events).failure
