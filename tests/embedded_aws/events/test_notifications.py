"""SNS: topics, subscriptions and messages, under IAM; what is published can be read, and is there after a kill."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from clients import client
from embedded_aws.conftest import allow
from waiting import until

from data_pipeline.embedded_aws.server import lifecycle
from data_pipeline.embedded_aws.server.endpoint import Endpoint

Aws = Callable[..., Any]
REFUSE_HTTP = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sns:Publish",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def published(state: Path) -> list[dict[str, Any]]:
    """What the embedded AWS says was published."""
    return [json.loads(line) for line in (state / "notifications.jsonl").read_text().splitlines()]


def test_a_message_is_kept_with_its_readers(aws: Aws, name: str, embedded: Endpoint) -> None:
    """Topic, subscription and message, in the words of whoever published them."""
    sns = aws("sns")
    arn = sns.create_topic(Name=name, Tags=[{"Key": "team", "Value": "data"}])["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="a@example.com")
    sns.publish(TopicArn=arn, Subject="It failed", Message="line one\nzwei ü")
    (told,) = [told for told in published(embedded.state) if told["topic"] == arn]
    assert (told["subject"], told["message"], told["to"]) == (
        "It failed",
        "line one\nzwei ü",
        ["a@example.com"],
    )
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "data"}]


@pytest.mark.parametrize("subject", ["x" * 100, "two\nlines", "grün"])
def test_subjects_that_sns_refuses(aws: Aws, name: str, subject: str) -> None:
    """100 characters, a line end, anything but ASCII."""
    sns = aws("sns")
    arn = sns.create_topic(Name=name)["TopicArn"]
    sns.publish(TopicArn=arn, Subject="x" * 99, Message="m")
    with pytest.raises(ClientError, match="Invalid parameter: Subject"):
        sns.publish(TopicArn=arn, Subject=subject, Message="m")


def test_messages_that_sns_refuses(aws: Aws, name: str) -> None:
    """256 KiB are the most, and none is too few; a topic that is gone is not found."""
    sns = aws("sns")
    arn = sns.create_topic(Name=name)["TopicArn"]
    sns.publish(TopicArn=arn, Message="x" * 262_144)
    with pytest.raises(ClientError, match="Message too long"):
        sns.publish(TopicArn=arn, Message="ü" * 131_073)
    sns.delete_topic(TopicArn=arn)
    with pytest.raises(ClientError, match="NotFound"):
        sns.publish(TopicArn=arn, Message="m")


@pytest.mark.parametrize(
    ("call", "arguments", "what"),
    [
        ("publish", {"PhoneNumber": "+4930123456", "Message": "m"}, "PhoneNumber"),
        ("publish", {"TopicArn": "TOPIC", "Message": "{}", "MessageStructure": "json"}, "MessageStructure"),
        ("subscribe", {"TopicArn": "TOPIC", "Protocol": "sms", "Endpoint": "+4930123456"}, "protocol sms"),
        ("subscribe", {"TopicArn": "TOPIC", "Protocol": "https", "Endpoint": "https://x.example"}, "https"),
        ("create_topic", {"Name": "t.fifo", "Attributes": {"FifoTopic": "true"}}, "first-in-first-out"),
        ("create_topic", {"Name": "t", "Attributes": {"KmsMasterKeyId": "alias/aws/sns"}}, "KmsMasterKeyId"),
        ("create_platform_application", {"Name": "a", "Platform": "GCM", "Attributes": {}}, "Platform"),
    ],
)
def test_what_is_not_done_is_refused_by_name(
    aws: Aws, name: str, call: str, arguments: dict[str, Any], what: str
) -> None:
    """Nothing is said to be delivered that is not."""
    sns = aws("sns")
    arn = sns.create_topic(Name=name)["TopicArn"]
    given = {key: arn if value == "TOPIC" else value for key, value in arguments.items()}
    with pytest.raises(ClientError, match=f"does not emulate .*{what}"):
        getattr(sns, call)(**given)


def test_a_role_publishes_where_it_may_and_nowhere_else(
    aws: Aws, name: str, user: Callable[..., dict[str, str]]
) -> None:
    """By its own policy, under a topic's policy that refuses plain HTTP and allows nobody else."""
    root = aws("sns")
    ours, others = (root.create_topic(Name=f"{name}-{n}")["TopicArn"] for n in ("ours", "others"))
    policy = json.dumps({"Version": "2012-10-17", "Statement": [REFUSE_HTTP]})
    root.set_topic_attributes(TopicArn=ours, AttributeName="Policy", AttributeValue=policy)
    sns = aws("sns", **user(allow("sns:Publish", ours)))
    assert sns.publish(TopicArn=ours, Message="m")["MessageId"]
    for call in (
        lambda: sns.publish(TopicArn=others, Message="m"),
        lambda: sns.create_topic(Name=name),
        lambda: sns.subscribe(TopicArn=ours, Protocol="email", Endpoint="a@example.com"),
    ):
        with pytest.raises(ClientError, match=r"AuthorizationError|AccessDenied|not authorized"):
            call()


def test_a_state_machine_publishes_as_its_role(aws: Aws, name: str, role: Callable[..., str]) -> None:
    """sns:publish answers with the message's id; denied or gone, the error has the name that Catch matches."""
    sns, states = aws("sns"), aws("stepfunctions")
    arn = sns.create_topic(Name=name)["TopicArn"]

    def run(allowed: str, topic: str) -> dict[str, Any]:
        definition = {
            "QueryLanguage": "JSONata",
            "StartAt": "S",
            "States": {
                "S": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sns:publish",
                    "Arguments": {"TopicArn": topic, "Subject": "s", "Message": "m"},
                    "End": True,
                }
            },
        }
        given = role("states.amazonaws.com", allow("sns:Publish", allowed))
        machine = states.create_state_machine(
            name=f"{name}-{os.urandom(3).hex()}", definition=json.dumps(definition), roleArn=given
        )["stateMachineArn"]
        execution = states.start_execution(stateMachineArn=machine)["executionArn"]
        until(lambda: states.describe_execution(executionArn=execution)["status"] != "RUNNING")
        return dict(states.describe_execution(executionArn=execution))

    assert json.loads(run(arn, arn)["output"])["MessageId"]
    assert run(f"{arn}-other", arn)["error"] == "SNS.AuthorizationErrorException"
    assert run("*", f"{arn}-gone")["error"] == "SNS.NotFoundException"


def test_topics_and_messages_survive_a_kill(tmp_path: Path) -> None:
    """What was answered is there when the server comes back."""
    state = tmp_path / "aws"
    try:
        endpoint = lifecycle.ensure_up(state, 0)
        arn = client(endpoint, "sns").create_topic(Name="t")["TopicArn"]
        client(endpoint, "sns").subscribe(TopicArn=arn, Protocol="email", Endpoint="a@example.com")
        client(endpoint, "sns").publish(TopicArn=arn, Message="before")
        os.kill(endpoint.pid, signal.SIGKILL)
        sns = client(lifecycle.ensure_up(state, 0), "sns")
        assert [topic["TopicArn"] for topic in sns.list_topics()["Topics"]] == [arn]
        sns.publish(TopicArn=arn, Message="after")
        assert [(t["message"], t["to"]) for t in published(state)] == [
            ("before", ["a@example.com"]),
            ("after", ["a@example.com"]),
        ]
    finally:
        lifecycle.down(state)
