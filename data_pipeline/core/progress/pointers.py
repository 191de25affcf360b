"""Where to look and what to type next: a job's log groups, commands, links to the console; pure."""

from __future__ import annotations

from data_pipeline.core.naming import Names

from .follow import Job

SAGEMAKER_GROUP = "/aws/sagemaker/ProcessingJobs"
#: the groups of every Python shell job of an account; Glue offers no other.
PYTHON_SHELL_GROUPS = ("/aws-glue/python-jobs/output", "/aws-glue/python-jobs/error")
_CONSOLES = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}
#: before a command of any AWS client that shall speak to the embedded AWS.
USE_EMBEDDED = 'eval "$(python -m data_pipeline local env)"'


def log_groups(job: Job, names: Names) -> tuple[str, ...]:
    """The groups that may hold the job's log; not every one exists."""
    if job.service == "sagemaker":
        return (SAGEMAKER_GROUP,)
    spark = names.glue_log_group_prefix
    return (f"{spark}/output", f"{spark}/error", *PYTHON_SHELL_GROUPS)


def stream_prefix(job: Job) -> str:
    """What the names of the job's log streams begin with."""
    return f"{job.name}/" if job.service == "sagemaker" else job.run_id or job.name


def runs(env: str, verb: str, arn: str = "") -> str:
    """The command on the runs of an environment, as ``show``, ``logs`` or ``list``; ``arn``: the execution's, or its
    name.
    """
    return " ".join(["python -m data_pipeline runs", verb, env, arn.rpartition(":")[2]]).rstrip()


def console(arn: str) -> str:
    """The page of an execution in AWS's console."""
    partition, region = arn.split(":")[1], arn.split(":")[3]
    host = _CONSOLES.get(partition, "console.aws.amazon.com")
    return f"https://{host}/states/home?region={region}#/v2/executions/details/{arn}"


def how_to_read(export: str, region: str, embedded: bool) -> list[str]:
    """Commands that fetch the exported features and show the first ones."""
    bucket, _, key = export.removeprefix("s3://").partition("/")
    if not embedded:
        return [f"aws s3 cp {export} X.parquet --region {region}"]
    fetch = f"import boto3; boto3.client('s3').download_file('{bucket}', '{key}', 'X.parquet')"
    return [
        f'{USE_EMBEDDED}; python -c "{fetch}"',
        "python -c \"import duckdb; duckdb.sql('from X.parquet').show()\"",
    ]
