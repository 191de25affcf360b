"""AWS::Glue::Database and AWS::Glue::Job."""

from __future__ import annotations

from ministack.core.responses import get_account_id, get_region

from .kinds import Kind, Resource, arn_of, call

#: What a job of a template may have: the members of CreateJob.
_JOB = frozenset(
    [
        "AllocatedCapacity",
        "Command",
        "Connections",
        "DefaultArguments",
        "Description",
        "ExecutionClass",
        "ExecutionProperty",
        "GlueVersion",
        "JobMode",
        "JobRunQueuingEnabled",
        "LogUri",
        "MaintenanceWindow",
        "MaxCapacity",
        "MaxRetries",
        "Name",
        "NonOverridableArguments",
        "NotificationProperty",
        "NumberOfWorkers",
        "Role",
        "SecurityConfiguration",
        "Timeout",
        "WorkerType",
    ]
)


def _make_database(resource: Resource) -> str:
    name = str(
        resource.properties["DatabaseInput"].get("Name") or resource.name("DatabaseName", 255, lowercase=True)
    )
    database = {**resource.properties["DatabaseInput"], "Name": name}
    call("glue", "CreateDatabase", {"CatalogId": resource.properties["CatalogId"], "DatabaseInput": database})
    return name


def _update_database(name: str, resource: Resource, old: Resource | None) -> None:
    if old is not None:
        database = {**resource.properties["DatabaseInput"], "Name": name}
        if resource.properties["DatabaseInput"].get("Name", name).lower() != name.lower():
            raise ValueError("The embedded AWS does not emulate a database that is given another name.")
        values = {"CatalogId": resource.properties["CatalogId"], "Name": name, "DatabaseInput": database}
        call("glue", "UpdateDatabase", values)


def _make_job(resource: Resource) -> str:
    name = resource.name("Name", 255)
    call("glue", "CreateJob", {**_fields(resource), "Name": name, "Tags": resource.tags()})
    return name


def _update_job(name: str, resource: Resource, old: Resource | None) -> None:
    if old is None:
        return
    call("glue", "UpdateJob", {"JobName": name, "JobUpdate": _fields(resource)})
    tags, before = resource.tags(), old.tags()
    arn = f"arn:aws:glue:{get_region()}:{get_account_id()}:job/{name}"
    if set(before) - set(tags):
        call("glue", "UntagResource", {"ResourceArn": arn, "TagsToRemove": sorted(set(before) - set(tags))})
    if tags != before and tags:
        call("glue", "TagResource", {"ResourceArn": arn, "TagsToAdd": tags})


def _fields(resource: Resource) -> dict[str, object]:
    return {key: value for key, value in resource.properties.items() if key not in ("Name", "Tags")}


DATABASE = Kind(
    "AWS::Glue::Database",
    frozenset({"CatalogId", "DatabaseInput", "DatabaseName"}),
    _make_database,
    _update_database,
    lambda *_: {},
    lambda name, _: call("glue", "DeleteDatabase", {"Name": name}),
    tags=None,
    create_only=("CatalogId", "DatabaseName"),
    arn=lambda name, _: arn_of("glue", f"database/{name.lower()}"),
)
JOB = Kind(
    "AWS::Glue::Job",
    _JOB,
    _make_job,
    _update_job,
    lambda *_: {},
    lambda name, _: call("glue", "DeleteJob", {"JobName": name}),
    tags="map",
    create_only=("Name",),
    arn=lambda name, _: arn_of("glue", f"job/{name}"),
)
KINDS = (DATABASE, JOB)
