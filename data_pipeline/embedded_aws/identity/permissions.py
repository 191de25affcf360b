"""What a request needs: the resources on which its own action must be allowed, and the actions that come
with it.

After the Service Authorization Reference. MiniStack asks for one resource per request and does not know
iam:PassRole, so that a policy that is too narrow for AWS would do here, and one that is right would not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from ministack.services import cloudformation

from data_pipeline.embedded_aws.stepfunctions import arns

from . import required, resources

#: Members by which requests to Step Functions name their resource.
_OF_STATES = (
    *("stateMachineArn", "stateMachineAliasArn", "stateMachineVersionArn"),
    *("executionArn", "resourceArn"),
)
_TAG_KEY = re.compile(r"Tags\.member\.\d+\.Key")


class Need(NamedTuple):
    """One action on one resource, with the condition keys of this request."""

    action: str
    resource: str
    context: dict[str, Any] = {}  # noqa: RUF012 - never changed


class Request(NamedTuple):
    """A request as far as permissions go: ``members`` are those of its body or of its query."""

    operation: str
    members: Mapping[str, Any]
    path: str
    query: Mapping[str, str]
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """An ARN in the request's region and account."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def pass_role(self, role: Any, service: str) -> Iterator[Need]:
        """iam:PassRole for a role (ARN, or name) that the request hands to a service."""
        if role:
            arn = str(role) if str(role).startswith("arn:") else f"arn:aws:iam::{self.account}:role/{role}"
            yield Need("iam:PassRole", arn, {"iam:PassedToService": service})


def needs(service: str, request: Request) -> list[Need]:
    """Everything that must be allowed; the request's own action first."""
    return list(_SERVICES[service](request))


def known(service: str) -> bool:
    """Whether this module says what requests of the service need."""
    return service in _SERVICES


def parse(
    operation: str, path: str, body: bytes, query: Mapping[str, Any], region: str, account: str
) -> Request:
    """A request's parts; a body that is not a JSON object counts as empty (the service will refuse it)."""
    flat = {key: value[0] if isinstance(value, list) else value for key, value in query.items()}
    try:
        members = json.loads(body) if body else {}
    except ValueError:
        members = {}
    return Request(operation, members if isinstance(members, dict) else {}, path, flat, region, account)


def _states(request: Request) -> Iterator[Need]:
    """A version or an alias is asked for by its state machine's ARN; its own name is a condition key. Source:
    "Authorization for versions and aliases" of the Step Functions Developer Guide.
    """
    members, operation = request.members, request.operation
    given = next((members[name] for name in _OF_STATES if members.get(name)), None)
    if operation == "CreateStateMachine":
        given = request.arn("states", f"stateMachine:{members.get('name')}")
    elif operation == "CreateStateMachineAlias":
        routes = members.get("routingConfiguration")
        first = routes[0] if isinstance(routes, list) and routes else {}
        given = arns.split(str(first.get("stateMachineVersionArn")))[0] if isinstance(first, dict) else None
    arn, qualifier = arns.split(str(given or "*"))
    yield Need(f"states:{operation}", arn, {"states:StateMachineQualifier": qualifier} if qualifier else {})
    if operation == "CreateStateMachine" and members.get("tags"):
        yield Need("states:TagResource", arn)
    if operation in ("CreateStateMachine", "UpdateStateMachine"):
        if members.get("publish"):
            yield Need("states:PublishStateMachineVersion", arn)
        yield from request.pass_role(members.get("roleArn"), "states.amazonaws.com")


def _glue(request: Request) -> Iterator[Need]:
    action, members, operation = f"glue:{request.operation}", request.members, request.operation
    if operation in ("TagResource", "UntagResource", "GetTags"):
        yield Need(action, str(members.get("ResourceArn", "*")))
        return
    arns = [request.arn("glue", each) for each in resources.of_glue(operation, members)]
    for arn in arns:
        yield Need(action, arn)
    if operation == "CreateJob":
        if members.get("Tags"):
            yield Need("glue:TagResource", arns[0])
        yield from request.pass_role(members.get("Role"), "glue.amazonaws.com")
    if operation == "UpdateJob":
        yield from request.pass_role(members.get("JobUpdate", {}).get("Role"), "glue.amazonaws.com")


def _sagemaker(request: Request) -> Iterator[Need]:
    """A job's or a feature group's ARN has its name in lower case."""
    action, members = f"sagemaker:{request.operation}", request.members
    if "ProcessingJobName" in members:
        named = [f"processing-job/{str(members['ProcessingJobName']).lower()}"]
    elif "FeatureGroupName" in members:
        named = [f"feature-group/{str(members['FeatureGroupName']).rpartition('/')[2].lower()}"]
    elif request.path.startswith("/FeatureGroup/"):
        named = [
            f"feature-group/{unquote(request.path).split('/', 2)[2].rpartition('feature-group/')[2].lower()}"
        ]
    elif "ResourceArn" in members or request.operation not in ("BatchGetRecord", "BatchWriteRecord"):
        yield Need(action, str(members.get("ResourceArn", "*")))
        return
    else:
        entries = [*members.get("Entries", []), *members.get("Identifiers", [])]
        groups = {str(entry.get("FeatureGroupName")).rpartition("/")[2].lower() for entry in entries}
        named = [f"feature-group/{group}" for group in sorted(groups)] or ["feature-group/*"]
    for resource in named:
        yield Need(action, request.arn("sagemaker", resource.removesuffix("/listrecords")))


