"""Feature groups and their online store, as SageMaker tells of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .session import Connection

#: record identifiers of one BatchGetRecord.
_MOST = 100


def describe(connection: Connection, name: str) -> Mapping[str, Any] | None:
    """DescribeFeatureGroup's answer with all features; None where there is no such group."""
    client = connection.client("sagemaker")
    features: list[Any] = []
    token = ""
    while True:
        more = {"NextToken": token} if token else {}
        try:
            found = client.describe_feature_group(FeatureGroupName=name, **more)
        except client.exceptions.ResourceNotFound:
            return None
        features += found["FeatureDefinitions"]
        token = found.get("NextToken", "")
        if not token:
            return {**found, "FeatureDefinitions": features}


def newest(connection: Connection, name: str, identifiers: Sequence[str]) -> dict[str, dict[str, str]]:
    """Record identifier → feature → value of the records that the online store has of these."""
    client = connection.client("sagemaker-featurestore-runtime")
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(identifiers), _MOST):
        asked = list(identifiers[start : start + _MOST])
        while asked:
            of = [{"FeatureGroupName": name, "RecordIdentifiersValueAsString": asked}]
            told = client.batch_get_record(Identifiers=of)
            for record in told["Records"]:
                values = {value["FeatureName"]: value["ValueAsString"] for value in record["Record"]}
                found[record["RecordIdentifierValueAsString"]] = values
            left = [one["RecordIdentifiersValueAsString"] for one in told["UnprocessedIdentifiers"]]
            asked = [identifier for some in left for identifier in some]
    return found
