"""What is done, shortest way, at each moment at which a service demands something of one of the pipeline's roles."""

from __future__ import annotations

import copy
import datetime
import json
import re
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pyarrow as pa
from botocore.exceptions import ClientError
from pyiceberg.catalog.glue import GlueCatalog
from removal.cases import Case
from removal.world import World
from waiting import until

#: below it is what the deployed source has.
MIRRORED = "input/misc/"
PROCESSING = "arn:aws:states:::sagemaker:createProcessingJob.sync"
GLUE = "arn:aws:states:::glue:startJobRun.sync"
#: What the mirror asks before it goes on with a transfer that was cut off.
RESUMED = """import boto3
s3 = boto3.client("s3")
s3.get_bucket_versioning(Bucket={bucket!r})
there = dict(Bucket={bucket!r}, Key="input/resumed")
s3.list_parts(**there, UploadId=s3.create_multipart_upload(**there)["UploadId"])
"""
SLEEPING = "import time; time.sleep(120)"
#: What boto3's upload in parts does when a part fails.
GIVEN_UP = """import boto3
s3 = boto3.client("s3")
there = dict(Bucket={bucket!r}, Key={key!r})
upload = s3.create_multipart_upload(**there)["UploadId"]
s3.abort_multipart_upload(**there, UploadId=upload)
"""


# --- the state machine's role: one state under it


def managed_rule(world: World, case: Case) -> None:
    """The deployed definition, which runs processing jobs, is given to the machine again."""
    _update(world, definition=json.dumps(world.definition))


def log_delivery(world: World, case: Case) -> None:
    """The deployed logging configuration is given to the machine again."""
    _update(world, loggingConfiguration=world.logging)


def sagemaker_task(world: World, case: Case) -> None:
    """The state of a processing job, whose job does nothing."""
    world.ended(world.execute(alone(world, *_quick_state(world, "pass"))))


def sagemaker_task_stopped(world: World, case: Case) -> None:
    """The execution is stopped while the job runs."""
    name = _stopped(world, *_quick_state(world, SLEEPING), case=case, job="ProcessingJobArn")
    with suppress(ClientError):
        world.client("sagemaker").stop_processing_job(ProcessingJobName=name.rpartition("/")[2])


def glue_task(world: World, case: Case) -> None:
    """The state of a Glue job."""
    name = _state(world, GLUE)
    world.ended(world.execute(alone(world, name, _running(world, name, "pass"))))


def glue_task_stopped(world: World, case: Case) -> None:
    """The execution is stopped while the run goes on."""
    name = _state(world, GLUE)
    job = world.definition["States"][name]["Arguments"]["JobName"]
    run = _stopped(world, name, _running(world, name, SLEEPING), case=case, job="JobRunId")
    with suppress(ClientError):
        world.client("glue").batch_stop_job_run(JobName=job, JobRunIds=[run])


def reading_a_result(world: World, case: Case) -> None:
    """The first state that reads an object, which is there."""
    run = uuid4().hex
    for document in ("decision", "verdict", "maintained"):
        key = f"output/runs/{run}/{document}.json"
        world.client("s3").put_object(Bucket=world.bucket, Key=key, Body=b"{}")
    name = _state(world, "arn:aws:states:::aws-sdk:s3:getObject")
    world.ended(world.execute(alone(world, name), run))


def missing_object(world: World, case: Case) -> None:
    """The first state that reads an object, which is not there."""
    name = _state(world, "arn:aws:states:::aws-sdk:s3:getObject")
    world.ended(world.execute(alone(world, name), uuid4().hex))


def looking_for_other_executions(world: World, case: Case) -> None:
    """The state that lists executions."""
    name = _state(world, "arn:aws:states:::aws-sdk:sfn:listExecutions")
    world.ended(world.execute(alone(world, name)))


def looking_for_other_jobs(world: World, case: Case) -> None:
    """The state that lists processing jobs."""
    name = _state(world, "arn:aws:states:::aws-sdk:sagemaker:listProcessingJobs")
    world.ended(world.execute(alone(world, name)))


