"""How a run of data sets ended, for people; and which run's findings a run is told to let through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.deployed import BUCKET, STACK, Deployed, publishing
from cli.test_run_source import connection_to

from data_pipeline.cli.running import outcome
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.progress.follow import Failure, Progress
from data_pipeline.project import runs
from tests.datasets_project import TABLES, datasets_project

ARN = "arn:aws:states:us-east-1:123456789012:execution:shop-dev:run-7"
SUMMARY: Any = {
    "rows": {"read": 5, "counted": 4, "quarantined": 1},
    "files": [{"source": "orders/b.csv", "error": "no column amount"}],
    "datasets": {
        "orders": {
            "rows": {"read": 5, "accepted": 4, "quarantined": 1},
            "files": {"read": 1, "failed": 1},
            "reasons": {"not-decimal": 1},
        }
    },
    "quality": {"warnings": [{"rule": "unique", "source": "orders", "value": 1, "limit": 0}]},
    "tables": {"orders": {"snapshot": "77", "committed": True}},
    "export": None,
    "exports": [],
    "quarantine": "s3://b/quarantine/run=run-7/",
}


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return datasets_project(tmp_path, TABLES)


def test_a_run_with_warnings_says_so(env: Environment, capfd: pytest.CaptureFixture[str]) -> None:
    """By data set: rows read, accepted, in quarantine and why; what could not be read; the rules that warn."""
    record = {
        "endedAt": "PublishedWithWarnings",
        "results": {},
        "summary": SUMMARY,
        "summaryUri": "s3://b/s.json",
    }
    outcome.print_success(env, record)
    assert capfd.readouterr().out.splitlines() == [
        "data set  files  rows read  accepted  quarantined",
        "orders        1          5         4            1  not-decimal 1",
        "unreadable  orders/b.csv: no column amount",
        "warning     unique of orders: 1, limit 0",
        "",
        "table       shop_dev.orders, snapshot 77",
        "quarantine  s3://b/quarantine/run=run-7/",
        "summary     s3://b/s.json",
        "ended       published with warnings",
    ]


def test_a_run_that_made_tables_alone_has_no_head_of_a_table(
    env: Environment, capfd: pytest.CaptureFixture[str]
) -> None:
    summary = {**SUMMARY, "files": [], "datasets": {}, "quality": {}}
    record = {"endedAt": "Published", "results": {}, "summary": summary, "summaryUri": "s3://b/s.json"}
    outcome.print_success(env, record)
    assert capfd.readouterr().out.splitlines()[0] == "table       shop_dev.orders, snapshot 77"


def test_a_failed_rule_names_the_run_that_found_it(env: Environment) -> None:
    """And says what was published besides; brackets are left out, for they are the finding's own."""
    verdict = {
        "passed": False,
        "published": 2,
        "failed_rules": [{"rule": "null-share(amount)", "value": 1, "limit": 0}],
    }
    record = {"executionArn": ARN, "input": {"version": 1}, "results": {"verdict": verdict}}
    failure = Failure("QualityGateFailed", "QualityGateFailed", "", "", None)
    text = outcome.failure_text(env, Progress(), failure, record)
    first, *rest = text.splitlines()
    assert (
        first
        == "the quality gate failed, and what it is about was not published; 2 other tables are up to date"
    )
    assert "  accept     python data_pipeline_run.py dev --accept null-share@run-7" in rest


def test_a_changed_definition_has_two_answers(env: Environment) -> None:
    """Both as commands."""
    counts = {"new": 0, "changed": 0, "unchanged": 0, "deleted": 0}
    decision = {"proceed": False, "held": ["orders"], "messages": ["orders: 3 files, 2 kB"], **counts}
    record = {"executionArn": ARN, "input": {"version": 1}, "results": {"decision": decision}}
    failure = Failure("DefinitionChanged", "DefinitionChanged", "", "", None)
    lines = outcome.failure_text(env, Progress(), failure, record).splitlines()
    assert lines[0] == "the definition of orders has changed, so nothing was loaded of it"
    assert "  message    orders: 3 files, 2 kB" in lines
    assert not [line for line in lines if " 0 new" in line]  # nobody has counted the files of what is held
    assert "  anew       python data_pipeline_run.py dev --rebuild orders" in lines
    assert "  or         python data_pipeline_run.py dev --from-now-on orders" in lines


BOTH = "anew       … --rebuild orders --rebuild stock"


@pytest.mark.parametrize(
    ("moved", "answers"),
    [
        (
            ["orders"],
            [
                "anew       … --rebuild orders --rebuild stock",
                "or         … --rebuild orders --from-now-on stock",
            ],
        ),
        (["orders", "stock"], ["anew       … --rebuild orders --rebuild stock"]),
    ],
)
def test_what_can_only_be_made_anew_is_offered_nothing_else(
    env: Environment, moved: list[str], answers: list[str]
) -> None:
    """A data set whose files are parts of other units now; another beside it has both answers."""
    decision = {"proceed": False, "held": ["orders", "stock"], "moved": moved, "messages": [], "new": 0}
    record = {"executionArn": ARN, "input": {"version": 1}, "results": {"decision": decision}}
    failure = Failure("DefinitionChanged", "DefinitionChanged", "", "", None)
    lines = outcome.failure_text(env, Progress(), failure, record).splitlines()
    said = [
        line.strip().replace("python data_pipeline_run.py dev", "…") for line in lines if "_run.py" in line
    ]
    assert said == answers


def test_a_rule_is_accepted_as_far_as_a_run_has_found(env: Environment, deployed: Deployed) -> None:
    """The last one that failed by it, or the one that is named; without any there is nothing to let through."""
    deployed.deploy(publishing())
    connection, output = connection_to(deployed), f"s3://{BUCKET}/output/"
    outputs = deployed.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    machine = next(each["OutputValue"] for each in outputs if each["OutputKey"] == "StateMachineArn")
    for name, rules in (("run-1", ["unique(id)"]), ("run-2", ["unique"]), ("run-3", ["freshness"])):
        deployed.client("stepfunctions").start_execution(stateMachineArn=machine, name=name, input="{}")
        failed = {"failed_rules": [{"rule": rule} for rule in rules]}
        deployed.put(f"output/runs/{name}/verdict.json", json.dumps(failed))

    def accepting(*accept: str) -> Any:
        value = {"version": 1, "accept": [*accept]}
        return runs.accepting(env, connection, machine, output, value)["accept"]

    assert accepting("unique", "unique@run-1") == ["unique@run-2", "unique@run-1"]
    with pytest.raises(UserError, match="--accept unique@run-3: found no failure by 'unique' in the verdict"):
        accepting("unique@run-3")
    with pytest.raises(
        UserError, match="--accept drift: found no run that failed by this rule among the last 50"
    ):
        accepting("drift")
