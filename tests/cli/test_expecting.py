"""What is known beside a run's history: how far its job is, by its log, and how long runs before took."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cli.deployed import STACK, Deployed, publishing
from cli.test_run_source import connection_to
from cli.test_runs import ended, start
from core.histories import History
from paths import ROOT

from data_pipeline.core.loading.load import load_environment
from data_pipeline.core.progress.follow import Progress
from data_pipeline.etl.documents.progress import Reached
from data_pipeline.project import expecting, history
from data_pipeline.project.job_progress import JobProgress


class Log:
    """A reader whose looks are given."""

    def __init__(self, looks: list[list[str] | Exception]) -> None:
        self._looks = iter(looks)

    def fresh(self) -> list[str]:
        found = next(self._looks)
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[list[str] | Exception]:
    """What the log of the job has at each look."""
    looks: list[list[str] | Exception] = []
    monkeypatch.setattr(history, "reader", lambda *_: Log(looks))
    return looks


def loading() -> Progress:
    found = History()
    found.enter(0, "Load")
    found.processing_job(0, "j")
    return Progress().after(found.events)


def test_the_log_is_looked_at_now_and_then(log: list[Any]) -> None:
    """Not at once, and not more often than it is worth; a look that finds nothing new leaves what was known."""
    clock = [0.0]
    log += [["progress: 1 of 5 files, 10 rows"], ["reading"], ["progress: 5 of 5 files, 50 rows"]]
    job = JobProgress(load_environment(ROOT, "local"), None, 5.0, lambda: clock[0])  # type: ignore[arg-type]
    seen = []
    for clock[0] in (0.0, 4.0, 5.0, 6.0, 10.0, 15.0):
        seen.append(job.reached(loading()))
    one, five = Reached(1, 5, 10), Reached(5, 5, 50)
    assert seen == [None, None, one, one, one, five]
    assert job.reached(Progress()) is None


def test_who_may_not_read_logs_follows_all_the_same(log: list[Any]) -> None:
    """And does not ask again."""
    clock = [0.0]
    log.append(ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetLogEvents"))
    job = JobProgress(load_environment(ROOT, "local"), None, 1.0, lambda: clock[0])  # type: ignore[arg-type]
    for clock[0] in (0.0, 1.0, 2.0, 3.0):
        assert job.reached(loading()) is None


def test_a_log_that_is_away_for_a_moment_is_looked_at_again(log: list[Any]) -> None:
    """As where AWS throttles; what was known stays."""
    clock = [0.0]
    throttled = ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "GetLogEvents")
    log += [["progress: 1 of 5 files, 10 rows"], throttled, ["progress: 5 of 5 files, 50 rows"]]
    job = JobProgress(load_environment(ROOT, "local"), None, 1.0, lambda: clock[0])  # type: ignore[arg-type]
    seen = []
    for clock[0] in (0.0, 1.0, 2.0, 3.0):
        seen.append(job.reached(loading()))
    assert seen == [None, Reached(1, 5, 10), Reached(1, 5, 10), Reached(5, 5, 50)]


def test_runs_before_say_how_long_one_takes(deployed: Deployed) -> None:
    """Those that published, by their bytes; once a job of the run has ended, by its own."""
    pause = {"Pause": {"Type": "Wait", "Seconds": 1, "Next": "Publish"}}
    deployed.deploy({**pause, **publishing()})
    deployed.put("output/summary.json", "{}")
    env, connection = load_environment(ROOT, "local"), connection_to(deployed)
    outputs = deployed.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    told = {each["OutputKey"]: each["OutputValue"] for each in outputs}
    assert expecting.past_times(env, connection, told) == []
    name, nothing = start(deployed), start(deployed)
    deployed.put(f"output/runs/{name}/decision.json", json.dumps({"proceed": True, "bytes": 900}))
    deployed.put(f"output/runs/{nothing}/decision.json", json.dumps({"proceed": False, "bytes": 0}))
    for each in (name, nothing):
        ended(deployed, each)
    (past,) = expecting.past_times(env, connection, told)
    assert (past.run, past.bytes, set(past.states)) == (name, 900, {"Pause"})
    assert 1 <= past.seconds < 10
    arn = f"{told['StateMachineArn'].replace(':stateMachine:', ':execution:')}:now"
    expected = expecting.Expected(env, connection, told, arn)
    states, whole = expected.of(Progress())
    assert (states, whole) == (past.states, past.seconds)
    found = loading()
    done = replace(found, states=(replace(found.states[0], exited=found.states[0].entered),))
    for size, seconds in ((1800, (past.states, past.seconds)), (18_000, ({}, None))):
        deployed.put("output/runs/now/decision.json", json.dumps({"bytes": size}))
        assert expecting.Expected(env, connection, told, arn).of(done) == seconds