def notification(world: World, case: Case) -> None:
    """The state that tells of a failure."""
    name = _state(world, "arn:aws:states:::sns:publish")
    topic = world.definition["States"][name]["Arguments"]["TopicArn"]
    world.ended(world.execute(alone(world, name, {"Arguments": {"TopicArn": topic, "Message": "failed"}})))


# --- the role of a step's jobs: one job under it


def quick_processing_job(world: World, case: Case) -> None:
    """A job of the step's image that does nothing, the first of its account: no log group is there."""
    _processing_job(world, case, "print('done')", inputs=False)


def processing_job_with_inputs(world: World, case: Case) -> None:
    """A job that does nothing with the step's inputs."""
    _processing_job(world, case, "pass", inputs=True)


def own_job(world: World, case: Case) -> None:
    """The step's own job, for the first time and after an attempt that left something behind."""
    run = uuid4().hex
    name = _state_of(world, case)
    glue, s3 = world.client("glue"), world.client("s3")
    database = world.outputs["Database"]
    for table in glue.get_tables(DatabaseName=database)["TableList"]:
        glue.delete_table(DatabaseName=database, Name=table["Name"])
    world.empty("output/warehouse/", "output/export/", "output/state/", "output/quarantine/", MIRRORED)
    if case.role.startswith("Maintenance"):
        _old_snapshots(world, database)
    else:
        stale = f"output/quarantine/run={run}/dataset=trip_counts/stale.parquet"
        s3.put_object(Bucket=world.bucket, Key=stale, Body=b"left")
        s3.put_object(Bucket=world.bucket, Key=f"output/runs/{run}/plan.json", Body=_plan(world))
    if case.kind == "glue":
        _forget_logs(world, "/aws-glue/")
    world.ended(world.execute(alone(world, name), run))


def giving_up_an_upload(world: World, case: Case) -> None:
    """A job of the step that begins an upload in parts and gives it up."""
    prefixes = _prefixes(world, case)
    script = GIVEN_UP.format(bucket=world.bucket, key=f"{prefixes[0]}given-up")
    if case.kind == "processing":
        _processing_job(world, case, script, inputs=False)
    else:
        name = _state_of(world, case)
        world.ended(world.execute(alone(world, name, _running(world, name, script))))


def mirroring(world: World, case: Case) -> None:
    """A job of the step that looks at an upload which an earlier one has begun."""
    name, script = _state_of(world, case), RESUMED.format(bucket=world.bucket)
    world.ended(world.execute(alone(world, name, _running(world, name, script))))


# --- the schedule's role


