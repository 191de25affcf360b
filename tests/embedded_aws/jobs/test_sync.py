"""State machines that run jobs: results, failures, events, permissions, timeouts and stops of the .sync
integrations.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from embedded_aws.jobs import support
from embedded_aws.jobs.conftest import GlueJobs, Processing

RULE = "arn:aws:events:us-east-1:000000000000:rule/StepFunctionsGetEventsForSageMakerProcessingJobsRule"
EVENTS = support.allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], RULE)
SAGEMAKER = ["CreateProcessingJob", "DescribeProcessingJob", "StopProcessingJob", "AddTags", "ListTags"]
GLUE = ["StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun"]


def sagemaker_statements(role: str, *without: str) -> list[dict[str, Any]]:
    """What a role needs for createProcessingJob.sync, less some actions."""
    actions = [f"sagemaker:{name}" for name in SAGEMAKER if name not in without]
    passing = support.allow(
        ["iam:PassRole"], role, StringEquals={"iam:PassedToService": "sagemaker.amazonaws.com"}
    )
    return [support.allow(actions), EVENTS, *([] if "PassRole" in without else [passing])]


def glue_statements(*without: str) -> list[dict[str, Any]]:
    """What a role needs for startJobRun.sync, less some actions."""
    return [support.allow([f"glue:{name}" for name in GLUE if name not in without])]


@dataclass
class Machine:
    """A state machine of one task that runs a job."""

    states: Any
    arn: str

    def start(self, given: dict[str, Any] | None = None) -> str:
        """Start an execution; its ARN."""
        return str(
            self.states.start_execution(stateMachineArn=self.arn, input=json.dumps(given or {}))[
                "executionArn"
            ]
        )

    def ended(self, execution: str) -> dict[str, Any]:
        """The execution once it has ended."""
        return support.until(
            lambda: self.states.describe_execution(executionArn=execution),
            lambda found: found["status"] != "RUNNING",
        )

    def events(self, execution: str, kind: str) -> list[dict[str, Any]]:
        """The details of the events of a type."""
        history = self.states.get_execution_history(executionArn=execution)["events"]
        key = f"{kind[0].lower()}{kind[1:]}EventDetails"
        return [event.get(key, {}) for event in history if event["type"] == kind]

    def run(self) -> tuple[str, dict[str, Any]]:
        """An execution from start to end."""
        execution = self.start()
        return execution, self.ended(execution)


def machine(
    world: Any, resource: str, arguments: dict[str, Any], statements: list[Any], **task: Any
) -> Machine:
    """A new machine under a new role with these statements."""
    role = support.role(world.endpoint, "states.amazonaws.com", *statements)
    state = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Arguments": arguments,
        "End": True,
        **task,
    }
    definition = {"QueryLanguage": "JSONata", "StartAt": "Run", "States": {"Run": state}}
    states = world.client("stepfunctions")
    name = support.unique("machine")
    made = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
    return Machine(states, made["stateMachineArn"])


def processing_machine(world: Processing, script: str, *without: str, **task: Any) -> tuple[Machine, str]:
    """A machine that runs a processing job, and the job's name."""
    request = world.request(script)
    statements = sagemaker_statements(world.role, *without)
    made = machine(world, "sagemaker:createProcessingJob.sync", request, statements, **task)
    return made, request["ProcessingJobName"]


def glue_machine(world: GlueJobs, script: str, *without: str, **task: Any) -> tuple[Machine, str]:
    """A machine that runs a Glue job, and the job's name."""
    job = world.define(script)
    arguments = {"JobName": job, "Arguments": {"--colour": "green"}}
    return machine(world, "glue:startJobRun.sync", arguments, glue_statements(*without), **task), job


