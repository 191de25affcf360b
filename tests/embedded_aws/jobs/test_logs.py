"""Log events cut into what one PutLogEvents takes."""

from __future__ import annotations

import pytest

from data_pipeline.embedded_aws.jobs.logs import batches


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
