"""`runs` on an embedded AWS: listed, shown, compared, followed and stopped, whoever started them."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from cli.deployed import BUCKET, STACK, SUMMARY, SUMMARY_KEY, Deployed, failing, publishing, waiting
from cli.test_run_edges import Clock, stubbed
from cli.test_run_errors import ARN, dev
from core.histories import START, succeeded
from paths import ROOT

from data_pipeline.cli.main import status_of
from data_pipeline.cli.running.record import head
from data_pipeline.core.loading.load import load_environment
from data_pipeline.core.progress import pointers
from data_pipeline.core.progress.follow import Job, Progress, State
from data_pipeline.project import history
from data_pipeline.project import runs as starts

DECISION = {"proceed": True, "new": 2, "changed": 1, "unchanged": 0, "deleted": 0}
VERDICT = {"passed": True, "rows": {"read": 1234, "counted": 1232, "quarantined": 2}}


def runs(*words: str) -> int:
    """Exit status of `runs …`."""
    return status_of("runs", list(words), "runs")


def start(deployed: Deployed, **value: Any) -> str:
    """Start the machine as the console does; the name of the execution."""
    outputs = deployed.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    machine = next(each["OutputValue"] for each in outputs if each["OutputKey"] == "StateMachineArn")
    states = deployed.client("stepfunctions")
    arn: str = states.start_execution(stateMachineArn=machine, input=json.dumps(value))["executionArn"]
    return arn.rpartition(":")[2]


def ended(deployed: Deployed, name: str) -> None:
    """Wait for the end of a run, whatever it is."""
    status_of("runs", ["attach", "local", name, "--json"], "runs")


@pytest.fixture
def two(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Two runs that published, the second with results of its own."""
    deployed.deploy(publishing())
    deployed.put(SUMMARY_KEY, json.dumps(SUMMARY))
    first, second = start(deployed), ""
    ended(deployed, first)
    second = start(deployed, started_by="schedule")
    for name, result in (("decision", DECISION), ("verdict", VERDICT)):
        deployed.put(f"output/runs/{second}/{name}.json", json.dumps(result))
    ended(deployed, second)
    capfd.readouterr()
    return first, second


def test_a_list_tells_how_each_run_ended(two: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    """The newest first, at most so many, within 80 columns; for scripts with whole names."""
    assert runs("list", "local") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].split() == ["run", "started", "UTC", "ended", "took", "new", "rows", "quarantined", "by"]
    assert [line.split()[0] for line in lines[1:]] == [two[1][:8], two[0][:8]]
    assert lines[1].split()[3:] == ["published", "00:00", "3", "1,232", "2", "schedule"]
    assert lines[2].split()[-4:] == ["-", "-", "-", "unknown"]
    assert max(map(len, lines)) <= 80
    assert runs("list", "local", "--limit", "1", "--json") == 0
    (told,) = json.loads(capfd.readouterr().out)["runs"]
    assert (told["execution"], told["rows"], told["startedBy"]) == (two[1], 1232, "schedule")


