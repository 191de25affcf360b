"""Who may do what: roles are handed to services as on AWS, PassRole is evaluated.

For the modules beside this one:

    assume_for_service(role_arn, service, source=…) -> Credentials   # raises AccessDenied
    authorize(role_arn, action, resource, context=…) -> None         # raises AccessDenied
    hold(moment, role_arn, **facts) -> None                          # the same for all that AWS demands then
    hold_caller(moment, access_key, **facts) -> None                 # … of who makes a request

Every denial is a line of the log, "denied: …". All take ARNs and plain values; ``AccessDenied.code`` and its
text are what AWS answers.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import _account_from_sts_session
from ministack.services import iam as iam_service
from ministack.services import s3, sts

from data_pipeline.embedded_aws.server.endpoint import ACCOUNT

from . import permissions, required
from .signing.request import Refused

_log = logging.getLogger("embedded.iam")

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:.*/)?([^/]+)")


class AccessDenied(Exception):  # noqa: N818 - AWS's own name
    """A denial, or a role that a service cannot assume: ``str()`` is AWS's message, ``code`` its error
    code.
    """

    def __init__(self, message: str, code: str = "AccessDeniedException") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Credentials:
    """Temporary credentials of a role session; ``expires`` in seconds since the epoch."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    arn: str
    expires: float

    def environment(self) -> dict[str, str]:
        """The variables by which an AWS SDK finds these credentials."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_SESSION_TOKEN": self.token,
        }


def assume_for_service(
    role_arn: str,
    service: str,
    *,
    session: str = "embedded",
    seconds: int = 12 * 3600,
    source: Mapping[str, str] | None = None,
) -> Credentials:
    """Credentials with which ``service`` (``glue.amazonaws.com``) acts as the role.

    ``source`` holds the condition keys that the service sets (``aws:SourceArn``, ``aws:SourceAccount``).
    AccessDenied when there is no such role or its trust policy does not name the service, also for a caller
    who is root.
    """
    role = role_of(role_arn)
    if role is None:
        raise AccessDenied(f"Role {role_arn} does not exist.", "ValidationException")
    if not trusts(role.get("AssumeRolePolicyDocument", "{}"), service, role_arn, source or {}):
        raise AccessDenied(
            f"The role {role_arn} cannot be assumed by {service}: its trust policy must allow the principal "
            f'{{"Service": "{service}"}} the action sts:AssumeRole'
            + (f" under {dict(source)}." if source else ".")
        )
    return _issued(role, role_arn, re.sub(r"[^\w+=,.@-]", "-", session)[:64] or "embedded", seconds)


def _issued(role: Mapping[str, Any], role_arn: str, session: str, seconds: int) -> Credentials:
    """Credentials of a session of the role, which STS knows from now on."""
    account, name = _parts(role_arn)
    credentials = Credentials(
        access_key="ASIA" + secrets.token_hex(8).upper(),
        secret_key=secrets.token_urlsafe(30),
        token=secrets.token_urlsafe(60),
        arn=f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        expires=time.time() + seconds,
    )
    sts.register_session(
        credentials.access_key,
        {
            "Arn": credentials.arn,
            "UserId": f"{role.get('RoleId', 'AROA')}:{session}",
            "SecretAccessKey": credentials.secret_key,
            "SessionToken": credentials.token,
            "Expiration": credentials.expires,
            "AccountId": account,
            "PrincipalType": "AssumedRole",
        },
    )
    return credentials


def revoke(credentials: Credentials) -> None:
    """End a session before its time: the job that it was made for has ended."""
    sts._sessions.pop(credentials.access_key, None)


def secret_of(access_key: str, token: str) -> str:
    """The secret of an access key, whose session token (empty for none) must be right; Refused."""
    try:
        account = iam_evaluator.find_iam_access_key_account(access_key)
    except iam_evaluator.AmbiguousAccessKeyError:
        account = None
    account = account or _account_from_sts_session(access_key) or ACCOUNT
    found = iam_evaluator.resolve_credential(access_key, account, token)
    if not isinstance(found, iam_evaluator.CredentialResolutionError):
        return str(found.secret_access_key)
    if found.code == "InvalidToken" and not token:  # AWS does not know a session's key without its token
        found = iam_evaluator._unknown_access_key()
    raise Refused(found.code, found.message)


def trusts(document: Any, service: str, role_arn: str, source: Mapping[str, str]) -> bool:
    """Whether a trust policy lets a service principal assume the role under the condition keys it sets."""
    policy = json.loads(document) if isinstance(document, str) else document
    statements = policy.get("Statement", [])
    account, _ = _parts(role_arn)
    context = iam_evaluator.EvalContext(
        principal_arn=service,
        principal_type="AWSService",
        principal_account=account,
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region="",
        service_context={key.lower(): value for key, value in source.items()},
    )
    allowed = False
    for statement in [statements] if isinstance(statements, dict) else statements:
        named = statement.get("Principal", {})
        services = named.get("Service", []) if isinstance(named, dict) else []
        actions = statement.get("Action", [])
        if (
            service in ([services] if isinstance(services, str) else services)
            and any(iam_evaluator.fnmatch_iam("sts:AssumeRole", action) for action in _list(actions))
            and iam_evaluator._conditions_met(statement.get("Condition", {}), context)
        ):
            if statement.get("Effect") == "Deny":
                return False
            allowed = True
    return allowed


def authorize(role_arn: str, action: str, resource: str, context: Mapping[str, Any] | None = None) -> None:
    """Whether a role's own policies allow an action on a resource ARN; AccessDenied, worded as AWS words
    it, if not.
    """
    account, name = _parts(role_arn)
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
        message = denial(session, action, resource, explicit=result.decision == "Deny")
        _log.warning("denied: %s", message)
        raise AccessDenied(message)


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


def _named(theirs: Callable[[Any, str], bool]) -> Callable[[Any, str], bool]:
    """In the place of MiniStack's _principal_matches, which takes root for every service."""

    def matches(principal: Any, caller_arn: str) -> bool:
        if isinstance(principal, Mapping):
            principal = {kind: named for kind, named in principal.items() if kind != "Service"}
        return theirs(principal, caller_arn)

    return matches


