"""SageMaker Processing's actions and records. `processing` runs a job; `local.sagemaker` serves all this."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region

from data_pipeline.embedded_aws.identity import iam, sessions

from . import access, answers, processing, quotas, refusals, run
from .answers import ServiceError

_log = logging.getLogger("embedded.sagemaker")

PRINCIPAL = "sagemaker.amazonaws.com"
#: Seconds that a job may run when the request sets no limit.
DEFAULT_LIMIT = 86_400
ENDED_WITH_SERVER = "InternalServerError: the embedded AWS was ended while this job ran, and the job with it."
_SUMMARY = (
    "ProcessingJobName",
    "ProcessingJobArn",
    "CreationTime",
    "ProcessingEndTime",
    "LastModifiedTime",
    "ProcessingJobStatus",
    "FailureReason",
    "ExitMessage",
)

Request = dict[str, Any]

#: job name → DescribeProcessingJob's answer, and "Tags"
JOBS = AccountRegionScopedDict()
#: Called when a job ended: its record is written to disk.
on_end: list[Callable[[], None]] = []


def create(request: Request, headers: dict[str, str]) -> Request:
    """CreateProcessingJob: check everything that AWS checks at once, then start the job."""
    name, role, arn = request["ProcessingJobName"], request["RoleArn"], _arn(request["ProcessingJobName"])
    iam_context = {"iam:PassedToService": PRINCIPAL, "iam:AssociatedResourceArn": arn}
    access.authorize_caller(headers, "iam:PassRole", role, iam_context)
    tags = request.get("Tags", [])
    if tags:
        access.authorize_caller(headers, "sagemaker:AddTags", arn, _tag_context(tags))
    problem = refusals.wrong(request) or " ".join(refusals.refused(request))
    if problem:
        raise ServiceError("ValidationException", problem)
    if name in JOBS:
        raise ServiceError(
            "ResourceInUse",
            "Job name must be unique within an AWS account and region, and a job with this name already "
            f"exists ({arn})",
        )
    quotas.check(request, JOBS.values())
    credentials = _assume(role, name, arn)
    now = time.time()
    record = {
        **{member: value for member, value in request.items() if member != "Tags"},
        "ProcessingJobArn": arn,
        "StoppingCondition": request.get("StoppingCondition") or {"MaxRuntimeInSeconds": DEFAULT_LIMIT},
        "ProcessingJobStatus": "InProgress",
        "CreationTime": now,
        "LastModifiedTime": now,
        "Tags": tags,
    }
    record["ProcessingInputs"] = [_filled(item) for item in request.get("ProcessingInputs", [])]
    JOBS[name] = record
    run.start(arn, lambda job: _run(record, credentials, job))
    return {"ProcessingJobArn": arn}


def describe(request: Request, _headers: dict[str, str]) -> Request:
    """DescribeProcessingJob."""
    return {member: value for member, value in _known(request).items() if member != "Tags"}


def stop(request: Request, _headers: dict[str, str]) -> Request:
    """StopProcessingJob: SIGTERM to the job's processes, SIGKILL after a while."""
    record = _known(request)
    status = record["ProcessingJobStatus"]
    if status != "InProgress":
        raise ServiceError(
            "ValidationException", f"The request was rejected because the job is in status {status}."
        )
    _set(record, ProcessingJobStatus="Stopping")
    running = run.RUNNING.get(record["ProcessingJobArn"])
    if running is not None:
        running.stop()
    return {}


def list_jobs(request: Request, _headers: dict[str, str]) -> Request:
    """ListProcessingJobs, newest first unless sorted otherwise."""
    found = [record for record in JOBS.values() if _wanted(record, request)]
    key = {"Name": "ProcessingJobName", "Status": "ProcessingJobStatus"}.get(
        request.get("SortBy", ""), "CreationTime"
    )
    found.sort(key=lambda record: record[key], reverse=request.get("SortOrder", "Descending") == "Descending")
    chosen, token = answers.page(found, request, 10)
    summaries = [{member: record[member] for member in _SUMMARY if member in record} for record in chosen]
    return {"ProcessingJobSummaries": summaries, **({"NextToken": token} if token else {})}


def add_tags(request: Request, _headers: dict[str, str]) -> Request:
    """AddTags of a processing job."""
    record = _tagged(request)
    merged = {tag["Key"]: tag for tag in [*record["Tags"], *request["Tags"]]}
    if len(merged) > 50:
        raise ServiceError("ResourceLimitExceeded", "A resource has at most 50 tags.")
    record["Tags"] = list(merged.values())
    return {"Tags": record["Tags"]}


