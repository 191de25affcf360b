"""The storage stack, which outlives deployments: bucket, unless the user brings one, Glue database, feature groups."""

from __future__ import annotations

from typing import Any

from awacs.aws import Action, PolicyDocument
from troposphere import GetAtt, Output, Ref, Sub, Template, glue, s3

from data_pipeline.core import bucket_keys
from data_pipeline.core.config.access import Iam, Security
from data_pipeline.core.config.environment import Data, Environment, Location
from data_pipeline.core.config.locations import athena_results, key_prefix, rebuilds_prefix
from data_pipeline.core.config.retention import Retention

from . import permissions as may
from .feature_groups import OfflineStore, feature_groups
from .keys import data_key, key_parameter
from .roles import key_of_data

#: half-sent uploads are paid for and seen by nobody; a job's own are finished within hours.
_ABORT_UPLOADS_AFTER_DAYS = 7
#: what a rebuild has read and nobody has published: a run that goes on later reads it again.
_REBUILDS_STAY_DAYS = 14
#: what the maintenance deletes from the tables can be brought back for so long, and is paid for.
_DELETED_TABLE_FILES_STAY_DAYS = 30
#: what Athena has answered is there to be fetched, and can be asked again.
_QUERY_RESULTS_STAY_DAYS = 7


def storage(env: Environment) -> Template:
    """The template of the storage stack; outputs ``DataBucket`` and ``Database``. Its one parameter is the key of the
    user's bucket, where an offline store lies in it.
    """
    template = Template(f"{env.pipeline} in {env.name}: data that outlives the pipeline's deployments")
    if env.customer_key:
        template.add_resource(data_key(env.names, own_topic=env.own_topic))
        template.add_output(
            Output(
                "DataKey",
                Description="Key that encrypts what the stacks hold",
                Value=GetAtt("DataKey", "Arn"),
            )
        )
    bucket: Any = env.data.bucket
    if bucket is None:
        bucket = Ref(template.add_resource(_bucket(env)))
        template.add_resource(_encrypted_transport_only())
    if env.data.kms_key and any(group.offline for group in env.managed_features.values()):
        template.add_parameter(key_parameter(bucket_keys.DATA, "data.kms_key"))
    database = template.add_resource(
        _database(
            env.names.database,
            f"Tables of {env.pipeline} in {env.name}",
            _uri(bucket, key_prefix(env.data, "warehouse")),
        )
    )
    store = _offline_store(env.data, bucket, env.iam, stacks_key=env.key_of_data)
    template.add_resource(feature_groups(env.managed_features, env.names, store))
    template.add_output(
        [
            Output("DataBucket", Description="Bucket of the input and the output", Value=bucket),
            Output("Database", Description="Glue database of the tables", Value=Ref(database)),
        ]
    )
    return template


def _offline_store(data: Data, bucket: Any, limits: Iam | None, *, stacks_key: bool) -> OfflineStore:
    """``stacks_key``: whether the storage stack's key encrypts the data."""
    own = GetAtt("DataKey", "Arn")
    key = own if stacks_key else Ref(bucket_keys.DATA) if data.kms_key else None
    return OfflineStore(data, bucket, key, key_of_data(data, stacks_key, write=True, own=own), limits)


def _bucket(env: Environment) -> s3.Bucket:
    return s3.Bucket(
        "DataBucket",
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
        BucketEncryption=s3.BucketEncryption(
            ServerSideEncryptionConfiguration=[
                _encryption(env.customer_key),
            ]
        ),
        PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
            BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
        ),
        OwnershipControls=s3.OwnershipControls(
            Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
        ),
        **_access_logs(env.security, env.names.prefix),
        LifecycleConfiguration=s3.LifecycleConfiguration(
            Rules=[*_housekeeping(env.data), *_retention(env.data, env.retention)]
        ),
    )


