"""The schedule starts real runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from system.project import Project
from system.test_interruptions import trips

ENDS = {"Published", "PublishedWithWarnings"}


def soon(what: str, find: Callable[[], Any]) -> Any:
    """The first thing found that is not empty, within two minutes."""
    end = time.monotonic() + 120
    while not (found := find()):
        assert time.monotonic() < end, f"no {what} within two minutes"
        time.sleep(1)
    return found


def test_the_schedule_starts_a_run_with_the_input_of_a_manual_one(project: Project, tmp_path: Path) -> None:
    """An environment at rate(1 minute) publishes by itself, started with what a manual run is started with."""
    project.configure("local", schedule={"enabled": True, "expression": "rate(1 minute)"})
    trips(tmp_path / "trips", 1, 2_000)
    project.deploy()
    stacks = project.client("cloudformation").describe_stacks()["Stacks"]
    outputs = {o["OutputKey"]: o["OutputValue"] for stack in stacks for o in stack["Outputs"]}
    for path in (tmp_path / "trips").iterdir():
        project.client("s3").upload_file(str(path), outputs["DataBucket"], f"input/{path.name}")
    states, machine = project.client("stepfunctions"), outputs["StateMachineArn"]

    def executions(status: str) -> list[str]:
        listed = states.list_executions(stateMachineArn=machine, statusFilter=status)["executions"]
        return [execution["executionArn"] for execution in listed]

    def published() -> list[str]:
        histories = {
            arn: states.get_execution_history(executionArn=arn)["events"] for arn in executions("SUCCEEDED")
        }
        return [
            arn
            for arn, events in histories.items()
            if ENDS & {e.get("stateEnteredEventDetails", {}).get("name") for e in events}
        ]

    scheduled = soon("scheduled run that published", published)[0]
    scheduler = project.client("scheduler")
    (schedule,) = (found for found in scheduler.list_schedules()["Schedules"] if found["Name"] == "daily")
    scheduler.delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])
    soon("end of all scheduled runs", lambda: not executions("RUNNING"))
    manual = project.run()["executionArn"]
    inputs = [json.loads(states.describe_execution(executionArn=arn)["input"]) for arn in (scheduled, manual)]
    starters = [value.pop("started_by") for value in inputs]
    assert starters == ["schedule", "arn:aws:iam::000000000000:root"]
    assert inputs[0] == inputs[1]
