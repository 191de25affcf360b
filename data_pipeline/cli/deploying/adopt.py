"""What outlived a stack that has gone, looked for by the template's names and by the record of deployments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from data_pipeline.aws import feature_store, retained
from data_pipeline.aws.session import Connection
from data_pipeline.core.deployment.adoption import GROUP, Adoption, Leftover, fixed_name, role_of
from data_pipeline.core.errors import UserError


def find(
    connection: Connection, template: Mapping[str, Any], remembered: Mapping[str, str], record: str
) -> Adoption:
    """All that the next stack of this template takes over.

    ``remembered``: logical id → physical id of what the last deployment left under a made up name, which ``record``
    (the URI of the record) says. UserError for a bucket of the record that cannot be seen.
    """
    found: list[Leftover] = []
    warnings: list[str] = []
    resources: Mapping[str, Mapping[str, Any]] = template.get("Resources", {})
    for logical, resource in resources.items():
        name = remembered.get(logical) or fixed_name(resource)
        if name is None:
            continue
        if _exists(connection, resource["Type"], name, record):
            found.append(
                Leftover(logical, resource["Type"], name.rpartition("/")[2] if _is_key(resource) else name)
            )
        elif logical in remembered:
            what = (
                "a new, empty one is made" if resource["Type"] == "AWS::S3::Bucket" else "a new one is made"
            )
            warnings.append(f"{logical} {name}, which the last deployment left, has gone: {what}")
    found += _policies(connection, resources, found)
    found += _roles(connection, resources, found)
    return Adoption(tuple(found), tuple(warnings))


def _is_key(resource: Mapping[str, Any]) -> bool:
    return bool(resource["Type"] == "AWS::KMS::Key")


def _exists(connection: Connection, kind: str, name: str, record: str) -> bool:
    if kind == "AWS::S3::Bucket":
        try:
            return retained.bucket(connection, name)
        except UserError as error:
            raise UserError(
                f"{error} If that is what you want, delete the record of it first:\n  aws s3 rm {record}"
            ) from error
    if kind == GROUP:
        return feature_store.describe(connection, name) is not None
    look = {
        "AWS::KMS::Key": retained.key,
        "AWS::Glue::Database": retained.database,
        "AWS::Logs::LogGroup": retained.log_group,
    }
    return kind in look and look[kind](connection, name)


def _policies(
    connection: Connection, resources: Mapping[str, Mapping[str, Any]], found: list[Leftover]
) -> Iterator[Leftover]:
    """The policies of the buckets: a bucket has one at most, which a new one would collide with."""
    buckets = {each.logical_id: each.name for each in found if each.type == "AWS::S3::Bucket"}
    for logical, resource in resources.items():
        if resource["Type"] == "AWS::S3::BucketPolicy":
            bucket = buckets.get(resource["Properties"]["Bucket"].get("Ref", ""))
            if bucket and retained.bucket_policy(connection, bucket):
                yield Leftover(logical, resource["Type"], bucket)


def _roles(
    connection: Connection, resources: Mapping[str, Mapping[str, Any]], found: list[Leftover]
) -> Iterator[Leftover]:
    """The roles of the groups: a group's role cannot be changed, so its own is taken over with it."""
    for group in [each for each in found if each.type == GROUP]:
        logical = role_of(resources[group.logical_id])
        described = feature_store.describe(connection, group.name) or {}
        if logical in resources and described.get("RoleArn"):
            yield Leftover(str(logical), "AWS::IAM::Role", described["RoleArn"].rpartition("/")[2])
