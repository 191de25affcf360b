"""What SNS refuses of topics and messages: attributes that there are not, and a topic of the name that is another."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError


def attribute(type_: str, value: str = "1") -> dict[str, Any]:
    """Attributes of a message."""
    return {"a": {"DataType": type_, "StringValue": value}}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Size", "1", "Invalid parameter: AttributeName"),
        ("DisplayName", "x" * 101, "Invalid parameter: DisplayName"),
        ("TracingConfig", "Active", "does not emulate .*TracingConfig"),
        ("HTTPSuccessFeedbackSampleRate", "5", "does not emulate .*HTTPSuccessFeedbackSampleRate"),
    ],
)
def test_attributes_of_topics(aws: Any, name: str, value: str, said: str) -> None:
    """Neither when it is made nor later."""
    sns = aws("sns")
    with pytest.raises(ClientError, match=said):
        sns.create_topic(Name=f"refused-{name}", Attributes={name: value})
    arn = sns.create_topic(Name="taken")["TopicArn"]
    with pytest.raises(ClientError, match=said):
        sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)


def test_a_topic_that_there_is(aws: Any, name: str) -> None:
    """It is returned where nothing else is asked for."""
    sns, tags = aws("sns"), [{"Key": "team", "Value": "data"}]
    arn = sns.create_topic(Name=name, Attributes={"DisplayName": "one"}, Tags=tags)["TopicArn"]
    for more in ({}, {"Attributes": {"DisplayName": "one"}}, {"Tags": tags}):
        assert sns.create_topic(Name=name, **more)["TopicArn"] == arn
    with pytest.raises(ClientError, match="already exists with different attributes"):
        sns.create_topic(Name=name, Attributes={"DisplayName": "two"})
    with pytest.raises(ClientError, match="already exists with different tags"):
        sns.create_topic(Name=name, Tags=[{"Key": "team", "Value": "web"}])
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "one"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"MessageDeduplicationId": "d"}, "not valid for this topic type"),
        ({"MessageAttributes": attribute("Text")}, "invalid message attribute type"),
        ({"MessageAttributes": attribute("Number", "x")}, "Could not cast message attribute 'a'"),
    ],
)
def test_messages(aws: Any, name: str, more: dict[str, Any], said: str) -> None:
    """What lies beside it is taken."""
    sns = aws("sns")
    arn = sns.create_topic(Name=name)["TopicArn"]
    with pytest.raises(ClientError, match=said):
        sns.publish(TopicArn=arn, Message="m", **more)
    sns.publish(TopicArn=arn, Message="m", MessageAttributes=attribute("Number.int", "-1.5e3"))
    sns.publish(TopicArn=arn, Message="m", MessageAttributes=attribute("String.Array", "[1]"))
