"""Every action of every statement of every role in the shipped templates, and of the deployer's policy."""

from __future__ import annotations

import copy
import fnmatch
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deployer
from environments import NOTIFY, environment

import templates
from data_pipeline.embedded_aws.identity import required
from data_pipeline.stacks import render

ROOT = Path(__file__).resolve().parents[2]
#: service that a role trusts → what required_actions.yaml calls such a role.
KINDS = {"sagemaker": "processing", "glue": "glue", "states": "states", "scheduler": "scheduler"}
DEPLOYER = "deployer"


@dataclass(frozen=True, order=True)
class Case:
    """One action of one statement: ``kind`` is the role's in required_actions.yaml, ``action`` may be a pattern."""

    kind: str
    role: str
    sid: str
    action: str

    def __str__(self) -> str:
        return f"{self.role}-{self.sid}-{self.action}"

    def covers(self, action: str) -> bool:
        """Whether this is the action, or a pattern of it."""
        return fnmatch.fnmatchcase(action.lower(), self.action.lower())

    @property
    def moments(self) -> list[str]:
        """When AWS demands the action of such a role, as far as the embedded AWS can enforce it."""
        return [
            demand.moment
            for demand in required.demands()
            if self.kind in demand.roles
            and any(self.covers(action) for action in (*demand.made, *demand.asked))
        ]


def shipped() -> list[Case]:
    """All of them, those that differ between environments only in names once; and what an environment that
    notifies has besides.
    """
    found = set(of_policy(DEPLOYER, DEPLOYER, deployer.policy()))
    for text in render(environment(NOTIFY, "local")).values():
        found |= set(of_template(templates.parse(text)))
    for path in sorted((ROOT / "templates").glob("*.yaml")):
        found |= set(of_template(templates.parse(path.read_text(encoding="utf-8"))))
    return sorted(found)


def of_template(template: dict[str, Any]) -> list[Case]:
    """The cases of a template's roles."""
    return [
        case
        for role, properties in templates.of_type(template, "AWS::IAM::Role").items()
        for policy in properties["Policies"]
        for case in of_policy(kind_of(properties), role, policy["PolicyDocument"])
    ]


def kind_of(role: dict[str, Any]) -> str:
    """What required_actions.yaml calls a role: by the service that it trusts."""
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    if ":feature-group/" in str(trust.get("Condition")):
        return "featurestore"
    return KINDS[trust["Principal"]["Service"].partition(".")[0]]


def of_policy(kind: str, role: str, document: dict[str, Any]) -> list[Case]:
    """The cases of one policy."""
    return [
        Case(kind, role, statement["Sid"], action)
        for statement in document["Statement"]
        for action in listed(statement["Action"])
    ]


def without(document: dict[str, Any], case: Case) -> dict[str, Any]:
    """The policy less one action of one statement; a statement that loses its last one goes."""
    left = copy.deepcopy(document)
    (statement,) = [found for found in left["Statement"] if found["Sid"] == case.sid]
    statement["Action"] = [action for action in listed(statement["Action"]) if action != case.action]
    left["Statement"] = [found for found in left["Statement"] if found["Action"]]
    return left


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