def _housekeeping(data: Data) -> list[s3.LifecycleRule]:
    """Rules for what nobody can want any longer."""
    return [
        s3.LifecycleRule(
            Id="abort-half-sent-uploads",
            Status="Enabled",
            AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(
                DaysAfterInitiation=_ABORT_UPLOADS_AFTER_DAYS
            ),
        ),
        # The bucket is versioned: without this, a file that is deleted would only be hidden.
        s3.LifecycleRule(
            Id="forget-deleted-table-files",
            Status="Enabled",
            Prefix=key_prefix(data, "warehouse"),
            NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(
                NoncurrentDays=_DELETED_TABLE_FILES_STAY_DAYS
            ),
            ExpiredObjectDeleteMarker=True,
        ),
        _expiring("forget-query-results", athena_results(data), _QUERY_RESULTS_STAY_DAYS),
        _expiring("forget-rebuilds", rebuilds_prefix(data), _REBUILDS_STAY_DAYS),
    ]


def _retention(data: Data, kept: Retention) -> list[s3.LifecycleRule]:
    """Rules of ``retention``; none for what is never deleted."""
    expiring: dict[Location, int | None] = {"runs": kept.runs_days, "quarantine": kept.quarantine_days}
    older: dict[Location, int | None] = {
        "export": kept.export_versions_days,
        "state": kept.state_versions_days,
    }
    rules = [
        _expiring(f"forget-{name}", key_prefix(data, name), days) for name, days in expiring.items() if days
    ]
    rules += [
        s3.LifecycleRule(
            Id=f"forget-older-{name}",
            Status="Enabled",
            Prefix=key_prefix(data, name),
            NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=days),
            ExpiredObjectDeleteMarker=True,
        )
        for name, days in older.items()
        if days
    ]
    return rules


def _expiring(name: str, prefix: str, days: int) -> s3.LifecycleRule:
    """Objects go after so many days, and what versioning keeps of them a day later."""
    return s3.LifecycleRule(
        Id=name,
        Status="Enabled",
        Prefix=prefix,
        ExpirationInDays=days,
        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=1),
    )


def _access_logs(security: Security | None, prefix: str) -> dict[str, Any]:
    """To the account's bucket for such logs, below a prefix of this environment's own."""
    if security is None or security.access_logs is None:
        return {}
    to = s3.LoggingConfiguration(DestinationBucketName=security.access_logs, LogFilePrefix=f"{prefix}/")
    return {"LoggingConfiguration": to}


def _encryption(customer_key: bool) -> s3.ServerSideEncryptionRule:
    """By S3's own key; or by the customer's, of which S3 derives one for the bucket to spare calls of KMS."""
    if not customer_key:
        return s3.ServerSideEncryptionRule(
            ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
        )
    return s3.ServerSideEncryptionRule(
        BucketKeyEnabled=True,
        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(
            SSEAlgorithm="aws:kms", KMSMasterKeyID=GetAtt("DataKey", "Arn")
        ),
    )


def _encrypted_transport_only() -> s3.BucketPolicy:
    bucket = "arn:${AWS::Partition}:s3:::${DataBucket}"
    return s3.BucketPolicy(
        "DataBucketPolicy",
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        Metadata={"Why": {"RefusePlainHttp": "data travel encrypted"}},
        Bucket=Ref("DataBucket"),
        PolicyDocument=PolicyDocument(
            Version="2012-10-17",
            Statement=[may.refuse_plain_http(Action("s3", "*"), [Sub(bucket), Sub(f"{bucket}/*")])],
        ),
    )


def _database(name: str, description: str, place: Any) -> glue.Database:
    return glue.Database(
        "Database",
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        CatalogId=Ref("AWS::AccountId"),
        DatabaseInput=glue.DatabaseInput(
            Name=name,
            Description=description,
            LocationUri=place,
        ),
    )


def _uri(bucket: Any, prefix: str) -> Any:
    return f"s3://{bucket}/{prefix}" if isinstance(bucket, str) else Sub(f"s3://${{DataBucket}}/{prefix}")