class Needed(str):
    """The resource of a request, as MiniStack passes it on, with everything that the request needs."""

    needs: list[permissions.Need]


def _needed(theirs: Callable[..., str]) -> Callable[..., str]:
    """In the place of MiniStack's extract_resource_arn."""

    def resource(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: Any,
        region: str,
        account: str,
    ) -> str:
        if not permissions.known(service):
            return theirs(service, method, path, headers, body, query, region, account)
        action = iam_actions.extract_iam_action(service, method, path, headers, body, query) or ":"
        request = permissions.parse(action.partition(":")[2], path, body, query, region, account)
        found = permissions.needs(service, request)
        needed = Needed(found[0].resource)
        needed.needs = found
        return needed

    return resource


def _enforced(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """In the place of MiniStack's enforce: a request with needs is allowed when each of them is."""

    def enforce(
        access_key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        if not isinstance(resource_arn, Needed):
            refused = theirs(access_key, action, service, region, resource_arn, service_context)
            _refusal_text(refused, action, resource_arn)
            return refused
        for need in resource_arn.needs:
            context = {**(service_context or {}), **need.context}
            refused = theirs(access_key, need.action, service, region, need.resource, context)
            message = _refusal_text(refused, need.action, need.resource)
            if message is not None:
                code = iam_actions._DENIED_CODES.get(service, "AccessDenied")
                return iam_evaluator.AuthError(code, message)
            if refused is not None:
                return refused
        return None

    return enforce


def _refusal_text(refused: Any, action: str, resource: str) -> str | None:
    """The sentence of a denial, also written to the log; None for anything else."""
    if not isinstance(refused, iam_evaluator.EvalResult):
        return None
    message = denial(refused.principal_arn, action, resource, explicit=refused.decision == "Deny")
    _log.warning("denied: %s", message)
    return message


def role_of(role_arn: str) -> dict[str, Any] | None:
    """MiniStack's record of a role, or None."""
    if _ROLE_ARN.fullmatch(role_arn) is None:
        return None
    account, name = _parts(role_arn)
    role: dict[str, Any] | None = iam_service._roles.get_scoped(account, None, name)
    return role if role is not None and role.get("Arn") == role_arn else None


def _parts(role_arn: str) -> tuple[str, str]:
    match = _ROLE_ARN.fullmatch(role_arn)
    if match is None:
        raise AccessDenied(f"Invalid role ARN: {role_arn}", "ValidationException")
    return match.group(1), match.group(2)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def install() -> None:
    """Take only the holder of root's key for root, ask for what AWS asks for, and leave signatures to
    ``admission``: whoever comes as far as MiniStack has been verified.
    """
    root = os.environ["AWS_ACCESS_KEY_ID"]
    iam_evaluator.is_root_access_key = lambda key: key == root
    iam_evaluator._is_root_key = lambda _key: False
    iam_evaluator.authenticate = lambda _key, _account: None
    s3._verify_presigned_sigv4 = lambda _method, _path, _headers, _query: None
    app.pin_signed_request = lambda _method, _path, _query, _headers, _handshake=False: None
    app.pin_signed_body = lambda _body: None
    iam_actions.extract_resource_arn = _needed(iam_actions.extract_resource_arn)
    iam_evaluator.enforce = _enforced(iam_evaluator.enforce)
    iam_evaluator._principal_matches = _named(iam_evaluator._principal_matches)
    # Loopback stands for AWS's TLS: a policy that refuses plain HTTP must not refuse everybody here.
    app.pin_request_origin = lambda address, _secure: iam_evaluator.pin_request_origin(address, True)
