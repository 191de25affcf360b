"""What a case comes to, and what is noted of a call: nothing that fails is taken for a refusal."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from conformance import cases, relay, report
from conformance.cases import Case


def fails(words: str) -> Callable[[], None]:
    """A case that fails with these words."""

    def run() -> None:
        raise RuntimeError(words)

    return run


REFUSAL = "The embedded AWS does not emulate glue:SearchTables."


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (Case(lambda: None, None), "passed"),
        (Case(fails(REFUSAL), "glue:SearchTables"), "refused"),
        (Case(fails(REFUSAL), "glue:GetTables"), "failed"),
        (Case(fails("timed out after glue:SearchTables"), "glue:SearchTables"), "failed"),
        (Case(fails(REFUSAL), None), "failed"),
        (Case(lambda: None, "glue:SearchTables"), "failed"),
        (Case(sys.exit, None), "failed"),
        (Case(lambda: sys.exit(REFUSAL), "glue:SearchTables"), "failed"),
    ],
)
def test_what_a_case_comes_to(case: Case, expected: str) -> None:
    assert cases.outcome(case)[0] == expected


@pytest.mark.parametrize(
    ("described", "said"), [("8118c23\n", "commit 8118c23"), ("8118c23-dirty\n", "on top of commit 8118c23")]
)
def test_commit_of_the_record(described: str, said: str) -> None:
    """A tree with changes is not the commit that it stands on."""
    assert report.commit(described) == said


def test_what_is_noted_of_a_call() -> None:
    """A refusal by name is a 501, too, and is not counted as a mistake of the server."""
    calls = relay.Calls()
    calls.note("glue:GetTable", 200, b"{}")
    calls.note("glue:GetTable", 400, b'{"__type": "EntityNotFoundException"}')
    calls.note("glue:SearchTables", 501, b'{"__type": "NotImplementedException"}')
    calls.note("s3:PUT bucket", 501, b"<Error><Code>NotImplemented</Code></Error>")
    calls.note("s3:PUT object", 500, b"<Error><Code>InternalError</Code></Error>")
    assert calls.asked["glue:GetTable"] == 2
    assert set(calls.refused) == {"glue:SearchTables", "s3:PUT bucket"}
    assert dict(calls.broken) == {"s3:PUT object: 500 InternalError": 1}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "expected"),
    [
        ("POST", "/", {"X-Amz-Target": "AWSGlue.GetTable"}, b"{}", "glue:GetTable"),
        ("POST", "/", {}, b"Action=ListRoles&Version=1", "glue:ListRoles"),
        ("GET", "/schedules?x=1", {}, b"", "glue:GET /schedules"),
    ],
)
def test_names_of_operations(
    method: str, path: str, headers: dict[str, str], body: bytes, expected: str
) -> None:
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/glue/aws4_request, x"}
    assert relay.operation(method, path, headers | signed, body) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "s3:GET buckets"),
        ("/b?list-type=2", "s3:GET bucket"),
        ("/b?location", "s3:GET bucket ?location"),
        ("/b/k/l?tagging=&x=1", "s3:GET object ?tagging"),
    ],
)
def test_names_of_requests_to_s3(path: str, expected: str) -> None:
    assert relay.operation("GET", path, {}, b"") == expected
