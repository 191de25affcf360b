"""The operations that are served, service by service: any other is refused by its name.

MiniStack has more, of which some only say yes. What stands here is exercised by the conformance suite or by
the product's own tests; an operation is added together with the test that shows that it does what AWS does.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_actions
from ministack.core.responses import get_account_id

from data_pipeline.embedded_aws.answers import Response, error, error_in_xml, not_emulated, refusal_in_xml
from data_pipeline.embedded_aws.events import queues, topics
from data_pipeline.embedded_aws.identity import caller, entities, iam, policies, simulation
from data_pipeline.embedded_aws.objectstore import requests

from . import keys, limits, room, unheeded

Handler = Callable[..., Awaitable[Response]]

#: Service (MiniStack's name) → its operations.
SERVED: dict[str, frozenset[str]] = {
    service: frozenset(operations.split())
    for service, operations in {
        "athena": """BatchGetQueryExecution CreateNamedQuery CreatePreparedStatement CreateWorkGroup
            DeleteNamedQuery DeletePreparedStatement DeleteWorkGroup GetDataCatalog GetDatabase
            GetNamedQuery GetPreparedStatement GetQueryExecution GetQueryResults GetTableMetadata
            GetWorkGroup ListDataCatalogs ListDatabases ListNamedQueries ListPreparedStatements
            ListQueryExecutions ListTableMetadata ListTagsForResource ListWorkGroups
            StartQueryExecution StopQueryExecution TagResource UntagResource UpdatePreparedStatement
            UpdateWorkGroup""",
        "cloudformation": """CancelUpdateStack ContinueUpdateRollback CreateChangeSet CreateStack
        DeleteChangeSet DeleteStack
            DescribeChangeSet DescribeEvents DescribeStackDriftDetectionStatus DescribeStackEvents
            DescribeStackResource DescribeStackResourceDrifts DescribeStackResources DescribeStacks
            DetectStackDrift ExecuteChangeSet GetTemplate GetTemplateSummary ListChangeSets ListStackResources
            ListStacks UpdateStack UpdateTerminationProtection ValidateTemplate""",
        "glue": """BatchCreatePartition BatchDeletePartition BatchDeleteTable BatchGetPartition BatchStopJobRun
            BatchUpdatePartition CreateDatabase CreateJob CreatePartition CreateTable DeleteDatabase DeleteJob
            DeletePartition DeleteTable GetDatabase GetDatabases GetJob GetJobRun GetJobRuns GetJobs GetPartition
            GetPartitions GetTable GetTableVersion GetTableVersions GetTables GetTags ListJobs StartJobRun
            TagResource UntagResource UpdateDatabase UpdateJob UpdatePartition UpdateTable""",
        "iam": """AttachRolePolicy AttachUserPolicy CreateAccessKey CreatePolicy CreatePolicyVersion
        CreateRole
            CreateUser DeleteAccessKey DeletePolicy DeletePolicyVersion DeleteRole
            DeleteRolePermissionsBoundary DeleteRolePolicy DeleteUser DeleteUserPolicy DetachRolePolicy
            DetachUserPolicy GetPolicy GetPolicyVersion GetRole GetRolePolicy GetUser GetUserPolicy
            ListAccessKeys ListAttachedRolePolicies ListAttachedUserPolicies ListPolicies ListPolicyVersions
            ListRolePolicies ListRoles ListRoleTags ListUserPolicies ListUsers PutRolePermissionsBoundary
            PutRolePolicy PutUserPolicy SimulateCustomPolicy SimulatePrincipalPolicy TagRole UntagRole
            UpdateAccessKey UpdateAssumeRolePolicy UpdateRole""",
        "logs": """CreateLogGroup CreateLogStream DeleteLogGroup DeleteLogStream DeleteRetentionPolicy
            DescribeLogGroups DescribeLogStreams FilterLogEvents GetLogEvents ListTagsForResource PutLogEvents
            PutRetentionPolicy TagResource UntagResource""",
        "scheduler": """CreateSchedule CreateScheduleGroup DeleteSchedule DeleteScheduleGroup GetSchedule
            GetScheduleGroup ListScheduleGroups ListSchedules ListTagsForResource TagResource UntagResource
            UpdateSchedule""",
        "sns": """CreateTopic DeleteTopic GetSubscriptionAttributes GetTopicAttributes ListSubscriptions
            ListSubscriptionsByTopic ListTagsForResource ListTopics Publish SetTopicAttributes Subscribe
            TagResource Unsubscribe UntagResource""",
        "sqs": """CreateQueue DeleteMessage DeleteQueue GetQueueAttributes GetQueueUrl ListQueues
        ListQueueTags
            PurgeQueue ReceiveMessage SendMessage SetQueueAttributes TagQueue UntagQueue""",
        "states": """CreateStateMachine CreateStateMachineAlias DeleteStateMachine DeleteStateMachineAlias
            DeleteStateMachineVersion DescribeExecution DescribeStateMachine DescribeStateMachineAlias
            DescribeStateMachineForExecution GetExecutionHistory ListExecutions ListStateMachineAliases
            ListStateMachines ListStateMachineVersions ListTagsForResource PublishStateMachineVersion
            RedriveExecution StartExecution StopExecution TagResource UntagResource UpdateStateMachine
            UpdateStateMachineAlias ValidateStateMachineDefinition""",
        "sts": "AssumeRole GetCallerIdentity",
    }.items()
}
#: Subresources of S3 that MiniStack stores without effect, or does not have: writing them is refused.
S3_REFUSED = frozenset(
    [
        "accelerate",
        "cors",
        "legal-hold",
        "logging",
        "notification",
        "object-lock",
        "replication",
        "restore",
        "retention",
        "website",
    ]
)
#: … and those that it does not know, which it takes for a listing or for the object itself: refused altogether.
S3_UNKNOWN = frozenset(
    [
        *("abac", "analytics", "intelligent-tiering", "inventory", "metadataAnnotationTable"),
        *(
            "metadataConfiguration",
            "metadataInventoryTable",
            "metadataJournalTable",
            "metadataTable",
            "metrics",
        ),
        *("policyStatus", "renameObject", "requestPayment", "select", "select-type", "session", "torrent"),
    ]
)


def _flat(query: dict[str, Any], body: bytes) -> dict[str, str]:
    """The members of a request of the query protocol."""
    pairs = {**query, **parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)}
    return {name: value[0] if isinstance(value, list) else value for name, value in pairs.items()}


def _refused(service: str, operation: str, given: Mapping[str, Any]) -> Response | None:
    """The answer to a request whose value, policy document or name the service does not allow."""
    refused = _value_refused(service, operation, given)
    if refused is not None:
        return refused
    if service in ("iam", "sts"):
        refused = policies.refusal(service, operation, given) or entities.refusal(operation, given)
    elif service == "sqs":
        if not str(given.get("NextToken", "0")).isdecimal():
            return error("InvalidParameterValue", "Value for parameter NextToken is invalid.")
        refused = policies.name_refusal(operation, str(given.get("QueueName", "")))
        refused = refused or queues.refusal(operation, given)
        refused = refused or policies.refusal(service, operation, policies.queue_attributes(given))
    elif service == "sns":
        refused = policies.name_refusal(operation, given.get("Name", ""))
        refused = refused or topics.refusal(operation, given)
        refused = refused or policies.refusal(service, operation, policies.topic_attributes(given))
    elif service == "cloudformation" and {"TemplateBody", "TemplateURL"} <= given.keys():
        message = "You must specify either the TemplateBody or the TemplateURL parameter, but not both."
        return error_in_xml(400, "ValidationError", message)
    return refused


def _value_refused(service: str, operation: str, given: Mapping[str, Any]) -> Response | None:
    code = limits.CODES.get(service)
    message = limits.violation(service, operation, given) if code else None
    if code is None or message is None:
        return None
    return error_in_xml(400, code, message) if service in ("iam", "sts") else error(code, message)


def install() -> None:
    """Put the check in front of every handler; what is wrapped here must exist, or the pin has moved."""
    for service, operations in SERVED.items():
        app.SERVICE_HANDLERS[service] = _only(service, operations, app.SERVICE_HANDLERS[service])
    app.SERVICE_HANDLERS["s3"] = _s3(app.SERVICE_HANDLERS["s3"])


def _only(service: str, operations: frozenset[str], handler: Handler) -> Handler:
    speaks_xml = service in iam_actions._QUERY_XML_NS
    refuse = refusal_in_xml if speaks_xml else not_emulated

    async def served(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        if service == "sqs" and "x-amz-target" not in headers:
            return refusal_in_xml("sqs: the query protocol")
        operation = operation_of(service, method, path, headers, body, query)
        if operation not in operations:
            return refuse(f"{service}:{operation or f'{method} {path}'}")
        given = _flat(query, body) if speaks_xml else policies.of_json(body)
        member = unheeded.member(service, operation, given)
        if member is not None:
            return refuse(f"{service}:{operation} with {member}")
        key = keys.in_query(given) if service == "sns" else keys.in_json(body)
        if key is not None:
            return refuse(f"{service}:{operation} with {key}, as it does not encrypt")
        refused = _refused(service, operation, given)
        if refused is not None:
            return refused
        if operation.startswith("Simulate"):
            return simulation.answer(operation, given)
        return await handler(method, path, headers, body, query)

    return served


def _s3(handler: Handler) -> Handler:
    async def served(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        refused = S3_UNKNOWN.intersection(query)
        if method in ("PUT", "POST", "DELETE"):
            refused |= S3_REFUSED.intersection(query)
        if refused:
            return refusal_in_xml(f"s3: {method} ?{min(refused)}", root="Error")
        named = keys.in_s3(headers, query, body)
        if named:
            return refusal_in_xml(f"s3: {method} with {named}, as it does not encrypt", root="Error")
        bucket, _, key = path.lstrip("/").partition("/")
        try:
            requests.check(requests.Request(method, bucket, key, headers, query, body, get_account_id()))
        except requests.Wrong as wrong:
            return error_in_xml(wrong.status, wrong.code, str(wrong), root="Error")
        if key and "encryption" in query:
            return refusal_in_xml(f"s3: {method} ?encryption of an object", root="Error")
        if method == "PUT" and not key and "policy" in query:
            refusal = policies.bucket_refusal(bucket, body)
            if refusal is not None:
                return refusal
        if method == "PUT" and "x-amz-object-ownership" in headers:  # part of CreateBucket
            denied = _denied("making the artifact bucket", bucket)
            if denied:
                return denied
        try:
            answer = await handler(method, path, headers, body, query)
        except OSError as error:  # MiniStack would answer 500, which clients repeat
            full = room.refusal(error, Path(os.environ["STATE_DIR"]).parent)
            return error_in_xml(full.status, full.code, str(full), root="Error")
        if method in ("GET", "HEAD") and key and answer[0] == 404:
            return _denied("missing object", bucket) or answer
        return answer

    return served


def _denied(moment: str, bucket: str) -> Response | None:
    """The answer where the caller may not do what S3 demands of a bucket at this moment."""
    try:
        iam.hold_caller(moment, caller.ACCESS_KEY.get(), bucket=f"arn:aws:s3:::{bucket}")
    except iam.AccessDenied as denied:
        return error_in_xml(403, "AccessDenied", str(denied), root="Error")
    return None


def operation_of(
    service: str, method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> str | None:
    """The name of the operation that a request asks for, or None when it has none."""
    action = iam_actions.extract_iam_action(service, method, path, headers, body, query)
    return action.partition(":")[2] if action else None
