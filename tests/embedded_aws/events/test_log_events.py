"""Batches and filters of CloudWatch Logs: what AWS refuses is not kept, and a filter means what AWS's does."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from data_pipeline.embedded_aws.dispatch import Refused
from data_pipeline.embedded_aws.events import log_events
from data_pipeline.embedded_aws.events.log_events import DAY, matcher

HOUR = 3600 * 1000


@pytest.fixture
def logs(aws: Any, name: str) -> Any:
    """A client, and a group with the streams ``a`` and ``b``."""
    made = aws("logs")
    made.create_log_group(logGroupName=name)
    for stream in ("a", "b"):
        made.create_log_stream(logGroupName=name, logStreamName=stream)
    return made


def put(logs: Any, group: str, *events: tuple[int, str], stream: str = "a") -> Any:
    """PutLogEvents of (milliseconds, message)."""
    batch = [{"timestamp": moment, "message": message} for moment, message in events]
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)


def messages(answer: Any) -> list[str]:
    """What the events say."""
    return [event["message"] for event in answer["events"]]


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([(1, "b"), (0, "a")], "chronological order"),
        ([(0, "a"), (DAY + 1, "b")], "24 hours"),
        ([(0, "x" * 1_048_576)], "exceeds limit"),
    ],
)
def test_refused_batches(logs: Any, name: str, events: list[tuple[int, str]], said: str) -> None:
    """Out of order, over more than a day, or too large; nothing of it is kept."""
    now = int(time.time() * 1000) - 2 * DAY
    with pytest.raises(ClientError, match=said):
        put(logs, name, *((now + moment, message) for moment, message in events))
    assert messages(logs.filter_log_events(logGroupName=name)) == []


def test_rejected_events(logs: Any, name: str) -> None:
    """Events too old, older than the group keeps them, or too new are left out, and counted."""
    now = int(time.time() * 1000)
    found = put(logs, name, (now - 15 * DAY, "old"), (now - 15 * DAY, "old"), (now - 14 * DAY - 1, "old"))
    assert found["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 3}
    found = put(logs, name, (now, "kept"), (now + 3 * HOUR, "new"))
    assert found["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    assert found["nextSequenceToken"]
    logs.put_retention_policy(logGroupName=name, retentionInDays=1)
    found = put(logs, name, (now - 2 * DAY, "expired"))
    assert found["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    assert messages(logs.filter_log_events(logGroupName=name)) == ["kept"]


def test_filters(logs: Any, name: str) -> None:
    """By stream, prefix, time and pattern, in pages."""
    now = int(time.time() * 1000)
    put(logs, name, *((now + number, f"a {number}") for number in range(3)))
    put(logs, name, (now + 1, "b"), stream="b")
    group = {"logGroupName": name}
    assert messages(logs.filter_log_events(**group, logStreamNamePrefix="b")) == ["b"]
    assert messages(logs.filter_log_events(**group, logStreamNames=["a"], startTime=now + 1)) == [
        "a 1",
        "a 2",
    ]
    assert messages(logs.filter_log_events(**group, filterPattern='a -"a 1"')) == ["a 0", "a 2"]
    paged = logs.get_paginator("filter_log_events").paginate(**group, PaginationConfig={"PageSize": 2})
    pages = [messages(page) for page in paged]
    assert [len(page) for page in pages] == [2, 2]
    assert sorted(pages[0] + pages[1]) == ["a 0", "a 1", "a 2", "b"]
    for wrong, said in (
        ({"logStreamNames": ["a"], "logStreamNamePrefix": "a"}, "cannot both be given"),
        ({"logStreamNames": ["none"]}, "does not exist"),
        ({"filterPattern": '{ $.level = "error" }'}, "with a pattern of JSON"),
        ({"nextToken": name}, "nextToken is invalid"),
        ({"logGroupIdentifier": name}, "but not both"),
    ):
        with pytest.raises(ClientError, match=said):
            logs.filter_log_events(**group, **wrong)
    with pytest.raises(ClientError, match="Cannot order by LastEventTime"):
        logs.describe_log_streams(**group, orderBy="LastEventTime", logStreamNamePrefix="a")
    found = logs.describe_log_streams(logGroupIdentifier=name)["logStreams"]
    assert [stream["logStreamName"] for stream in found] == ["a", "b"]
    for ask in (logs.describe_log_streams, logs.filter_log_events):
        with pytest.raises(ClientError, match="but not both"):
            ask()


def test_pages_while_events_come_and_go(logs: Any, name: str) -> None:
    """An event that comes with an earlier time gives none twice; a stream that goes takes none of the others along."""
    now, group = int(time.time() * 1000), {"logGroupName": name}
    put(logs, name, *((now + moment, f"a {moment}") for moment in (10, 20, 20, 20, 30)))
    first = logs.filter_log_events(**group, limit=2)
    put(logs, name, (now + 5, "b 5"), (now + 20, "b 20"), stream="b")
    second = logs.filter_log_events(**group, limit=1, nextToken=first["nextToken"])
    third = logs.filter_log_events(**group, limit=3, nextToken=second["nextToken"])
    assert [messages(page) for page in (first, second, third)] == [
        ["a 10", "a 20"],
        ["a 20"],
        ["a 20", "b 20", "a 30"],
    ]
    assert "nextToken" not in third
    logs.delete_log_stream(logGroupName=name, logStreamName="a")
    assert messages(logs.filter_log_events(**group, nextToken=f"{now + 10}:1")) == ["b 20"]


def test_one_page_reads_what_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The range is found by halving, and no event after the page is matched."""
    events = [
        {"timestamp": moment, "ingestionTime": 0, "message": f"event {moment}"} for moment in range(100_000)
    ]
    monkeypatch.setattr(log_events, "_streams", lambda _data: {"a": {"events": events}})
    seen: list[str] = []
    monkeypatch.setattr(log_events, "matcher", lambda _pattern: lambda text: seen.append(text) or True)
    page = asyncio.run(log_events.find({"startTime": 50_000, "limit": 3}))
    assert [event["timestamp"] for event in json.loads(page[2])["events"]] == [50_000, 50_001, 50_002]
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("", ["ERROR one", "error two", "WARN three"]),
        ("ERROR", ["ERROR one"]),
        ("ERROR one", ["ERROR one"]),
        ("ERROR two", []),
        ('"OR o"', ["ERROR one"]),
        ("-ERROR", ["error two", "WARN three"]),
        ("?ERROR ?WARN", ["ERROR one", "WARN three"]),
    ],
)
def test_patterns(pattern: str, matched: list[str]) -> None:
    """Terms: all, none or one of them, capitals told apart. Source: "Filter pattern syntax" of the user guide."""
    matches = matcher(pattern)
    assert [text for text in ("ERROR one", "error two", "WARN three") if matches(text)] == matched


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("{ $.a = 1 }", "NotImplementedException"),
        ("[a, b]", "NotImplementedException"),
        ("%a.c%", "NotImplementedException"),
        ("?a b", "NotImplementedException"),
        ("a.c", "InvalidParameterException"),
        ('"open', "InvalidParameterException"),
    ],
)
def test_refused_patterns(pattern: str, code: str) -> None:
    """What is not worked out is refused by name, and what is no pattern as AWS refuses it."""
    with pytest.raises(Refused) as refused:
        matcher(pattern)
    assert refused.value.code == code


def test_groups_and_streams_in_pages(logs: Any, name: str) -> None:
    """By the token that was given, and by no other."""
    logs.create_log_group(logGroupName=f"{name}-2")
    first = logs.describe_log_groups(logGroupNamePrefix=name, limit=1)
    second = logs.describe_log_groups(logGroupNamePrefix=name, limit=1, nextToken=first["nextToken"])
    assert [page["logGroups"][0]["logGroupName"] for page in (first, second)] == [name, f"{name}-2"]
    first = logs.describe_log_streams(logGroupName=name, limit=1)
    second = logs.describe_log_streams(logGroupName=name, limit=1, nextToken=first["nextToken"])
    assert [page["logStreams"][0]["logStreamName"] for page in (first, second)] == ["a", "b"]
    for token in ("later", "MTA="[:-1]):
        with pytest.raises(ClientError, match="InvalidParameter"):
            logs.describe_log_groups(nextToken=token)
        with pytest.raises(ClientError, match="InvalidParameter"):
            logs.describe_log_streams(logGroupName=name, nextToken=token)
