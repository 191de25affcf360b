"""``policies``: the table that a security reviewer reads, and the same as JSON."""

from __future__ import annotations

import json

import pytest
from environments import environment

from data_pipeline.cli.main import status_of
from data_pipeline.core.deployment import templates
from data_pipeline.core.deployment.policies import policies
from data_pipeline.stacks import render

#: two screens of a large terminal.
MOST_LINES = 140


def test_dev_fits_two_screens(capsys: pytest.CaptureFixture[str]) -> None:
    """Who, what, on what, when and why, each of them in the table."""
    assert status_of("data_pipeline", ["policies", "dev"]) == 0
    said = capsys.readouterr().out
    assert len(said.splitlines()) <= MOST_LINES
    assert "Jobs of the step prepare (PrepareJobRole), taken by glue.amazonaws.com\n" in said
    assert (
        "The state machine (StateMachineRole), taken by states.amazonaws.com for stateMachine:nyc-tlc-dev "
        "of this account\n"
    ) in said
    assert "steps.prepare.reads: input, state" in said
    assert "(glue:startJobRun.sync)" in said
    assert "refused to everybody: s3:*" in said
    assert said.splitlines()[-1].startswith("50 statements, 6 roles, 8 statements on every resource")
    assert "arn:" not in said


def test_json_has_every_statement(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is shortened: the statements are those of the templates."""
    assert status_of("data_pipeline", ["policies", "prod", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    rendered = render(environment(name="prod"))
    found = policies({name: templates.read(text) for name, text in rendered.items()})
    assert said["environment"] == "prod"
    assert [policy["name"] for policy in said["policies"]] == [policy.name for policy in found]
    for shown, policy in zip(said["policies"], found, strict=True):
        assert [s["sid"] for s in shown["statements"]] == [s.sid for s in policy.statements]
        assert [tuple(s["resources"]) for s in shown["statements"]] == [
            s.resources for s in policy.statements
        ]
        assert all(s["why"] for s in shown["statements"])


def test_an_unknown_environment_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With the ones that there are."""
    assert status_of("data_pipeline", ["policies", "deb"]) == 1
    assert capsys.readouterr().err == (
        "error: there is no environment 'deb': config/ has dev, local, prod; did you mean 'dev'?\n"
    )
