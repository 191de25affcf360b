"""Read-only look-ups of what stands where a deployment wants to put something, and of Lake Formation's settings."""

from __future__ import annotations

from collections.abc import Iterable

from botocore.exceptions import ClientError

from data_pipeline.core.doctor.answers import Lake

from .errors import error_code
from .session import Connection

_OPEN = "IAM_ALLOWED_PRINCIPALS"


def database_names(connection: Connection, wanted: Iterable[str]) -> list[str]:
    """Those of the wanted Glue databases that exist."""
    client, found = connection.client("glue"), []
    for name in wanted:
        try:
            found.append(client.get_database(Name=name)["Database"]["Name"])
        except ClientError as error:
            if error_code(error) != "EntityNotFoundException":
                raise
    return found


def feature_group_names(connection: Connection, wanted: Iterable[str]) -> list[str]:
    """Those of the wanted feature groups that exist."""
    client, found = connection.client("sagemaker"), []
    for name in wanted:
        try:
            found.append(client.describe_feature_group(FeatureGroupName=name)["FeatureGroupName"])
        except ClientError as error:
            if error_code(error) not in ("ResourceNotFound", "ResourceNotFoundException"):
                raise
    return found


def bucket_names(connection: Connection, prefix: str) -> list[str]:
    """The account's buckets whose names begin so."""
    pages = connection.client("s3").get_paginator("list_buckets").paginate(Prefix=prefix)
    names = [bucket["Name"] for page in pages for bucket in page.get("Buckets", [])]
    return [name for name in names if name.startswith(prefix)]


def machine_states(connection: Connection, wanted: Iterable[str]) -> dict[str, str]:
    """Name → status of those of the wanted state machines that exist."""
    client = connection.client("stepfunctions")
    found: dict[str, str] = {}
    partition = client.meta.partition
    for name in wanted:
        arn = f"arn:{partition}:states:{connection.region}:{connection.account}:stateMachine:{name}"
        try:
            found[name] = client.describe_state_machine(stateMachineArn=arn)["status"]
        except ClientError as error:
            if error_code(error) != "StateMachineDoesNotExist":
                raise
    return found


def schedule_states(connection: Connection, group: str) -> dict[str, str]:
    """Name → state of a group's schedules; none where there is no such group."""
    try:
        pages = connection.client("scheduler").get_paginator("list_schedules").paginate(GroupName=group)
        return {one["Name"]: one["State"] for page in pages for one in page["Schedules"]}
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        return {}


def log_policy_names(connection: Connection) -> list[str]:
    """The resource policies of CloudWatch Logs in the account's region."""
    pages = connection.client("logs").get_paginator("describe_resource_policies").paginate()
    return [policy["policyName"] for page in pages for policy in page["resourcePolicies"]]


def lake(connection: Connection) -> Lake:
    """Whether new databases and new tables are both open to IAM's permissions, and who administers."""
    settings = connection.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    defaults = (
        settings.get("CreateDatabaseDefaultPermissions", []),
        settings.get("CreateTableDefaultPermissions", []),
    )
    is_open = all(
        any(one["Principal"].get("DataLakePrincipalIdentifier") == _OPEN for one in default)
        for default in defaults
    )
    administrators = [one["DataLakePrincipalIdentifier"] for one in settings.get("DataLakeAdmins", [])]
    return Lake(is_open, tuple(administrators))
