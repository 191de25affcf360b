"""Sessions of roles: which services may act as a role, and the credentials that they do it with.

For the modules beside this one:

    assume_for_service(role_arn, service, source=…) -> Credentials   # raises AccessDenied
    revoke(credentials) -> None                                      # before they expire
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import _account_from_sts_session
from ministack.services import iam as iam_service
from ministack.services import sts

from data_pipeline.embedded_aws.server.endpoint import ACCOUNT

from . import iam
from .iam import AccessDenied
from .signing.request import Refused

#: The principals that are every service, too, where a statement denies.
_EVERYBODY = ("*", {"AWS": "*"}, {"AWS": ["*"]})


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
    account, name = iam.account_and_name(role_arn)
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
    account, _ = iam.account_and_name(role_arn)
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
        services = _list(named.get("Service", []) if isinstance(named, dict) else [])
        denies = statement.get("Effect") == "Deny"
        actions = statement.get("Action", [])
        if (
            (service in services or (denies and named in _EVERYBODY))
            and any(iam_evaluator.fnmatch_iam("sts:AssumeRole", action) for action in _list(actions))
            and iam_evaluator._conditions_met(statement.get("Condition", {}), context)
        ):
            if denies:
                return False
            allowed = True
    return allowed


def role_of(role_arn: str) -> dict[str, Any] | None:
    """MiniStack's record of a role, or None."""
    if iam.ROLE_ARN.fullmatch(role_arn) is None:
        return None
    account, name = iam.account_and_name(role_arn)
    role: dict[str, Any] | None = iam_service._roles.get_scoped(account, None, name)
    return role if role is not None and role.get("Arn") == role_arn else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
