"""Glue job runs that really run: arguments, packages, logs, errors, timeouts, stops."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from embedded_aws.jobs import support
from embedded_aws.jobs.conftest import GlueJobs, OwnServer

SHELL, SPARK = "pythonshell", "glueetl"
SHOW = "import json, os, sys\nprint(json.dumps([sys.argv[1:], sorted(os.environ), __name__]))\n"


def output(jobs: GlueJobs, kind: str, run: str, which: str = "output") -> list[str]:
    """The messages of a run's stream in the default groups."""
    prefix = "/aws-glue/python-jobs" if kind == SHELL else "/aws-glue/jobs"
    return support.messages(jobs.endpoint, f"{prefix}/{which}", run)


@pytest.mark.parametrize("kind", [SHELL, SPARK])
def test_arguments_are_merged_and_passed_with_those_of_glue(glue_jobs: GlueJobs, kind: str) -> None:
    """A run's arguments replace the definition's; Glue adds its own; the script is __main__."""
    job = glue_jobs.define(SHOW, kind, DefaultArguments={"--input": "old", "--keep": "1"})
    run = glue_jobs.start(job, Arguments={"--input": "s3://b/new", "--plan": "p"})
    found = glue_jobs.ended(job, run)
    assert found["JobRunState"] == "SUCCEEDED"
    assert found["Arguments"] == {"--input": "s3://b/new", "--plan": "p"}
    assert "ErrorMessage" not in found
    words, environment, name = json.loads(output(glue_jobs, kind, run)[0])
    assert name == "__main__"
    given = dict(zip(words[::2], words[1::2], strict=True))
    assert {"--input": "s3://b/new", "--keep": "1", "--plan": "p"}.items() <= given.items()
    own = set(given) - {"--input", "--keep", "--plan"}
    assert own == (
        {"--job-bookmark-option", "--scriptLocation", "--job-language"}
        if kind == SHELL
        else {"--job-bookmark-option", "--JOB_NAME", "--JOB_ID", "--JOB_RUN_ID"}
    )
    if kind == SPARK:
        assert given["--JOB_NAME"] == job
        assert given["--JOB_RUN_ID"] == run
    assert {"AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"} <= set(environment)
    assert ("PYTHONPATH" in environment) == (kind == SHELL)  # a Python shell has packages of its own
    assert "STATE_DIR" not in environment


@pytest.mark.parametrize("kind", [SHELL, SPARK])
def test_a_run_says_which_script_it_runs(glue_jobs: GlueJobs, kind: str) -> None:
    """Whatever the job has become meanwhile, as a run of an older version of a state machine does."""
    old = glue_jobs.define("print('old')", kind)
    script = glue_jobs.client("glue").get_job(JobName=old)["Job"]["Command"]["ScriptLocation"]
    job = glue_jobs.define("print('new')", kind)
    run = glue_jobs.start(job, Arguments={"--scriptLocation": script})
    assert glue_jobs.ended(job, run)["JobRunState"] == "SUCCEEDED"
    assert output(glue_jobs, kind, run) == ["old"]


def test_a_run_is_described_as_on_aws(glue_jobs: GlueJobs) -> None:
    """Times, size, versions and the log group of a Spark run, its own size among them."""
    job = glue_jobs.define("print(1)", SPARK, ExecutionClass="FLEX", Timeout=7)
    run = glue_jobs.start(job, WorkerType="G.2X", NumberOfWorkers=3)
    found = glue_jobs.ended(job, run)
    assert run.startswith("jr_")
    assert len(run) == 67
    assert found["StartedOn"] <= found["CompletedOn"]
    expected = {
        **{"GlueVersion": "5.1", "WorkerType": "G.2X", "NumberOfWorkers": 3, "MaxCapacity": 6.0},
        **{"ExecutionClass": "FLEX", "Timeout": 7, "LogGroupName": "/aws-glue/jobs"},
        **{"PredecessorRuns": [], "Attempt": 0},
    }
    assert {name: found[name] for name in expected} == expected


def test_python_shell_output_and_errors_have_groups_of_their_own(glue_jobs: GlueJobs) -> None:
    """Standard output and standard error go to the two groups of Python shell jobs."""
    job = glue_jobs.define("import sys\nprint('to output')\nprint('to error', file=sys.stderr)\n")
    run = glue_jobs.start(job)
    glue_jobs.ended(job, run)
    assert output(glue_jobs, SHELL, run) == ["to output"]
    assert "to error" in output(glue_jobs, SHELL, run, "error")


