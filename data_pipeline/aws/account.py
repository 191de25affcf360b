"""Read-only look-ups of an account, for ``doctor``. A look-up that is refused answers ``Unanswered``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from data_pipeline.core.deployment.simulation import Question, questions
from data_pipeline.core.doctor.answers import Quota, Refusal, Unanswered
from data_pipeline.core.errors import UserError

from .cloudformation import BODY_LIMIT, Stacks
from .errors import ACCESS_DENIED, error_code, explanation
from .session import Connection

Answer = TypeVar("Answer")
#: how the embedded AWS refuses what it does not emulate.
NOT_EMULATED = frozenset(["NotImplemented", "NotImplementedException"])


def answer_of(connection: Connection, look: Callable[[], Answer]) -> Answer | Unanswered:
    """The answer of a look-up, or why there is none; other errors pass through."""
    try:
        return look()
    except ClientError as error:
        if connection.endpoint is not None and error_code(error) in NOT_EMULATED:
            return Unanswered(explanation(error) or str(error), emulated=False)
        if error_code(error) in ACCESS_DENIED:
            return Unanswered(explanation(error) or str(error))
        raise


def region_opt_in(connection: Connection) -> str | None:
    """``opt-in-not-required``, ``opted-in``, ``not-opted-in``, or None for a region that AWS does not know."""
    try:
        answer = connection.client("ec2").describe_regions(RegionNames=[connection.region], AllRegions=True)
    except ClientError as error:
        if error_code(error) == "InvalidParameterValue":
            return None
        raise
    return answer["Regions"][0].get("OptInStatus")


def quotas(connection: Connection, service: str) -> dict[str, Quota]:
    """Name in lower case → quota, of all quotas of a service: AWS's defaults, and over them what applies here."""
    client: Any = connection.client("service-quotas")
    found: dict[str, Quota] = {}
    for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
        for page in client.get_paginator(operation).paginate(ServiceCode=service):
            for quota in page["Quotas"]:
                name = quota["QuotaName"]
                found[name.lower()] = Quota(name, quota["QuotaCode"], quota["Value"])
    return found


def template_refusal(connection: Connection, body: str) -> str | None:
    """Why CloudFormation refuses a template; None when it takes it."""
    if len(body.encode()) > BODY_LIMIT:
        return (
            f"is larger than the {BODY_LIMIT} bytes that can be asked about; the deployment itself will tell"
        )
    try:
        Stacks(connection.client("cloudformation")).validate(body)
    except UserError as error:
        return str(error)
    return None


def definition_diagnostics(connection: Connection, definition: str) -> list[tuple[str, str]]:
    """(severity, message) of everything that Step Functions has to say of a definition."""
    answer = connection.client("stepfunctions").validate_state_machine_definition(
        definition=definition, type="STANDARD"
    )
    return [
        (found["severity"], f"{found.get('location', '')} {found['message']}".strip())
        for found in answer["diagnostics"]
    ]


def log_group_names(connection: Connection, wanted: Iterable[str]) -> set[str]:
    """Those of the wanted log groups that exist."""
    pages = connection.client("logs").get_paginator("describe_log_groups")
    found: set[str] = set()
    for name in wanted:
        for page in pages.paginate(logGroupNamePrefix=name):
            found |= {group["logGroupName"] for group in page["logGroups"]}
    return found


def stack_resources(connection: Connection, stack: str) -> list[tuple[str, str]]:
    """(type, physical id) of a stack's resources."""
    pages = (
        connection.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    )
    return [
        (found["ResourceType"], found.get("PhysicalResourceId", ""))
        for page in pages
        for found in page["StackResourceSummaries"]
    ]


def stack_parameter(connection: Connection, stack: str, name: str) -> str | None:
    """The value of a deployed stack's parameter."""
    described = connection.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    values = {p["ParameterKey"]: p.get("ParameterValue") for p in described.get("Parameters", [])}
    return values.get(name)


def principal(connection: Connection) -> str | None:
    """ARN of the caller as IAM's simulator takes it: a user or role; None for root and federated users."""
    _, _, kind = connection.identity.rpartition(":")
    if kind.startswith("user/"):
        return connection.identity
    if not kind.startswith("assumed-role/"):
        return None
    # a role's path is not in the ARN of its session
    return connection.client("iam").get_role(RoleName=kind.split("/")[1])["Role"]["Arn"]


def refused(connection: Connection, who: str, asking: Iterable[Question]) -> list[Refusal] | Unanswered:
    """What the simulator does not allow ``who``.

    The simulator of the embedded AWS knows neither contexts nor a second resource: questions with a context are
    not put to it, and without another refusal the whole is unanswered there.
    """
    found: list[Refusal] = []
    left_out = False
    for question in asking:
        if question.context and connection.endpoint is not None:
            left_out = True
            continue
        for resource in question.resources:
            found += _simulated(connection, who, question, resource)
    if left_out and not found:
        return Unanswered("the embedded AWS simulates no condition", emulated=False)
    return found


def _simulated(connection: Connection, who: str, question: Question, resource: str) -> list[Refusal]:
    context: Any = [
        {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": [value]}
        for key, kind, value in question.context
    ]
    pages = connection.client("iam").get_paginator("simulate_principal_policy")
    return [
        _decision(result)
        for page in pages.paginate(
            PolicySourceArn=who,
            ActionNames=list(question.actions),
            ResourceArns=[resource],
            ContextEntries=context,
        )
        for result in page["EvaluationResults"]
        if result["EvalDecision"] != "allowed"
    ]


def role_refusals(connection: Connection, role: str) -> list[Refusal] | Unanswered:
    """What a role's own policies grant and something above them (a boundary, the organization) refuses."""
    client = connection.client("iam")
    arn = client.get_role(RoleName=role)["Role"]["Arn"]
    asking: list[Question] = []
    for page in client.get_paginator("list_role_policies").paginate(RoleName=role):
        for name in page["PolicyNames"]:
            document: Any = client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            asking += [question for statement in document["Statement"] for question in questions(statement)]
    return refused(connection, arn, asking)


def _decision(result: Any) -> Refusal:
    organization = result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations")
    boundary = result.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary")
    said = f"{result['EvalActionName']} on {result.get('EvalResourceName', '*')} ({result['EvalDecision']}"
    if organization is False:
        return Refusal(f"{said} by the organization)", "organization")
    if boundary is False:
        return Refusal(f"{said} by a permissions boundary)", "boundary")
    return Refusal(f"{said})")
