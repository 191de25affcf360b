"""Whether a key's policy lets an account's roles use the key through a service, as far as can be told; pure.

What a condition means whose operator or key is not known here is not guessed: the answer is then "unsure".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

Decision = Literal["allowed", "refused", "denied", "unsure"]


@dataclass(frozen=True)
class Request:
    """A role of an account asks for an action through a service (``s3.eu-west-1.amazonaws.com``)."""

    account: str
    partition: str
    via: str
    action: str

    @property
    def context(self) -> dict[str, str]:
        return {
            "kms:calleraccount": self.account,
            "kms:viaservice": self.via,
            "aws:principalaccount": self.account,
            "aws:securetransport": "true",
            "aws:principaltype": "AssumedRole",
        }


def decide(policy: Mapping[str, Any], asked: Request) -> Decision:
    """A denial wins; what may be one leaves it open, and so does what may allow it where nothing surely does."""
    found = {"Deny": [False], "Allow": [False], "MaybeDeny": [False], "MaybeAllow": [False]}
    for statement in _list(policy.get("Statement", [])):
        parts = (_acts(statement, asked), _principal(statement, asked), _holds(statement, asked))
        if False in parts:
            continue
        sure = "" if None not in parts else "Maybe"
        found[f"{sure}{statement['Effect']}"].append(True)
    if any(found["Deny"]):
        return "denied"
    if any(found["MaybeDeny"]):
        return "unsure"
    if any(found["Allow"]):
        return "allowed"
    return "unsure" if any(found["MaybeAllow"]) else "refused"


def _acts(statement: Mapping[str, Any], asked: Request) -> bool:
    if "NotAction" in statement:
        return not _fits(asked.action, statement["NotAction"])
    return _fits(asked.action, statement.get("Action", []))


def _principal(statement: Mapping[str, Any], asked: Request) -> bool | None:
    """None for roles and users of the account that are named: ours may be among them."""
    if "NotPrincipal" in statement:
        return None
    principal = statement.get("Principal", {})
    named = _list(principal if isinstance(principal, str) else principal.get("AWS", []))
    root = f"arn:{asked.partition}:iam::{asked.account}:root"
    if any(name in ("*", asked.account, root) for name in named):
        return True
    return None if any(f"::{asked.account}:" in name for name in named) else False


def _holds(statement: Mapping[str, Any], asked: Request) -> bool | None:
    results = [
        _test(operator, key, values, asked.context)
        for operator, pairs in statement.get("Condition", {}).items()
        for key, values in pairs.items()
    ]
    return False if False in results else None if None in results else True


def _test(operator: str, key: str, values: Any, context: Mapping[str, str]) -> bool | None:
    value, kind = context.get(key.lower()), operator.removesuffix("IfExists")
    if value is None:
        return None
    if kind in ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "Bool"):
        return _fits(value, values)
    if kind in ("StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike"):
        return not _fits(value, values)
    return None


def _fits(value: str, patterns: Any) -> bool:
    return any(fnmatchcase(value.lower(), str(pattern).lower()) for pattern in _list(patterns))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
