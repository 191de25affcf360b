"""Members of requests that would have no effect here: each is refused by its name.

Only what changes nothing for who asks is let past: descriptions, tokens of idempotency, hints on speed and cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: The values of a member that do what is done anyway.
Usual = tuple[Any, ...]

#: What says nothing: SDKs write an empty list of the query protocol as "".
_EMPTY: Usual = ("", [], {})

_OF_CATALOG = {
    "AttributesToGet": (),
    "AuditContext": (),
    "IncludeStatusDetails": (False,),
    "QueryAsOfTime": (),
    "QuerySessionContext": (),
    "ResourceShareType": ("ALL",),
    "TransactionId": (),
}
_OF_TABLE = {
    "TableInput.TargetTable": (),
    "TableInput.ViewDefinition": (),
}
_OF_DATABASE = {"DatabaseInput.TargetDatabase": (), "DatabaseInput.FederatedDatabase": ()}
_OF_WORKGROUP: dict[str, Usual] = {
    "CustomerContentEncryptionConfiguration": (),
    "EnableMinimumEncryptionConfiguration": (False,),
    "EngineConfiguration": (),
    "EngineVersion.SelectedEngineVersion": ("AUTO", "Athena engine version 3"),
    "ExecutionRole": (),
    "IdentityCenterConfiguration": (),
    "ManagedQueryResultsConfiguration.Enabled": (False,),
    "MonitoringConfiguration": (),
    "QueryResultsS3AccessGrantsConfiguration": (),
    "ResultConfiguration.AclConfiguration": (),
    "ResultConfiguration.ExpectedBucketOwner": (),
}
_OF_UPDATE: dict[str, Usual] = {
    name.replace("ResultConfiguration.", "ResultConfigurationUpdates.").replace(
        "ManagedQueryResultsConfiguration.", "ManagedQueryResultsConfigurationUpdates."
    ): usual
    for name, usual in _OF_WORKGROUP.items()
    if name != "IdentityCenterConfiguration"
}
_OF_STACK = {
    "DeploymentConfig": (),
    "DisableValidation": ("false",),
    "NotificationARNs": (),
    "RoleARN": (),
    "ResourceTypes": (),
    "RollbackConfiguration": (),
    "StackPolicyBody": (),
    "StackPolicyDuringUpdateBody": (),
    "StackPolicyDuringUpdateURL": (),
    "StackPolicyURL": (),
    "TimeoutInMinutes": (),
}
_OF_TARGET = {
    f"Target.{name}": ()
    for name in (
        *("EcsParameters", "EventBridgeParameters", "KinesisParameters", "SageMakerPipelineParameters"),
        "SqsParameters",
    )
}
_PAGED = {"Marker": ()}

#: Service → operation, or "" for all of them → member, by dots from the request on → the values that are taken.
MEMBERS: dict[str, dict[str, dict[str, Usual]]] = {
    "athena": {
        "CreateWorkGroup": {f"Configuration.{name}": usual for name, usual in _OF_WORKGROUP.items()},
        "GetQueryResults": {"QueryResultType": ("DATA_ROWS",)},
        "StartQueryExecution": {
            "EngineConfiguration": (),
            "ResultConfiguration.ExpectedBucketOwner": (),
        },
        "UpdateWorkGroup": {f"ConfigurationUpdates.{name}": usual for name, usual in _OF_UPDATE.items()},
    },
    "cloudformation": {
        "": _OF_STACK,
        "CreateChangeSet": {"IncludeNestedStacks": ("false",)},
        "GetTemplateSummary": {"CallAs": ("SELF",), "StackSetName": (), "TemplateSummaryConfig": ()},
    },
    "glue": {
        "": _OF_CATALOG,
        "CreateDatabase": _OF_DATABASE,
        "GetJobRun": {"PredecessorsIncluded": (False,)},
        "CreateTable": {**_OF_TABLE, "OpenTableFormatInput": (), "PartitionIndexes": ()},
        "UpdateDatabase": _OF_DATABASE,
        "UpdateTable": {
            **_OF_TABLE,
            "Force": (False,),
            "UpdateOpenTableFormatInput": (),
            "ViewUpdateAction": (),
        },
    },
    "iam": {
        "ListAttachedRolePolicies": {**_PAGED, "PathPrefix": ("/",)},
        "ListAttachedUserPolicies": {**_PAGED, "PathPrefix": ("/",)},
        "ListPolicies": {**_PAGED, "OnlyAttached": ("false",), "PolicyUsageFilter": ()},
        **dict.fromkeys(
            (
                *("ListAccessKeys", "ListPolicyVersions", "ListRolePolicies", "ListRoleTags", "ListRoles"),
                *("ListUserPolicies", "ListUsers"),
            ),
            _PAGED,
        ),
        "SimulateCustomPolicy": {"OrderedOrganizationPolicyInputList": ()},
        "SimulatePrincipalPolicy": {"PolicyExclusionList": ()},
    },
    "logs": {
        "CreateLogGroup": {"deletionProtectionEnabled": (False,), "logGroupClass": ("STANDARD",)},
        "DescribeLogGroups": {
            "accountIdentifiers": (),
            "includeLinkedAccounts": (False,),
            "logGroupClass": ("STANDARD",),
            "logGroupIdentifiers": (),
        },
        "FilterLogEvents": {"startFromHead": (True,)},
    },
    "scheduler": {"CreateSchedule": _OF_TARGET, "UpdateSchedule": _OF_TARGET},
    "states": {"": {"includedData": ("ALL_DATA",)}},
    "sns": {"CreateTopic": {"DataProtectionPolicy": ()}},
    "sqs": {
        "CreateQueue": {"Attributes.KmsDataKeyReusePeriodSeconds": (), "Attributes.RedriveAllowPolicy": ()},
        "SetQueueAttributes": {
            "Attributes.KmsDataKeyReusePeriodSeconds": (),
            "Attributes.RedriveAllowPolicy": (),
        },
    },
    "sts": {
        "AssumeRole": {
            "MinimumSessionTokenSize": (),
            "ProvidedContexts": (),
            "SerialNumber": (),
            "SourceIdentity": (),
            "TokenCode": (),
            "TransitiveTagKeys": (),
        }
    },
}


def member(service: str, operation: str, given: Mapping[str, Any]) -> str | None:
    """The first member of the request that would have no effect; None where each has one.

    ``given``: the members of a JSON request, or those of the query protocol, flat.
    """
    table = MEMBERS.get(service, {})
    for name, usual in {**table.get("", {}), **table.get(operation, {})}.items():
        for value in _values(given, name):
            if value not in usual and value not in _EMPTY:
                return name
    return None


def _values(given: Mapping[str, Any], path: str) -> Iterator[Any]:
    """What the request says at a path, in whichever of both forms."""
    name, _, rest = path.partition(".")
    if name in given:
        value = given[name]
        if not rest:
            yield value
        elif isinstance(value, Mapping):
            yield from _values(value, rest)
    elif any(value for key, value in given.items() if key.startswith(f"{path}.")):
        yield given
