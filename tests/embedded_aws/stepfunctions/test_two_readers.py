"""The two readers of Amazon States Language, ``core.checks`` and the embedded AWS, know nothing of each other.

Over the corpus of ``tests/core/checks``: what the embedded one refuses as invalid is at fault for the other, too. What
the embedded one lets pass is named here by its rule: it shows in an execution, or in the model of a service.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from data_pipeline.embedded_aws.stepfunctions import asl, sdk
from data_pipeline.embedded_aws.stepfunctions.tasks import INTEGRATIONS
from tests.core.checks import corpus

BROKEN = corpus.broken()
CORRECT = corpus.read("correct")
NOT_EMULATED = "NOT_EMULATED"
#: rules about what shows only in an execution, or in a model of a service that CreateStateMachine does not read.
LATER = frozenset(
    [
        "action-unknown",
        "argument-enum",
        "argument-missing",
        "argument-range",
        "choice-never",
        "choice-rule",
        "field-language",
        "jsonata-arguments",
        "jsonata-braces",
        "jsonata-function",
        "jsonata-name",
        "jsonata-operator",
        "jsonata-type",
        "number",
        "pattern-unknown",
        "result-unknown",
        "states-path",
        "value",
        "variable-name",
        "variable-unassigned",
    ]
)
#: and single machines whose fault is of a rule that both know otherwise.
APART = {
    "expressions: assign as a list": "the embedded one reads the names of what is assigned when it assigns",
    "structure: a comment that is a number": "nobody reads a comment",
}


def refusals(machine: Any) -> list[asl.Diagnostic]:
    """What the embedded AWS says of a machine."""
    return asl.findings(json.dumps(machine), INTEGRATIONS, sdk.SERVICES)


def invalid(machine: Any) -> list[asl.Diagnostic]:
    """The same without what it says of itself: that it does not run something."""
    return [each for each in refusals(machine) if each.code != NOT_EMULATED]


def codes(findings: list[str]) -> set[str]:
    return {re.findall(r"\[([\w-]+)\]$", finding)[0] for finding in findings}


@pytest.mark.parametrize("name", CORRECT)
def test_no_correct_machine_is_refused_as_invalid(name: str) -> None:
    assert invalid(CORRECT[name]) == []


def test_what_is_refused_as_invalid_is_at_fault_for_the_checks() -> None:
    """The corpus holds what the checks find in each machine, which its own test compares."""
    refused = [name for name, case in BROKEN.items() if invalid(case["machine"])]
    assert len(refused) >= 60
    assert [name for name in refused if not BROKEN[name]["findings"]] == []


def test_what_is_let_pass_is_named() -> None:
    passed = {name: codes(case["findings"]) for name, case in BROKEN.items() if not refusals(case["machine"])}
    assert len(passed) >= 50
    assert {name for name, found in passed.items() if not found <= LATER} == set(APART)
    assert {code for name, found in passed.items() if name not in APART for code in found} == LATER
