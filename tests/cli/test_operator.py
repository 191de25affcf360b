"""docs/reference/operator-policy.json: who has exactly this looks after runs and the schedule, and changes no stack."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from cli.deployed import (
    BUCKET,
    STACK,
    SUMMARY,
    SUMMARY_KEY,
    Deployed,
    act_as,
    filled,
    machine_name,
    publishing,
    waiting,
)
from cli.test_schedule import schedule_resources
from clients import client

from data_pipeline.cli.main import status_of
from data_pipeline.core.naming import Names

POLICY = Path(__file__).resolve().parents[2] / "docs" / "reference" / "operator-policy.json"


@pytest.fixture
def operator(deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A stack with a schedule, and commands that act as this user."""
    parameter = {"ArtifactBucket": {"Type": "String", "Default": BUCKET}}
    states = {"Wait": {**waiting()["Wait"], "Seconds": 2, "Next": "Publish"}, **publishing()}
    deployed.deploy(states, parameters=parameter, more=schedule_resources(Names("nyc-tlc", "local")))
    deployed.put("input/green_tripdata_2019-01.csv")
    deployed.put(SUMMARY_KEY, json.dumps(SUMMARY))
    deployed.put("output/runs/none/x")
    return act_as(
        deployed, "operator", filled(POLICY, deployed, machine_name(deployed)), tmp_path, monkeypatch
    )


def test_an_operator_runs_looks_stops_and_pauses(
    operator: dict[str, str], deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every command of the page, under this policy alone; the summary of the test lies elsewhere, so runs have none."""
    for words in (
        ("run", "local", "--no-wait"),
        ("runs", "stop", "local", "--reason", "enough"),
        ("runs", "rerun", "local", "--no-wait"),
        ("runs", "stop", "local"),
        ("runs", "redrive", "local", "--no-wait"),
        ("runs", "stop", "local"),
        ("backfill", "local", "--dry-run"),
        ("runs", "list", "local"),
        ("runs", "show", "local"),
        ("runs", "logs", "local"),
        ("runs", "diff", "local", "last", "last"),
        ("schedule", "show", "local"),
        ("schedule", "pause", "local"),
        ("drift", "show", "local", "--detect"),
        ("deployments", "list", "local"),
        ("status", "local"),
        ("coverage", "show", "local"),
        ("schedule", "resume", "local"),
    ):
        assert status_of("data_pipeline", words) == 0, (words, capfd.readouterr().err)
    shown = capfd.readouterr().out
    assert "access denied" not in shown
    assert "stopped by arn:aws:iam::000000000000:user/operator-" in shown
    cloudformation = client(deployed.endpoint, "cloudformation", **operator)
    with pytest.raises(ClientError, match="not authorized"):
        cloudformation.delete_stack(StackName=STACK)
