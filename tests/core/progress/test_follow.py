"""An execution's history → where it is and why it failed."""

from __future__ import annotations

import json
from datetime import timedelta

import botocore.session
import pytest
from core.histories import GLUE, START, History, succeeded

from data_pipeline.core.progress.follow import Job, Notification, Progress

SNS = {"resourceType": "sns", "resource": "publish"}
JOB = "nyc-tlc-dev-load-0123456789ab-0-0-0"
FAILED = {
    "ProcessingJobName": JOB,
    "ProcessingJobStatus": "Failed",
    "ExitMessage": "error: s3://b/input/ holds nothing that could be read",
    "FailureReason": "AlgorithmError: See job logs for more information",
}


def test_the_hand_made_histories_have_the_shape_of_the_service_model() -> None:
    """Every event type, details key and member used here is in botocore's model."""
    shape = botocore.session.get_session().get_service_model("stepfunctions").shape_for("HistoryEvent")
    history = succeeded()
    history.fail(1, "e", "c")
    history.add(1, "TaskTimedOut", {"resourceType": "glue", "resource": "r", "error": "e", "cause": "c"})
    history.add(1, "EvaluationFailed", {"error": "e", "cause": "c", "location": "l", "state": "s"})
    for event in history.events:
        assert event["type"] in shape.members["type"].enum
        for key, value in event.items():
            assert key in shape.members
            if isinstance(value, dict):
                assert set(value) <= set(shape.members[key].members)


def test_a_run_that_succeeds() -> None:
    """States in order with times and jobs of both services; the output is the last event's."""
    progress = Progress().after(succeeded({"summary": "s3://b/s.json"}).events)
    assert (progress.status, progress.failure) == ("SUCCEEDED", None)
    assert progress.output == '{"summary": "s3://b/s.json"}'
    prepare, counts = progress.states[1:3]
    assert (prepare.name, prepare.job) == ("Prepare", Job("glue", "nyc-tlc-dev-prepare", "jr_1"))
    assert (counts.name, counts.job, counts.attempts) == ("Load", Job("sagemaker", JOB), 1)
    assert counts.elapsed(START) == 180
    assert (progress.started, progress.stopped) == (START, START + timedelta(seconds=200))


def test_events_in_pieces_give_what_they_give_at_once() -> None:
    """Polling changes nothing, and an event that comes twice counts once."""
    events = succeeded().events
    progress = Progress()
    for count in range(1, len(events) + 1):
        progress = progress.after(events[max(0, count - 3) : count])
    assert progress == Progress().after(events)


def test_in_the_middle_of_a_job() -> None:
    """The current state is the one entered last, and its elapsed time runs."""
    progress = Progress().after(succeeded().events[:12])
    assert (progress.status, progress.ended) == ("RUNNING", False)
    assert progress.current is not None
    assert progress.current.name == "Load"
    assert progress.current.elapsed(START + timedelta(seconds=50)) == 30


def test_a_failed_job_is_the_failing_state_and_not_the_fail_state() -> None:
    """The Fail state keeps error and cause; the state named is the task that had them."""
    history = History()
    history.enter(0, "Load")
    history.processing_job(0, JOB)
    cause = history.fail(9, "States.TaskFailed", FAILED)
    history.leave(9, "Load")
    history.enter(9, "LoadFailure", "Choice")
    history.leave(9, "LoadFailure", "Choice")
    history.end_failed(9, "States.TaskFailed", cause)
    failure = Progress().after(history.events).failure
    assert failure is not None
    assert (failure.state, failure.error, failure.cause) == ("Load", "States.TaskFailed", cause)
    assert failure.reason == "s3://b/input/ holds nothing that could be read"
    assert failure.job == Job("sagemaker", JOB)


def test_an_attempt_that_was_made_up_for_is_not_the_failure() -> None:
    """A failure that a later attempt of the same state mended is not taken for the cause of a later one."""
    history = History()
    history.enter(0, "Prepare")
    history.glue_run(0, "p", "jr_1")
    history.fail(1, "Glue.ThrottlingException", "Rate exceeded")
    history.glue_run(3, "p", "jr_2")
    history.add(5, "TaskSucceeded", {"resourceType": "glue", "resource": "startJobRun.sync", "output": "{}"})
    history.leave(5, "Prepare")
    history.enter(5, "ReadDecision")
    history.add(
        5,
        "EvaluationFailed",
        {"error": "States.QueryEvaluationError", "cause": "not JSON", "state": "ReadDecision"},
    )
    history.end_failed(6, "States.QueryEvaluationError", "not JSON")
    progress = Progress().after(history.events)
    assert (progress.states[0].attempts, progress.states[0].failed) == (2, False)
    assert progress.states[0].job == Job("glue", "p", "jr_2")
    assert progress.failure is not None
    assert (progress.failure.state, progress.failure.job) == ("ReadDecision", None)


def test_a_task_between_the_failure_and_the_end_takes_no_blame() -> None:
    """A notification is sent after the failure; the state named is still the one whose cause was kept."""
    history = History()
    history.enter(0, "Load")
    history.processing_job(0, JOB)
    cause = history.fail(9, "States.TaskFailed", FAILED)
    history.leave(9, "Load")
    history.enter(9, "NotifyFailure")
    history.leave(10, "NotifyFailure")
    history.end_failed(10, "States.TaskFailed", cause)
    failure = Progress().after(history.events).failure
    assert failure is not None
    assert (failure.state, failure.job) == ("Load", Job("sagemaker", JOB))


