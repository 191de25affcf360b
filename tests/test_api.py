"""What Python uses, on a deployed environment with a published table; and the documentation's own Python."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cli.conftest import deployed, published
from cli.deployed import BUCKET, SUMMARY, SUMMARY_KEY, Deployed, failing, publish, publishing, waiting
from cli.test_run_ends import _ending, _leaving
from paths import ROOT

from data_pipeline import api
from data_pipeline.api import Environment, Project, RunFailedError, UserError
from data_pipeline.aws.session import connect
from data_pipeline.core.loading.load import load_environment

__all__ = ["deployed", "published"]

PAGES = [ROOT / "README.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: but for the tutorial whose own project its own test makes
WITH_PYTHON = [
    page
    for page in PAGES
    if "```python\n" in page.read_text(encoding="utf-8")
    and page != ROOT / "docs" / "tutorial" / "your-own-data.md"
    and page != ROOT / "docs" / "how-to" / "local-clients.md"  # of packages of others, in `make conformance`
]
DECISION = {"proceed": True, "reason": "1 file is new", "new": 1}
VERDICT = {"passed": True, "failed_rules": []}


@pytest.fixture
def local(published: Deployed) -> Environment:
    """The environment `local`, with a published table."""
    return Project(ROOT).environment("local")


@pytest.fixture
def running(published: Deployed) -> Environment:
    """The same; its runs leave a decision and a verdict, and publish."""
    published.put("input/green_tripdata_2019-01.csv")
    published.put(SUMMARY_KEY, json.dumps(SUMMARY))
    _deploy(published, _leave("decision", DECISION, "Judge") | _judge() | publishing())
    return Project(ROOT).environment("local")


def _leave(name: str, result: dict[str, Any], onwards: str) -> dict[str, Any]:
    (state,) = _leaving(name, result).values()
    return {"Leave": {**state, "Next": onwards}}


def _judge() -> dict[str, Any]:
    return {"Judge": _leave("verdict", VERDICT, "Publish")["Leave"]}


def _deploy(deployed: Deployed, states: dict[str, Any]) -> None:
    """In place of the stack that is there."""
    deployed.client("cloudformation").delete_stack(StackName="nyc-tlc-local-pipeline")
    deployed.client("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName="nyc-tlc-local-pipeline", WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
    )
    deployed.deploy(states)


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.name)
def test_the_documentation_s_python_runs_and_prints_nothing(
    running: Environment, page: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The blocks of a page one after the other, in the project's folder."""
    monkeypatch.chdir(ROOT)
    capfd.readouterr()
    names: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S):
        exec(compile(block, str(page), "exec"), names)
    assert tuple(capfd.readouterr()) == ("", "")


def test_a_run_has_its_results(running: Environment, capfd: pytest.CaptureFixture[str]) -> None:
    """From the start to the summary, as plain values; the list of runs has it first."""
    capfd.readouterr()
    run = running.run(datasets=["trip_counts"], parts=["dataset=green", "dataset=green"], months="2019-01")
    assert (run.status, run.ended_at, run.failure) == ("SUCCEEDED", "Published", None)
    assert run.started is not None
    assert run.stopped is not None
    assert run.started <= run.stopped
    assert run.folder == f"s3://{BUCKET}/output/runs/{run.name}/"
    assert (run.decision, run.verdict, run.summary) == (DECISION, VERDICT, SUMMARY)
    assert run.results == {"decision": DECISION, "verdict": VERDICT}
    first = running.runs(most=1)
    assert [(one.name, one.status, one.summary) for one in first] == [(run.name, "SUCCEEDED", SUMMARY)]
    assert len(running.runs()) >= 1
    assert tuple(capfd.readouterr()) == ("", "")


def test_a_run_that_fails_raises_with_the_run(running: Environment, published: Deployed) -> None:
    """The error says where and why; `wait` gives the same without an error."""
    _deploy(published, failing("Broken", "no files"))
    with pytest.raises(RunFailedError, match="Load failed: no files") as error:
        running.run()
    assert error.value.run.failure == {
        "state": "Load",
        "error": "Broken",
        "cause": "no files",
        "reason": "no files",
    }
    assert (error.value.run.summary, error.value.run.verdict) == (None, None)
    assert running.start().wait().status == "FAILED"


def test_nothing_new_is_no_failure_and_another_run_is_one(running: Environment, published: Deployed) -> None:
    """NothingNew ends well; AlreadyRunning did not do what was asked."""
    _deploy(published, _ending(proceed=False, reason="no file changed"))
    run = running.run()
    assert (run.ended_at, run.summary) == ("NothingNew", None)
    _deploy(published, {"AlreadyRunning": {"Type": "Succeed"}})
    with pytest.raises(RunFailedError, match=r"another execution is running.*concurrent=True"):
        running.run()


