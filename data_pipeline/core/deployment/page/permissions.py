"""What a role gains and loses, in words: from the policies of a role before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .entries import ADDED, REMOVED, Entry
from .values import text

Grant = tuple[str, str, str, str]
"""Effect, action, resource, condition."""


def entries(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Entry, ...]:
    """``+ may s3:GetObject on …`` for each pair of resource and condition; who may take the role, too."""
    old, new = _grants(before), _grants(after)
    why = {**_reasons(before), **_reasons(after)}
    gained = [*_said(ADDED, [each for each in new if each not in old], new, why)]
    lost = [*_said(REMOVED, [each for each in old if each not in new], old, why)]
    return (*gained, *lost)


def _grants(resource: Mapping[str, Any]) -> dict[Grant, str]:
    """Each single grant → the Sid of its statement."""
    properties = resource.get("Properties", {})
    found: dict[Grant, str] = {}
    for policy in properties.get("Policies") or []:
        for statement in _statements(policy.get("PolicyDocument")):
            found |= _of(statement, _listed(statement.get("Resource", "*")))
    for arn in properties.get("ManagedPolicyArns") or []:
        found["Allow", "all that the policy allows", str(arn), ""] = ""
    for statement in _statements(properties.get("AssumeRolePolicyDocument")):
        who = [text(each) for each in _principals(statement.get("Principal"))]
        found |= _of(statement, [f"itself, as {each}" for each in who])
    return found


def _of(statement: Mapping[str, Any], resources: list[str]) -> dict[Grant, str]:
    condition = "; ".join(
        f"{key} {operator} {', '.join(_listed(values))}"
        for operator, pairs in (statement.get("Condition") or {}).items()
        for key, values in pairs.items()
    )
    effect, sid = str(statement.get("Effect", "Allow")), str(statement.get("Sid", ""))
    actions = _listed(statement.get("Action", []))
    return {(effect, action, resource, condition): sid for action in actions for resource in resources}


def _said(
    sign: str, grants: list[Grant], sids: Mapping[Grant, str], why: Mapping[str, str]
) -> Iterator[Entry]:
    """Grants on the same resources under the same condition in one entry, with the reason of their statement."""
    by_actions: dict[tuple[str, str, str, str], list[str]] = {}
    for effect, action, resource, condition in grants:
        key = (effect, resource, condition, why.get(sids[effect, action, resource, condition], ""))
        by_actions.setdefault(key, []).append(action)
    groups: dict[tuple[str, tuple[str, ...], str, str], list[str]] = {}
    for (effect, resource, condition, reason), named in by_actions.items():
        groups.setdefault((effect, tuple(named), condition, reason), []).append(resource)
    verb = {("Allow", ADDED): "may", ("Allow", REMOVED): "may no longer", ("Deny", ADDED): "may never"}
    for (effect, actions, condition, reason), resources in groups.items():
        what = verb.get((effect, sign), "is no longer denied")
        details = [Entry(sign, f"on {each}") for each in resources]
        details += [Entry(" ", f"where {condition}")] if condition else []
        details += [Entry(" ", f"because {reason}")] if reason else []
        yield Entry(sign, f"{what} {', '.join(actions)}", tuple(details))


def _reasons(resource: Mapping[str, Any]) -> Mapping[str, str]:
    found = resource.get("Metadata", {}).get("Why", {})
    return found if isinstance(found, Mapping) else {}


def _statements(document: Any) -> list[Mapping[str, Any]]:
    found = document.get("Statement", []) if isinstance(document, Mapping) else []
    return [found] if isinstance(found, Mapping) else [each for each in found if isinstance(each, Mapping)]


def _principals(principal: Any) -> list[Any]:
    if isinstance(principal, Mapping):
        return [each for values in principal.values() for each in _listed(values)]
    return _listed(principal or [])


def _listed(value: Any) -> list[str]:
    return [text(each) for each in value] if isinstance(value, list) else [text(value)]