def scheduled_start(world: World, case: Case) -> None:
    """The schedule fires once."""
    start = world.log_size()
    states = world.client("stepfunctions")
    definition = {"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}
    states.update_state_machine(stateMachineArn=world.machine, definition=json.dumps(definition))

    def started() -> int:
        return len(states.list_executions(stateMachineArn=world.machine)["executions"])

    before = started()
    _fire(world, world.machine)
    until(lambda: started() > before or world.denied_since(start, case.role))


def undeliverable_start(world: World, case: Case) -> None:
    """The schedule fires for a state machine that its role may not start."""
    start = world.log_size()
    sqs = world.client("sqs")
    dead = world.client("cloudformation").describe_stack_resource(
        StackName="nyc-tlc-local-pipeline", LogicalResourceId="DeadLetters"
    )
    url = dead["StackResourceDetail"]["PhysicalResourceId"]
    _fire(world, world.machine + "-gone")
    until(
        lambda: (
            sqs.receive_message(QueueUrl=url).get("Messages")
            or any(case.covers(denial.action) for denial in world.denied_since(start, case.role))
        )
    )
    sqs.purge_queue(QueueUrl=url)


#: moment of required_actions.yaml → what is done then.
SCENARIOS = {
    "managed rule": managed_rule,
    "log delivery": log_delivery,
    "sagemaker task": sagemaker_task,
    "sagemaker task stopped": sagemaker_task_stopped,
    "glue task": glue_task,
    "glue task stopped": glue_task_stopped,
    "reading a result": reading_a_result,
    "missing object": missing_object,
    "looking for other executions": looking_for_other_executions,
    "looking for other jobs": looking_for_other_jobs,
    "notification": notification,
    "image": quick_processing_job,
    "processing log": quick_processing_job,
    "metrics": quick_processing_job,
    "processing inputs": processing_job_with_inputs,
    "glue script": own_job,
    "glue log": own_job,
    "job data": own_job,
    "job tables": own_job,
    "replacing a folder": own_job,
    "giving up an upload": giving_up_an_upload,
    "mirroring": mirroring,
    "scheduled start": scheduled_start,
    "undeliverable start": undeliverable_start,
}


def alone(world: World, name: str, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """A machine of this one state of the deployed machine, which neither retries nor catches."""
    state = copy.deepcopy(world.definition["States"][name])
    kept = {key: state[key] for key in ("Type", "Resource", "Arguments", "TimeoutSeconds") if key in state}
    assigned = {"attempt": 0, "planned": "{% $states.context.Execution.Name %}"}
    given = {"Type": "Pass", "Assign": assigned, "Next": name}
    states = {"Given": given, name: {**kept, **(changes or {}), "End": True}}
    return {"QueryLanguage": "JSONata", "StartAt": "Given", "States": states}


def _update(world: World, **changes: Any) -> None:
    with suppress(ClientError):
        world.client("stepfunctions").update_state_machine(stateMachineArn=world.machine, **changes)


def _state(world: World, resource: str) -> str:
    """The first state that calls this."""
    return next(n for n, state in world.definition["States"].items() if state.get("Resource") == resource)


def _state_of(world: World, case: Case) -> str:
    """The state that runs the jobs of a role."""
    arn = world.role_arn(case.role)
    if case.kind == "glue":
        jobs = {job["Name"] for job in world.client("glue").get_jobs()["Jobs"] if job["Role"] == arn}
    for name, state in world.definition["States"].items():
        arguments = state.get("Arguments", {})
        if arguments.get("RoleArn") == arn or (case.kind == "glue" and arguments.get("JobName") in jobs):
            return name
    raise AssertionError(f"no state runs a job under the role {case.role}")


def _quick(arguments: dict[str, Any], script: str, *, inputs: bool) -> dict[str, Any]:
    """A processing job of the same name, role and image that runs these lines of Python."""
    changed = copy.deepcopy(arguments)
    image = changed["AppSpecification"]["ImageUri"]
    entry = ["python3", "-c", "import os; exec(os.environ['SCRIPT'])"]
    changed["AppSpecification"] = {"ImageUri": image, "ContainerEntrypoint": entry}
    changed["Environment"] = {"SCRIPT": script}
    if not inputs:
        changed.pop("ProcessingInputs", None)
    return changed


def _quick_state(world: World, script: str) -> tuple[str, dict[str, Any]]:
    name = _state(world, PROCESSING)
    return name, {"Arguments": _quick(world.definition["States"][name]["Arguments"], script, inputs=False)}


def _processing_job(world: World, case: Case, script: str, *, inputs: bool) -> None:
    _forget_logs(world, "/aws/sagemaker/ProcessingJobs")
    request = _quick(world.definition["States"][_state_of(world, case)]["Arguments"], script, inputs=inputs)
    prefix = re.search(r"'([a-z0-9-]+-)'", request["ProcessingJobName"])
    assert prefix is not None
    name = request["ProcessingJobName"] = prefix[1] + uuid4().hex[:8]
    sagemaker = world.client("sagemaker")
    sagemaker.create_processing_job(**request)
    live = ("InProgress", "Stopping")
    until(
        lambda: sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"] not in live
    )


def _stopped(world: World, name: str, changes: dict[str, Any], *, case: Case, job: str) -> str:
    """Stop an execution as soon as its job is submitted; the job, once it ends or may not be stopped."""
    start = world.log_size()
    states = world.client("stepfunctions")
    execution = world.execute(alone(world, name, changes))

    def submitted() -> Any:
        history = states.get_execution_history(executionArn=execution)["events"]
        told = [event["taskSubmittedEventDetails"] for event in history if event["type"] == "TaskSubmitted"]
        return json.loads(told[0]["output"])[job] if told else None

    submission: str = until(submitted)
    states.stop_execution(executionArn=execution)
    until(lambda: world.denied_since(start, case.role) or _over(world, name, submission))
    return submission


def _over(world: World, name: str, submission: str) -> bool:
    """Whether a job has stopped."""
    if submission.startswith("arn:"):
        job = submission.rpartition("/")[2]
        found = world.client("sagemaker").describe_processing_job(ProcessingJobName=job)
        return bool(found["ProcessingJobStatus"] == "Stopped")
    job = world.definition["States"][name]["Arguments"]["JobName"]
    run = world.client("glue").get_job_run(JobName=job, RunId=submission)["JobRun"]
    return bool(run["JobRunState"] == "STOPPED")


def _running(world: World, name: str, script: str) -> dict[str, Any]:
    """What of a state changes where it runs another script on Glue, which lies beside its own."""
    task = world.definition["States"][name]["Arguments"]
    bucket, _, own = task["Arguments"]["--scriptLocation"].removeprefix("s3://").partition("/")
    key = f"{own.rpartition('/')[0]}/removal.py"
    world.client("s3").put_object(Bucket=bucket, Key=key, Body=script.encode())
    given = {**task["Arguments"], "--scriptLocation": f"s3://{bucket}/{key}"}
    return {"Arguments": {**task, "Arguments": given}}


def _forget_logs(world: World, prefix: str) -> None:
    logs = world.client("logs")
    for group in logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]:
        logs.delete_log_group(logGroupName=group["logGroupName"])


def _prefixes(world: World, case: Case) -> list[str]:
    """The key prefixes of the statement's resources."""
    (statement,) = [s for s in world.policy(case.role)["Statement"] if s["Sid"] == case.sid]
    return [resource.partition("/")[2].rstrip("*") for resource in statement["Resource"]]


def _old_snapshots(world: World, database: str) -> None:
    """A table of which the maintenance has something to expire and to delete."""
    at = world.endpoint
    access = {"s3.endpoint": at.url, "s3.region": at.region}
    keys = {"s3.access-key-id": at.access_key, "s3.secret-access-key": at.secret_key}
    catalog = GlueCatalog("glue", client=world.client("glue"), **access, **keys)
    table = catalog.create_table(
        (database, "trip_counts"),
        pa.schema([("trips", pa.int64())]),
        f"s3://{world.bucket}/output/warehouse/trip_counts",
    )
    for n in range(3):
        table.overwrite(pa.table({"trips": [n]}))


def _plan(world: World) -> bytes:
    """The plan that Prepare writes for the input, made once."""
    s3, key = world.client("s3"), "output/runs/seed/plan.json"
    if not s3.list_objects_v2(Bucket=world.bucket, Prefix=key).get("Contents"):
        world.ended(world.execute(alone(world, _state(world, GLUE)), "seed"))
    plan: bytes = s3.get_object(Bucket=world.bucket, Key=key)["Body"].read()
    return plan


def _fire(world: World, machine: str) -> None:
    """Have the deployed schedule fire once, in a moment."""
    scheduler = world.client("scheduler")
    named = {"Name": world.outputs["Schedule"], "GroupName": world.machine.rpartition(":")[2]}
    found = scheduler.get_schedule(**named)
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=1.5)
    scheduler.update_schedule(
        **named,
        FlexibleTimeWindow=found["FlexibleTimeWindow"],
        Target={**found["Target"], "Arn": machine},
        ScheduleExpression=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        ScheduleExpressionTimezone="UTC",
        State="ENABLED",
    )
