"""`schedule` on an embedded AWS: shown, paused and resumed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cli.deployed import BUCKET, Deployed, publishing

from data_pipeline.cli.commands.schedule import clocks
from data_pipeline.cli.main import status_of
from data_pipeline.core.facts.next_firings import next_firings
from data_pipeline.core.naming import Names


def schedule_resources(names: Names, expression: str = "cron(0 6 * * ? *)") -> dict[str, Any]:
    """The resources of a schedule that is on and would start a machine that is not there."""
    trusted = {"Service": "scheduler.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    machine = f"arn:aws:states:us-east-1:000000000000:stateMachine:{names.prefix}"
    return {
        "ScheduleRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            },
        },
        "ScheduleGroup": {
            "Type": "AWS::Scheduler::ScheduleGroup",
            "Properties": {"Name": names.schedule_group},
        },
        "Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": "daily",
                "GroupName": {"Ref": "ScheduleGroup"},
                "ScheduleExpression": expression,
                "ScheduleExpressionTimezone": "America/New_York",
                "State": "ENABLED",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": machine,
                    "RoleArn": {"Fn::GetAtt": ["ScheduleRole", "Arn"]},
                    "Input": "{}",
                },
            },
        },
    }


def schedule(*words: str) -> int:
    """Exit status of `schedule …`."""
    return status_of("schedule", list(words), "schedule")


@pytest.fixture
def scheduled(deployed: Deployed) -> Deployed:
    """The stack with a schedule that is on, though the configuration of `local` has it off."""
    parameter = {"ArtifactBucket": {"Type": "String", "Default": BUCKET}}
    names = Names("nyc-tlc", "local")
    deployed.deploy(publishing(), parameters=parameter, more=schedule_resources(names))
    return deployed


def test_the_schedule_is_shown_with_its_next_runs(
    scheduled: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """On the wall clock and in UTC; that it is not as the configuration says."""
    assert schedule("show", "local", "--next", "2") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "daily      cron(0 6 * * ? *) America/New_York"
    assert lines[1] == "state      on, though off in the configuration: deploy to switch it off"
    assert " 06:00 America/New_York, 1" in lines[2]
    assert len(lines) == 4
    assert max(map(len, lines)) <= 80


def test_a_pause_is_noted_and_ends_by_resume_alone(
    scheduled: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Who, when and why; a second pause changes nothing; what the configuration has off stays off."""
    assert schedule("pause", "local", "--reason", "nonsense") == 0
    out, err = capfd.readouterr()
    assert out.startswith("the schedule is paused since 2")
    assert out.endswith(" UTC by arn:aws:iam::000000000000:root: nonsense\n")
    assert "to end this: python -m data_pipeline schedule resume local\n" in err
    assert schedule("pause", "local", "--json") == 0
    noted = json.loads(capfd.readouterr().out)["pause"]
    assert noted["why"] == "nonsense"
    assert schedule("show", "local", "--json") == 0
    (daily,) = json.loads(capfd.readouterr().out)["schedules"]
    assert (daily["enabled"], daily["pause"], daily["next"]) == (False, noted, [])
    assert schedule("resume", "local") == 0
    assert "the schedule is off in the configuration\n" in capfd.readouterr().out
    assert schedule("resume", "local") == 1
    assert "set schedule.enabled to true in config/local.yaml" in capfd.readouterr().err


def test_a_time_is_said_on_both_clocks() -> None:
    """With the day in UTC where that is another one."""
    from datetime import UTC, datetime

    def at(zone: str, expression: str) -> str:
        now = datetime(2026, 11, 30, 12, tzinfo=UTC)
        return clocks(next_firings(expression, zone, now, 1, now)[0], zone)

    assert at("UTC", "cron(0 6 * * ? *)") == "Tue 2026-12-01 06:00 UTC"
    assert at("Europe/Berlin", "cron(0 6 * * ? *)") == "Tue 2026-12-01 06:00 Europe/Berlin, 05:00 UTC"
    assert at("Asia/Tokyo", "cron(0 6 * * ? *)") == "Tue 2026-12-01 06:00 Asia/Tokyo, 21:00 on 2026-11-30 UTC"
