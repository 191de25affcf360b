"""Watching an execution and reading logs, by real clients whose answers are given."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import ANY, Stubber
from core.histories import succeeded

from data_pipeline.aws import states
from data_pipeline.aws.logs import Tail, tail

ARN = "arn:aws:states:us-east-1:123456789012:execution:m:e"


def stubbed(service: str) -> tuple[Any, Stubber]:
    client = boto3.client(
        service,
        region_name="us-east-1",
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    stub = Stubber(client)
    stub.activate()
    return client, stub


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def page(stub: Stubber, events: list[dict[str, Any]], token: str = "", next_token: str = "") -> None:
    """One answer of GetExecutionHistory, newest event first as the request asks."""
    request = {"executionArn": ARN, "reverseOrder": True, "maxResults": ANY}
    answer: dict[str, Any] = {"events": sorted(events, key=lambda e: -e["id"])}
    stub.add_response(
        "get_execution_history",
        answer | ({"nextToken": next_token} if next_token else {}),
        request | ({"nextToken": token} if token else {}),
    )


def test_only_new_events_are_read_however_many_pages_they_take() -> None:
    """Paging back from the newest event ends at the first one that is known."""
    events = succeeded().events
    client, stub = stubbed("stepfunctions")
    page(stub, events[8:], next_token="t1")
    page(stub, events[4:8], token="t1", next_token="t2")
    assert [event["id"] for event in states.new_events(client, ARN, last=6)] == [
        e["id"] for e in events if e["id"] > 6
    ]
    stub.assert_no_pending_responses()


def test_watching_ends_with_the_execution_and_slows_down_while_nothing_happens() -> None:
    """Every look is yielded; pauses grow to the slowest, and a new event makes them short again."""
    events = succeeded().events
    client, stub = stubbed("stepfunctions")
    for count in (5, 5, 5, 5, 5, 5, 12, len(events)):
        page(stub, events[:count])
    clock = Clock()
    pace = states.Pace(fastest=1, slowest=4)
    looks = list(states.watch(client, ARN, clock.sleep, clock, pace))
    assert [look.progress.last_event for look in looks] == [5, 5, 5, 5, 5, 5, 12, len(events)]
    assert looks[-1].progress.status == "SUCCEEDED"
    assert clock.slept == [1, 1.5, 2.25, 3.375, 4, 4, 1]


def test_throttling_only_makes_watching_slower() -> None:
    """AWS's request for patience is followed, and the execution is seen to its end."""
    client, stub = stubbed("stepfunctions")
    page(stub, succeeded().events[:3])
    for code, status in (("ThrottlingException", 400), ("InternalFailure", 500)):
        stub.add_client_error("get_execution_history", code, "Rate exceeded", http_status_code=status)
    page(stub, succeeded().events)
    clock = Clock()
    looks = list(states.watch(client, ARN, clock.sleep, clock))
    assert [bool(look.lost) for look in looks] == [False, True, True, False]
    assert looks[-1].progress.ended


@pytest.fixture
def flaky() -> tuple[Any, Stubber, list[bool]]:
    """A client whose network is down for as many calls as the list has True at its head."""
    client, stub = stubbed("stepfunctions")
    down: list[bool] = []

    def interrupt(**_: Any) -> None:
        if down and down.pop(0):
            raise EndpointConnectionError(endpoint_url="https://states.us-east-1.amazonaws.com")

    client.meta.events.register("provide-client-params.sfn.GetExecutionHistory", interrupt)
    return client, stub, down


def test_a_lost_network_is_survived(flaky: tuple[Any, Stubber, list[bool]]) -> None:
    """While AWS cannot be reached each look says why; when it can again, nothing was missed."""
    client, stub, down = flaky
    down += [False, True, True, True]
    page(stub, succeeded().events[:3])
    page(stub, succeeded().events)
    clock = Clock()
    looks = list(states.watch(client, ARN, clock.sleep, clock))
    assert [bool(look.lost) for look in looks] == [False, True, True, True, False]
    assert looks[1].lost is not None
    assert "states.us-east-1.amazonaws.com" in looks[1].lost
    assert len(looks[-1].progress.states) == len(looks[0].progress.states) + 3


