"""The feature-store runtime: the actions on records. ``local.sagemaker`` serves them at paths of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from data_pipeline.embedded_aws.jobs.answers import ServiceError

from . import offline
from .groups import known
from .online import STORE, Kept
from .values import Record, checked, event_time, expiry, iso, wrong

SERVICE = "sagemaker-featurestore-runtime"
_BOTH = ("OnlineStore", "OfflineStore")

Request = dict[str, Any]


def put(request: Request) -> Request:
    """PutRecord: to the online store if it is newer than the record there, and to the offline store."""
    _write(known(request["FeatureGroupName"]), request)
    return {}


def batch_write(request: Request) -> Request:
    """BatchWriteRecord: each entry by itself; what is wrong with one is told and leaves the others alone."""
    errors = []
    with STORE.transaction():
        for entry in request["Entries"]:
            ttl = entry.get("TtlDuration") or request.get("TtlDuration")
            try:
                _write(known(entry["FeatureGroupName"]), {**entry, **({"TtlDuration": ttl} if ttl else {})})
            except ServiceError as error:
                errors.append({"Entry": entry, "ErrorCode": error.code, "ErrorMessage": str(error)})
    return {"Errors": errors, "UnprocessedEntries": []}


def get(request: Request) -> Request:
    """GetRecord: nothing when there is none, when it was deleted, and when it has expired."""
    group = _online(request["FeatureGroupName"])
    found = _found(group, request["RecordIdentifierValueAsString"], request.get("FeatureNames"))
    return _without_expiry(found, request) if found else {}


def batch_get(request: Request) -> Request:
    """BatchGetRecord."""
    records, errors = [], []
    for asked in request["Identifiers"]:
        for identifier in asked["RecordIdentifiersValueAsString"]:
            named = {
                "FeatureGroupName": asked["FeatureGroupName"],
                "RecordIdentifierValueAsString": identifier,
            }
            try:
                found = _found(_online(asked["FeatureGroupName"]), identifier, asked.get("FeatureNames"))
            except ServiceError as error:
                errors.append({**named, "ErrorCode": error.code, "ErrorMessage": str(error)})
                continue
            if found:
                records.append({**named, **_without_expiry(found, request)})
    return {"Records": records, "Errors": errors, "UnprocessedIdentifiers": []}


def delete(request: Request) -> Request:
    """DeleteRecord, soft or hard, with its marker in the offline store."""
    group = known(request["FeatureGroupName"])
    identifier, time = request["RecordIdentifierValueAsString"], request["EventTime"]
    marker: Record = {
        group["RecordIdentifierFeatureName"]: identifier,
        group["EventTimeFeatureName"]: time,
    }
    event, arn, targets = event_time(group, time), group["FeatureGroupArn"], _targets(group, request)
    if "OnlineStore" in targets:
        present = STORE.get(arn, identifier)
        if request.get("DeletionMode") == "HardDelete":
            if present is not None and present.event >= event:
                raise wrong(f"EventTime: it is not after the record's, {iso(present.event)}.")
            STORE.remove(arn, identifier)
        elif present is not None:
            STORE.put(arn, identifier, Kept(event, present.expires, True, marker))
    if "OfflineStore" in targets:
        offline.append(group, marker, deleted=True)
    return {}


def list_records(request: Request) -> Request:
    """ListRecords: the record identifiers of the online store."""
    group = _online(request["FeatureGroupName"])
    found = STORE.identifiers(group["FeatureGroupArn"], bool(request.get("IncludeSoftDeletedRecords")))
    token = request.get("NextToken", "0")
    if not token.isdecimal():
        raise wrong("the NextToken is not one of this operation.")
    begin, size = int(token), request.get("MaxResults") or 100
    rest = {"NextToken": str(begin + size)} if len(found) > begin + size else {}
    return {"RecordIdentifiers": found[begin : begin + size], **rest}


ACTIONS: dict[str, Callable[[Request], Request]] = {
    "PutRecord": put,
    "BatchWriteRecord": batch_write,
    "GetRecord": get,
    "BatchGetRecord": batch_get,
    "DeleteRecord": delete,
    "ListRecords": list_records,
}


def request_of(path: str, query: Mapping[str, Any], members: Request) -> Request:
    """The request's members, which the path, the query and the body hold."""
    found = dict(members)
    if path.startswith("/FeatureGroup/"):
        found["FeatureGroupName"] = path.removeprefix("/FeatureGroup/").removesuffix("/ListRecords")
    for name, value in query.items():
        values = value if isinstance(value, list) else [value]
        if name == "FeatureName":
            found["FeatureNames"] = values
        else:
            found[name] = values if name == "TargetStores" else values[0]
    return found


def _write(group: Request, entry: Mapping[str, Any]) -> None:
    """To both stores or to none."""
    record = checked(group, entry["Record"])
    targets = _targets(group, entry)
    ttl = entry.get("TtlDuration") or group.get("OnlineStoreConfig", {}).get("TtlDuration")
    event = event_time(group, record[group["EventTimeFeatureName"]])
    with STORE.transaction():
        if "OnlineStore" in targets:
            identifier = record[group["RecordIdentifierFeatureName"]]
            STORE.put(group["FeatureGroupArn"], identifier, Kept(event, expiry(ttl, event), False, record))
        if "OfflineStore" in targets:
            offline.append(group, record, deleted=False)


def _targets(group: Request, request: Mapping[str, Any]) -> list[str]:
    """The stores that are meant; an error for one that the group does not have."""
    has = {
        "OnlineStore": bool(group.get("OnlineStoreConfig", {}).get("EnableOnlineStore")),
        "OfflineStore": "OfflineStoreConfig" in group,
    }
    asked = request.get("TargetStores") or [store for store in _BOTH if has[store]]
    lacking = [store for store in asked if not has[store]]
    if lacking:
        raise wrong(f"the feature group {group['FeatureGroupName']} has no {', '.join(lacking)}.")
    return list(asked)


def _online(name: str) -> Request:
    group = known(name)
    if not group.get("OnlineStoreConfig", {}).get("EnableOnlineStore"):
        raise wrong(f"the feature group {name} has no OnlineStore.")
    return group


def _found(group: Request, identifier: str, names: list[str] | None) -> Request | None:
    """A record of the online store, with ``ExpiresAt`` where it expires."""
    kept = STORE.get(group["FeatureGroupArn"], identifier)
    if kept is None or kept.deleted:
        return None
    order = [feature["FeatureName"] for feature in group["FeatureDefinitions"]]
    unknown = [name for name in names or () if name not in order]
    if unknown:
        raise wrong(f"FeatureNames {', '.join(unknown)} are no features of the feature group.")
    chosen = [name for name in order if name in kept.record and (not names or name in names)]
    record = [{"FeatureName": name, "ValueAsString": kept.record[name]} for name in chosen]
    return {"Record": record, **({"ExpiresAt": iso(kept.expires)} if kept.expires is not None else {})}


def _without_expiry(found: Request, request: Request) -> Request:
    if request.get("ExpirationTimeResponse") == "Enabled":
        return found
    return {member: value for member, value in found.items() if member != "ExpiresAt"}
