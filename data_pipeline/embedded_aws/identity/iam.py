"""Who may do what: the policies of roles and of those who make requests.

For the modules beside this one:

    authorize(role_arn, action, resource, context=…) -> None         # raises AccessDenied
    hold(moment, role_arn, **facts) -> None                          # the same for all that AWS demands then
    hold_caller(moment, access_key, **facts) -> None                 # … of who makes a request

Every denial is a line of the log, "denied: …". All take ARNs and plain values; ``AccessDenied.code`` and its
text are what AWS answers.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam as iam_service

from . import required

_log = logging.getLogger("embedded.iam")

ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:.*/)?([^/]+)")


class AccessDenied(Exception):  # noqa: N818 - AWS's own name
    """A denial, or a role that a service cannot assume: ``str()`` is AWS's message, ``code`` its error
    code.
    """

    def __init__(self, message: str, code: str = "AccessDeniedException") -> None:
        super().__init__(message)
        self.code = code


def authorize(role_arn: str, action: str, resource: str, context: Mapping[str, Any] | None = None) -> None:
    """Whether a role's own policies allow an action on a resource ARN; AccessDenied, worded as AWS words
    it, if not.
    """
    account, name = account_and_name(role_arn)
    session = f"arn:aws:sts::{account}:assumed-role/{name}/embedded"
    policies = iam_evaluator._gather_role_policies(name, account)
    limits = iam_evaluator._permissions_boundary(iam_service._roles, name, account)
    evaluation = iam_evaluator.EvalContext(
        principal_arn=session,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=resource.split(":")[3] if resource.count(":") > 3 else "",
        secure_transport=True,
        service_context={key.lower(): value for key, value in (context or {}).items()},
    )
    result = iam_evaluator.evaluate(evaluation, policies, *limits)
    if result.decision != "Allow":
        raise AccessDenied(denied(session, action, resource, explicit=result.decision == "Deny"))


def hold(moment: str, role_arn: str, **facts: str) -> None:
    """Ask for a role whatever AWS demands at this moment; AccessDenied for the first that it lacks."""
    for action, resource, context in required.at(moment, facts):
        authorize(role_arn, action, resource, context)


def hold_caller(moment: str, access_key: str, **facts: str) -> None:
    """Ask for the holder of an access key whatever AWS demands at this moment; AccessDenied."""
    for action, resource, context in required.at(moment, facts):
        authorize_key(access_key, action, resource, context)


def authorize_key(access_key: str, action: str, resource: str, context: Mapping[str, Any]) -> None:
    """Whether the holder of an access key may do an action that comes with a request; AccessDenied."""
    service = action.partition(":")[0]
    refused = iam_evaluator.enforce(
        access_key, action, service, "", resource_arn=resource, service_context=dict(context)
    )
    if isinstance(refused, iam_evaluator.AuthError):
        raise AccessDenied(refused.message, refused.code)
    if refused is not None:
        explicit = refused.decision == "Deny"
        raise AccessDenied(denial(refused.principal_arn, action, resource, explicit=explicit))


def denial(principal: str, action: str, resource: str, *, explicit: bool) -> str:
    """AWS's sentence for a denied action."""
    reason = (
        "with an explicit deny in an identity-based policy"
        if explicit
        else f"because no identity-based policy allows the {action} action"
    )
    return f"User: {principal} is not authorized to perform: {action} on resource: {resource} {reason}"


def denied(principal: str, action: str, resource: str, *, explicit: bool) -> str:
    """The same, also written to the log."""
    message = denial(principal, action, resource, explicit=explicit)
    _log.warning("denied: %s", message)
    return message


def account_and_name(role_arn: str) -> tuple[str, str]:
    """Of a role's ARN; AccessDenied for what is none."""
    match = ROLE_ARN.fullmatch(role_arn)
    if match is None:
        raise AccessDenied(f"Invalid role ARN: {role_arn}", "ValidationException")
    return match.group(1), match.group(2)
