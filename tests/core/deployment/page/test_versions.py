"""Versions of the state machine on the page of a plan: one line, whatever CloudFormation lists of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest

from data_pipeline.core.deployment.changes import Change, StackChanges, summary
from data_pipeline.core.deployment.folding import groups
from data_pipeline.core.deployment.page.page import Given, page
from data_pipeline.core.deployment.page.rendering import lines
from data_pipeline.core.deployment.stack_states import Treatment

Action = Literal["Add", "Modify", "Remove"]


def change(kind: str, action: Action, **more: Any) -> Change:
    """A change of the state machine, or of its Version or Alias."""
    return Change(action, f"StateMachine{kind}", f"AWS::StepFunctions::StateMachine{kind}", **more)


def plan(*changes: Change) -> StackChanges:
    return StackChanges("s", Treatment.UPDATE, changes)


def shown(*changes: Change) -> str:
    return "\n".join(lines(page([plan(*changes)], Given("dev"))))


def machine(comment: str) -> dict[str, Any]:
    return {"Properties": {"Definition": {"Comment": comment, "States": {}}}}


VERSION = change(
    "Version",
    "Modify",
    replacement="Conditional",
    because=("StateMachineRevisionId",),
    policy="ReplaceAndRetain",
)
ALIAS = change("Alias", "Modify", because=("RoutingConfiguration",))
MACHINE = change("", "Modify", because=("Definition",), before=machine("a"), after=machine("b"))


def test_a_machine_that_changes_is_published() -> None:
    """Neither a warning of a replacement, nor two resources more to modify; progress has a line for both."""
    found = shown(MACHINE, VERSION, ALIAS)
    assert "  ~ StateMachine is published as a new version, to which the alias live goes" in found
    assert not any(word in found for word in ("StateMachineVersion", "StateMachineAlias", "replaced"))
    assert summary([plan(MACHINE, VERSION, ALIAS)]) == "1 to modify"
    texts = [group.text for group in groups((MACHINE, VERSION, ALIAS), {})]
    assert texts == [
        "StateMachine (AWS::StepFunctions::StateMachine)",
        "version of the state machine, and its alias",
    ]


def test_a_version_that_changes_without_its_machine_is_shown() -> None:
    """As where somebody has deleted it by hand: it is no plan without changes."""
    found = shown(VERSION, ALIAS)
    assert "StateMachineVersion (AWS::StepFunctions::StateMachineVersion)" in found
    assert "StateMachineAlias (AWS::StepFunctions::StateMachineAlias)" in found
    assert summary([plan(VERSION, ALIAS)]) == "1 to modify, 1 to replace"


def test_a_machine_that_only_might_change_is_not_said_to_be_published() -> None:
    """As where a role changes, to whose ARN it refers."""
    same = replace(MACHINE, after=machine("a"))
    assert "published" not in shown(same, VERSION, ALIAS)


@pytest.mark.parametrize(
    ("action", "says"), [("Add", "+ StateMachine gets versions"), ("Remove", "- StateMachine loses")]
)
def test_versions_that_come_and_go(action: Action, says: str) -> None:
    """Of an environment that an older data-pipeline deployed, and of a roll back to it."""
    found = shown(change("Version", action), change("Alias", action))
    assert says in found
    assert "StateMachineAlias" not in found


def test_an_alias_that_somebody_moved_is_shown_by_itself() -> None:
    """As a repair of drift has it: its machine and version do not change."""
    sides = [{"Properties": {"RoutingConfiguration": [{"Weight": weight}]}} for weight in (50, 100)]
    found = shown(replace(ALIAS, before=sides[0], after=sides[1]))
    assert "StateMachineAlias (AWS::StepFunctions::StateMachineAlias)" in found
    assert "50 → 100" in found
