"""The storage stack's key, where a customer wants one of his own, and who may use it for what.

The roles of the pipeline are made later and replaced freely, so the key's policy names the account, whose roles need
their own policy as well, and says through which services and for which purposes the key may be used at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awacs import kms as may
from awacs.aws import (
    Action,
    Allow,
    ArnLike,
    Bool,
    Condition,
    PolicyDocument,
    Principal,
    Statement,
    StringEquals,
)
from troposphere import Parameter, Ref, Sub, kms

from data_pipeline.core.naming import Names

_ADMINISTER: list[Action] = [
    *(may.DescribeKey, may.UpdateKeyDescription, may.GetKeyPolicy, may.PutKeyPolicy),
    *(may.EnableKey, may.DisableKey, may.EnableKeyRotation, may.DisableKeyRotation, may.GetKeyRotationStatus),
    *(may.TagResource, may.UntagResource, may.ListResourceTags, may.ListGrants, may.RevokeGrant),
    *(may.ScheduleKeyDeletion, may.CancelKeyDeletion),
]
_WHY = {
    "AdministerByAccount": "CloudFormation and the account's administrators keep the key; none of this decrypts",
    "UseThroughServices": "roles of the account read and write what S3 and SQS encrypt, nothing by themselves",
    "PublishAlarms": "CloudWatch publishes the alarms of this account to the encrypted topic",
    "LendToDisks": "SageMaker's machines have encrypted disks",
    "EncryptLogs": "CloudWatch Logs encrypts the groups of this environment, and no others",
}


def data_key(names: Names, *, own_topic: bool) -> kms.Key:
    """A key that outlives the stacks: without it, everything that it encrypted is lost."""
    groups = (
        names.state_machine_log_group,
        names.maintenance_log_group,
        f"{names.glue_log_group_prefix}/*",
    )
    statements = _statements(groups, own_topic=own_topic)
    whys = {statement.properties["Sid"]: _WHY[statement.properties["Sid"]] for statement in statements}
    return kms.Key(
        "DataKey",
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        Metadata={"Why": whys},
        Description=f"What {names.pipeline} in {names.environment} holds",
        EnableKeyRotation=True,
        KeyPolicy=PolicyDocument(Version="2012-10-17", Statement=statements),
    )


def _statements(log_groups: Sequence[str], *, own_topic: bool) -> list[Statement]:
    """Who may use the key for what."""
    account = Principal("AWS", Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root"))
    logs = Principal("Service", Sub("logs.${AWS::Region}.${AWS::URLSuffix}"))
    services = ("s3", "sqs", *(["sns"] if own_topic else []))
    through = [Sub(f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}") for service in services]
    group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
    groups = [Sub(f"{group}{name}") for name in log_groups]
    ours = StringEquals("kms:CallerAccount", Ref("AWS::AccountId"))
    return [
        _allow("AdministerByAccount", account, _ADMINISTER),
        _allow(
            "UseThroughServices",
            account,
            [may.Decrypt, may.GenerateDataKey],
            Condition(StringEquals({"kms:CallerAccount": Ref("AWS::AccountId"), "kms:ViaService": through})),
        ),
        _allow(
            "LendToDisks",
            account,
            [may.CreateGrant],
            Condition([ours, Bool("kms:GrantIsForAWSResource", "true")]),
        ),
        _allow(
            "EncryptLogs",
            logs,
            # Not DescribeKey: its requests carry no encryption context, so that the condition would never hold.
            [may.Encrypt, may.Decrypt, may.ReEncryptFrom, may.ReEncryptTo, may.GenerateDataKey],
            Condition(ArnLike("kms:EncryptionContext:aws:logs:arn", groups)),
        ),
        *([_publish_alarms()] if own_topic else []),
    ]


def key_parameter(name: str, place: str) -> Parameter:
    """The parameter for the key of a bucket that the user brings."""
    shape = "arn:[a-z-]+:kms:.+:key/.+"
    return Parameter(name, Type="String", AllowedPattern=shape, Description=f"{place} of the configuration")


def _publish_alarms() -> Statement:
    return _allow(
        "PublishAlarms",
        Principal("Service", "cloudwatch.amazonaws.com"),
        [may.Decrypt, may.GenerateDataKey],
        Condition(StringEquals("aws:SourceAccount", Ref("AWS::AccountId"))),
    )


def _allow(sid: str, who: Principal, actions: list[Action], condition: Condition | None = None) -> Statement:
    """A statement of the key's policy, in which ``*`` is the key itself."""
    more: dict[str, Any] = {"Condition": condition} if condition else {}
    return Statement(Sid=sid, Effect=Allow, Principal=who, Action=actions, Resource=["*"], **more)