def test_the_head_of_a_run_is_no_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever started it, and whatever its jobs are called: a name stands whole, on a line of its own."""
    by = f"arn:aws:sts::123456789012:assumed-role/deployment-of-pipelines/{'x' * 20}@example.com"
    at, name = datetime(2026, 11, 30, 14, tzinfo=UTC), f"orders-and-more-of-them-prod-{'summarise' * 3}"
    states = [State(each, "TaskState", at, at, job=Job("glue", name, "jr_1234")) for each in ("Load", "Make")]
    progress = Progress((*states, State("Rest", "TaskState", at)), "SUCCEEDED", at, at)
    value = {"started_by": by, "from": "load@2026-11-29T14-00-00Z-4f1c2a"}
    record = {
        "execution": "2026-11-30T14-00-00Z-42e469",
        "status": "SUCCEEDED",
        "endedAt": "Published",
        "startDate": at.isoformat(),
        "startedBy": by,
        "input": value,
        "executionArn": ARN,
    }
    env = load_environment(ROOT, "prod")
    whole = head(env, record, progress)
    assert f"started  2026-11-30 14:00:00 UTC by {by}" in whole
    assert f"states   Load  done        0 s  {name} run jr_1234" in whole
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    lines = head(env, record, progress)
    assert lines[2:5] == ["started", "  2026-11-30 14:00:00 UTC by", f"  {by}"]
    assert [line for line in lines if len(line) > 80] == [f"  {by}", f"  {pointers.console(ARN)}"]
    assert f"{'':13}{name} run" in lines
    assert head(env, record, Progress((), "SUCCEEDED", at, at))[-1].strip() == pointers.console(ARN)


def test_one_run_is_shown_with_what_it_published(
    two: tuple[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    """By its place, a part of its name, or its ARN."""
    for name in ("last~1", two[0][:13], two[0][-12:]):
        assert runs("show", "local", name) == 0
        out = capfd.readouterr().out
        assert f"run      {two[0]}\n" in out
        assert "status   SUCCEEDED at Published\n" in out
        assert " UTC by unknown\n" in out
        assert "green_tripdata_2019-01.csv" in out
    assert runs("show", "local", "--json") == 0
    record = json.loads(capfd.readouterr().out)
    assert (record["execution"], record["startedBy"], record["summary"]) == (two[1], "schedule", SUMMARY)
    assert record["results"]["decision"] == DECISION


def test_two_runs_are_compared(two: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    """The last two without names; those that are named in their order."""
    assert runs("diff", "local") == 0
    assert capfd.readouterr().out == f"{two[0]} → {two[1]}\n+ input     started_by: schedule\n"
    assert runs("diff", "local", "last", "last~1", "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["before"], told["after"]) == (two[1], two[0])
    difference = {"about": "input", "name": "started_by", "before": "schedule", "after": None}
    assert told["differences"] == [difference]
    assert runs("diff", "local", "last", "last") == 0
    assert capfd.readouterr().out.endswith("\nnothing differs\n")


def test_a_run_whose_results_are_deleted_is_shown_as_far_as_it_is_known(
    two: tuple[str, str], deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its states, and what is not there any more; it is compared, too."""
    for key in list(deployed.keys()):
        deployed.client("s3").delete_object(Bucket=BUCKET, Key=key)
    assert runs("show", "local") == 0
    out = capfd.readouterr().out
    assert "status   SUCCEEDED at Published\n" in out
    assert "the run succeeded, but its summary is not there any more." in out
    assert runs("diff", "local") == 0
    assert runs("list", "local", "--limit", "1") == 0
    assert "ended well" in capfd.readouterr().out


