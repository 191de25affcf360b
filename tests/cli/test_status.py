"""`status` on an embedded AWS: one screen, also where not everything may be looked at."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cli.deployed import BUCKET, STACK, Deployed
from cli.test_run_edges import stubbed
from cli.test_runs import start
from cli.test_schedule import scheduled  # noqa: F401 - a fixture
from paths import ROOT

from data_pipeline.aws import alarms
from data_pipeline.aws.alarms import AlarmState
from data_pipeline.cli.commands import status as command
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import outputs_and_differences
from data_pipeline.cli.main import status_of
from data_pipeline.core.loading.load import load_environment
from data_pipeline.project.overview import Overview


def status(*words: str) -> int:
    """Exit status of `status local …`."""
    return status_of("status", ["local", *words], "status")


def test_all_is_on_one_screen(
    scheduled: Deployed,  # noqa: F811
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Version, schedule with its next run, drift, alarms, runs; on a terminal within its columns."""
    person = f"{'x' * 30}@example.com"
    start(scheduled, started_by=f"arn:aws:sts::1:assumed-role/deployer/{person}")
    with monkeypatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        patch.setattr(sys.stdout, "isatty", lambda: True)
        assert status() == 0
        lines = capfd.readouterr().out.splitlines()
        assert lines[-1] == f"    {person}"
        assert max(map(len, lines)) <= 80
    name = start(scheduled, started_by="schedule")
    assert status("--runs", "1") == 0
    lines = capfd.readouterr().out.splitlines()
    found = {line.split()[0]: " ".join(line.split()[1:]) for line in lines if line}
    assert found["deployed"].startswith(f"{STACK} CREATE_COMPLETE, ")
    assert found["version"].endswith("; the project here differs in templates")
    assert found["schedule"].startswith(
        "on, though off in the configuration: deploy to switch it off; next run "
    )
    assert found["coverage"] == "trip_counts: nothing is published"
    assert found["drift"] == "never looked at"
    assert found["alarms"] == "none: the embedded AWS keeps no metrics"
    assert found[name[:8]].endswith(" schedule")
    assert len(lines) <= 12
    assert status("--runs", "1", "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["stack"], told["differs"], told["alarms"]) == (STACK, ["templates"], None)
    assert [run["execution"] for run in told["runs"]] == [name]


def test_the_deployed_template_and_code_are_compared(
    deployed: Deployed, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack of other code differs in it; a note says so, on a terminal folded, and the command by itself."""
    parameters = {"CodeVersion": {"Type": "String", "Default": "0" * 64}}
    bucket = {"ArtifactBucket": {"Type": "String", "Default": BUCKET}}
    deployed.deploy({"Published": {"Type": "Succeed"}}, parameters={**parameters, **bucket})
    assert status("--json") == 0
    assert json.loads(capfd.readouterr().out)["differs"] == ["code", "templates"]
    outputs_and_differences(*open_environment("local"))
    differs = (
        "note: the project here differs in code from what is deployed, which is what runs; to deploy it:"
    )
    lines = capfd.readouterr().err.splitlines()
    assert lines[-2:] == [differs, "  ./deploy.sh local"]
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    outputs_and_differences(*open_environment("local"))
    lines = capfd.readouterr().err.splitlines()
    assert (" ".join(line.strip() for line in lines[-3:-1]), lines[-1]) == (differs, "  ./deploy.sh local")
    assert max(map(len, lines)) <= 80


PARTS = ("differs", "schedules", "runs", "coverage", "drift", "alarms")


def _overview(**more: Any) -> Overview:
    denied = "access denied: needs the action x"
    given: dict[str, Any] = dict.fromkeys(PARTS, denied)
    return Overview(**{"stack": "s", "status": "OK", "changed": None, "code": "c" * 64, **given, **more})


def test_what_may_not_be_looked_at_says_so_in_its_line() -> None:
    """The other lines are there all the same."""
    env, now = load_environment(ROOT, "prod"), datetime(2026, 11, 30, tzinfo=UTC)
    rows = dict(command._rows(env, _overview(), now))
    assert rows["version"] == (
        "code cccccccccccc; whether the project here differs is unknown: access denied: needs the action x"
    )
    assert (
        rows["schedule"]
        == rows["coverage"]
        == rows["drift"]
        == rows["alarms"]
        == "access denied: needs the action x"
    )
    assert command._as_json(_overview(), now)["alarms"] == "access denied: needs the action x"
    assert dict(command._rows(env, _overview(differs=[]), now))["version"].endswith("; as the project here")


def test_alarms_that_ring_come_first_with_their_reasons() -> None:
    """Of all alarms of the stack, over pages."""
    client, stub = stubbed("cloudwatch")
    for names, token in ((["s-A", "s-B"], {"NextToken": "t"}), (["s-C"], {})):
        found = [
            {"AlarmName": name, "StateValue": "ALARM" if name == "s-B" else "OK", "StateReason": "why"}
            for name in names
        ]
        stub.add_response("describe_alarms", {"MetricAlarms": found, **token})
    states = alarms.states(client, "s-")
    assert states == [
        AlarmState("s-B", "ALARM", "why"),
        AlarmState("s-A", "OK", "why"),
        AlarmState("s-C", "OK", "why"),
    ]
    env = load_environment(ROOT, "prod")
    rows = list(command._alarms(env, _overview(alarms=states)))
    assert rows == [("alarms", "1 of 3 ring"), ("", "B: why")]
    ((_, none),) = command._alarms(env, _overview(alarms=None))
    assert none == "none: the configuration has no notify"


def test_a_project_with_broken_sql_has_a_status_all_the_same(
    deployed: Deployed, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is broken stands in the line of the version, and the rest is shown."""
    for name in ("config", "jobs", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "jobs" / "ride_counts.sql").write_text("SELECT nothing\n")
    deployed.deploy({"Published": {"Type": "Succeed"}})
    assert status_of("status", ["local"], "status", tmp_path) == 0
    out = capfd.readouterr().out
    version = next(line for line in out.splitlines() if line.startswith("version"))
    assert "; whether the project here differs is unknown: " in version
    assert "ride_counts" in version
    assert "there is no run yet" in out
