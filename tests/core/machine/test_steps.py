"""Steps: order and arguments."""

from __future__ import annotations

import pytest

from data_pipeline.core.config.environment import Step
from data_pipeline.core.machine.steps import camel, expand, in_order

VALUES = {"input": "s3://b/in/", "output": "s3://b/out/", "database": "db", "code_version": "sha"}


def _steps(**after: str | None) -> dict[str, Step]:
    return {name: Step(script="x.py", service="glue", after=before) for name, before in after.items()}


@pytest.mark.parametrize(
    ("steps", "order"),
    [
        (_steps(a=None), "a"),
        (_steps(a=None, b="a", c="b"), "abc"),
        (_steps(c="b", b="a", a=None), "abc"),
        (_steps(a=None, c="a", b="a"), "acb"),
        (_steps(d="b", b="a", a=None, c="a"), "abcd"),
    ],
)
def test_a_step_comes_after_the_one_that_it_follows(steps: dict[str, Step], order: str) -> None:
    """Whatever the order in the file; steps that follow the same one keep theirs."""
    assert "".join(name for name, _ in in_order(steps)) == order


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("{input}", "s3://b/in/"),
        ("glue:{database}", "glue:db"),
        ("{run}", "{% $states.context.Execution.Name %}"),
        (
            "{output}runs/{run}/plan.json",
            "{% 's3://b/out/runs/' & $states.context.Execution.Name & '/plan.json' %}",
        ),
        (
            "{run}-{run}",
            "{% $states.context.Execution.Name & '-' & $states.context.Execution.Name %}",
        ),
        ("{prune}", "{% ($states.context.Execution.Input.prune = true ? 'true' : 'false') %}"),
        (
            "a-{reprocess}",
            "{% 'a-' & ($states.context.Execution.Input.reprocess = true ? 'true' : 'false') %}",
        ),
        ("it's {run}", '{% "it\'s " & $states.context.Execution.Name %}'),
        ("a\\b{run}", '{% "a\\\\b" & $states.context.Execution.Name %}'),
    ],
)
def test_arguments_become_text_or_jsonata(text: str, value: str) -> None:
    """Placeholders known at deployment are substituted; what an execution decides makes an expression, well quoted."""
    assert expand(text, VALUES) == value


@pytest.mark.parametrize(("name", "state"), [("prepare", "Prepare"), ("load", "Load")])
def test_states_are_named_in_camel_case(name: str, state: str) -> None:
    """The run command and people find a step by this name."""
    assert camel(name) == state
