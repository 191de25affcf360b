"""What AWS's Service Authorization Reference says of a policy's statements: tests/authorization.json, a dated slice.

A statement is dead where it names an action that AWS does not have, a resource that none of its actions knows, not
all of the resources that an action asks for, or a condition key that no request of an action carries.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_SLICE = Path(__file__).with_name("authorization.json")

#: keys that AWS adds to the request of every service whose policies of ours name them: IAM's page "AWS global
#: condition context keys".
_GLOBAL = {"aws:secureTransport", "aws:SourceAccount", "aws:SourceArn"}
#: where the reference marks several types as required and means one of them, whichever the request is about.
_ONE_IS_ENOUGH = ("athena:*Tag*", "athena:*tag*", "states:ListExecutions")
#: variables of ARNs that may hold / or :, too.
_PATHS = "LogGroupName|LogStreamName|ObjectName|RepositoryName|[A-Za-z]+WithPath"
#: a token of a pattern that stands for any text, and one for a name.
_ANY, _NAME = "any text", "a name"


@cache
def services() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_SLICE.read_text(encoding="utf-8"))["services"]
    return found


def real(action: str) -> list[str]:
    """The actions that an action of a policy means: one, several for a pattern, none where AWS has none."""
    service, _, name = action.partition(":")
    known = services().get(service, {}).get("actions", {})
    return [f"{service}:{other}" for other in known if fnmatch.fnmatch(other.lower(), name.lower())]


def has_resources(action: str) -> bool:
    """Whether a statement can name resources for it."""
    return any(_types(one) for one in real(action))


def faults(statement: Mapping[str, Any], itself: str = "") -> list[str]:
    """What is wrong with a statement that allows; its values are texts, its ARNs in any partition.

    ``itself``: the ARN that ``*`` means in the policy of a resource.
    """
    actions = {named: real(named) for named in _list(statement["Action"])}
    wrong = [f"AWS has no action {named}" for named, found in actions.items() if not found]
    exact = [one for found in actions.values() for one in found[:1] if len(found) == 1]
    resources = [itself if itself and r == "*" else r for r in _list(statement.get("Resource", []))]
    if resources:
        wrong += [fault for one in exact for fault in _missing(one, resources)]
        every = [kind for found in actions.values() for one in found for kind in _types(one).values()]
        wrong += [
            f"no action knows a resource like {resource}"
            for resource in resources
            if resource != "*" and not any(meets(resource, kind) for kind in every)
        ]
    for operator, pairs in statement.get("Condition", {}).items():
        if operator.startswith("ForAllValues") or operator.endswith("IfExists"):
            continue  # these hold for a request without the key
        wrong += [
            f"no request of {one} carries {key}"
            for key in pairs
            for one in exact
            if not _carries(one, key, resources)
        ]
    return wrong


def _missing(action: str, resources: list[str]) -> Iterator[str]:
    """The resources that the action asks for and the statement does not name."""
    types = _types(action)
    if "*" in resources:
        return
    if not types:
        yield f"{action} knows no resource: only * allows it"
        return
    named = {kind for kind, arn in types.items() if any(meets(resource, arn) for resource in resources)}
    asked = {kind for kind in types if kind.endswith("!")}
    if not named:
        yield f"{action} knows {', '.join(sorted(types))}, and none is named"
    elif asked - named and not any(fnmatch.fnmatchcase(action, pattern) for pattern in _ONE_IS_ENOUGH):
        yield f"{action} asks for {', '.join(sorted(asked - named))} besides"


def _types(action: str) -> dict[str, str]:
    """Resource types of the action, those that it asks for with a !, and their ARNs."""
    service, _, name = action.partition(":")
    known = services()[service]
    return {kind: known["resources"][kind.rstrip("!")][0] for kind in known["actions"].get(name, [[], {}])[1]}


def _carries(action: str, key: str, resources: list[str]) -> bool:
    """Whether a request of the action on one of the resources has the key."""
    service, _, name = action.partition(":")
    known = services()[service]
    of_action, by_type = known["actions"][name]
    keys = [*_GLOBAL, *of_action]
    for kind, more in by_type.items():
        arn, of_type = known["resources"][kind.rstrip("!")]
        if not resources or any(r == "*" or meets(r, arn) for r in resources):
            keys += [*more, *of_type]
    shapes = [re.sub(r"\$\{\w+\}|<\w+>", "*", one).lower() for one in keys]
    return any(fnmatch.fnmatch(key.lower(), shape) for shape in shapes)


def meets(resource: str, arn: str) -> bool:
    """Whether some name fits both a policy's resource, in which * is any text, and a type's ARN, with variables."""
    left = tuple(_ANY if c == "*" else c for c in resource)
    parts = re.split(r"(\$\{\w+\})", arn)
    right: list[str] = []
    for part in parts:
        if part.startswith("${"):
            right.append(_ANY if re.fullmatch(_PATHS, part[2:-1]) else _NAME)
        else:
            right += part
    return _meet(left, tuple(right))


@cache
def _meet(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether two patterns have a text in common: both are followed at once, step by step."""
    places, seen = [(0, 0)], set()
    while places:
        i, j = places.pop()
        if (i, j) in seen or i > len(left) or j > len(right):
            continue
        seen.add((i, j))
        if (i, j) == (len(left), len(right)):
            return True
        one = left[i] if i < len(left) else ""
        other = right[j] if j < len(right) else ""
        if one in (_ANY, _NAME):
            places += [(i + 1, j), *([(i, j + 1)] if _takes(one, other) else [])]
        if other in (_ANY, _NAME):
            places += [(i, j + 1), *([(i + 1, j)] if _takes(other, one) else [])]
        if one and one == other and len(one) == 1:
            places.append((i + 1, j + 1))
    return False


def _takes(pattern: str, token: str) -> bool:
    return bool(token) and (pattern == _ANY or token not in ("/", ":"))


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