def test_a_processing_job_succeeds(processing: Processing) -> None:
    """The result is the job's description with times in milliseconds; the job carries Step Functions' tag."""
    made, name = processing_machine(processing, "print('ran')")
    execution, found = made.run()
    assert found["status"] == "SUCCEEDED", found
    result = json.loads(found["output"])
    assert result["ProcessingJobName"] == name
    assert result["ProcessingJobStatus"] == "Completed"
    assert list(result) == sorted(result)
    assert result["CreationTime"] <= result["ProcessingStartTime"] <= result["ProcessingEndTime"]
    assert result["CreationTime"] > 1_600_000_000_000
    job = processing.api.describe_processing_job(ProcessingJobName=name)
    assert abs(job["CreationTime"].timestamp() * 1000 - result["CreationTime"]) <= 1
    assert processing.api.list_tags(ResourceArn=job["ProcessingJobArn"])["Tags"] == [
        {"Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"}
    ]
    kind = {"resourceType": "sagemaker", "resource": "createProcessingJob.sync"}
    for event in ("TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"):
        assert len(details := made.events(execution, event)) == 1, event
        assert kind.items() <= details[0].items(), event
    scheduled = made.events(execution, "TaskScheduled")[0]
    assert scheduled["region"] == "us-east-1"
    assert json.loads(scheduled["parameters"])["ProcessingJobName"] == name
    submitted = json.loads(made.events(execution, "TaskSubmitted")[0]["output"])
    assert submitted["ProcessingJobArn"] == job["ProcessingJobArn"]


def test_a_failed_processing_job_fails_the_task(processing: Processing) -> None:
    """States.TaskFailed, with the description, its failure reason and exit message as the cause."""
    script = "open('/opt/ml/output/message', 'w').write('no such prefix')\nraise SystemExit(1)\n"
    made, name = processing_machine(processing, script)
    execution, found = made.run()
    assert (found["status"], found["error"]) == ("FAILED", "States.TaskFailed")
    cause = json.loads(found["cause"])
    assert cause["ProcessingJobName"] == name
    assert cause["FailureReason"] == "AlgorithmError: , exit code: 1"
    assert cause["ExitMessage"] == "no such prefix"
    assert made.events(execution, "TaskFailed")[0]["error"] == "States.TaskFailed"


def test_a_glue_run_succeeds(glue_jobs: GlueJobs) -> None:
    """The result is GetJobRun's JobRun with times in milliseconds."""
    made, job = glue_machine(glue_jobs, "import sys\nassert sys.argv[-1] == 'green', sys.argv\n")
    execution, found = made.run()
    assert found["status"] == "SUCCEEDED", found
    result = json.loads(found["output"])
    assert (result["JobName"], result["JobRunState"]) == (job, "SUCCEEDED")
    assert result["Arguments"] == {"--colour": "green"}
    assert result["StartedOn"] > 1_600_000_000_000
    submitted = made.events(execution, "TaskSubmitted")[0]
    assert (submitted["resourceType"], submitted["resource"]) == ("glue", "startJobRun.sync")
    assert json.loads(submitted["output"])["JobRunId"] == result["Id"]


def test_a_failed_glue_run_fails_the_task(glue_jobs: GlueJobs) -> None:
    """States.TaskFailed with the run and its error message as the cause."""
    made, job = glue_machine(glue_jobs, "raise ValueError('no rides')")
    _, found = made.run()
    assert (found["status"], found["error"]) == ("FAILED", "States.TaskFailed")
    cause = json.loads(found["cause"])
    assert (cause["JobName"], cause["JobRunState"]) == (job, "FAILED")
    assert cause["ErrorMessage"] == "ValueError: no rides"


def test_errors_of_the_call_have_the_names_of_step_functions(
    processing: Processing, glue_jobs: GlueJobs
) -> None:
    """A reused name, a name that is too long, a job that runs already and one that does not exist, each by
    its name.
    """
    made, _ = processing_machine(processing, "print(1)")
    assert made.run()[1]["status"] == "SUCCEEDED"
    assert made.run()[1]["error"] == "SageMaker.ResourceInUseException"
    request = processing.request(ProcessingJobName="j" * 64)
    statements = sagemaker_statements(processing.role)
    long = machine(processing, "sagemaker:createProcessingJob.sync", request, statements)
    _, found = long.run()
    assert found["error"] == "SageMaker.AmazonSageMakerException"
    assert "length less than or equal to 63" in found["cause"]
    nowhere = machine(glue_jobs, "glue:startJobRun.sync", {"JobName": "nobody"}, glue_statements())
    assert nowhere.run()[1]["error"] == "Glue.EntityNotFoundException"
    busy, job = glue_machine(glue_jobs, "import time; time.sleep(300)")
    run = glue_jobs.start(job)
    assert busy.run()[1]["error"] == "Glue.ConcurrentRunsExceededException"
    glue_jobs.api.batch_stop_job_run(JobName=job, JobRunIds=[run])


