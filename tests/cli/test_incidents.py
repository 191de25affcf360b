"""docs/how-to/incidents.md: each mail on it is what the state machine writes now; and one of the incidents, played;
another one is in tests/system/test_notifications.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from asl import evaluate
from cli.deployed import BUCKET, Deployed, publishing
from cli.test_schedule import schedule_resources
from paths import ROOT

from data_pipeline.cli.main import status_of
from data_pipeline.core.machine.state_machine import state_machine
from data_pipeline.core.naming import Names
from tests.datasets_project import TABLES, datasets_project

PAGE = (ROOT / "docs" / "how-to" / "incidents.md").read_text(encoding="utf-8")
MAILS = dict(re.findall(r"<!-- (\S+): mail -->\n```text\n(.*?)\n```", PAGE, re.DOTALL))
PIPELINE = """\
pipeline: nyc-tlc
region: us-east-1
schedule: {expression: "cron(0 6 * * ? *)", timezone: America/New_York}
datasets:
  orders:
    files: orders/{year}-{month}.csv
    columns: {id: string, amount: double}
"""
KEPT = (
    "Name",
    "GroupName",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "Target",
    "FlexibleTimeWindow",
)
RUN = "2026-11-30T06-00-03Z-4f1c2a"


def _written(root: Path, end: str, given: dict[str, Any], **variables: Any) -> str:
    """The mail of an end, as a machine of the same name in the environment `dev` writes it, without the link."""
    env = datasets_project(root, TABLES, "notify: {when: [failure, nothing_new]}\n")
    arguments = state_machine(env)["States"][end]["Arguments"]
    found = {"context": {"Execution": {"Name": RUN, "Id": "arn:x"}}, "input": given}
    subject, message = (evaluate(arguments[key], found, **variables) for key in ("Subject", "Message"))
    *lines, link = str(message).splitlines()
    assert link.startswith("https://console.aws.amazon.com/")
    return re.sub(r"\bdev\b", "local", "\n".join([f"Subject: {subject}", "", *lines]))


def _failure(mail: str) -> dict[str, str]:
    found = re.search(r"\nstate: (.*)\nerror: (.*)\ncause: (.*)\nWhat was published before", mail, re.DOTALL)
    assert found
    return {"State": found[1], "Error": found[2], "Cause": found[3]}


def _verdict(mail: str) -> dict[str, Any]:
    found = re.search(
        r"cause: (\S+) of (.+): (\S+), limit (\S+)\n(.*)What was published of it", mail, re.DOTALL
    )
    assert found
    rule = {"rule": found[1], "source": found[2], "value": float(found[3]), "limit": float(found[4])}
    return {"passed": False, "published": 0, "failed_rules": [rule], "messages": found[5].splitlines()}


@pytest.mark.parametrize(
    "name",
    ["full-disk", "throttling", "killed-job", "quota", "permission", "bad-deployment"],
)
def test_the_mail_of_a_failure_is_what_the_machine_writes(tmp_path: Path, name: str) -> None:
    """Of its state, error and cause."""
    assert _written(tmp_path, "NotifyFailure", {}, failure=_failure(MAILS[name])) == MAILS[name]


@pytest.mark.parametrize("name", ["renamed-column", "rule"])
def test_the_mail_of_a_rule_is_what_the_machine_writes(tmp_path: Path, name: str) -> None:
    """Of its verdict."""
    assert _written(tmp_path, "NotifyGateFailure", _verdict(MAILS[name])) == MAILS[name]


def test_a_schedule_that_was_switched_off_by_hand_is_seen_and_resumed(
    deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As `status` says it on the page, and by the command there. The schedule of the project is on."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "pipeline.yaml").write_text(PIPELINE)
    (tmp_path / "config" / "local.yaml").write_text("endpoint: embedded\n")
    monkeypatch.chdir(tmp_path)
    parameter = {"ArtifactBucket": {"Type": "String", "Default": BUCKET}}
    deployed.deploy(publishing(), parameters=parameter, more=schedule_resources(Names("nyc-tlc", "local")))
    client = deployed.client("scheduler")
    (there,) = client.list_schedules(GroupName=Names("nyc-tlc", "local").schedule_group)["Schedules"]
    found = client.get_schedule(GroupName=there["GroupName"], Name=there["Name"])
    client.update_schedule(**{name: found[name] for name in KEPT}, State="DISABLED")
    said = re.search(r"(?m)^schedule +(.*)$", PAGE[PAGE.index("<!-- schedule: status -->") :])
    assert said
    assert status_of("schedule", ["show", "local"], "schedule") == 0
    assert said[1] in capfd.readouterr().out
    assert status_of("schedule", ["resume", "local"], "schedule") == 0
    assert client.get_schedule(GroupName=there["GroupName"], Name=there["Name"])["State"] == "ENABLED"