@pytest.mark.parametrize("gone", [False, True], ids=["told", "topic gone"])
def test_a_notification_is_known_and_takes_no_blame(gone: bool) -> None:
    """What was told, or why it could not be; at fault is the state before, also where it left no cause."""
    history = History()
    history.enter(0, "Prepare")
    history.glue_run(0, "nyc-tlc-dev-prepare", "jr_1")
    history.add(9, "TaskTimedOut", {**GLUE, "error": "States.Timeout"})
    history.leave(9, "Prepare")
    history.enter(9, "NotifyFailure")
    parameters = json.dumps({"TopicArn": "t", "Subject": "failed", "Message": "why"})
    history.add(9, "TaskScheduled", {**SNS, "region": "us-east-1", "parameters": parameters})
    if gone:
        history.fail(10, "SNS.NotFoundException", "Topic does not exist: t", SNS)
    else:
        history.add(10, "TaskSucceeded", {**SNS, "output": "{}"})
    history.leave(10, "NotifyFailure")
    history.end_failed(10, "States.Timeout", "")
    progress = Progress().after(history.events)
    assert progress.failure is not None
    assert (progress.failure.state, progress.failure.error) == ("Prepare", "States.Timeout")
    error = "Topic does not exist: t" if gone else None
    assert progress.notifications == (Notification("failed", "why", error),)


def test_a_job_that_was_started_again_takes_no_blame_for_what_failed_later() -> None:
    """The service failed the first job, the second one did well; a gate after it refused the result."""
    history = History()
    history.enter(0, "Load")
    history.processing_job(0, JOB)
    history.fail(9, "States.TaskFailed", {"FailureReason": "CapacityError: none left"})
    history.leave(9, "Load")
    history.enter(70, "Load")
    history.processing_job(70, JOB.replace("-0-0-0", "-0-1-0"))
    history.leave(90, "Load")
    history.enter(90, "QualityGate", "Choice")
    history.leave(90, "QualityGate", "Choice")
    history.end_failed(90, "QualityGateFailed", "windows are missing")
    failure = Progress().after(history.events).failure
    assert failure is not None
    assert (failure.state, failure.error, failure.job) == ("QualityGate", "QualityGateFailed", None)


def test_a_refused_input_is_the_first_states() -> None:
    """Without any failed attempt, the state before the Fail state is named, with the Fail state's words."""
    history = History()
    history.enter(0, "CheckInput", "Choice")
    history.leave(0, "CheckInput", "Choice")
    history.end_failed(0, "InvalidInput", "the input of an execution is {}")
    failure = Progress().after(history.events).failure
    assert failure is not None
    assert (failure.state, failure.error, failure.reason) == (
        "CheckInput",
        "InvalidInput",
        "the input of an execution is {}",
    )


def test_a_gate_is_itself_at_fault() -> None:
    """A Fail state that is called after its error is not the end of another state's failure."""
    history = succeeded()
    del history.events[-3:]
    history.enter(200, "CheckVerdict", "Choice")
    history.leave(200, "CheckVerdict", "Choice")
    history.enter(200, "QualityGateFailed", "Fail")
    history.add(200, "ExecutionFailed", {"error": "QualityGateFailed", "cause": "a rule: 9, limit 1"})
    failure = Progress().after(history.events).failure
    assert failure is not None
    assert (failure.state, failure.job, failure.reason) == ("QualityGateFailed", None, "a rule: 9, limit 1")


@pytest.mark.parametrize(
    ("event", "details", "status", "error", "reason"),
    [
        ("ExecutionAborted", {"error": "Stop", "cause": "by hand"}, "ABORTED", "Stop", "by hand"),
        ("ExecutionAborted", {}, "ABORTED", "Aborted", "somebody stopped it"),
        ("ExecutionTimedOut", {}, "TIMED_OUT", "States.Timeout", "the execution exceeded its time limit"),
        ("ExecutionFailed", {}, "FAILED", "Failed", "no reason was given"),
    ],
)
def test_other_ends(event: str, details: dict[str, str], status: str, error: str, reason: str) -> None:
    """Stopped and timed out executions name the state and job that they were in; nothing said is bearable."""
    history = History()
    history.enter(0, "Load")
    history.processing_job(0, JOB)
    history.add(9, event, details)
    progress = Progress().after(history.events)
    assert progress.status == status
    assert progress.failure is not None
    assert (progress.failure.state, progress.failure.job) == ("Load", Job("sagemaker", JOB))
    assert progress.failure.error == error
    assert progress.failure.reason == reason


def test_branches_of_a_parallel_state_are_told_apart() -> None:
    """Events that interleave belong to the state of their previous event."""
    history = History()
    history.enter(0, "Left")
    left = len(history.events)
    history.enter(0, "Right")
    right = len(history.events)
    details = {"resourceType": "glue", "resource": "startJobRun.sync", "parameters": '{"JobName": "left"}'}
    left = history.add(1, "TaskScheduled", details, follows=left)
    history.add(1, "TaskScheduled", {**details, "parameters": '{"JobName": "right"}'}, follows=right)
    history.add(2, "TaskFailed", {"error": "E", "cause": "C"}, follows=left)
    states = Progress().after(history.events).states
    assert [(s.name, s.job and s.job.name, s.error) for s in states] == [
        ("Left", "left", "E"),
        ("Right", "right", None),
    ]


def test_a_redriven_execution_runs_again() -> None:
    """After ExecutionRedriven the old end counts no more."""
    history = History()
    history.enter(0, "Prepare")
    history.add(1, "ExecutionFailed", {"error": "E", "cause": "C"})
    history.add(2, "ExecutionRedriven", {"redriveCount": 1})
    progress = Progress().after(history.events)
    assert (progress.status, progress.error, progress.failure) == ("RUNNING", None, None)
