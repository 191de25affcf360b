"""A deployed pipeline that notifies: what is told of each end, under the derived roles, and a topic that is gone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from randomness import SOAK
from system.project import ROOT, Done, Project
from system.test_decisions import _WRITE, LOOK, PIPELINE, WORK

#: and the data set "broken" ends the job with a last word of every kind of character, unless a run begins with it.
BREAKS = """\
if given["datasets"] == "broken" and given["folder"].endswith(f"/{given['planned']}/"):
    sys.exit('error: "grün.csv" \\\\ has no header')
"""
NOTIFY = """\
notify:
  when: [failure, success, nothing_new]
  emails: [data-team@example.com]
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Two small scripts, deployed with everything told."""
    yield from _deployed(tmp_path_factory.mktemp("notify") / "project")


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Project]:
    """The same for a test alone."""
    yield from _deployed(tmp_path / "project")


def _deployed(folder: Path) -> Iterator[Project]:
    project = Project(folder)
    try:
        for file in (project.root / "config").glob("*.yaml"):
            if file.name not in ("pipeline.yaml", "local.yaml"):
                file.unlink()
        (project.root / "config" / "pipeline.yaml").write_text(PIPELINE)
        (project.root / "config" / "local.yaml").write_text(f"endpoint: embedded\n{NOTIFY}")
        (project.root / "jobs" / "look.py").write_text(_WRITE + LOOK)
        (project.root / "jobs" / "work.py").write_text(_WRITE + BREAKS + WORK)
        project.deploy()
        bucket = project.client("s3").list_buckets()["Buckets"]
        (data,) = [b["Name"] for b in bucket if b["Name"] != "artifacts"]
        project.client("s3").put_object(Bucket=data, Key="input/one.txt", Body=b"1")
        yield project
    finally:
        project.down()


def run(project: Project, *options: str) -> Done:
    return project("python", "data_pipeline_run.py", "local", *options)


def messages(project: Project) -> list[dict[str, Any]]:
    path = project.root / ".local" / "aws" / "notifications.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def last(project: Project) -> dict[str, Any]:
    found = messages(project)[-1]
    assert found["to"] == ["data-team@example.com"]
    assert re.search(
        r"\nhttps://console\.aws\.amazon\.com/states/home\?region=us-east-1#/v2/\S+:tiny-local:\S+$",
        found["message"],
    )
    return found


@pytest.mark.timeout(600)
def test_what_is_told_of_each_end(tiny: Project) -> None:
    """One story, since the last message is shown."""
    a_failure_comes_with_its_cause(tiny)
    the_command_of_the_incidents_page_ends_it(tiny)
    the_gate_comes_with_rule_value_and_limit(tiny)
    other_ends_come_where_wanted(tiny)
    the_commands_show_the_messages(tiny)


def a_failure_comes_with_its_cause(tiny: Project) -> None:
    """The state, the error, and what the job said last, at bounded length; the command says that it was told."""
    done = run(tiny, "--dataset", "broken")
    assert done.status == 1
    found = last(tiny)
    assert found["subject"] == "tiny in local: failed: States.TaskFailed"
    lines = found["message"].splitlines()
    assert re.fullmatch(r"tiny in local: the run \S+ failed\.", lines[0])
    assert lines[1:3] == ["state: Work", "error: States.TaskFailed"]
    assert lines[3].endswith('"grün.csv" \\ has no header')
    assert "Work failed" in done.err
    assert "notified   tiny in local: failed: States.TaskFailed" in done.err


def the_command_of_the_incidents_page_ends_it(tiny: Project) -> None:
    """`status` shows the run as failed, as docs/how-to/incidents.md does; what failed is done from its step on."""
    command = ("python", "-m", "data_pipeline")
    page = (ROOT / "docs" / "how-to" / "incidents.md").read_text(encoding="utf-8")
    heading, row = page.partition("<!-- full-disk: status -->")[2].partition("\n\nrun")[2].splitlines()[:2]
    lines = tiny.ok(*command, "status", "local", "--runs", "1").out.splitlines()
    assert lines[-2] == f"run{heading}"
    assert lines[-1].split()[3:4] == row.split()[3:4] == ["failed"]
    assert "runs rerun local --from " in page
    done = tiny.ok(*command, "runs", "rerun", "local", "--from", "work")
    assert "Work" in done.out + done.err
    assert last(tiny)["subject"] == "tiny in local: published"


def the_gate_comes_with_rule_value_and_limit(tiny: Project) -> None:
    done = run(tiny, "--dataset", "bad")
    assert done.status == 1
    found = last(tiny)
    assert found["subject"] == "tiny in local: failed: QualityGateFailed"
    assert "cause: too-bad of bad.txt: 9, limit 1" in found["message"]
    assert "the quality gate failed" in done.err


def other_ends_come_where_wanted(tiny: Project) -> None:
    """A publication, with what the last step left; and that nothing was new."""
    assert run(tiny).status == 0
    assert last(tiny)["subject"] == "tiny in local: published"
    assert '"passed":true' in last(tiny)["message"].replace(" ", "")
    done = run(tiny, "--dataset", "old")
    assert last(tiny)["subject"] == "tiny in local: found nothing new"
    assert "notified    tiny in local: found nothing new" in done.out


def the_commands_show_the_messages(tiny: Project) -> None:
    shown = tiny.ok("python", "-m", "data_pipeline", "local", "notifications", "-n", "1").out
    assert "tiny in local: found nothing new\nto: data-team@example.com\n" in shown


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="one more deployment and two runs: `make soak` makes them")
def test_a_topic_that_is_gone_changes_no_end(another: Project) -> None:
    """Failure and gate end as before, with their own error and cause; the command says who was not told."""
    sns = another.client("sns")
    (topic,) = sns.list_topics()["Topics"]
    sns.delete_topic(TopicArn=topic["TopicArn"])
    before = len(messages(another))
    failed = run(another, "--dataset", "broken", "--json")
    assert (failed.status, failed.json["error"]) == (1, "States.TaskFailed")
    assert "has no header" in failed.json["cause"]
    assert "Topic does not exist" in failed.json["notifications"][0]["error"]
    gate = run(another, "--dataset", "bad")
    assert gate.status == 1
    assert "the quality gate failed" in gate.err
    assert "notified   nobody: Topic does not exist" in gate.err
    assert len(messages(another)) == before


def test_no_template_names_an_address(tiny: Project) -> None:
    """Deploy fills them in, so that a change of people makes no template stale."""
    for path in Path(tiny.root / "templates").glob("local-*.yaml"):
        assert "example.com" not in path.read_text()
