"""Commands and links that lead on."""

from __future__ import annotations

import pytest

from data_pipeline.core.naming import Names
from data_pipeline.core.progress import pointers
from data_pipeline.core.progress.follow import Job

ARN = "arn:aws:states:eu-west-1:123456789012:execution:nyc-tlc-dev:2026-11-23T06-00-00Z-a1b2c3"
NAMES = Names("nyc-tlc", "dev")


def test_the_log_of_each_kind_of_job() -> None:
    """SageMaker's streams begin with the job's name; Glue's with the run's id, in groups of both kinds."""
    processing, run = Job("sagemaker", "j-1"), Job("glue", "p", "jr_1")
    assert pointers.log_groups(processing, NAMES) == ("/aws/sagemaker/ProcessingJobs",)
    assert pointers.stream_prefix(processing) == "j-1/"
    assert pointers.log_groups(run, NAMES)[:2] == ("/nyc-tlc-dev/glue/output", "/nyc-tlc-dev/glue/error")
    assert "/aws-glue/python-jobs/error" in pointers.log_groups(run, NAMES)
    assert pointers.stream_prefix(run) == "jr_1"


def test_commands_on_runs_take_an_arn_or_a_name() -> None:
    """The name is what a run is called; a list needs none."""
    command = "python -m data_pipeline runs"
    assert pointers.runs("dev", "show", ARN) == f"{command} show dev {ARN.rpartition(':')[2]}"
    assert pointers.runs("dev", "stop", "last") == f"{command} stop dev last"
    assert pointers.runs("dev", "list") == f"{command} list dev"


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("aws", "console.aws.amazon.com"),
        ("aws-cn", "console.amazonaws.cn"),
        ("aws-us-gov", "console.amazonaws-us-gov.com"),
    ],
)
def test_the_console_of_each_partition(partition: str, host: str) -> None:
    """The page of the execution, in its region."""
    arn = ARN.replace("arn:aws:", f"arn:{partition}:")
    assert pointers.console(arn) == (
        f"https://{host}/states/home?region=eu-west-1#/v2/executions/details/{arn}"
    )
