"""Log events in what one PutLogEvents takes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from data_pipeline.embedded_aws.jobs.logs import LogStream, batches


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([1], [1]),
        ([1] * 10_001, [10_000, 1]),
        ([262_118] * 5, [4, 1]),
        ([1_048_550, 1], [1, 1]),
        ([524_262, 524_262, 1], [2, 1]),
    ],
)
def test_batches_keep_the_limits_and_the_order(sizes: list[int], expected: list[int]) -> None:
    """At most 10,000 events and 1,048,576 bytes with 26 for each event; nothing is lost or moved."""
    events = [{"timestamp": number, "message": "x" * size} for number, size in enumerate(sizes)]
    found = batches(events)
    assert [len(batch) for batch in found] == expected
    assert [event for batch in found for event in batch] == events


def test_bytes_are_counted_not_characters() -> None:
    """A character of four bytes weighs four."""
    taxi = "\U0001f695"
    fits, too_much = 131_065, 131_066
    for length, expected in ((fits, [2]), (too_much, [1, 1])):
        events = [{"timestamp": number, "message": taxi * length} for number in range(2)]
        assert [len(batch) for batch in batches(events)] == expected


class Client:
    """CloudWatch Logs that keeps what it is given."""

    def __init__(self) -> None:
        """With nothing."""
        self.given: list[dict[str, Any]] = []

    def create_log_stream(self, **_names: str) -> None:
        """It can be made."""

    def put_log_events(self, *, logEvents: list[dict[str, Any]], **_names: str) -> None:  # noqa: N803 - AWS's
        """Keep them."""
        self.given += logEvents


def test_events_are_in_order_whatever_the_clock_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch out of order would be refused; an event after the clock was set back has the time of the one before."""
    client = Client()
    stream = LogStream(client, "group", "stream", lambda: None)
    for moment in (5.0, 4.0, 6.0):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        stream.write(str(moment))
    stream.close()
    assert [(event["timestamp"], event["message"]) for event in client.given] == [
        (5000, "5.0"),
        (5000, "4.0"),
        (6000, "6.0"),
    ]