def list_tags(request: Request, _headers: dict[str, str]) -> Request:
    """ListTags of a processing job."""
    chosen, token = answers.page(_tagged(request)["Tags"], request, 50)
    return {"Tags": chosen, **({"NextToken": token} if token else {})}


ACTIONS: dict[str, Callable[[Request, dict[str, str]], Request]] = {
    "CreateProcessingJob": create,
    "DescribeProcessingJob": describe,
    "ListProcessingJobs": list_jobs,
    "StopProcessingJob": stop,
    "AddTags": add_tags,
    "ListTags": list_tags,
}


def _run(record: Request, credentials: sessions.Credentials, job: run.Run) -> None:
    """The job's thread: from the download of its inputs to its final status."""
    fields = {
        "ProcessingJobStatus": "Failed",
        "FailureReason": "InternalServerError: the runner failed; see its log.",
    }
    try:
        region = record["ProcessingJobArn"].split(":")[3]

        def started() -> None:
            _set(record, ProcessingStartTime=time.time())

        fields = processing.execute(record, credentials, region, job, started)
    finally:
        sessions.revoke(credentials)
        if not job.abandoned:
            _set(record, **fields, ProcessingEndTime=time.time())
            for hook in on_end:
                hook()


def _assume(role: str, name: str, arn: str) -> sessions.Credentials:
    source = {"aws:SourceArn": arn, "aws:SourceAccount": get_account_id()}
    try:
        return sessions.assume_for_service(role, PRINCIPAL, session="SageMaker", source=source)
    except iam.AccessDenied as denied:
        _log.info("%s: %s", name, denied)
        raise ServiceError(
            "ValidationException",
            f"Could not assume role {role}. Please ensure that the role exists and allows principal "
            f"'{PRINCIPAL}' to assume the role.",
        ) from denied


def _known(request: Request) -> Request:
    name = request["ProcessingJobName"]
    record: Request | None = JOBS.get(name)
    if record is None:
        raise ServiceError("ValidationException", f"Could not find requested job with name: {name}")
    return record


def _tagged(request: Request) -> Request:
    arn = request["ResourceArn"]
    kind, _, name = arn.split(":")[-1].partition("/")
    if kind != "processing-job":
        raise ServiceError(
            "NotImplemented", f"The embedded AWS keeps tags of processing jobs only, not of {arn}.", 501
        )
    record: Request | None = next((job for key, job in JOBS.items() if key.lower() == name.lower()), None)
    if record is None:
        raise ServiceError("ValidationException", f"Resource {arn} does not exist.")
    return record


def _wanted(record: Request, request: Request) -> bool:
    bounds = (
        ("CreationTimeAfter", "CreationTime", 1),
        ("CreationTimeBefore", "CreationTime", -1),
        ("LastModifiedTimeAfter", "LastModifiedTime", 1),
        ("LastModifiedTimeBefore", "LastModifiedTime", -1),
    )
    return (
        request.get("NameContains", "").lower() in record["ProcessingJobName"].lower()
        and request.get("StatusEquals", record["ProcessingJobStatus"]) == record["ProcessingJobStatus"]
        and all(
            (record[member] - request[bound]) * sign > 0
            for bound, member, sign in bounds
            if request.get(bound)
        )
    )


def _filled(item: Request) -> Request:
    """An input with the defaults that Describe shows."""
    defaults = {
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
        "S3CompressionType": "None",
    }
    return {**item, "AppManaged": False, "S3Input": {**defaults, **item["S3Input"]}}


def _set(record: Request, **fields: Any) -> None:
    record.update(fields, LastModifiedTime=time.time())


def _arn(name: str) -> str:
    return f"arn:aws:sagemaker:{get_region()}:{get_account_id()}:processing-job/{name}"


def _tag_context(tags: list[dict[str, str]]) -> dict[str, Any]:
    context: dict[str, Any] = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags}
    return {**context, "aws:TagKeys": [tag["Key"] for tag in tags]}


def end(record: Request) -> None:
    """Give up a job that the server's end took along."""
    if record["ProcessingJobStatus"] in ("InProgress", "Stopping"):
        _set(
            record,
            ProcessingJobStatus="Failed",
            FailureReason=ENDED_WITH_SERVER,
            ProcessingEndTime=time.time(),
        )
