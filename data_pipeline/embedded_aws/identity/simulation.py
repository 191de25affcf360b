"""SimulateCustomPolicy and SimulatePrincipalPolicy: what policies say of actions, resources and condition keys.

MiniStack takes one resource, and no condition keys. What is not worked out here is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam as iam_service

from data_pipeline.embedded_aws.answers import Response, error_in_xml, refusal_in_xml

from . import sessions

_NOT_EMULATED = (
    *("CallerArn", "MaxItems", "Marker", "ResourceHandlingOption", "ResourceOwner", "ResourcePolicy"),
    "PermissionsBoundaryPolicyInputList",
)
#: Keys that MiniStack reads from its clock, and from the request itself.
_CLOCK = {"aws:currenttime", "aws:epochtime"}
_REQUEST = {"aws:securetransport"}
_WORDS = {"Allow": "allowed", "Deny": "explicitDeny"}
_TYPES = {"role": "AssumedRole", "user": "User"}
_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
_ENTRY = re.compile(r"ContextEntries\.member\.(\d+)\.ContextKeyName")


def answer(operation: str, members: Mapping[str, str]) -> Response:
    """The answer to a simulation."""
    for name in _NOT_EMULATED:
        if any(member.partition(".")[0] == name for member in members):
            return refusal_in_xml(f"iam:{operation} with {name}")
    actions = _members(members, "ActionNames")
    if not actions:
        return error_in_xml(400, "ValidationError", "ActionNames: at least one action is required.")
    policies = [iam_evaluator.parse_policy_document(text) for text in _members(members, "PolicyInputList")]
    context, principal, limits = _context(members), "", []
    if operation == "SimulatePrincipalPolicy":
        principal = members.get("PolicySourceArn", "")
        found = _of_principal(principal)
        if found is None:
            return error_in_xml(404, "NoSuchEntity", f"The role or user {principal} cannot be found.")
        policies, limits = [*found[0], *policies], found[1]
    named = {key.lower() for key in _keys([*policies, *(policy for limit in limits for policy in limit)])}
    unknown = sorted(named & _CLOCK | (named - set(context)) & _REQUEST)
    if unknown:
        return refusal_in_xml(f"iam:{operation} of conditions on {', '.join(unknown)}")
    results = "".join(
        _result(action, resource, principal, policies, limits, context)
        for resource in _members(members, "ResourceArns") or ["*"]
        for action in actions
    )
    inner = f"<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>"
    body = f'<{operation}Response xmlns="{_NAMESPACE}"><{operation}Result>{inner}</{operation}Result>'
    return 200, {"Content-Type": "text/xml"}, f"{body}</{operation}Response>".encode()


def _members(members: Mapping[str, str], name: str) -> list[str]:
    """The items of a list, in order."""
    found = {
        int(member.rpartition(".")[2]): value
        for member, value in members.items()
        if re.fullmatch(rf"{name}\.member\.\d+", member)
    }
    return [found[number] for number in sorted(found)]


def _context(members: Mapping[str, str]) -> dict[str, Any]:
    """Condition key, in lower case → its value, or values."""
    context: dict[str, Any] = {}
    for member, key in members.items():
        if match := _ENTRY.fullmatch(member):
            values = _members(members, f"ContextEntries.member.{match[1]}.ContextKeyValues")
            is_list = members.get(f"ContextEntries.member.{match[1]}.ContextKeyType", "string").endswith(
                "List"
            )
            context[key.lower()] = values if is_list else values[0] if values else None
    return context


def _of_principal(arn: str) -> tuple[list[Any], list[Any]] | None:
    """The policies of a role or user, and its permissions boundary; None where there is no such."""
    account, name = get_account_id(), arn.rpartition("/")[2]
    if sessions.role_of(arn) is not None:
        boundary = iam_evaluator._permissions_boundary(iam_service._roles, name, account)
        return iam_evaluator._gather_role_policies(name, account), list(boundary)
    user = iam_service._users.get(name)
    if user is None or user.get("Arn") != arn:
        return None
    boundary = iam_evaluator._permissions_boundary(iam_service._users, name, account)
    return iam_evaluator._gather_user_policies(name, account), list(boundary)


def _result(
    action: str, resource: str, principal: str, policies: list[Any], limits: list[Any], given: dict[str, Any]
) -> str:
    evaluation = iam_evaluator.EvalContext(
        principal_arn=given.get("aws:principalarn") or principal or None,
        principal_type=given.get("aws:principaltype")
        or _TYPES.get(principal.split(":")[-1].partition("/")[0]),
        principal_account=given.get("aws:principalaccount") or (get_account_id() if principal else None),
        action=action,
        resource_arn=resource,
        region=given.get("aws:requestedregion"),
        source_ip=given.get("aws:sourceip"),
        secure_transport=given.get("aws:securetransport", ""),
        service_context=given,
    )
    decision = iam_evaluator.evaluate(evaluation, policies, *limits).decision
    lacking = sorted(key for key in _keys(policies) if key.lower() not in given)
    missing = "".join(f"<member>{escape(key)}</member>" for key in lacking)
    return (
        f"<member><EvalActionName>{escape(action)}</EvalActionName>"
        f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
        f"<EvalDecision>{_WORDS.get(decision, 'implicitDeny')}</EvalDecision><MatchedStatements/>"
        f"<MissingContextValues>{missing}</MissingContextValues></member>"
    )


def _keys(policies: list[Any]) -> set[str]:
    """The condition keys that policies name."""
    return {
        key
        for policy in policies
        for statement in policy
        for keys in (statement.conditions or {}).values()
        for key in keys
    }
