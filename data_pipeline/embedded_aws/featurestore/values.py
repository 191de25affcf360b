"""Records as the service checks them: names, types, record identifier, event time; pure.

Source: the developer guide's "Feature Store data types and schema" and the API's reference. AWS documents the codes
of its errors, not their sentences: the sentences are ours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from data_pipeline.embedded_aws.jobs.answers import ServiceError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: columns that the service adds to the offline store; no feature may be called like one of them.
RESERVED = ("is_deleted", "write_time", "api_invocation_time")
#: bytes of a record identifier.
LONGEST_IDENTIFIER = 2048

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
_INTEGRAL = re.compile(r"[+-]?\d{1,19}")
_SECONDS = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86_400, "Weeks": 7 * 86_400}

Group = Mapping[str, Any]
Record = dict[str, str]


def wrong(message: str) -> ServiceError:
    """The runtime's error for a request that the service does not take."""
    return ServiceError("ValidationError", f"Validation Error: {message}")


def checked(group: Group, given: Sequence[Mapping[str, Any]]) -> Record:
    """Feature → value of a record that the group takes; a ServiceError for any other."""
    types = {f["FeatureName"]: f["FeatureType"] for f in group["FeatureDefinitions"]}
    record: Record = {}
    for value in given:
        name = value["FeatureName"]
        if name not in types:
            raise wrong(f"FeatureName {name} is no feature of the feature group {group['FeatureGroupName']}.")
        if name in record:
            raise wrong(f"FeatureName {name} is given more than once.")
        if "ValueAsStringList" in value:
            raise wrong(f"FeatureName {name} is no collection: it takes a ValueAsString.")
        if value.get("ValueAsString") is not None:
            record[name] = typed(name, types[name], value["ValueAsString"])
    for role in ("RecordIdentifierFeatureName", "EventTimeFeatureName"):
        if not record.get(group[role]):
            raise wrong(f"the record has no value of its {role}, {group[role]}.")
    if len(record[group["RecordIdentifierFeatureName"]].encode()) > LONGEST_IDENTIFIER:
        raise wrong(f"the record identifier is longer than {LONGEST_IDENTIFIER} bytes.")
    event_time(group, record[group["EventTimeFeatureName"]])
    return record


def typed(name: str, kind: str, text: str) -> str:
    """The text, if it is a value of this type."""
    if kind == "Integral" and not (_INTEGRAL.fullmatch(text) and -(2**63) <= int(text) < 2**63):
        raise wrong(f"the value of FeatureName {name}, {text!r}, is not Integral.")
    if kind == "Fractional" and not _is_number(text):
        raise wrong(f"the value of FeatureName {name}, {text!r}, is not Fractional.")
    return text


def event_time(group: Group, text: str) -> float:
    """Seconds since 1970 of an event time: ISO 8601 in UTC for a String, else the number itself."""
    name = group["EventTimeFeatureName"]
    kind = next(f["FeatureType"] for f in group["FeatureDefinitions"] if f["FeatureName"] == name)
    if kind == "Fractional":
        typed(name, kind, text)
        return float(text)
    try:
        if _TIME.fullmatch(text):
            return (datetime.fromisoformat(text[:-1] + "+00:00") - EPOCH) / timedelta(seconds=1)
    except ValueError:
        pass  # a day that no month has: said below
    raise wrong(
        f"the EventTime {text!r} is not of the form yyyy-MM-dd'T'HH:mm:ssZ or yyyy-MM-dd'T'HH:mm:ss.SSSZ."
    )


def expiry(ttl: Mapping[str, Any] | None, event: float) -> float | None:
    """When a record expires, in seconds since 1970: its event time and the time to live; None without one."""
    return event + ttl["Value"] * _SECONDS[ttl["Unit"]] if ttl else None


def iso(seconds: float) -> str:
    """A time as the service writes it."""
    return (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def native(kind: str, text: str | None) -> Any:
    """A value as the offline store holds it."""
    if text is None or kind == "String":
        return text
    return int(text) if kind == "Integral" else float(text)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
