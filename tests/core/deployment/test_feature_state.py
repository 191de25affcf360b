"""Where definition, deployed group, table and records differ, in the words that a user reads."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.core.deployment.changes import Change
from data_pipeline.core.deployment.feature_state import new_version, of_group, of_records, of_table, replaced

DEFINITION: dict[str, Any] = {
    "description": "rides by window",
    "owner": "mobility",
    "table": "counts",
    "window": {"start": "timestamp", "minutes": 15},
    "record_identifier": "dataset",
    "event_time": "window_end",
    "lag": "100 days",
    "features": {
        "dataset": {"type": "string"},
        "window_end": {"type": "string"},
        "rides": {"type": "integral"},
    },
    "records": {"all": {"rides": "num_rides"}, "green": {"rides": "green"}},
    "online": True,
    "offline": True,
    "ttl_days": 400,
}
COLUMNS = {"timestamp": "timestamp", "num_rides": "long", "green": "long"}
LATER = "add a group 'rides_v2' beside it, and take this one away when nothing reads it any more"


def group(**changes: Any) -> FeatureGroup:
    return FeatureGroup.model_validate({**DEFINITION, **changes})


def deployed(**changes: Any) -> dict[str, Any]:
    features = ("dataset", "String"), ("window_end", "String"), ("rides", "Integral")
    features += ("available_at", "String"), ("available_by", "String")
    return {
        "FeatureDefinitions": [{"FeatureName": name, "FeatureType": kind} for name, kind in features],
        "RecordIdentifierFeatureName": "dataset",
        "EventTimeFeatureName": "window_end",
        "Description": "rides by window",
        "OnlineStoreConfig": {"EnableOnlineStore": True, "TtlDuration": {"Unit": "Days", "Value": 400}},
        "OfflineStoreConfig": {"TableFormat": "Iceberg"},
        **changes,
    }


def test_what_is_deployed_as_it_is_defined_does_not_differ() -> None:
    assert not list(of_group("rides", group(), deployed()))
    assert not list(of_group("rides", group(online=False, offline=False, ttl_days=None), None))


FEATURES = DEFINITION["features"]


@pytest.mark.parametrize(
    ("definition", "there", "what", "todo", "refused"),
    [
        ({}, None, "is not deployed", "deploy", False),
        (
            {"features": {**FEATURES, "dow": {"type": "integral"}}},
            {},
            "lacks the feature 'dow'",
            "deploy",
            False,
        ),
        (
            {"features": {name: FEATURES[name] for name in ("dataset", "window_end")}, "records": {}},
            {},
            "has the feature 'rides', which the definition does not have",
            f"write it again, since none can be removed; or {LATER}",
            True,
        ),
        (
            {"features": {**FEATURES, "rides": {"type": "fractional"}}},
            {},
            "has 'rides' as integral, the definition as fractional",
            f"write 'integral', since no type can change; or {LATER}",
            True,
        ),
        (
            {"description": "other"},
            {},
            "has description 'rides by window', the definition 'other'",
            f"write 'rides by window', since it cannot change; or {LATER}",
            True,
        ),
        (
            {"offline": False},
            {},
            "has offline true, the definition false",
            f"write true, since it cannot change; or {LATER}",
            True,
        ),
        ({"ttl_days": 500}, {}, "keeps records for 400 days, the definition for 500 days", "deploy", False),
        (
            {"ttl_days": None},
            {},
            "keeps records for 400 days, the definition for ever",
            f"write a 'ttl_days', since a time to live cannot be taken away; or {LATER}",
            True,
        ),
        (
            {},
            {"OfflineStoreStatus": {"Status": "Blocked", "BlockedReason": "no s3:PutObject"}},
            "its offline store is blocked: no s3:PutObject",
            "let the role of the group do what is denied; the records that wait are written then",
            False,
        ),
    ],
)
def test_a_deployed_group(
    definition: dict[str, Any], there: dict[str, Any] | None, what: str, todo: str, refused: bool
) -> None:
    described = None if there is None else deployed(**there)
    (found,) = of_group("rides", group(**definition), described)
    assert (found.where, found.what, found.todo, found.refused) == ("group", what, todo, refused)


@pytest.mark.parametrize(
    ("columns", "what", "todo"),
    [
        (None, "there is no table counts yet", "run the pipeline"),
        (
            {"timestamp": "timestamp", "green": "long"},
            "counts has no column 'num_rides', which 'rides' is read from",
            "name one of its columns: 'timestamp' or 'green'",
        ),
        (
            {**COLUMNS, "green": "string"},
            "'green' is string, and 'rides' is integral",
            "give the feature the type of its column",
        ),
    ],
)
def test_a_table(columns: dict[str, str] | None, what: str, todo: str) -> None:
    (found,) = of_table(group(), columns)
    assert (found.where, found.what, found.todo) == ("table", what, todo)
    assert not list(of_table(group(), COLUMNS))


def test_records() -> None:
    newest = {"all": "2024-01-02T00:00:00Z", "green": "2024-01-02T00:00:00Z", "fhv": "2024-01-01T00:00:00Z"}
    online = {"all": "2024-01-02T00:00:00Z", "green": "2024-01-01T00:00:00Z"}
    assert [found.what for found in of_records(newest, online)] == [
        "the newest of 'green' is 2024-01-02T00:00:00Z, the online store has 2024-01-01T00:00:00Z",
        "the newest of 'fhv' is 2024-01-01T00:00:00Z, the online store has no record, or it has expired",
    ]


def test_the_next_version_has_the_next_number() -> None:
    assert "'rides_v2'" in new_version("rides")
    assert "'rides_v10'" in new_version("rides_v9")
    assert "'by_van_v2'" in new_version("by_van")


def test_what_a_change_set_would_replace() -> None:
    """A change of the tags too, whatever the change set calls it; and no group that is only added to."""
    kind = "AWS::SageMaker::FeatureGroup"
    changes = [
        Change("Modify", "A", kind, "True", ("Description",)),
        Change("Modify", "B", kind, "False", ("Tags",)),
        Change("Modify", "C", kind, "Conditional"),
        Change("Modify", "D", kind, "False", ("FeatureDefinitions",)),
        Change("Add", "E", kind),
        Change("Modify", "F", "AWS::IAM::Role", "True", ("Path",)),
    ]
    assert replaced(changes) == ["A (Description)", "B (Tags)", "C (AWS does not say of what)"]