def _athena(request: Request) -> Iterator[Need]:
    action, members, operation = f"athena:{request.operation}", request.members, request.operation
    if operation in ("ListTagsForResource", "TagResource", "UntagResource"):
        yield Need(action, str(members.get("ResourceARN", "*")))
        return
    if operation in ("ListWorkGroups", "ListDataCatalogs"):
        yield Need(action, "*")
        return
    arns = [request.arn("athena", each) for each in resources.of_athena(operation, members)]
    for arn in arns:
        yield Need(action, arn)
    if operation == "CreateWorkGroup" and members.get("Tags"):
        yield Need("athena:TagResource", arns[0])
    if operation == "StartQueryExecution" and resources.EXECUTE.match(str(members.get("QueryString"))):
        yield Need("athena:GetPreparedStatement", arns[0])


def _scheduler(request: Request) -> Iterator[Need]:
    action, members = f"scheduler:{request.operation}", request.members
    kind, _, rest = request.path.strip("/").partition("/")
    name = unquote(rest)
    group = members.get("GroupName") or request.query.get("groupName") or "default"
    resource = {
        "schedules": f"schedule/{group}/{name or '*'}",
        "schedule-groups": f"schedule-group/{name or '*'}",
    }.get(kind)
    yield Need(action, request.arn("scheduler", resource) if resource else name)
    if request.operation == "CreateScheduleGroup" and members.get("Tags"):
        yield Need("scheduler:TagResource", request.arn("scheduler", f"schedule-group/{name}"))
    if request.operation in ("CreateSchedule", "UpdateSchedule"):
        yield from request.pass_role(members.get("Target", {}).get("RoleArn"), "scheduler.amazonaws.com")


def _logs(request: Request) -> Iterator[Need]:
    action, members = f"logs:{request.operation}", request.members
    if "resourceArn" in members:
        yield Need(action, str(members["resourceArn"]))
        return
    group, stream = members.get("logGroupName", ""), members.get("logStreamName", "")
    yield Need(action, request.arn("logs", f"log-group:{group}:log-stream:{stream}"))
    if request.operation == "CreateLogGroup" and members.get("tags"):
        yield Need("logs:TagResource", request.arn("logs", f"log-group:{group}"))


def _cloudformation(request: Request) -> Iterator[Need]:
    stack = request.query.get("StackName", "")
    change_set = cloudformation._change_sets.get(request.query.get("ChangeSetName", ""))
    if not stack and change_set:
        stack = change_set.get("StackId", "")
    if stack and not stack.startswith("arn:"):
        stack = request.arn("cloudformation", f"stack/{stack}/*")
    yield Need(f"cloudformation:{request.operation}", stack or "*")
    if request.operation == "CreateChangeSet":
        given = {value for name, value in request.query.items() if _TAG_KEY.fullmatch(name)}
        if given:
            yield Need("cloudformation:TagResource", stack)
        if given and _tags_of(stack) - given:
            yield Need("cloudformation:UntagResource", stack)
    if "TemplateURL" in request.query:
        template = unquote(urlsplit(request.query["TemplateURL"]).path).lstrip("/")
        for action, resource, _ in required.at("template by URL", {"object": f"arn:aws:s3:::{template}"}):
            yield Need(action, resource)


def _tags_of(arn: str) -> set[str]:
    """The keys of the tags of a stack, given the ARN that a request's policy is held against."""
    name = arn.split("/")[1] if "/" in arn else arn
    tags = (cloudformation._stacks.get(name) or {}).get("Tags") or []
    return {tag["Key"] for tag in tags}


def _iam(request: Request) -> Iterator[Need]:
    query = request.query
    prefix = f"arn:aws:iam::{request.account}:"
    resource = "*"
    for member, kind in (("RoleName", "role"), ("UserName", "user"), ("PolicyName", "policy")):
        if member in query:
            path = query.get("Path", "/") if request.operation.startswith("Create") else "/"
            resource = f"{prefix}{kind}{path}{query[member]}"
            break
    else:
        resource = query.get("PolicyArn") or query.get("PolicySourceArn") or "*"
    context = {}
    if request.operation in ("AttachRolePolicy", "DetachRolePolicy", "AttachUserPolicy", "DetachUserPolicy"):
        context["iam:PolicyARN"] = query.get("PolicyArn")
    if "PermissionsBoundary" in query:
        context["iam:PermissionsBoundary"] = query["PermissionsBoundary"]
    yield Need(f"iam:{request.operation}", resource, context)
    if request.operation == "CreateRole" and any(key.startswith("Tags.") for key in query):
        yield Need("iam:TagRole", resource)


def _sns(request: Request) -> Iterator[Need]:
    """A subscription is no resource of SNS: who ends or reads one needs the action on everything."""
    query = request.query
    name = query.get("Name")
    resource = (
        (request.arn("sns", name) if name else None) or query.get("TopicArn") or query.get("ResourceArn")
    )
    yield Need(f"sns:{request.operation}", resource or "*")
    if request.operation == "CreateTopic" and any(key.startswith("Tags.") for key in query):
        yield Need("sns:TagResource", str(resource))


_SERVICES: dict[str, Callable[[Request], Iterator[Need]]] = {
    "athena": _athena,
    "cloudformation": _cloudformation,
    "glue": _glue,
    "iam": _iam,
    "logs": _logs,
    "sagemaker": _sagemaker,
    "scheduler": _scheduler,
    "sns": _sns,
    "states": _states,
}
