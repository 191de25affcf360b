"""What MiniStack asks and answers about permissions, replaced by what AWS does.

Each request is held to everything that AWS demands of it (``permissions``), with AWS's sentence where that is denied.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.services import s3

from . import permissions
from .iam import denied


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
    return denied(refused.principal_arn, action, resource, explicit=refused.decision == "Deny")


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