def test_a_network_that_stays_away_ends_watching(flaky: tuple[Any, Stubber, list[bool]]) -> None:
    """After the patience is over the error is raised, not before."""
    client, _, down = flaky
    down += [True] * 1000
    clock = Clock()
    with pytest.raises(EndpointConnectionError):
        list(states.watch(client, ARN, clock.sleep, clock, states.Pace(1, 6, tolerated_outage=60)))
    assert 60 <= clock.now < 70


@pytest.mark.parametrize("code", ["ExpiredTokenException", "AccessDeniedException", "ExecutionDoesNotExist"])
def test_what_waiting_cannot_mend_ends_watching_at_once(code: str) -> None:
    """Credentials that expire during a run are not taken for a lost network."""
    client, stub = stubbed("stepfunctions")
    stub.add_client_error("get_execution_history", code, "no", http_status_code=400)
    clock = Clock()
    with pytest.raises(ClientError):
        list(states.watch(client, ARN, clock.sleep, clock))
    assert clock.slept == []


def test_execution_names_sort_by_time_and_are_names_to_step_functions() -> None:
    """UTC whatever the zone of the clock; only letters, digits and hyphens; two at one moment differ."""
    west = datetime(2026, 11, 23, 22, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert states.execution_name(west, lambda count: "ab" * count) == "2026-11-24T03-30-00Z-ababab"
    assert states.execution_name(west) != states.execution_name(west)


def logged(stub: Stubber, group: str, stream: str, lines: list[tuple[int, str]]) -> None:
    stub.add_response(
        "describe_log_streams",
        {"logStreams": [{"logStreamName": stream}]},
        {"logGroupName": group, "logStreamNamePrefix": "jr_1", "limit": ANY},
    )
    request = {"logGroupName": group, "logStreamName": stream, "startFromHead": False, "limit": ANY}
    events = [{"timestamp": when, "message": text, "ingestionTime": when} for when, text in lines]
    stub.add_response(
        "get_log_events", {"events": events, "nextBackwardToken": "b", "nextForwardToken": "f"}, request
    )
    stub.add_response(
        "get_log_events",
        {"events": [], "nextBackwardToken": "b", "nextForwardToken": "f"},
        request | {"nextToken": "b"},
    )


def test_the_tail_of_a_log_mixes_its_streams_by_time() -> None:
    """Output and errors in the order of writing, the last lines only; a missing group is passed by."""
    client, stub = stubbed("logs")
    stub.add_client_error("describe_log_streams", "ResourceNotFoundException", "no such group")
    logged(stub, "/o", "jr_1", [(1, "a"), (3, "c\nd\n"), (3, "e")])
    logged(stub, "/e", "jr_1_x", [(2, "b"), (4, "f")])
    assert tail(client, ["/none", "/o", "/e"], "jr_1", 5) == Tail(("b", "c", "d", "e", "f"), ("/o", "/e"))
    stub.assert_no_pending_responses()


def test_a_job_without_a_log() -> None:
    """A group without a stream of the job is not among the groups to look at."""
    client, stub = stubbed("logs")
    stub.add_response("describe_log_streams", {"logStreams": []})
    assert tail(client, ["/o"], "jr_1", 5) == Tail()


def test_an_empty_page_is_not_the_end_of_a_log() -> None:
    """CloudWatch may answer with no events and a token that leads to them."""
    client, stub = stubbed("logs")
    stub.add_response("describe_log_streams", {"logStreams": [{"logStreamName": "jr_1"}]})
    event = {"timestamp": 1, "message": "x", "ingestionTime": 1}
    for events, token in (([], "b1"), ([event], "b2"), ([], "b2")):
        stub.add_response(
            "get_log_events", {"events": events, "nextBackwardToken": token, "nextForwardToken": "f"}
        )
    assert tail(client, ["/o"], "jr_1", 5).lines == ("x",)
