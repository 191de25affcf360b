"""Jobs that a state machine has started: whether they still run, and their end."""

from __future__ import annotations

from botocore.exceptions import ClientError

from data_pipeline.core.progress.follow import Job

from .errors import error_code, error_message
from .session import Connection

_RUNNING = frozenset({"InProgress", "STARTING", "RUNNING", "WAITING"})
_ENDING = frozenset({"Stopping", "STOPPING"})


def status(connection: Connection, job: Job) -> str | None:
    """How the service says that the job stands; None where it does not know it."""
    try:
        if job.service == "sagemaker":
            found = connection.client("sagemaker").describe_processing_job(ProcessingJobName=job.name)
            return found["ProcessingJobStatus"]
        if job.run_id is None:
            return None
        run = connection.client("glue").get_job_run(JobName=job.name, RunId=job.run_id)
        return run["JobRun"]["JobRunState"]
    except ClientError as error:
        missing = error_code(error) == "ValidationException" and "not find" in error_message(error)
        if missing or error_code(error) in ("EntityNotFoundException", "ResourceNotFound"):
            return None
        raise


def runs(status: str | None) -> bool:
    """Whether nobody has told the job to end yet."""
    return status in _RUNNING


def ends(status: str | None) -> bool:
    """Whether it has been told to end, and has not ended yet."""
    return status in _ENDING


def stop(connection: Connection, job: Job) -> None:
    """Tell a running job to end; nothing happens to one that has ended meanwhile."""
    try:
        if job.service == "sagemaker":
            connection.client("sagemaker").stop_processing_job(ProcessingJobName=job.name)
        elif job.run_id is not None:
            connection.client("glue").batch_stop_job_run(JobName=job.name, JobRunIds=[job.run_id])
    except ClientError as error:
        if error_code(error) != "ValidationException":
            raise
