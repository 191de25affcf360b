"""Arguments: a job takes its own, drops those of Glue, and refuses every other."""

import pytest

from data_pipeline.etl import arguments
from data_pipeline.etl.errors import JobError


def parse(*given: str):
    parser = arguments.parser("a job")
    parser.add_argument("--input", required=True)
    parser.add_argument("--run", default="")
    return vars(arguments.parse(parser, list(given)))


@pytest.mark.parametrize(
    "glue",
    [
        [],
        [
            "--JOB_NAME",
            "x",
            "--JOB_ID",
            "j_1",
            "--JOB_RUN_ID",
            "jr_1",
            "--job-bookmark-option",
            "job-bookmark-disable",
        ],
        [
            "--TempDir",
            "s3://b/t",
            "--enable-metrics",
            "--enable-job-insights",
            "true",
            "--job-language",
            "python",
        ],
        ["--TempDir=s3://b/t", "--enable-metrics=true"],
        ["--additional-python-modules", "s3://b/x.zip", "--python-modules-installer-option", "--no-index"],
        ["--conf", "spark.a=b --conf spark.c=d", "--extra-py-files", "s3://b/tlc.whl"],
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_arguments_of_glue_are_dropped(glue, first):
    """With or without values, before or after, they change nothing."""
    own = ["--input", "s3://b/in", "--run", "r"]
    assert parse(*(glue + own if first else own + glue)) == {"input": "s3://b/in", "run": "r"}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["--input", "x", "--unknown", "y"], "unrecognized arguments: --unknown y"),
        (["--input", "x", "--inp", "y"], "unrecognized arguments: --inp y"),
        (["--input", "x", "--job_name", "y"], "unrecognized arguments: --job_name y"),
        (["--input", "x", "y"], "unrecognized arguments: y"),
        (["--run", "x"], "the following arguments are required: --input"),
        (["--input"], "argument --input: expected one argument"),
    ],
)
def test_every_other_argument_is_an_error(given, named):
    """Unknown names, abbreviations, another case, missing ones and missing values are named."""
    with pytest.raises(JobError) as caught:
        parse(*given)
    assert named in str(caught.value)
