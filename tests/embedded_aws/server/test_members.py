"""Members of requests by the service's model: what is taken, and what is refused before a handler reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from data_pipeline.embedded_aws.identity.signing.request import Refused
from data_pipeline.embedded_aws.server import members
from tests.embedded_aws.server.any_request import NO_OBJECTS


def checked(
    service: str, target: str, body: Any, path: str = "/", query: str = "", method: str = "POST"
) -> bytes:
    """The members of a request as `members.checked` gives them on."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return members.checked(service, method, path, target, query, content)


@pytest.mark.parametrize("body", NO_OBJECTS)
def test_what_is_no_object(body: bytes) -> None:
    """Every one is said to be unreadable, also for an operation that nobody knows."""
    for target in ("ListDatabases", "Nope"):
        with pytest.raises(Refused) as refused:
            checked("athena", target, body)
        assert (refused.value.code, refused.value.status) == ("SerializationException", 400)


@pytest.mark.parametrize(
    ("service", "target", "body", "code", "words"),
    [
        ("glue", "GetTable", {"DatabaseName": 3, "Name": "a"}, "SerializationException", "databaseName: int"),
        ("glue", "GetTable", {"DatabaseName": "a"}, "ValidationException", "Value null at 'name'"),
        ("glue", "GetTable", {"DatabaseName": "a", "Name": None}, "ValidationException", "Value null at 'name'"),
        ("glue", "CreateTable", {"DatabaseName": "a", "TableInput": []}, "SerializationException", "tableInput: list"),
        ("glue", "BatchGetPartition", {"PartitionsToGet": ["a"]}, "SerializationException", "str can not"),
        ("glue", "GetTables", {"DatabaseName": "a", "MaxResults": 2**31}, "SerializationException", "maxResults"),
        ("glue", "GetTables", {"DatabaseName": "a", "MaxResults": True}, "SerializationException", "bool can not"),
        ("athena", "GetQueryExecution", {}, "InvalidRequestException", "queryExecutionId"),
        ("athena", "CreateWorkGroup", {"Name": "a", "Tags": [{}]}, "InvalidRequestException", "tags.key"),
        ("athena", "GetWorkGroup", {"WorkGroup": "\ud800"}, "SerializationException", "no object"),
        ("states", "DescribeExecution", {"executionArn": [{}]}, "SerializationException", "executionArn: list"),
        ("logs", "DescribeLogStreams", {"limit": {}}, "SerializationException", "limit: dict"),
        ("sqs", "SendMessage", {"QueueUrl": "a"}, "MissingParameter", "messageBody"),
        ("sqs", "ListQueueTags", {"QueueUrl": {"a": None}}, "SerializationException", "queueUrl: dict"),
    ],
)  # fmt: skip
def test_what_the_model_refuses(service: str, target: str, body: Any, code: str, words: str) -> None:
    """A wrong type, or nothing where something must be, with its place."""
    with pytest.raises(Refused, match=words) as refused:
        checked(service, target, body)
    assert (refused.value.code, refused.value.status) == (code, 400)


def test_what_is_taken() -> None:
    """As it came: members that nobody knows too. Nulls are left out, as they are nothing."""
    for body in (
        b"",
        b"{}",
        b'{"Nope": [1, {"a": 2}]}',
        b' {"MaxResults": 5}\n',
        b'{"Nope": "\\ud83d\\ude00 [[[["}',
    ):
        assert checked("glue", "GetDatabases", body) == body
    given = {"TableInput": {"Name": "a", "Owner": None, "Parameters": {"null": "null"}}, "DatabaseName": "a"}
    kept = {"TableInput": {"Name": "a", "Parameters": {"null": "null"}}, "DatabaseName": "a"}
    assert json.loads(checked("glue", "CreateTable", given)) == kept


def test_depth() -> None:
    """So many levels and no more; brackets within texts are none."""
    for marks, others in (("[", "]"), ('{"a":', "}")):
        inside = 1 if marks == "[" else 2
        whole = f'{{"a": {marks * (members.DEEPEST - inside)}1{others * (members.DEEPEST - inside)}}}'
        deeper = f'{{"a": {marks * members.DEEPEST}1{others * members.DEEPEST}}}'
        assert checked("glue", "GetDatabases", whole.encode())
        with pytest.raises(Refused, match="more than 100 levels"):
            checked("glue", "GetDatabases", deeper.encode())
    assert checked("glue", "GetDatabases", {"a": '"[{' * 500})


def test_services_with_paths() -> None:
    """The operation is told by method and path; whole numbers of a query are held too."""
    with pytest.raises(Refused, match="target: str"):
        checked("scheduler", "", {"Target": "a"}, "/schedules/a")
    with pytest.raises(Refused, match="'scheduleExpression'"):
        checked(
            "scheduler",
            "",
            {"Target": {"Arn": "a", "RoleArn": "b"}, "FlexibleTimeWindow": {"Mode": "OFF"}},
            "/schedules/a",
        )
    with pytest.raises(Refused, match="MaxResults is no whole number"):
        checked("scheduler", "", b"", "/schedules", "NamePrefix=a&MaxResults=%00", "GET")
    assert checked("scheduler", "", b"", "/schedules", "NamePrefix=a&MaxResults=7", "GET") == b""
    group = "arn:aws:scheduler:us-east-1:000000000000:schedule-group/x"
    with pytest.raises(Refused, match="tags: int can not"):
        checked("scheduler", "", {"Tags": 5}, f"/tags/{group}")
    with pytest.raises(Refused, match="record: int can not"):
        checked("sagemaker", "", {"Record": 5}, "/FeatureGroup/arn:x:feature-group/x", method="PUT")
    with pytest.raises(Refused, match="identifiers: int"):
        checked("sagemaker", "", {"Identifiers": 1}, "/BatchGetRecord")
