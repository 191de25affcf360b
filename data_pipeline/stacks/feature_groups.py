"""The storage stack's feature groups, each with the role as which SageMaker writes its offline store.

Role, description, tags and place of a feature group are create-only: whatever changes one of them asks for another
group in the place of this one, which AWS then refuses, because its name is taken. So the role is in this stack
too, and both are retained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from awacs import glue as catalog
from awacs import s3
from awacs.aws import Action, Allow, Statement
from troposphere import GetAtt, Sub, iam, sagemaker

from data_pipeline.core.config.access import Iam
from data_pipeline.core.config.environment import Data
from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.core.config.locations import offline_prefix
from data_pipeline.core.machine.steps import camel
from data_pipeline.core.naming import Names

from .permissions import Grant, arn
from .roles import role, trust

#: the database in which SageMaker makes the tables of offline stores.
DATABASE = "sagemaker_featurestore"


@dataclass(frozen=True)
class OfflineStore:
    """Where offline stores are kept. ``bucket``: the data bucket, a name or a reference; ``key``: the ARN of the key
    that encrypts it, if any, and ``key_grants``, what its use takes; ``limits``: what the account asks of roles.
    """

    data: Data
    bucket: Any
    key: Any
    key_grants: Sequence[Grant]
    limits: Iam | None

    def objects(self, name: str) -> str:
        """``BUCKET/PREFIX/`` of a group, as it stands in a text with substitutions."""
        return f"{self.bucket_text}/{offline_prefix(self.data, name)}"

    @property
    def bucket_text(self) -> str:
        return self.bucket if isinstance(self.bucket, str) else "${DataBucket}"


def feature_groups(groups: Mapping[str, FeatureGroup], names: Names, store: OfflineStore) -> list[Any]:
    """The groups, and the roles of those that have an offline store."""
    made: list[Any] = []
    for name, group in groups.items():
        called = names.feature_group(name)
        if group.offline:
            made.append(_role(name, called, store))
        made.append(_group(name, called, group, store))
    return made


def _group(name: str, called: str, group: FeatureGroup, store: OfflineStore) -> sagemaker.FeatureGroup:
    stores: dict[str, Any] = {}
    if group.online:
        ttl = (
            {"TtlDuration": sagemaker.TtlDuration(Unit="Days", Value=group.ttl_days)}
            if group.ttl_days
            else {}
        )
        stores["OnlineStoreConfig"] = sagemaker.OnlineStoreConfig(EnableOnlineStore=True, **ttl)
    if group.offline:
        place = Sub(f"s3://{store.objects(name).rstrip('/')}")
        key = {"KmsKeyId": store.key} if store.key else {}
        stores["OfflineStoreConfig"] = sagemaker.OfflineStoreConfig(
            S3StorageConfig=sagemaker.S3StorageConfig(S3Uri=place, **key), TableFormat="Iceberg"
        )
        stores["RoleArn"] = GetAtt(_role_id(name), "Arn")
    return sagemaker.FeatureGroup(
        f"{camel(name)}FeatureGroup",
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        FeatureGroupName=called,
        Description=group.description,
        RecordIdentifierFeatureName=group.record_identifier,
        EventTimeFeatureName=group.event_time,
        FeatureDefinitions=[
            sagemaker.FeatureDefinition(FeatureName=feature, FeatureType=kind.capitalize())
            for feature, kind in group.stored.items()
        ],
        **stores,
    )


def _role_id(name: str) -> str:
    return f"{camel(name)}FeatureGroupRole"


def _role(name: str, called: str, store: OfflineStore) -> iam.Role:
    """What AWS's own policy for offline stores allows, on this group's objects and table alone."""
    of_s3 = "arn:${AWS::Partition}:s3:::"
    objects = f"{of_s3}{store.objects(name)}*"
    why = f"features.{name}.offline: SageMaker"
    # The service writes the group's name with - or with _, and the time at which it made the table behind it.
    table = f"table/{DATABASE}/{called.replace('-', '?')}?*"
    of_table = [arn("glue", "catalog"), arn("glue", f"database/{DATABASE}"), arn("glue", table)]
    grants = [
        _grant(
            "LookAtBucket",
            [s3.GetBucketAcl],
            [Sub(f"{of_s3}{store.bucket_text}")],
            f"{why} looks whose bucket it is",
        ),
        _grant(
            "AppendRecords",
            [s3.PutObject, s3.PutObjectAcl],
            [Sub(objects)],
            f"{why} writes records and metadata",
        ),
        _grant(
            "ReadMetadata",
            [s3.GetObject],
            [Sub(f"{objects}/metadata/*")],
            f"{why} reads the table's metadata",
        ),
        _grant(
            "CommitRecords", [catalog.GetTable, catalog.UpdateTable], of_table, f"{why} commits to its table"
        ),
    ]
    grants += store.key_grants
    source = arn("sagemaker", f"feature-group/{called}")
    made = role(
        store.limits, _role_id(name), f"The offline store of {name}", trust("sagemaker", source), grants
    )
    made.DeletionPolicy = made.UpdateReplacePolicy = "Retain"
    return made


def _grant(sid: str, actions: list[Action], resources: list[Any], why: str) -> Grant:
    return Grant(Statement(Sid=sid, Effect=Allow, Action=actions, Resource=resources), why)
