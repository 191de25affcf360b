"""The schedule starts real runs."""

from __future__ import annotations

import time
from pathlib import Path

from system.project import Project
from system.test_interruptions import trips


def test_the_schedule_starts_a_run_with_the_input_of_a_manual_one(project: Project, tmp_path: Path) -> None:
    """An environment at rate(1 minute) starts by itself what the manual run starts, and it succeeds."""
    project.configure("local", schedule={"enabled": True, "expression": "rate(1 minute)"})
    trips(tmp_path / "trips", 1, 2_000)
    project.deploy()
    manual = project.run("--source", str(tmp_path / "trips"))
    states = project.client("stepfunctions")
    machine = manual["executionArn"].rsplit(":", 1)[0].replace(":execution:", ":stateMachine:")
    end = time.monotonic() + 120
    scheduled: list[str] = []
    while not scheduled:
        assert time.monotonic() < end, "no scheduled run ended well within two minutes"
        time.sleep(1)
        done = states.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")["executions"]
        scheduled = [e["executionArn"] for e in done if e["executionArn"] != manual["executionArn"]]
    by_schedule = states.describe_execution(executionArn=scheduled[0])
    by_hand = states.describe_execution(executionArn=manual["executionArn"])
    assert by_schedule["input"] == by_hand["input"]
