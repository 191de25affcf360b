"""What a report says of runs that ended well, by a rule, by a kill, and of which nothing is known."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from core.histories import History
from core.report import made
from core.report.test_page import Parsed

from data_pipeline.core.progress.follow import Progress
from data_pipeline.core.report import document, page
from data_pipeline.core.report.document import Found


def test_a_run_that_published():
    """Times of states, the rules' last values, and what is usual."""
    found = made.good()
    assert (found["outcome"], found["failure"], found["remedies"]) == ("published", None, [])
    states = {
        each["name"]: (each["after"], each["seconds"], each["attempts"])
        for each in found["execution"]["states"]
    }
    assert (states["Prepare"], states["Load"]) == ((0, 20, 1), (20, 180, 1))
    assert found["usual"]["seconds"] == 120
    assert found["expected"] == {"seconds": 129.38, "least": 129.38, "most": 129.38, "runs": 3}
    (rule,) = found["rules"]
    assert [each["value"] for each in rule["history"]] == [0.01, 0.02, 0.03, 0.02]
    assert rule["state"] == "holds"
    assert found["news"] == {"new": 2, "changed": 0, "unchanged": 7, "deleted": 0}
    assert [each["source"] for each in found["files"]] == ["b.csv", "a.csv"]
    assert found["tables"][0]["shifts"] == {
        "column amount": 0.0,
        "column status": 0.0,
        "hours": 0.0,
        "weekdays": 0.0,
    }
    assert found["tables"][0]["before"]["rows"] == 720


def test_it_is_json_and_the_same_again():
    """So that it can be stored and drawn later."""
    found = made.good()
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(made.good()))


def test_a_run_that_failed_by_a_rule():
    """The rule fails, and the command lets through what this run has found."""
    found = made.gate()
    assert found["outcome"] == "gate failed"
    assert found["rules"][0]["state"] == "fails"
    assert [each["command"] for each in found["remedies"]] == [
        "python data_pipeline_run.py dev",
        f"python data_pipeline_run.py dev --accept quarantined-share@{made.RUN}",
    ]
    assert found["tables"][0]["snapshot"] is None


def test_a_rule_of_a_step_of_ones_own():
    """Which leaves a verdict alone, and need not say what of."""
    rule = {"rule": "too-old", "value": "2024-01-01", "limit": "today"}
    results = {"check": {"passed": False, "failed_rules": [rule]}}
    found = made.good(
        progress=made.history("QualityGateFailed", "x"), results=results, summary=None, profile=None
    )
    assert "too-old : 2024-01-01, the limit is today" in Parsed(page.draw(found)).text


def test_a_run_whose_job_was_killed():
    """The state at fault, the end of its log, and the command that shows all of it."""
    found = made.killed()
    assert found["outcome"] == "failed"
    assert found["headline"] == "Load failed. No table was published by it."
    assert found["failure"]["log"] == ["reading a.csv", "Killed"]
    assert found["remedies"][0]["command"] == f"python -m data_pipeline runs logs dev {made.RUN}"
    assert (found["files"], found["tables"], found["rows"]) == ([], [], None)


def test_a_run_that_was_stopped():
    """Where it was."""
    history = made.History()
    history.enter(0, "Load")
    history.add(9, "ExecutionAborted", {})
    found = made.good(progress=made.Progress().after(history.events), summary=None, profile=None, results={})
    assert (found["outcome"], found["headline"]) == (
        "stopped",
        "The run was stopped in Load. No table was published by it.",
    )
    assert found["execution"]["states"][0]["seconds"] == 9


def test_a_run_of_which_nothing_is_known():
    """Neither documents nor a history: still a report."""
    found = document.document(made.ENVIRONMENT, Found("x"))
    assert (found["outcome"], found["machine"], found["rows"]) == ("unknown", None, None)


@pytest.mark.parametrize(("passed", "outcome"), [(True, "published"), (False, "gate failed")])
def test_documents_alone_say_how_it_ended(passed, outcome):
    """Where the history has expired."""
    found = document.document(made.ENVIRONMENT, Found("x", results={"verdict": {"passed": passed}}))
    assert found["outcome"] == outcome


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        ("NothingNew", "nothing new"),
        ("AlreadyRunning", "already running"),
        ("PublishedWithWarnings", "warnings"),
    ],
)
def test_other_good_ends(end, outcome):
    """By the state that the execution ended in."""
    assert made.good(progress=made.history(end))["outcome"] == outcome


def test_a_definition_that_changed_offers_its_answers():
    """To make it anew, or to let it hold from now on, which what has moved cannot."""
    decision = {"held": ["orders", "weather"], "moved": ["weather"]}
    found = made.good(progress=made.history("DefinitionChanged", "x"), results={"decision": decision})
    assert [each["command"] for each in found["remedies"]] == [
        "python data_pipeline_run.py dev --rebuild orders --rebuild weather",
        "python data_pipeline_run.py dev --rebuild weather --from-now-on orders",
    ]


def test_columns_that_changed_are_named():
    """Against the run before; and what files have that nobody asked for."""
    before = made.table(columns=("amount", "gone"))
    before["columns"][0]["type"] = "BIGINT"
    rows = made.table(columns=("amount", "added"))
    found = made.good(profile={"tables": {"orders": rows}, "examples": {}}, past=made.past(1, orders=before))
    assert [(each["column"], each["change"]) for each in found["changes"]] == [
        ("added", "new, DOUBLE"),
        ("gone", "gone, it was DOUBLE"),
        ("amount", "DOUBLE, it was BIGINT"),
        ("coupon", "in the files, and not in the configuration: ignored"),
    ]


def test_many_files_are_cut_and_counted():
    """The worst are named."""
    files = [made.file(f"{n:04}.csv", 100, n % 2) for n in range(document.FILES + 7)]
    found = made.good(summary=made.summary(files))
    assert (len(found["files"]), found["more_files"]) == (document.FILES, 7)
    assert found["files"][0]["quarantined"] == 1


def test_a_failed_run_names_the_command_that_goes_on():
    """Beside the one that does all of it again; where the steps are not known, that one alone."""
    history = History()
    history.enter(0, "Load")
    history.processing_job(0, "j")
    history.fail(9, "States.TaskFailed", "no")
    history.leave(9, "Load")
    history.enter(9, "Failed", "Fail")
    history.add(9, "ExecutionFailed", {"error": "States.TaskFailed", "cause": "no"})
    found = Found(made.RUN, made.ARN, progress=Progress().after(history.events))
    place = replace(made.ENVIRONMENT, steps=("prepare", "load"))
    remedies = {each["text"]: each["command"] for each in document.document(place, found)["remedies"]}
    again = f"python -m data_pipeline runs rerun dev {made.RUN} --from load"
    assert remedies["Go on from there, without what has ended well."] == again
    assert "Or run all of it again: work that was published is not done twice." in remedies
    remedies = {each["text"] for each in document.document(made.ENVIRONMENT, found)["remedies"]}
    assert "Then run again: work that was published is not done twice." in remedies
