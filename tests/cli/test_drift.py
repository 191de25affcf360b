"""`drift show` on an embedded AWS: what was changed by hand, and what is no drift."""

from __future__ import annotations

import json

import pytest
from cli.deployed import MAY, STACK, Deployed
from cli.test_schedule import schedule, scheduled  # noqa: F401 - a fixture

from data_pipeline.cli.main import status_of


def drift(*words: str) -> int:
    """Exit status of `drift show local …`."""
    return status_of("drift", ["show", "local", *words], "drift")


def _resource(deployed: Deployed, name: str) -> str:
    found = deployed.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=name)
    physical: str = found["StackResourceDetail"]["PhysicalResourceId"]
    return physical


def test_what_was_changed_by_hand_is_shown(
    scheduled: Deployed,  # noqa: F811
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A permission that was taken away, one that was given, and a schedule that was switched off; a pause is none."""
    assert drift() == 0
    assert capfd.readouterr().out == f"{STACK}: never looked at; --detect looks\n"
    assert drift("--detect") == 0
    assert f"{STACK}: in sync, as detected moments ago" in capfd.readouterr().out
    assert schedule("pause", "local") == 0
    assert drift("--detect", "--json") == 0
    role, iam = _resource(scheduled, "Role"), scheduled.client("iam")
    document = json.loads(json.dumps(MAY["PolicyDocument"]))
    document["Statement"][0]["Action"] = ["s3:GetObject"]
    iam.put_role_policy(RoleName=role, PolicyName="permissions", PolicyDocument=json.dumps(document))
    iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=json.dumps(document))
    capfd.readouterr()
    assert drift("--detect") == 2
    out = capfd.readouterr().out
    assert "  ~ Role (AWS::IAM::Role)\n" in out
    assert "/Policies/0/PolicyDocument/Statement/0/Action/1: s3:PutObject (is gone)\n" in out
    assert '/Policies/1: {"PolicyDocument": ' in out
    assert "Schedule" not in out
    assert (
        schedule("resume", "local") == 0
    )  # off in the configuration: it stays off, and is no pause any more
    capfd.readouterr()
    assert drift() == 2
    assert "      ~ /State: ENABLED → DISABLED\n" in capfd.readouterr().out


def test_what_is_not_deployed_has_no_drift(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """And says how to deploy it."""
    assert drift() == 1
    assert (
        "environment 'local' is not deployed. Deploy it with: ./deploy.sh local BUCKET"
        in capfd.readouterr().err
    )
