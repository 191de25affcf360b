"""AWS::SageMaker::FeatureGroup, which MiniStack does not know."""

from __future__ import annotations

from typing import Any

from .kinds import Kind, Resource, arn_of, call

_GIVEN = (
    "Description",
    "EventTimeFeatureName",
    "FeatureDefinitions",
    "FeatureGroupName",
    "OfflineStoreConfig",
    "OnlineStoreConfig",
    "RecordIdentifierFeatureName",
    "RoleArn",
    "ThroughputConfig",
)


def _make(resource: Resource) -> str:
    name = str(resource.properties["FeatureGroupName"])
    tags = [{"Key": key, "Value": value} for key, value in resource.tags().items()]
    call("sagemaker", "CreateFeatureGroup", {**resource.given(*_GIVEN), **({"Tags": tags} if tags else {})})
    return name


def _configure(name: str, resource: Resource, old: Resource | None) -> None:
    """Features can be added, and the time to live changed; the service has nothing else to offer."""
    if old is None:
        return
    new, before = resource.properties, old.properties
    added = _additions(new["FeatureDefinitions"], before["FeatureDefinitions"])
    if added:
        call("sagemaker", "UpdateFeatureGroup", {"FeatureGroupName": name, "FeatureAdditions": added})
    online, was = (given.get("OnlineStoreConfig", {}) for given in (new, before))
    if online == was:
        return
    kept = [{k: v for k, v in config.items() if k != "TtlDuration"} for config in (online, was)]
    if kept[0] != kept[1] or "TtlDuration" not in online:
        raise ValueError("Of OnlineStoreConfig, only TtlDuration can be given another value.")
    config = {"TtlDuration": online["TtlDuration"]}
    call("sagemaker", "UpdateFeatureGroup", {"FeatureGroupName": name, "OnlineStoreConfig": config})


def _additions(new: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    types = {feature["FeatureName"]: feature for feature in new}
    for feature in before:
        if types.get(feature["FeatureName"]) != feature:
            raise ValueError(f"Feature {feature['FeatureName']} cannot be removed or given another type.")
    known = {feature["FeatureName"] for feature in before}
    return [feature for feature in new if feature["FeatureName"] not in known]


FEATURE_GROUP = Kind(
    "AWS::SageMaker::FeatureGroup",
    frozenset(_GIVEN),
    _make,
    _configure,
    lambda name, _: {
        "FeatureGroupStatus": call("sagemaker", "DescribeFeatureGroup", {"FeatureGroupName": name})[
            "FeatureGroupStatus"
        ]
    },
    lambda name, _: call("sagemaker", "DeleteFeatureGroup", {"FeatureGroupName": name}),
    create_only=(
        "Description",
        "EventTimeFeatureName",
        "FeatureGroupName",
        "OfflineStoreConfig",
        "RecordIdentifierFeatureName",
        "RoleArn",
        "Tags",
    ),
    arn=lambda name, _: arn_of("sagemaker", f"feature-group/{name.lower()}"),
    returns=frozenset({"FeatureGroupStatus"}),
)
KINDS = (FEATURE_GROUP,)
