"""Policies of IAM in a template: actions that AWS does not have, and resources that are no ARN.

Actions are those of awacs, which follows AWS's own list. What a policy grants by an action that does not exist, it
grants to nobody. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
"""

from __future__ import annotations

import fnmatch
import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any

from data_pipeline.core.checks.findings import Finding
from data_pipeline.core.problems import Path, did_you_mean, quoted

from .functions import objects

_DOCUMENTS = ("AssumeRolePolicyDocument", "KeyPolicy", "PolicyDocument", "ResourcePolicy")
_MODULES = {"lambda": "awslambda"}


def check(path: Path, kind: str, properties: dict[str, Any]) -> Iterator[Finding]:
    """Findings in every policy of a resource."""
    if not kind.startswith("AWS::"):
        return
    for at, value in objects(path, properties):
        for name in _DOCUMENTS:
            document = value.get(name)
            if isinstance(document, dict):
                yield from _document((*at, name), document)


def _document(path: Path, document: dict[str, Any]) -> Iterator[Finding]:
    given = document.get("Statement")
    for index, statement in enumerate(given if isinstance(given, list) else [given]):
        if not isinstance(statement, dict):
            continue
        at = (*path, "Statement", index) if isinstance(given, list) else (*path, "Statement")
        for field in ("Action", "NotAction"):
            for where, text in _texts((*at, field), statement.get(field)):
                yield from _action(where, text)
        for field in ("Resource", "NotResource"):
            for where, text in _texts((*at, field), statement.get(field)):
                if ":" not in text and "*" not in text and "${" not in text:
                    message = f"{quoted(text)} is no ARN"
                    yield Finding("policy-resource", where, message, "write an ARN, or '*'")


def _texts(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    for index, each in enumerate(value if isinstance(value, list) else ()):
        if isinstance(each, str):
            yield (*path, index), each


def _action(path: Path, text: str) -> Iterator[Finding]:
    if text == "*" or "${" in text:
        return
    service, colon, name = text.partition(":")
    if not colon:
        yield Finding("policy-action", path, f"{quoted(text)} names no service", "write SERVICE:ACTION")
        return
    known = actions(service.lower())
    if not known:
        if "*" not in service and "?" not in service:
            yield Finding("policy-action", path, f"IAM knows no service {quoted(service)}", "")
        return
    wanted, lower = name.lower(), _in_lower_case(known)
    if wanted not in lower and not fnmatch.filter(lower, wanted.replace("[", "[[]")):
        near = did_you_mean(name, known)
        yield Finding("policy-action", path, f"{service} has no action {quoted(name)}", near)


@cache
def actions(service: str) -> frozenset[str]:
    """The actions of a service, by the prefix that IAM gives it; none where there is no such service."""
    if not service.replace("-", "").isalnum():
        return frozenset()
    try:
        module = importlib.import_module(f"awacs.{_MODULES.get(service, service.replace('-', '_'))}")
    except ImportError:
        return frozenset()
    found = (getattr(each, "action", None) for each in vars(module).values())
    return frozenset(each for each in found if isinstance(each, str))


@cache
def _in_lower_case(actions_: frozenset[str]) -> frozenset[str]:
    return frozenset(action.lower() for action in actions_)
