"""Whether IAM would take a policy document: its grammar, its size, and the principals that it names. Pure.

Sources: "Grammar of the IAM JSON policy language", "IAM JSON policy elements reference" and "IAM and AWS STS
quotas" of the IAM User Guide. The wording is AWS's where it is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .resource_actions import OF_BUCKETS, OF_QUEUES, OF_TOPICS, is_of, without_resource

_POLICY = frozenset({"Version", "Id", "Statement"})
_STATEMENT = frozenset(
    [
        *("Action", "Condition", "Effect", "NotAction", "NotPrincipal", "NotResource", "Principal"),
        *("Resource", "Sid"),
    ]
)
_VERSIONS = ("2008-10-17", "2012-10-17")
_VENDOR = r"[a-zA-Z0-9-]+"
_ACTION = re.compile(rf"\*|{_VENDOR}:[A-Za-z0-9*?]+")
_KEY = re.compile(rf"{_VENDOR}:.+")
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "*")
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?")
_IDENTITY = re.compile(
    r"arn:aws(-cn|-us-gov)?:(iam|sts)::[0-9]{12}:(root|(role|user|assumed-role|federated-user)/.+)"
)
#: A web identity provider by its host, or an ARN of one of IAM's: "Principal" in E.
_PROVIDER = re.compile(
    r"[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]+)?(/.*)?|arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:.+-provider/.+"
)
#: What a trust policy may allow: the actions of STS by which a role is assumed.
_ASSUMING = (
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "SetContext",
    "SetSourceIdentity",
    "TagSession",
)
_ALL = frozenset(
    [
        *("Bool", "Null", "BinaryEquals", "IpAddress", "NotIpAddress"),
        *(f"Arn{name}" for name in ("Equals", "Like", "NotEquals", "NotLike")),
        *(f"String{name}" for name in ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase")),
        *("StringLike", "StringNotLike"),
        *(
            f"{kind}{name}"
            for kind in ("Numeric", "Date")
            for name in (
                *("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"),
            )
        ),
    ]
)
#: In lower case, as IAM compares them; Null has no IfExists.
OPERATORS = frozenset(
    f"{many}{name}{exists}".lower()
    for many in ("", "ForAllValues:", "ForAnyValue:")
    for name in _ALL
    for exists in ("", "IfExists")
    if not (name == "Null" and exists)
)
_SYNTAX = "Syntax errors in policy."


class Malformed(ValueError):  # noqa: N818 - AWS's own word
    """A document that IAM refuses, with its reason."""


class TooLarge(Malformed):
    """A document of more characters than its kind may have."""


@dataclass(frozen=True)
class Kind:
    """What a document is attached to. ``longest``: characters, white space apart; ``vendor``: the one service
    whose actions it may name, and ``actions``: those, where they are known; ``loose_sid``: whether a Sid may be any
    text; ``within``: the bucket that every resource is in.
    """

    name: str
    longest: int
    principal: bool = False
    resource: bool = True
    vendor: str = ""
    loose_sid: bool = False
    actions: frozenset[str] = frozenset()
    within: str = ""


INLINE_USER = Kind("user policy", 2_048)
INLINE_ROLE = Kind("role policy", 10_240)
MANAGED = Kind("policy", 6_144)
SESSION = Kind("session policy", 2_048)
TRUST = Kind("trust policy", 2_048, principal=True, resource=False, vendor="sts")
BUCKET = Kind("bucket policy", 20_480, principal=True, vendor="s3", loose_sid=True, actions=OF_BUCKETS)
QUEUE = Kind("queue policy", 30_720, principal=True, vendor="sqs", loose_sid=True, actions=OF_QUEUES)
TOPIC = Kind("topic policy", 30_720, principal=True, vendor="sns", loose_sid=True, actions=OF_TOPICS)


def check(text: str, kind: Kind, exists: Callable[[str], bool]) -> None:
    """Malformed, with the reason, for a document that IAM would not take as this kind of policy.

    ``exists``: whether there is a role or user with this ARN.
    """
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except ValueError as error:
        raise Malformed(f"This policy contains invalid Json: {error}") from error
    if not isinstance(document, dict) or set(document) - _POLICY or "Statement" not in document:
        raise Malformed(f"{_SYNTAX} A policy has {', '.join(sorted(_POLICY))}.")
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise Malformed(f"{_SYNTAX} The Version is one of {', '.join(_VERSIONS)}.")
    if not isinstance(document.get("Id", ""), str):
        raise Malformed(f"{_SYNTAX} The Id is a string.")
    statements = _listed(document["Statement"])
    if not statements:
        raise Malformed(f"{_SYNTAX} A policy has at least one Statement.")
    for statement in statements:
        _check_statement(statement, kind, exists)
    _check_sids(statements, kind)
    size = len(re.sub(r"\s", "", text))
    if size > kind.longest:
        raise TooLarge(f"Cannot exceed quota for the size of a {kind.name}: {kind.longest}; it has {size}.")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _check_statement(statement: Any, kind: Kind, exists: Callable[[str], bool]) -> None:
    if not isinstance(statement, Mapping) or set(statement) - _STATEMENT:
        unknown = sorted(set(statement) - _STATEMENT) if isinstance(statement, Mapping) else [statement]
        raise Malformed(f"{_SYNTAX} Unknown in a statement: {', '.join(map(str, unknown))}.")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise Malformed(f"{_SYNTAX} The Effect is Allow or Deny.")
    actions = _one_of(statement, "Action", "actions")
    _check_actions(actions, kind)
    if kind.resource:
        resources = _one_of(statement, "Resource", "resources")
        for resource in resources:
            _check_resource(resource, kind)
        if kind.vendor == "s3" and {"Action", "Resource"} <= set(statement):
            lonely = without_resource(actions, resources)
            if lonely is not None:
                raise Malformed(f"Action does not apply to any resource(s) in statement: {lonely}.")
    elif {"Resource", "NotResource"} & set(statement):
        raise Malformed("Has prohibited field Resource")
    if not kind.principal and {"Principal", "NotPrincipal"} & set(statement):
        raise Malformed("Policy document should not specify a principal.")
    if kind.principal:
        _check_principals(statement, kind, exists)
    _check_condition(statement.get("Condition", {}))


def _one_of(statement: Mapping[str, Any], name: str, what: str) -> list[Any]:
    """The values of an element, or of its negation; both, none, or no text at all are refused."""
    given = [key for key in (name, f"Not{name}") if key in statement]
    if not given:
        raise Malformed(f"Policy statement must contain {what}.")
    values = _listed(statement[given[0]])
    if len(given) > 1 or not values or not all(isinstance(value, str) for value in values):
        raise Malformed(f"{_SYNTAX} A statement has one of {name} and Not{name}, of one or more strings.")
    return values


def _check_actions(actions: list[str], kind: Kind) -> None:
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise Malformed(
                f"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.; found {action!r}."
            )
        vendor = action.partition(":")[0].lower()
        if kind is TRUST and (vendor != "sts" or not is_of(action.partition(":")[2], _ASSUMING)):
            raise Malformed(f"AssumeRole policy may only specify STS AssumeRole actions; found {action}.")
        if kind.vendor and vendor not in (kind.vendor, "*"):
            raise Malformed(
                f"Policy statement action out of service scope: {action}; expected {kind.vendor}:…."
            )
        if kind.actions and vendor != "*" and not is_of(action.partition(":")[2], kind.actions):
            raise Malformed(f"Policy has invalid action: {action}.")


def _check_resource(resource: str, kind: Kind) -> None:
    if resource == "*":
        return
    parts = resource.split(":", 5)
    if parts[0] != "arn" or len(parts) < 6:
        raise Malformed(f'Resource {resource} must be in ARN format or "*".')
    if parts[1] not in _PARTITIONS and not parts[1].startswith("${"):
        raise Malformed(f'Partition "{parts[1]}" is not valid for resource "{resource}".')
    if not parts[2] or not re.fullmatch(r"[a-z0-9-]+", parts[2]):  # no wildcards in this segment: E, Resource
        raise Malformed(f'Vendor "{parts[2]}" is not valid for resource "{resource}".')
    if not parts[5]:
        raise Malformed(f"Resource {resource} must name a resource after its account.")
    if parts[2] in ("iam", "s3") and parts[3] not in ("", "*"):
        raise Malformed(f"{parts[2]} resource {resource} cannot contain region information.")
    if kind.vendor and parts[2] != kind.vendor:
        raise Malformed(f"Policy has invalid resource: {resource}; expected one of {kind.vendor}.")
    if kind.within and parts[5].partition("/")[0] != kind.within:
        raise Malformed(f"Policy has invalid resource: {resource}; expected {kind.within} and what is in it.")


def _check_principals(statement: Mapping[str, Any], kind: Kind, exists: Callable[[str], bool]) -> None:
    given = [key for key in ("Principal", "NotPrincipal") if key in statement]
    if len(given) != 1:
        raise Malformed(f"Missing required field Principal: a {kind.name} says whom it is about.")
    if kind is TRUST and given[0] == "NotPrincipal":
        raise Malformed("AssumeRole policy must not contain NotPrincipal field.")
    principal = statement[given[0]]
    if principal == "*":
        return
    if not isinstance(principal, Mapping) or not principal:
        raise Malformed(f'{_SYNTAX} A Principal is "*" or an object.')
    for type_, values in principal.items():
        if values == []:
            raise Malformed(f"{_SYNTAX} {type_} names at least one principal.")
        for value in _listed(values):
            if not isinstance(value, str) or not _is_principal(type_, value, exists):
                raise Malformed(f'Invalid principal in policy: "{type_}":"{value}"')


def _is_principal(type_: str, value: str, exists: Callable[[str], bool]) -> bool:
    """Whether there can be this principal; roles and users must exist."""
    if type_ == "Service":
        return bool(_SERVICE.fullmatch(value))
    if type_ == "AWS":
        if value == "*" or re.fullmatch(r"[0-9]{12}", value):
            return True
        match = _IDENTITY.fullmatch(value)
        return match is not None and "*" not in value and (match[4] not in ("role", "user") or exists(value))
    if type_ == "Federated":
        return bool(_PROVIDER.fullmatch(value))
    return type_ == "CanonicalUser" and bool(re.fullmatch(r"[0-9a-f]{64}", value))


def _check_condition(condition: Any) -> None:
    if not isinstance(condition, Mapping):
        raise Malformed(f"{_SYNTAX} A Condition is an object of operators.")
    for operator, keys in condition.items():
        if operator.lower() not in OPERATORS:
            raise Malformed(f"Invalid Condition type : {operator}.")
        if not isinstance(keys, Mapping) or not keys:
            raise Malformed(f"{_SYNTAX} {operator} has an object of keys.")
        for key, values in keys.items():
            if not _KEY.fullmatch(key):
                raise Malformed(
                    f"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.; found {key!r}."
                )
            if not all(isinstance(value, (str, int, float)) for value in _listed(values)):
                raise Malformed(f"{_SYNTAX} The values of {key} are text, numbers or truth values.")


def _check_sids(statements: list[Mapping[str, Any]], kind: Kind) -> None:
    sids = [statement["Sid"] for statement in statements if statement.get("Sid", "") != ""]
    for sid in sids:
        if not isinstance(sid, str) or not (kind.loose_sid or re.fullmatch(r"[0-9A-Za-z]*", sid)):
            raise Malformed(
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
                f"[0-9A-Za-z]*; found {sid!r}."
            )
    if len(set(sids)) < len(sids):
        raise Malformed("Statement IDs (SID) in a single policy must be unique.")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
