"""The storage stack's feature groups, each with the role as which SageMaker writes its offline store.

Role, description, tags and place of a feature group are create-only: whatever changes one of them asks for another
group in the place of this one, which AWS then refuses, because its name is taken. So the role is in this stack
too, and both are retained.
"""

from __future__ import annotations

from typing import Any

from awacs import glue as catalog
from awacs import s3
from awacs.aws import Action, Allow, Statement
from troposphere import GetAtt, Ref, Sub, iam, sagemaker

from data_pipeline.core import bucket_keys
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.core.config.locations import offline_prefix
from data_pipeline.core.machine.steps import camel

from .permissions import Grant, arn
from .roles import key_of_data, role, trust

#: the database in which SageMaker makes the tables of offline stores.
DATABASE = "sagemaker_featurestore"


def feature_groups(env: Environment, bucket: Any) -> list[Any]:
    """Groups and roles; ``bucket``: the data bucket, a name or a reference."""
    made: list[Any] = []
    for name, group in env.managed_features.items():
        if group.offline:
            made.append(_role(env, name, _placed(bucket)))
        made.append(_group(env, name, group, _placed(bucket)))
    return made


def _group(env: Environment, name: str, group: FeatureGroup, bucket: str) -> sagemaker.FeatureGroup:
    stores: dict[str, Any] = {}
    if group.online:
        ttl = (
            {"TtlDuration": sagemaker.TtlDuration(Unit="Days", Value=group.ttl_days)}
            if group.ttl_days
            else {}
        )
        stores["OnlineStoreConfig"] = sagemaker.OnlineStoreConfig(EnableOnlineStore=True, **ttl)
    if group.offline:
        place = Sub(f"s3://{bucket}/{offline_prefix(env.data, name).rstrip('/')}")
        key = {"KmsKeyId": GetAtt("DataKey", "Arn")} if env.key_of_data else {}
        if env.data.kms_key:
            key = {"KmsKeyId": Ref(bucket_keys.DATA)}
        stores["OfflineStoreConfig"] = sagemaker.OfflineStoreConfig(
            S3StorageConfig=sagemaker.S3StorageConfig(S3Uri=place, **key), TableFormat="Iceberg"
        )
        stores["RoleArn"] = GetAtt(_role_id(name), "Arn")
    return sagemaker.FeatureGroup(
        f"{camel(name)}FeatureGroup",
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        FeatureGroupName=env.names.feature_group(name),
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


def _role(env: Environment, name: str, bucket: str) -> iam.Role:
    """What AWS's own policy for offline stores allows, on this group's objects and table alone."""
    called = env.names.feature_group(name)
    of_bucket = f"arn:${{AWS::Partition}}:s3:::{bucket}"
    objects = f"{of_bucket}/{offline_prefix(env.data, name)}*"
    why = f"features.{name}.offline: SageMaker"
    # The service writes the group's name with - or with _, and the time at which it made the table behind it.
    table = f"table/{DATABASE}/{called.replace('-', '?')}?*"
    of_table = [arn("glue", "catalog"), arn("glue", f"database/{DATABASE}"), arn("glue", table)]
    grants = [
        _grant("LookAtBucket", [s3.GetBucketAcl], [Sub(of_bucket)], f"{why} looks whose bucket it is"),
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
    grants += key_of_data(env, write=True, own=GetAtt("DataKey", "Arn"))
    source = arn("sagemaker", f"feature-group/{called}")
    made = role(env.iam, _role_id(name), f"The offline store of {name}", trust("sagemaker", source), grants)
    made.DeletionPolicy = made.UpdateReplacePolicy = "Retain"
    return made


def _placed(bucket: Any) -> str:
    """The bucket as it stands in a text with substitutions."""
    return bucket if isinstance(bucket, str) else "${DataBucket}"


def _grant(sid: str, actions: list[Action], resources: list[Any], why: str) -> Grant:
    return Grant(Statement(Sid=sid, Effect=Allow, Action=actions, Resource=resources), why)