@pytest.mark.parametrize("missing", ["CreateProcessingJob", "AddTags", "PassRole", "DescribeProcessingJob"])
def test_the_machines_role_needs_every_permission_of_sagemaker(processing: Processing, missing: str) -> None:
    """Each action that .sync uses is asked of the state machine's role."""
    made, _ = processing_machine(processing, "print(1)", missing)
    _, found = made.run()
    assert found["error"] == "SageMaker.AmazonSageMakerException"
    assert (
        f"is not authorized to perform: {'iam' if missing == 'PassRole' else 'sagemaker'}:{missing}"
        in found["cause"]
    )


@pytest.mark.parametrize("missing", ["StartJobRun", "GetJobRun", "GetJobRuns"])
def test_the_machines_role_needs_every_permission_of_glue(glue_jobs: GlueJobs, missing: str) -> None:
    """Each action that .sync uses is asked of the state machine's role."""
    made, _ = glue_machine(glue_jobs, "print(1)", missing)
    _, found = made.run()
    assert found["status"] == "FAILED"
    assert f"glue:{missing}" in found["cause"]


def test_a_machine_needs_the_permissions_of_the_managed_rule(processing: Processing) -> None:
    """Without events:PutRule and its siblings the state machine cannot be made."""
    statements = [statement for statement in sagemaker_statements(processing.role) if statement is not EVENTS]
    with pytest.raises(ClientError, match="is not authorized to create managed-rule") as caught:
        machine(processing, "sagemaker:createProcessingJob.sync", processing.request(), statements)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


@pytest.fixture
def sleeping() -> str:
    """A script that runs for longer than any test."""
    return "import time\nprint('asleep')\ntime.sleep(300)\n"


def test_stopping_the_execution_stops_the_processing_job(processing: Processing, sleeping: str) -> None:
    """StopExecution ends the job for real."""
    made, name = processing_machine(processing, sleeping)
    execution = made.start()
    support.until(lambda: processing.log(name), bool)
    made.states.stop_execution(executionArn=execution)
    assert processing.ended(name)["ProcessingJobStatus"] == "Stopped"
    assert made.ended(execution)["status"] == "ABORTED"


def test_stopping_the_execution_stops_the_glue_run(glue_jobs: GlueJobs, sleeping: str) -> None:
    """StopExecution ends the run for real."""
    made, job = glue_machine(glue_jobs, sleeping)
    execution = made.start()
    support.until(lambda: made.events(execution, "TaskSubmitted"), bool)
    made.states.stop_execution(executionArn=execution)
    run = glue_jobs.api.get_job_runs(JobName=job)["JobRuns"][0]["Id"]
    assert glue_jobs.ended(job, run)["JobRunState"] == "STOPPED"


def test_a_timeout_of_the_task_stops_the_job(processing: Processing, sleeping: str) -> None:
    """TimeoutSeconds fails the task with States.Timeout and ends the job."""
    made, name = processing_machine(processing, sleeping, TimeoutSeconds=2)
    execution, found = made.run()
    assert found["error"] == "States.Timeout"
    assert made.events(execution, "TaskTimedOut")
    assert processing.ended(name)["ProcessingJobStatus"] == "Stopped"


def test_a_role_that_may_not_stop_leaves_the_job_running(processing: Processing, sleeping: str) -> None:
    """The stop is asked of the role as well: without sagemaker:StopProcessingJob the job goes on, as on
    AWS.
    """
    made, name = processing_machine(processing, sleeping, "StopProcessingJob", TimeoutSeconds=2)
    assert made.run()[1]["error"] == "States.Timeout"
    assert (
        processing.api.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"] == "InProgress"
    )
    processing.api.stop_processing_job(ProcessingJobName=name)
    processing.ended(name)


def test_the_task_can_catch_the_failure(processing: Processing) -> None:
    """States.TaskFailed is caught, and its cause is at hand."""
    catch = [
        {
            "ErrorEquals": ["States.TaskFailed"],
            "Next": "After",
            "Output": "{% $parse($states.errorOutput.Cause) %}",
        }
    ]
    request = processing.request("raise SystemExit(1)")
    role = support.role(processing.endpoint, "states.amazonaws.com", *sagemaker_statements(processing.role))
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync",
        "Arguments": request,
    }
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Run",
        "States": {"Run": {**task, "Catch": catch, "End": True}, "After": {"Type": "Succeed"}},
    }
    states = processing.client("stepfunctions")
    name = support.unique("machine")
    made = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
    _, found = Machine(states, made["stateMachineArn"]).run()
    assert found["status"] == "SUCCEEDED", found
    assert json.loads(found["output"])["FailureReason"] == "AlgorithmError: , exit code: 1"
