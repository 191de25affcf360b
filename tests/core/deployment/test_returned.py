"""Which versions of objects bring a moment back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data_pipeline.core.deployment.deployment_record import Deployment
from data_pipeline.core.deployment.returned import (
    Ruled,
    Step,
    Version,
    refuse_expired,
    ruled,
    rules_days,
    steps,
    until,
)
from data_pipeline.core.errors import UserError

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def version(key: str, id_: str, hours: float, etag: str = "", **more: bool) -> Version:
    return Version(key, id_, NOON + timedelta(hours=hours), etag or id_, **more)


def marker(key: str, hours: float, **more: bool) -> Version:
    return Version(key, "marker", NOON + timedelta(hours=hours), deleted=True, **more)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([version("k", "a", -2), version("k", "b", 1, latest=True)], [Step("k", "a")]),
        ([version("k", "a", -2), version("k", "b", -1, latest=True)], []),
        ([version("k", "a", 1, latest=True)], [Step("k", None)]),
        ([version("k", "a", -2), marker("k", 1, latest=True)], [Step("k", "a")]),
        ([version("k", "a", -2), marker("k", -1), version("k", "b", 1, latest=True)], [Step("k", None)]),
        ([version("k", "a", 1), marker("k", 2, latest=True)], []),
        ([version("k", "a", -1, "e"), version("k", "b", 1), version("k", "c", 2, "e", latest=True)], []),
    ],
    ids=["changed", "same", "new", "deleted", "made-again", "came-and-went", "done-already"],
)
def test_every_object_becomes_what_it_was(versions: list[Version], expected: list[Step]) -> None:
    assert steps(versions, NOON) == expected
    assert steps(versions[::-1], NOON) == expected


def test_a_deployment_lasts_until_the_next_one_that_ended_well() -> None:
    """One that failed has replaced nothing; one that was left running may have."""
    made = [
        Deployment(f"2026-11-30T0{n}:00:00+00:00", "me", (), {"a": "b"} if n != 2 else {}, number=n)
        for n in (1, 2, 3)
    ]
    assert until([made[0], replace(made[1], failed="no"), made[2]], made[0]) == made[2].at
    assert until(made, made[0]) == made[1].at
    assert until(made, made[2]) is None


def test_what_may_have_expired_is_refused() -> None:
    days: dict[str, int | None] = {
        "retention.state_versions_days": 90,
        "retention.export_versions_days": None,
    }
    refuse_expired(NOON, NOON + timedelta(days=90), days)
    with pytest.raises(UserError, match=r"are kept for 90 days \(retention.state_versions_days\)"):
        refuse_expired(NOON, NOON + timedelta(days=91), days)


def test_a_bucket_s_own_rules_say_how_long_older_versions_stay() -> None:
    """Those that cover state or exports, or a part of them; not what is off, elsewhere, or for objects of now."""

    def rule(name: str, days: int, status: str = "Enabled", **more: Any) -> dict[str, Any]:
        kept = {"NoncurrentVersionExpiration": {"NoncurrentDays": days}}
        return {"ID": name, "Status": status, **kept, **more}

    rules = [
        rule("all", 30, Filter={}),
        rule("output", 31, Filter={"Prefix": "output/"}),
        rule("state", 32, Prefix="output/state/"),
        rule(
            "datasets", 33, Filter={"And": {"Prefix": "output/state/datasets/", "ObjectSizeGreaterThan": 5}}
        ),
        rule("tagged", 34, Filter={"Tag": {"Key": "a", "Value": "b"}}),
        rule("off", 1, "Disabled", Filter={}),
        rule("input", 1, Filter={"Prefix": "input/"}),
        rule("rebuilds", 1, Filter={"Prefix": "output/state/rebuilds/"}),
        {"ID": "now", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}},
    ]
    places = ("output/state/", "output/export/")
    found = rules_days(rules, "bucket b", places, "output/state/rebuilds/")
    named = {"all": 30, "output": 31, "state": 32, "datasets": 33, "tagged": 34}
    assert found == {f"rule {name} of bucket b": days for name, days in named.items()}


def test_each_deployment_has_its_rules_until_a_later_one_ended_well() -> None:
    """One that failed has them, too, and ends nobody's; without a template, or a bucket, there are none."""
    days = (1, 12, 13, 14, 15)
    made = [Deployment(f"2026-11-{n:02}T00:00:00+00:00", "me", (), {"a": "b"}, number=n) for n in days]
    made[2] = replace(made[2], outputs={}, failed="no")  # and it was rolled back
    keeps = {"Id": "short", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
    nameless = {name: value for name, value in keeps.items() if name != "Id"}

    def bucket(rule: dict[str, Any]) -> dict[str, Any]:
        return {"Resources": {"DataBucket": {"Properties": {"LifecycleConfiguration": {"Rules": [rule]}}}}}

    templates = {1: bucket(keeps), 12: bucket(keeps), 13: bucket(nameless), 14: {"Resources": {}}, 15: {}}
    found = [*ruled(made[::-1], made[0], NOON, lambda each: templates[each.number])]
    assert found == [
        Ruled(1, made[1].at, ({**keeps, "ID": "short"},)),
        Ruled(12, made[3].at, ({**keeps, "ID": "short"},)),
        Ruled(13, made[3].at, ({**nameless, "ID": "without a name"},)),
        Ruled(14, made[4].at, ()),
        Ruled(15, NOON, ()),
    ]
    assert rules_days(found[1].rules, "deployment 12", ["output/state/"], "output/state/rebuilds/") == {
        "rule short of deployment 12": 1
    }
