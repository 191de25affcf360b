"""Every broken machine gives exactly its findings, every correct one gives none."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from environments import ALL_ON_GLUE, ALL_ON_SAGEMAKER, SWAPPED, environment

from data_pipeline.aws.service_models import load
from data_pipeline.core.checks import machine, template
from data_pipeline.core.checks.command_line import CommandLine
from data_pipeline.core.checks.integrations import services
from data_pipeline.core.checks.rules import RULES
from data_pipeline.core.checks.tasks import Services
from data_pipeline.core.machine.state_machine import state_machine
from tests.core.checks import corpus

BROKEN = corpus.broken()
CORRECT = corpus.read("correct")
TEMPLATES = corpus.read("templates")
SCRIPTS = {
    "prepare.py": CommandLine({"input": (), "mode": ("new", "all"), "plan": ()}, frozenset({"input", "mode"}))
}


def findings(definition: Any) -> list[str]:
    """What is found in a machine, with the models of botocore that it needs."""
    return [str(found) for found in machine.check(definition, models(frozenset(services(definition))))]


@cache
def models(wanted: frozenset[str]) -> Services:
    """Reading the largest model takes a tenth of a second, and hundreds of machines call the same services."""
    return load(wanted)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_machine_gives_its_findings(name: str) -> None:
    """Code, path, message and advice, in order: nothing is missed and nothing is said twice."""
    assert findings(BROKEN[name]["machine"]) == BROKEN[name]["findings"]


@pytest.mark.parametrize("name", CORRECT)
def test_a_correct_machine_gives_none(name: str) -> None:
    """What AWS documents is not an error."""
    assert findings(CORRECT[name]) == []


@pytest.mark.parametrize(
    "env", [ALL_ON_GLUE, ALL_ON_SAGEMAKER, SWAPPED], ids=["glue", "sagemaker", "swapped"]
)
def test_our_own_machines_give_none(env: dict[str, Any]) -> None:
    """Whatever service the steps run on."""
    assert findings(state_machine(environment(env))) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_gives_its_findings(name: str) -> None:
    """The broken ones exactly theirs, the correct ones none."""
    given = TEMPLATES[name]["template"]
    found = template.check(given, models(frozenset(template.services(given))), SCRIPTS)
    assert [str(f) for f in found] == TEMPLATES[name]["findings"]


def test_every_rule_has_a_broken_machine() -> None:
    """A rule that no machine of the corpus breaks is not known to work."""
    every = (*BROKEN.values(), *TEMPLATES.values())
    found = {line.rpartition("[")[2].rstrip("]") for case in every for line in case["findings"]}
    assert found | {"key-use"} == set(RULES)  # of two templates: test_keys.py


def test_the_corpus_is_as_large_as_it_claims() -> None:
    """At least 120 broken machines, all different, and 40 correct ones."""
    assert len(BROKEN) >= 120
    assert len(CORRECT) >= 40
    assert all(case["findings"] for case in BROKEN.values())
    machines: list[Any] = [case["machine"] for case in BROKEN.values()]
    assert all(one not in machines[:index] for index, one in enumerate(machines))