def test_what_failed_is_shown_and_exits_0(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """To look is no failure; to follow a run that fails is one."""
    deployed.deploy(failing("DataMissing", "windows are missing"))
    name = start(deployed)
    assert runs("attach", "local", name) == 1
    err = capfd.readouterr().err
    assert ": windows are missing\n" in err
    assert f"  more       python -m data_pipeline runs show local {name}\n" in err
    assert runs("show", "local") == 0
    out = capfd.readouterr().out
    assert "status   FAILED\n" in out
    assert "Load failed after 0 s: windows are missing\n" in out
    assert "runs show" not in out


def test_the_running_one_is_attached_to_and_stopped(
    deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without a name; who stopped it and why is kept, and a second stop is refused."""
    deployed.deploy(waiting())
    assert runs("stop", "local") == 1
    assert "no run of local is running" in capfd.readouterr().err
    name = start(deployed)
    assert runs("show", "local") == 0
    assert "Wait  running" in capfd.readouterr().out
    assert runs("stop", "local", "--reason", "wrong month", "--json") == 0
    assert json.loads(capfd.readouterr().out) == {"environment": "local", "execution": name, "jobs": []}
    assert runs("show", "local", name, "--json") == 0
    record = json.loads(capfd.readouterr().out)
    assert (record["status"], record["error"]) == ("ABORTED", "Stopped")
    assert record["cause"] == "stopped by arn:aws:iam::000000000000:root: wrong month"
    assert runs("stop", "local", name) == 1
    assert f"{name} has ended already (ABORTED)" in capfd.readouterr().err
    names = [start(deployed), start(deployed)]
    assert runs("attach", "local") == 1
    assert "several runs of local are running" in capfd.readouterr().err
    for each in names:
        assert runs("stop", "local", each) == 0


def test_before_the_first_run_there_is_nothing(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """A list says so, all else is an error."""
    deployed.deploy(publishing())
    assert runs("list", "local") == 0
    assert capfd.readouterr().out == "there is no run yet\n"
    assert runs("show", "local") == 1
    assert "last: there is no run yet" in capfd.readouterr().err


@pytest.mark.parametrize("knows", [True, False])
def test_a_run_says_who_started_it_where_the_deployed_machine_knows_that(
    deployed: Deployed, capfd: pytest.CaptureFixture[str], knows: bool
) -> None:
    """A machine of an older version would refuse the field."""
    first = {"Type": "Pass", "Comment": "started_by" if knows else "older", "Next": "Publish"}
    deployed.deploy({"First": first, **publishing()})
    deployed.put("input/green_tripdata_2019-01.csv")
    deployed.put(SUMMARY_KEY, json.dumps(SUMMARY))
    assert status_of("run", ["local", "--json"], "run") == 0
    value = json.loads(capfd.readouterr().out)["input"]
    assert value.get("started_by") == ("arn:aws:iam::000000000000:root" if knows else None)


def test_who_may_not_look_at_the_machine_does_not_say_who_he_is() -> None:
    """The run starts all the same."""
    _, connection, stub = dev("stepfunctions")
    stub.add_client_error("describe_state_machine", "AccessDeniedException", "no", http_status_code=400)
    assert starts.signed(
        connection, "arn:aws:states:us-east-1:123456789012:stateMachine:m", {"version": 1}
    ) == {"version": 1}


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (["InProgress", "Stopping", "Stopped"], False),
        (["InProgress"] * 22 + ["Stopping", "Stopped"], True),
        (["Completed"], False),
    ],
)
def test_a_job_that_nobody_told_to_end_is_told(answers: list[str], told: bool) -> None:
    """After ten seconds; the status that it has at its end is returned."""
    _, connection, _ = dev("stepfunctions")
    client, stub = stubbed("sagemaker")
    connection._clients["sagemaker"] = client
    for number, status in enumerate(answers):
        if told and number == 22:
            stub.add_response("stop_processing_job", {}, {"ProcessingJobName": "j-1"})
        stub.add_response("describe_processing_job", _processing(status), {"ProcessingJobName": "j-1"})
    clock = Clock()
    assert history._ended(connection, Job("sagemaker", "j-1"), clock.sleep, clock) == answers[-1]
    stub.assert_no_pending_responses()


def _processing(status: str) -> dict[str, Any]:
    """DescribeProcessingJob, as far as its shape demands."""
    resources = {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}}
    return {
        "ProcessingJobName": "j-1",
        "ProcessingResources": resources,
        "AppSpecification": {"ImageUri": "i"},
        "ProcessingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:processing-job/j-1",
        "ProcessingJobStatus": status,
        "CreationTime": START,
    }


def test_logs_are_told_step_by_step_and_followed_to_the_end() -> None:
    """Each line once, in the order of the states; of one step only, where that is asked for."""
    environment, connection, stub = dev("stepfunctions")
    client, logs = stubbed("logs")
    connection._clients["logs"] = client
    events = succeeded().events
    load = next(n for n, event in enumerate(events) if event["type"] == "TaskSubmitted" and n > 8)
    for piece in (events[: load + 1], events):
        stub.add_response("get_execution_history", {"events": piece[::-1]})
    group, stream = "/aws/sagemaker/ProcessingJobs", "j/algo-1"
    for texts, token in ((["a", "b"], "t1"), (["c"], "t2")):
        logs.add_response("describe_log_streams", {"logStreams": [{"logStreamName": stream}]})
        page = {"nextForwardToken": token, "nextBackwardToken": "b"}
        lines = [{"timestamp": n, "message": text, "ingestionTime": n} for n, text in enumerate(texts)]
        more = {} if token == "t1" else {"nextToken": "t1"}
        request = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
        logs.add_response("get_log_events", {"events": lines, **page}, {**request, **more})
        logs.add_response("get_log_events", {"events": [], **page}, {**request, "nextToken": token})
    found = list(
        history.log(environment, connection, ARN, lambda state: state.name == "Load", True, lambda _: None)
    )
    assert [(piece.state, piece.lines) for piece in found] == [("Load", ("a", "b")), ("Load", ("c",))]
    logs.assert_no_pending_responses()


def test_a_step_that_a_run_does_not_have_is_named(
    two: tuple[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    """With those that it has."""
    assert runs("logs", "local", "--step", "lode") == 1
    assert "--step lode: found no such step in this run" in capfd.readouterr().err
    assert runs("logs", "local") == 0
    assert "no job has started in this run" in capfd.readouterr().err
