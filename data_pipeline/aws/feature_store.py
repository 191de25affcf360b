"""Feature groups and their online store, as SageMaker tells of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import quoted

from .session import Connection

#: record identifiers of one BatchGetRecord, and how often what is left unread is asked for.
_MOST, _ATTEMPTS = 100, 8
#: errors of single records that pass.
_PASSING = frozenset(("InternalFailure", "InternalServerError", "ServiceUnavailable", "ThrottlingException"))


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


def newest(
    runtime: Any, name: str, identifiers: Sequence[str], pause: Callable[[float], None] = time.sleep
) -> dict[str, dict[str, str]]:
    """Record identifier → feature → value of the records that the online store has of these, by BatchGetRecord.

    ``runtime`` is a boto3 client of the feature store's runtime. What it leaves unprocessed is asked for again, with
    growing pauses. UserError when it refuses one, or leaves some unprocessed to the end.
    """
    found: dict[str, dict[str, str]] = {}
    wanted = list(dict.fromkeys(identifiers))
    for start in range(0, len(wanted), _MOST):
        left = wanted[start : start + _MOST]
        for attempt in range(_ATTEMPTS):
            if attempt:
                pause(min(5, 0.1 * 2**attempt))
            records, left = _get_batch(runtime, name, left)
            found |= records
            if not left:
                break
        else:
            raise UserError(
                f"{name}: the online store has left {len(left)} of {len(wanted)} records unread in {_ATTEMPTS} "
                "attempts. Wait a minute and run the same command again."
            )
    return found


def _get_batch(
    runtime: Any, name: str, identifiers: list[str]
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The records of one request, and the identifiers that must be asked for again."""
    of = [{"FeatureGroupName": name, "RecordIdentifiersValueAsString": identifiers}]
    response = runtime.batch_get_record(Identifiers=of)
    refused = [error for error in response["Errors"] if error["ErrorCode"] not in _PASSING]
    if refused:
        first = refused[0]
        raise UserError(
            f"{name}: the online store refuses {quoted(first['RecordIdentifierValueAsString'])}: "
            f"{first['ErrorCode']}: {first['ErrorMessage']}"
        )
    records = {
        record["RecordIdentifierValueAsString"]: {
            value["FeatureName"]: value["ValueAsString"] for value in record["Record"]
        }
        for record in response["Records"]
    }
    left = [
        one for some in response["UnprocessedIdentifiers"] for one in some["RecordIdentifiersValueAsString"]
    ]
    return records, [*left, *(error["RecordIdentifierValueAsString"] for error in response["Errors"])]
