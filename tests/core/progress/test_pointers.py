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


def test_commands_for_aws_name_the_region_and_those_for_the_embedded_one_load_its_variables() -> None:
    """The same command works on either."""
    assert pointers.stop(ARN, "eu-west-1", embedded=False) == (
        f"aws stepfunctions stop-execution --execution-arn {ARN} --region eu-west-1"
    )
    assert pointers.stop(ARN, "eu-west-1", embedded=True) == (
        f'eval "$(python -m data_pipeline local env)"; aws stepfunctions stop-execution --execution-arn {ARN}'
    )
    assert pointers.whole_log(Job("sagemaker", "j-1"), ("/g",), "eu-west-1", embedded=False) == [
        "aws logs tail /g --log-stream-name-prefix j-1/ --since 1d --region eu-west-1"
    ]


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
