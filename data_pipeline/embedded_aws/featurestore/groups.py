"""The actions on feature groups, and their records. ``local.sagemaker`` serves them.

A group is made at once where AWS takes a moment: its status is Created in the first answer. Its offline store's
table is made with the permissions of whoever makes the group, and written as the group's role, as on AWS.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region

from data_pipeline.embedded_aws.jobs import access, answers
from data_pipeline.embedded_aws.jobs.answers import ServiceError

from . import offline
from .online import STORE
from .register import GROUPS
from .values import RESERVED

Request = dict[str, Any]

MOST_FEATURES = 2500
_SUMMARY = ("FeatureGroupName", "FeatureGroupArn", "CreationTime", "FeatureGroupStatus", "OfflineStoreStatus")


def create(request: Request, headers: dict[str, str]) -> Request:
    """CreateFeatureGroup."""
    name, role = request["FeatureGroupName"], request.get("RoleArn")
    arn = f"arn:aws:sagemaker:{get_region()}:{get_account_id()}:feature-group/{name.lower()}"
    if role:
        access.authorize_caller(headers, "iam:PassRole", role, {"iam:PassedToService": offline.PRINCIPAL})
    if request.get("Tags"):
        access.authorize_caller(headers, "sagemaker:AddTags", arn, {})
    _refuse(request)
    _check(request)
    if name in GROUPS:
        raise ServiceError(
            "ResourceInUse", f"Resource Already Exists: FeatureGroup with name {name} already exists."
        )
    now = time.time()
    group: Request = {
        **{member: value for member, value in request.items() if member != "Tags"},
        "FeatureGroupArn": arn,
        "CreationTime": now,
        "LastModifiedTime": now,
        "FeatureGroupStatus": "Created",
        "Tags": request.get("Tags", []),
    }
    if request.get("OfflineStoreConfig"):
        group["OfflineStoreConfig"] = offline.create(group)
        group["OfflineStoreStatus"] = {"Status": "Active"}
    GROUPS[name] = group
    return {"FeatureGroupArn": arn}


def describe(request: Request, _headers: dict[str, str]) -> Request:
    """DescribeFeatureGroup; all features are in the first page."""
    group = known(request["FeatureGroupName"])
    return {**{member: value for member, value in group.items() if member != "Tags"}, "NextToken": ""}


def list_groups(request: Request, _headers: dict[str, str]) -> Request:
    """ListFeatureGroups, the newest first unless sorted otherwise."""
    found = [group for group in GROUPS.values() if _wanted(group, request)]
    key = {"Name": "FeatureGroupName"}.get(request.get("SortBy", ""), "CreationTime")
    found.sort(key=lambda group: group[key], reverse=request.get("SortOrder", "Descending") == "Descending")
    chosen, token = answers.page(found, request, 10)
    summaries = [{member: group[member] for member in _SUMMARY if member in group} for group in chosen]
    return {"FeatureGroupSummaries": summaries, "NextToken": token or ""}


def update(request: Request, _headers: dict[str, str]) -> Request:
    """UpdateFeatureGroup: features are added at the end, and the time to live of records to come is changed."""
    group = known(request["FeatureGroupName"])
    if "ThroughputConfig" in request:
        raise _not_emulated("ThroughputConfig")
    added = request.get("FeatureAdditions", [])
    online = request.get("OnlineStoreConfig")
    if not added and online is None:
        raise ServiceError(
            "ValidationException", "Nothing to update: give FeatureAdditions or OnlineStoreConfig."
        )
    definitions = [*group["FeatureDefinitions"], *added]
    _check({**group, "FeatureDefinitions": definitions})
    if online is not None:
        _refuse({"OnlineStoreConfig": online})
        if not group.get("OnlineStoreConfig", {}).get("EnableOnlineStore"):
            raise ServiceError("ValidationException", "The feature group has no online store to update.")
        group["OnlineStoreConfig"] = {**group["OnlineStoreConfig"], **online}
    if added and "OfflineStoreConfig" in group:
        offline.add_columns(group, added)
    group.update(
        FeatureDefinitions=definitions,
        LastModifiedTime=time.time(),
        LastUpdateStatus={"Status": "Successful"},
    )
    return {"FeatureGroupArn": group["FeatureGroupArn"]}


def delete(request: Request, _headers: dict[str, str]) -> Request:
    """DeleteFeatureGroup: the online store goes with it; table and objects of the offline store stay."""
    group = known(request["FeatureGroupName"])
    offline.flush(group)
    STORE.forget([group["FeatureGroupArn"]])
    del GROUPS[group["FeatureGroupName"]]
    return {}


ACTIONS: dict[str, Callable[[Request, dict[str, str]], Request]] = {
    "CreateFeatureGroup": create,
    "DescribeFeatureGroup": describe,
    "ListFeatureGroups": list_groups,
    "UpdateFeatureGroup": update,
    "DeleteFeatureGroup": delete,
}


def known(name_or_arn: str, code: str = "ResourceNotFound") -> Request:
    """The group with this name or ARN; ResourceNotFound when there is none."""
    name = name_or_arn.rpartition("/")[2].lower()
    found: Request | None = next((group for key, group in GROUPS.items() if key.lower() == name), None)
    if found is None:
        raise ServiceError(code, f"Resource Not Found: FeatureGroup {name_or_arn} does not exist.", 404)
    return found


def _check(request: Request) -> None:
    definitions = request["FeatureDefinitions"]
    names = [feature["FeatureName"] for feature in definitions]
    lower = [name.lower() for name in names]
    problem = ""
    if len(set(lower)) < len(lower):
        problem = "FeatureDefinitions has a feature name more than once."
    elif len(names) > MOST_FEATURES:
        problem = f"A feature group has at most {MOST_FEATURES} features."
    elif reserved := sorted(set(lower) & set(RESERVED)):
        problem = f"Feature names {', '.join(reserved)} are reserved."
    types = {feature["FeatureName"]: feature["FeatureType"] for feature in definitions}
    for member in ("RecordIdentifierFeatureName", "EventTimeFeatureName"):
        if not problem and request[member] not in types:
            problem = f"{member} {request[member]} is not in FeatureDefinitions."
    if not problem and types[request["EventTimeFeatureName"]] == "Integral":
        problem = "The event time feature must be of type String or Fractional."
    online = request.get("OnlineStoreConfig", {}).get("EnableOnlineStore")
    if not problem and not online and not request.get("OfflineStoreConfig"):
        problem = "A feature group needs an online store or an offline store."
    if not problem and request.get("OfflineStoreConfig") and not request.get("RoleArn"):
        problem = "A feature group with an offline store needs a RoleArn."
    if problem:
        raise ServiceError("ValidationException", f"Validation Error: {problem}")


def _refuse(request: Request) -> None:
    """What the service has and the embedded AWS has not, by its name."""
    if any("CollectionType" in feature for feature in request.get("FeatureDefinitions", [])):
        raise _not_emulated("features with a CollectionType")
    throughput = request.get("ThroughputConfig", {}).get("ThroughputMode", "OnDemand")
    if throughput != "OnDemand":
        raise _not_emulated(f"ThroughputMode {throughput}")
    online, offline_ = request.get("OnlineStoreConfig", {}), request.get("OfflineStoreConfig", {})
    if online.get("StorageType", "Standard") != "Standard":
        raise _not_emulated(f"StorageType {online['StorageType']}")
    if online.get("SecurityConfig") or offline_.get("S3StorageConfig", {}).get("KmsKeyId"):
        raise _not_emulated("KmsKeyId, since it does not encrypt")
    if not offline_:
        return
    if offline_.get("TableFormat", "Glue") != "Iceberg":
        raise _not_emulated("an offline store of another TableFormat than Iceberg")
    if offline_.get("DisableGlueTableCreation") or offline_.get("DataCatalogConfig"):
        raise _not_emulated("DisableGlueTableCreation and DataCatalogConfig")
    if not re.fullmatch(r"s3://[^/]+(/.*)?", offline_["S3StorageConfig"]["S3Uri"]):
        raise ServiceError(
            "ValidationException", "Validation Error: S3Uri is not of the form s3://bucket/prefix."
        )


def _not_emulated(what: str) -> ServiceError:
    return ServiceError(
        "NotImplemented", f"The embedded AWS does not emulate feature groups with {what}.", 501
    )


def _wanted(group: Request, request: Request) -> bool:
    status = group.get("OfflineStoreStatus", {}).get("Status", "Disabled")
    return bool(
        request.get("NameContains", "").lower() in group["FeatureGroupName"].lower()
        and request.get("FeatureGroupStatusEquals", "Created") == "Created"
        and request.get("OfflineStoreStatusEquals", status) == status
        and group["CreationTime"] > request.get("CreationTimeAfter", 0)
        and group["CreationTime"] < request.get("CreationTimeBefore", float("inf"))
    )
