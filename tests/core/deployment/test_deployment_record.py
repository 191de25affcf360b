"""The record of deployments: written and read again, and what it frees."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from data_pipeline.core.deployment.deployment_record import (
    Deployment,
    dump,
    key,
    noted,
    over,
    parse,
    remembered,
    retained,
    unused,
)
from data_pipeline.core.errors import UserError

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
CODE = "nyc-tlc/code/{}/"


def made(days_ago: float, code: str, ended: bool = True, **more: object) -> Deployment:
    time = (NOW - timedelta(days=days_ago)).isoformat()
    outputs = {"DataBucket": "b"} if ended else {}
    return Deployment(time, "arn:aws:iam::1:user/me", (CODE.format(code),), outputs, **more)  # type: ignore[arg-type]


def test_what_is_written_is_read() -> None:
    record = (made(3, "a", retained={"DataBucket": "b"}), made(1, "b", ended=False))
    assert parse(dump(record), "s3://x") == record
    assert key("nyc-tlc/dev") == "nyc-tlc/dev/deployments.json"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "is no record of deployments"),
        (b"[]", "is no record of deployments"),
        (b'{"version": 1, "deployments": [{"time": "2026-01-01"}]}', "is no record of deployments"),
        (b'{"version": 2, "deployments": []}', "of version 2, and this data-pipeline reads version 1"),
    ],
)
def test_what_is_no_record_is_refused_and_never_taken_for_an_empty_one(content: bytes, says: str) -> None:
    """The data bucket would be forgotten, and artifacts in use deleted."""
    with pytest.raises(UserError, match=says) as found:
        parse(content, "s3://artifacts/nyc-tlc/deployments/dev.json")
    assert "s3://artifacts/nyc-tlc/deployments/dev.json" in str(found.value)


def test_a_time_without_its_zone_is_refused() -> None:
    whole = json.loads(dump([made(0, "a")]))
    whole["deployments"][0]["time"] = "2026-01-01T00:00:00"
    with pytest.raises(UserError, match="without its zone"):
        parse(json.dumps(whole).encode(), "s3://x")


def test_a_deployment_is_noted_once_however_often_it_is_written() -> None:
    begun = made(0, "b", ended=False)
    record = noted(noted([made(1, "a")], begun), made(0, "b"))
    assert [(each.artifacts, bool(each.outputs)) for each in record] == [
        ((CODE.format("a"),), True),
        ((CODE.format("b"),), True),
    ]


def test_only_resources_of_the_template_are_retained() -> None:
    """A bucket that the user brings is an output too, and no resource: it is not the next stack's to take."""
    outputs = {"DataBucket": "b", "Database": "d", "DataKey": "arn:k"}
    assert retained(outputs, {"Resources": {"DataBucket": {}, "Database": {}}}) == {"DataBucket": "b"}
    assert retained(outputs, {"Resources": {"Database": {}}}) == {}


def test_the_newest_deployment_that_names_the_bucket_is_remembered() -> None:
    record = [
        made(3, "a", retained={"DataBucket": "old"}),
        made(2, "b", retained={"DataBucket": "new"}),
        made(1, "c"),
    ]
    assert remembered(record) == {"DataBucket": "new"}


def test_a_deployment_is_over_so_many_days_after_it_was_replaced() -> None:
    """Not after it was made: the code of a year ago was in use until yesterday. The last one never is over."""
    long_used = [made(400, "a"), made(1, "b")]
    assert over(long_used, NOW, 14) == ()
    replaced = [made(400, "a"), made(15, "b"), made(2, "c")]
    assert over(replaced, NOW, 14) == (replaced[0],)
    assert over([made(400, "a")], NOW, 14) == ()


def test_a_deployment_that_failed_replaces_nothing() -> None:
    record = [made(400, "a"), made(100, "b", ended=False)]
    assert over(record, NOW, 14) == ()
    record.append(made(50, "c"))
    assert over(record, NOW, 14) == (record[0], record[1])


def test_an_artifact_is_unused_when_no_deployment_needs_it() -> None:
    dev = [made(90, "a"), made(80, "b"), made(50, "c")]
    assert unused(dev, NOW, 30) == {CODE.format("a"), CODE.format("b")}
    assert unused([*dev, made(1, "a")], NOW, 30) == {CODE.format("b")}