def test_a_run_is_started_without_waiting(running: Environment, published: Deployed) -> None:
    """It is RUNNING, and nothing about its end is known."""
    _deploy(published, waiting())
    run = running.start(prune=True)
    assert (run.status, run.stopped, run.ended_at, run.failure) == ("RUNNING", None, None, None)
    published.client("stepfunctions").stop_execution(executionArn=run.arn)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"dataset": ["weather"]}, r"a run has no option 'dataset', it has .*; did you mean 'datasets'\?"),
        (
            {"datasets": "weather"},
            r"datasets: found 'weather', expected a list of names, as in \['weather'\]",
        ),
        (
            {"datasets": ["Weather"]},
            r"datasets: found \['Weather'\], expected lower-case .*; did you mean 'weather'\?",
        ),
        ({"datasets": ["green"]}, "--dataset green: .*; did you mean --part dataset=green\\?"),
        ({"accept": ["missing"]}, "--accept missing: found no rule 'missing', expected .*"),
        ({"accept": [3]}, r"accept: found \[3\], expected lower-case"),
        ({"months": 2019}, "months: found 2019, expected a month or a range of months"),
        ({"months": "2019-02..2019-01"}, "months: .*, expected the earlier month first"),
        ({"reprocess": "no"}, "reprocess: found 'no', expected True or False"),
    ],
)
def test_an_option_that_is_none(options: dict[str, Any], said: str) -> None:
    """Found, expected, and what was probably meant; before anything is asked of AWS."""
    configuration = load_environment(ROOT, "dev")
    local = Environment("dev", "", "", None, configuration, connect(configuration, None, {}))
    with pytest.raises(UserError, match=said):
        local.run(**options)


def test_tables_are_arrow_tables_and_relations(local: Environment, capfd: pytest.CaptureFixture[str]) -> None:
    """The newest state and an earlier one, some columns, and the same by SQL."""
    publish("second", 2)
    capfd.readouterr()
    assert local.tables() == ["ride_counts"]
    newest, first = local.table("ride_counts"), local.table("ride_counts", run="first")
    total = sum(newest["num_rides"].to_pylist())
    assert total == 2 * sum(first["num_rides"].to_pylist())
    assert local.table("ride_counts", columns=["minutes", "green"]).column_names == ["minutes", "green"]
    assert local.relation("ride_counts").sum("num_rides").fetchall() == [(total,)]
    with duckdb.connect() as db:
        assert local.relation("ride_counts", db=db, run="first").sum("num_rides").fetchall() == [
            (total // 2,)
        ]
    assert local.sql("SELECT sum(num_rides) AS n FROM ride_counts").to_pydict() == {"n": [total]}
    assert tuple(capfd.readouterr()) == ("", "")


def test_a_table_that_is_none(local: Environment) -> None:
    """A table, a column or a state that is not there, and a time that no zone makes one."""
    with pytest.raises(
        UserError, match=r"there is no table nyc_tlc_local\.ride_count: it has .*; did you mean"
    ):
        local.table("ride_count")
    with pytest.raises(UserError, match="ride_counts has no column rides; it has timestamp, num_rides"):
        local.table("ride_counts", columns=["rides"])
    with pytest.raises(UserError, match="has no snapshot '7'"):
        local.table("ride_counts", snapshot="7")
    with pytest.raises(UserError, match=r"as_of: .*, expected a time with a zone"):
        local.table("ride_counts", as_of=datetime(2019, 1, 1))  # noqa: DTZ001 - that is the error
    with pytest.raises(UserError, match="cannot be told"):
        local.table("ride_counts", as_of=datetime(2019, 1, 1, tzinfo=UTC))
    with pytest.raises(UserError, match="expected"):
        local.sql("DROP TABLE ride_counts")


def test_the_online_store_is_read(local: Environment, published: Deployed) -> None:
    """The newest record, with the columns of the published records; a group without the store says so."""
    with published.feature_group("online") as group:
        published.write(group, dataset="all", window_end="2019-01-22T00:00:00Z", rides=7)
        assert local.read_online("rides", ["all"])["rides"].to_pylist() == [7]
        with pytest.raises(UserError, match="has no offline store here"):
            local.read_offline("rides")


def test_a_project_is_found_upwards(tmp_path: Path) -> None:
    """From a folder within it; outside of one, the error says how to make one."""
    assert Project(ROOT / "docs").root == ROOT
    assert Project(ROOT).environments == ["dev", "local", "prod"]
    with pytest.raises(UserError, match=r"found no config/pipeline\.yaml"):
        Project(tmp_path)
    with pytest.raises(UserError, match="'locla'"):
        Project(ROOT).environment("locla")


def test_what_is_public_is_documented() -> None:
    """Each name that is offered, and each method of it, has a docstring; nothing else is offered."""
    for name in api.__all__:
        member = getattr(api, name)
        assert member.__doc__, name
        for own, value in vars(member).items():
            if not own.startswith("_") and (callable(value) or isinstance(value, property)):
                assert value.__doc__, (name, own)
