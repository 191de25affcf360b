"""The record of deployments: written and read again, and what it frees."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from data_pipeline.core.deployment.deployment_record import (
    Deployment,
    current,
    dump,
    earlier,
    key,
    next_number,
    noted,
    over,
    parse,
    remembered,
    retained,
    unused,
    unused_versions,
    why_it_failed,
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
        (b'{"version": 3, "deployments": []}', "of version 3, and this data-pipeline reads version 2"),
    ],
)
def test_what_is_no_record_is_refused_and_never_taken_for_an_empty_one(content: bytes, says: str) -> None:
    """The data bucket would be forgotten, and artifacts in use deleted."""
    with pytest.raises(UserError, match=says) as found:
        parse(content, "s3://artifacts/nyc-tlc/deployments/dev.json")
    assert "s3://artifacts/nyc-tlc/deployments/dev.json" in str(found.value)


def test_a_record_without_numbers_is_read_and_counted() -> None:
    """As version 0.2.0 wrote it; a new deployment counts on."""
    whole = json.loads(dump([made(3, "a"), made(1, "b", ended=False)]))
    kept = ("time", "by", "artifacts", "outputs", "retained")
    old = {
        "version": 1,
        "deployments": [{name: each[name] for name in kept} for each in whole["deployments"]],
    }
    read = parse(json.dumps(old).encode(), "s3://x")
    assert [(each.number, each.templates, each.commit) for each in read] == [(1, (), ""), (2, (), "")]
    assert next_number(read) == 3


def test_a_number_is_never_given_twice() -> None:
    """Also where the deployments before have been forgotten."""
    assert next_number([]) == 1
    assert next_number([made(1, "a", number=7), made(0, "b", ended=False, number=8)]) == 9


def test_what_is_deployed_is_the_last_that_ended_well() -> None:
    assert current([]) is None
    record = [made(3, "a"), made(2, "b"), made(1, "c", ended=False)]
    assert current(record) is record[1]


TEMPLATES = {"templates": ("a", "b")}


def test_back_is_to_the_one_before_or_to_that_of_a_number() -> None:
    """Before the newest: from one that failed, back to what had been deployed."""
    record = [made(5 - n, "a", ended=n != 3, number=n, **TEMPLATES) for n in (1, 2, 3, 4)]
    assert earlier(record, None, "dev").number == 2
    assert earlier(record[:3], None, "dev").number == 2
    assert earlier(record, 1, "dev").number == 1
    assert earlier(record, 4, "dev").number == 4


def test_going_back_again_is_to_where_it_was_broken_off() -> None:
    """Not to the deployment that one was about to leave."""
    record = [made(5 - n, "a", number=n, **TEMPLATES) for n in (1, 2, 3)]
    stopped = made(1, "a", ended=False, number=4, back_to=1, **TEMPLATES)
    assert earlier([*record, stopped], None, "dev").number == 1
    assert earlier([*record, replace(stopped, failed="no")], None, "dev").number == 1
    assert earlier([*record, replace(stopped, outputs={"a": "b"})], None, "dev").number == 3
    assert earlier([*record, stopped], 2, "dev").number == 2


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (None, "dev has no earlier deployment to go back to"),
        (9, r"found no deployment 9 of dev in the record, which has 3 to 4"),
        (3, "deployment 3 of dev did not end well"),
        (4, "deployment 4 of dev was recorded by an older data-pipeline, without its templates"),
    ],
)
def test_what_cannot_be_gone_back_to_is_refused(number: int | None, says: str) -> None:
    with pytest.raises(UserError, match=says):
        earlier([made(1, "a", ended=False, number=3, **TEMPLATES), made(0, "a", number=4)], number, "dev")
    with pytest.raises(UserError, match="which has none"):
        earlier([], 1, "dev")


def test_why_a_deployment_failed_is_the_first_failure_of_its_stack() -> None:
    text = "s: the deployment failed; it is now away.\n  first failure: Queue (T): no\nMend it."
    assert [why_it_failed(each) for each in (text, "not changed.\nmore", "")] == [
        "Queue (T): no",
        "not changed.",
        "no reason was given",
    ]


def test_a_deployment_tells_its_commit() -> None:
    one = made(1, "a", commit="3f2a9c")
    assert (one.version, replace(one, dirty=True).version, made(1, "a").version) == ("3f2a9c", "3f2a9c+", "")


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


def test_versions_go_with_their_deployments() -> None:
    """Those of deployments that were replaced long ago, unless a later one has the same; its number ends its ARN."""
    machine = "arn:aws:states:us-east-1:1:stateMachine:nyc-tlc-dev"

    def of(number: int) -> dict[str, str]:
        return {"DataBucket": "b", "StateMachineVersionArn": f"{machine}:{number}"}

    old, same, replaced, newest = (made(days, "a") for days in (90, 80, 70, 5))
    record = (
        replace(old, outputs=of(1)),
        replace(same, outputs=of(2)),
        replace(replaced, outputs=of(2)),
        replace(newest, outputs=of(3)),
    )
    assert unused_versions(record, NOW, 30) == {f"{machine}:1"}
    assert unused_versions(record, NOW, 3) == {f"{machine}:1", f"{machine}:2"}
    assert [each.machine_version for each in (*record, made(1, "a"))] == ["1", "2", "2", "3", ""]