def test_spark_logs_follow_the_prefix(glue_jobs: GlueJobs) -> None:
    """--custom-logGroup-prefix names both groups; a script's two outputs go to `output`, system messages to
    `error`.
    """
    prefix = f"/{support.unique('logs')}/glue"
    script = "import sys\nprint('one')\nprint('two', file=sys.stderr)\n"
    job = glue_jobs.define(script, SPARK, DefaultArguments={"--custom-logGroup-prefix": prefix})
    run = glue_jobs.start(job)
    assert glue_jobs.ended(job, run)["LogGroupName"] == prefix
    streams = glue_jobs.client("logs").describe_log_streams(logGroupName=f"{prefix}/output")["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == [f"{run}-driver"]
    assert sorted(support.messages(glue_jobs.endpoint, f"{prefix}/output", run)) == ["one", "two"]
    system = support.messages(glue_jobs.endpoint, f"{prefix}/error", run)
    assert any(run in line for line in system)
    assert not any(line in ("one", "two") for line in system)


@pytest.mark.parametrize(
    ("kind", "script", "message"),
    [
        (SHELL, "x = 1\nraise ValueError('no rides')\n", "ValueError: no rides"),
        (
            SPARK,
            "x = 1\nraise ValueError('no rides')\n",
            "Error Category: UNCLASSIFIED_ERROR; Failed Line Number: 2; ValueError: no rides",
        ),
        (SHELL, "import sys; sys.exit(2)", "Command failed with exit code 2"),
        (SPARK, "import sys; sys.exit(2)", "SystemExit: 2"),
        (
            SHELL,
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            "Command failed with exit code 137",
        ),
    ],
)
def test_a_failed_run_says_why(glue_jobs: GlueJobs, kind: str, script: str, message: str) -> None:
    """An exception, an exit status and a signal give Glue's error messages."""
    job = glue_jobs.define(script, kind)
    found = glue_jobs.ended(job, glue_jobs.start(job))
    assert found["JobRunState"] == "FAILED"
    assert found["ErrorMessage"] == message


def test_a_traceback_is_logged_from_the_script_on(glue_jobs: GlueJobs) -> None:
    """The log shows the script's frames, not those of what started it."""
    job = glue_jobs.define("def f():\n    raise KeyError('lost')\nf()\n")
    run = glue_jobs.start(job)
    glue_jobs.ended(job, run)
    lines = output(glue_jobs, SHELL, run, "error")
    assert "KeyError: 'lost'" in lines
    assert not any("glue_script.py" in line or "runpy" in line for line in lines)


def test_extra_files_are_importable(glue_jobs: GlueJobs) -> None:
    """--extra-py-files: a module, a zip and a wheel of pure Python are on the path."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("packed/__init__.py", "NAME = 'packed'\n")
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tlc_like/__init__.py", "NAME = 'wheel'\n")
        archive.writestr(
            "tlc_like-0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tlc-like\nVersion: 0\n"
        )
    bucket = support.bucket(glue_jobs.endpoint, single_py="NAME = 'single'\n")
    s3 = glue_jobs.client("s3")
    s3.put_object(Bucket=bucket, Key="packed.zip", Body=packed.getvalue())
    s3.put_object(Bucket=bucket, Key="tlc_like-0-py3-none-any.whl", Body=wheel.getvalue())
    names = ",".join(
        f"s3://{bucket}/{key}" for key in ("single.py", "packed.zip", "tlc_like-0-py3-none-any.whl")
    )
    script = "import single, packed, tlc_like\nprint(single.NAME, packed.NAME, tlc_like.NAME)\n"
    job = glue_jobs.define(script, SPARK, DefaultArguments={"--extra-py-files": names})
    run = glue_jobs.start(job)
    assert glue_jobs.ended(job, run)["JobRunState"] == "SUCCEEDED"
    assert output(glue_jobs, SPARK, run) == ["single packed wheel"]


PUT = """
import boto3, botocore, sys
s3 = boto3.client("s3")
s3.put_object(Bucket=sys.argv[-1], Key="plain", Body=b"")
print(botocore.__version__, flush=True)
s3.put_object(Bucket=sys.argv[-1], Key="once", Body=b"", IfNoneMatch="*")
"""


def test_a_python_shell_has_a_boto3_of_its_own_without_conditional_writes(glue_jobs: GlueJobs) -> None:
    """The script's boto3 is Glue's, of 2022, although a newer one is installed behind it."""
    wheel = packed_wheel("botocore", {"botocore/__init__.py": "raise SystemExit('imported')\n"})
    bucket = support.bucket(glue_jobs.endpoint)
    key = "botocore-1.0-py3-none-any.whl"
    glue_jobs.client("s3").put_object(Bucket=bucket, Key=key, Body=wheel)
    arguments = {"--extra-py-files": f"s3://{bucket}/{key}", "--bucket": bucket}
    job = glue_jobs.define(PUT, SHELL, DefaultArguments=arguments)
    run = glue_jobs.start(job)
    found = glue_jobs.ended(job, run)
    assert found["JobRunState"] == "FAILED"
    assert found["ErrorMessage"].startswith("ParamValidationError: ")
    assert 'Unknown parameter in input: "IfNoneMatch"' in found["ErrorMessage"]
    assert output(glue_jobs, SHELL, run) == ["1.25.5"]


def test_a_wheel_of_a_python_shell_must_need_no_other(glue_jobs: GlueJobs) -> None:
    """Wheels are installed one at a time, and there is no index: one that requires another is refused with pip's
    words, also where that one is listed, too.
    """
    bucket = support.bucket(glue_jobs.endpoint)
    wheels = {
        "first-1.0-py3-none-any.whl": packed_wheel("first", {"first.py": ""}, "Requires-Dist: second\n"),
        "second-1.0-py3-none-any.whl": packed_wheel("second", {"second.py": ""}),
    }
    for key, content in wheels.items():
        glue_jobs.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    names = ",".join(f"s3://{bucket}/{key}" for key in wheels)
    job = glue_jobs.define("print(1)", SHELL, DefaultArguments={"--extra-py-files": names})
    found = glue_jobs.ended(job, glue_jobs.start(job))
    assert found["JobRunState"] == "FAILED"
    assert "--extra-py-files: first-1.0-py3-none-any.whl: pip ended with 1" in found["ErrorMessage"]
    assert "No matching distribution found for second" in found["ErrorMessage"]


def packed_wheel(name: str, files: dict[str, str], requires: str = "") -> bytes:
    """A wheel of version 1.0 with these files."""
    info, packed = f"{name}-1.0.dist-info", io.BytesIO()
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}"
    tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    told = {f"{info}/METADATA": metadata, f"{info}/WHEEL": tags, f"{info}/RECORD": ""}
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in {**files, **told}.items():
            archive.writestr(path, content)
    return packed.getvalue()


def test_additional_modules_are_installed_without_an_index(glue_jobs: GlueJobs) -> None:
    """A .gluewheels.zip is installed with pip --no-index; an installed name is found; any other is
    refused.
    """
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("inner_like/__init__.py", "NAME = 'inner'\n")
        info = "inner_like-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: inner-like\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    wheels = io.BytesIO()
    with zipfile.ZipFile(wheels, "w") as archive:
        archive.writestr("inner_like-1.0-py3-none-any.whl", wheel.getvalue())
    bucket = support.bucket(glue_jobs.endpoint)
    key = "wheels.gluewheels.zip"
    glue_jobs.client("s3").put_object(Bucket=bucket, Key=key, Body=wheels.getvalue())
    arguments = {
        "--additional-python-modules": f"s3://{bucket}/{key},boto3",
        "--python-modules-installer-option": "--no-deps",
    }
    job = glue_jobs.define("import inner_like; print(inner_like.NAME)", SPARK, DefaultArguments=arguments)
    run = glue_jobs.start(job)
    assert glue_jobs.ended(job, run)["JobRunState"] == "SUCCEEDED"
    assert output(glue_jobs, SPARK, run) == ["inner"]
    for modules, options, reason in (
        ("no-such-package", "", "no-such-package is not installed, and the embedded AWS fetches no packages"),
        ("boto3==0.1", "", "boto3==0.1 was asked for"),
        (f"s3://{bucket}/{key}", "--index-url https://example.org", "no index is used here"),
    ):
        given = {"--additional-python-modules": modules, "--python-modules-installer-option": options}
        found = glue_jobs.ended(job, glue_jobs.start(job, Arguments=given))
        assert found["JobRunState"] == "FAILED"
        assert reason in found["ErrorMessage"]


def test_a_run_is_stopped(glue_jobs: GlueJobs) -> None:
    """BatchStopJobRun ends the process; a run that has ended and an unknown one are errors of their own."""
    job = glue_jobs.define("import os, time\nprint(os.getpid())\ntime.sleep(300)\n")
    run = glue_jobs.start(job)
    pid = int(support.until(lambda: output(glue_jobs, SHELL, run), bool)[0])
    answer = glue_jobs.api.batch_stop_job_run(JobName=job, JobRunIds=[run, "jr_unknown"])
    assert [entry["JobRunId"] for entry in answer["SuccessfulSubmissions"]] == [run]
    assert answer["Errors"][0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    assert glue_jobs.ended(job, run)["JobRunState"] == "STOPPED"
    assert not support.alive(pid)
    again = glue_jobs.api.batch_stop_job_run(JobName=job, JobRunIds=[run])
    assert again["Errors"][0]["ErrorDetail"]["ErrorCode"] == "JobRunInTerminalStateException"


def test_a_run_that_takes_too_long_times_out(
    own_server: Callable[[], OwnServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Timeout (here one minute of one second) ends the process and the run is TIMEOUT."""
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_MINUTE", "1")
    jobs = own_server().glue_jobs()
    job = jobs.define("import time\ntime.sleep(300)\n", Timeout=30)
    found = jobs.ended(job, jobs.start(job, Timeout=1))
    assert found["JobRunState"] == "TIMEOUT"
    assert found["Timeout"] == 1


def test_concurrent_runs_are_limited(glue_jobs: GlueJobs) -> None:
    """MaxConcurrentRuns, one unless set: one more is ConcurrentRunsExceededException, and fits once one has
    ended.
    """
    job = glue_jobs.define("import time\ntime.sleep(300)\n")
    run = glue_jobs.start(job)
    with pytest.raises(glue_jobs.api.exceptions.ConcurrentRunsExceededException, match=f"exceeded for {job}"):
        glue_jobs.start(job)
    glue_jobs.api.batch_stop_job_run(JobName=job, JobRunIds=[run])
    glue_jobs.ended(job, run)
    second = glue_jobs.start(job)
    glue_jobs.api.batch_stop_job_run(JobName=job, JobRunIds=[second])
    newest_first = [found["Id"] for found in glue_jobs.api.get_job_runs(JobName=job)["JobRuns"]]
    assert newest_first == [second, run]


def test_a_role_that_may_not_read_the_script_fails(glue_jobs: GlueJobs) -> None:
    """The script is listed and read with the role's credentials."""
    logs, lists = support.allow(support.LOGS), support.allow(["s3:ListBucket"])
    for statements, missing in (([logs], "s3:ListBucket"), ([logs, lists], "AccessDenied (GetObject)")):
        role = support.role(glue_jobs.endpoint, "glue.amazonaws.com", *statements)
        job = glue_jobs.define("print(1)", Role=role)
        found = glue_jobs.ended(job, glue_jobs.start(job))
        assert found["JobRunState"] == "FAILED"
        assert missing in found["ErrorMessage"]


def test_a_role_without_logs_permission_runs_silently(glue_jobs: GlueJobs) -> None:
    """The run succeeds, and its streams do not exist."""
    role = support.role(glue_jobs.endpoint, "glue.amazonaws.com", support.allow(support.S3))
    job = glue_jobs.define("print(1)", Role=role)
    run = glue_jobs.start(job)
    assert glue_jobs.ended(job, run)["JobRunState"] == "SUCCEEDED"
    assert output(glue_jobs, SHELL, run) == []


def test_a_role_that_does_not_trust_glue_is_refused(glue_jobs: GlueJobs) -> None:
    """StartJobRun is refused for a role that names another service; a role given by its name is found."""
    other = support.role(glue_jobs.endpoint, "sagemaker.amazonaws.com", support.allow(support.S3))
    job = glue_jobs.define("print(1)", Role=other)
    refused = glue_jobs.api.exceptions.InvalidInputException
    with pytest.raises(refused, match="assume role permissions for Glue"):
        glue_jobs.start(job)
    named = glue_jobs.define("print(1)", Role=glue_jobs.role.rpartition("/")[2])
    assert glue_jobs.ended(named, glue_jobs.start(named))["JobRunState"] == "SUCCEEDED"
