"""SageMaker Processing jobs that really run: what they are given, how they end, what is left of them."""

from __future__ import annotations

import json
import time

import pytest
from embedded_aws.jobs import support
from embedded_aws.jobs.conftest import Processing

SHOW = """
import json, os, sys
here = "/opt/ml/config/"
print(json.dumps({
    "arguments": sys.argv[1:],
    "environment": dict(os.environ),
    "configuration": json.load(open(here + "processingjobconfig.json")),
    "resources": json.load(open(here + "resourceconfig.json")),
    "input": sorted(os.listdir("/opt/ml/processing/input/code")),
    "python": sys.executable,
}))
"""


def test_a_job_sees_what_the_container_gives(processing: Processing) -> None:
    """Arguments, environment, inputs and configuration files are there, and nothing of the server's own."""
    name = processing.create(SHOW, "--input", "s3://b/k", Environment={"COLOUR": "green"})
    job = processing.ended(name)
    assert job["ProcessingJobStatus"] == "Completed"
    seen = json.loads(processing.log(name)[0])
    assert seen["arguments"] == ["--input", "s3://b/k"]
    assert seen["input"] == ["main.py"]
    environment = seen["environment"]
    assert environment["COLOUR"] == "green"
    assert environment["AWS_ENDPOINT_URL"] == processing.endpoint.url
    assert environment["AWS_DEFAULT_REGION"] == "us-east-1"
    assert environment["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert environment["AWS_ACCESS_KEY_ID"] != processing.endpoint.access_key
    assert set(environment) <= {
        *("COLOUR", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID"),
        *(
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "HOME",
            "PATH",
            "TMPDIR",
            "LANG",
            "PYTHONUNBUFFERED",
            "LC_CTYPE",
        ),
    }
    configuration = seen["configuration"]
    assert configuration["ProcessingJobName"] == name
    assert configuration["ProcessingJobArn"] == job["ProcessingJobArn"]
    assert configuration["Environment"] == {"COLOUR": "green"}
    assert configuration["ProcessingInputs"][0]["S3Input"]["LocalPath"] == "/opt/ml/processing/input/code"
    assert seen["resources"]["current_host"] == "algo-1"
    assert seen["resources"]["hosts"] == ["algo-1"]


def test_a_job_writes_to_s3_as_its_role(processing: Processing) -> None:
    """The script's own boto3 calls reach this server as the job's role."""
    bucket = support.bucket(processing.endpoint)
    script = (
        "import boto3, sys\n"
        "print(boto3.client('sts').get_caller_identity()['Arn'])\n"
        "boto3.client('s3').put_object(Bucket=sys.argv[1], Key='out', Body=b'done')\n"
    )
    name = processing.create(script, bucket)
    assert processing.ended(name)["ProcessingJobStatus"] == "Completed"
    assert processing.client("s3").get_object(Bucket=bucket, Key="out")["Body"].read() == b"done"
    assert f"assumed-role/{processing.role.rpartition('/')[2]}/SageMaker" in processing.log(name)[0]


def test_a_failing_script_leaves_its_reason_and_message(processing: Processing) -> None:
    """A non-zero exit is Failed with AWS's reason; /opt/ml/output/message is the exit message, cut at
    1,024.
    """
    script = "import sys\nopen('/opt/ml/output/message', 'w').write('why ' + 'x' * 2000)\nsys.exit(3)\n"
    job = processing.ended(processing.create(script))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: , exit code: 3"
    assert job["ExitMessage"].startswith("why xxx")
    assert len(job["ExitMessage"]) == 1024
    assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"]


def test_an_entry_point_that_does_not_exist_fails(processing: Processing) -> None:
    """A missing program is exit code 127, and its name is in the log."""
    application = {"ImageUri": "image", "ContainerEntrypoint": ["/no/such/program"]}
    name = processing.create(AppSpecification=application)
    assert processing.ended(name)["FailureReason"] == "AlgorithmError: , exit code: 127"
    assert any("/no/such/program" in line for line in processing.log(name))


def test_logs_arrive_while_the_job_runs_in_one_stream(processing: Processing) -> None:
    """Both outputs go to one stream of the service's group, before the job has ended."""
    script = "import sys, time\nprint('first')\nprint('second', file=sys.stderr)\ntime.sleep(60)\n"
    name = processing.create(script)
    lines = support.until(lambda: processing.log(name), lambda found: len(found) == 2)
    assert sorted(lines) == ["first", "second"]
    assert (
        processing.api.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"] == "InProgress"
    )
    processing.api.stop_processing_job(ProcessingJobName=name)
    processing.ended(name)


def test_many_lines_all_arrive_in_order(processing: Processing) -> None:
    """12,000 lines, more than one PutLogEvents takes, and a line longer than an event are all written."""
    name = processing.create("for n in range(12000): print('line', n)\nprint('y' * 300000)\n")
    assert processing.ended(name)["ProcessingJobStatus"] == "Completed"
    found = processing.log(name)
    assert found[:12000] == [f"line {n}" for n in range(12000)]
    assert "".join(found[12000:]) == "y" * 300000


def test_a_role_without_logs_permission_runs_silently(processing: Processing) -> None:
    """As on AWS, the job completes and no log stream appears."""
    role = support.role(processing.endpoint, "sagemaker.amazonaws.com", support.allow(support.S3))
    name = processing.create("print('unheard')", RoleArn=role)
    assert processing.ended(name)["ProcessingJobStatus"] == "Completed"
    assert processing.log(name) == []


@pytest.mark.parametrize("granted", [["s3:ListBucket"], ["s3:GetObject"], []])
def test_a_role_that_may_not_read_its_input_fails(processing: Processing, granted: list[str]) -> None:
    """Either missing permission fails the download, and the reason names it and the role."""
    statements = [support.allow(support.LOGS), *([support.allow(granted)] if granted else [])]
    role = support.role(processing.endpoint, "sagemaker.amazonaws.com", *statements)
    job = processing.ended(processing.create("print(1)", RoleArn=role))
    assert job["ProcessingJobStatus"] == "Failed"
    missing = "GetObject" if granted == ["s3:ListBucket"] else "ListObjectsV2"
    assert "ClientError: Data download failed: s3://" in job["FailureReason"]
    assert f"AccessDenied ({missing})" in job["FailureReason"]
    assert role in job["FailureReason"]
    assert "ProcessingStartTime" not in job


def test_an_empty_input_prefix_fails(processing: Processing) -> None:
    """No object under the prefix is a failed download that names the URL."""
    request = processing.request("print(1)")
    request["ProcessingInputs"][0]["S3Input"]["S3Uri"] += "nothing/here/"
    processing.api.create_processing_job(**request)
    job = processing.ended(request["ProcessingJobName"])
    assert job["ProcessingJobStatus"] == "Failed"
    assert "nothing/here/: no S3 objects found under this URL" in job["FailureReason"]


@pytest.mark.parametrize("suffix", ["", "/", "/main.py"])
def test_an_input_is_a_prefix_or_one_object(processing: Processing, suffix: str) -> None:
    """With or without the last slash, or the key of one object: the file is below LocalPath by its own
    name.
    """
    request = processing.request("print('found')")
    source = request["ProcessingInputs"][0]["S3Input"]
    source["S3Uri"] = source["S3Uri"].rstrip("/") + suffix
    processing.api.create_processing_job(**request)
    job = processing.ended(request["ProcessingJobName"])
    assert job["ProcessingJobStatus"] == "Completed", job


def test_a_prefix_that_other_keys_begin_with_is_refused_by_name(processing: Processing) -> None:
    """`code` also names `code2/x`: where AWS puts that file is not known, so the job fails and says how to
    mend it.
    """
    request = processing.request("print(1)")
    source = request["ProcessingInputs"][0]["S3Input"]
    bucket = source["S3Uri"].split("/")[2]
    processing.client("s3").put_object(Bucket=bucket, Key="code2/x", Body=b"")
    source["S3Uri"] = f"s3://{bucket}/code"
    processing.api.create_processing_job(**request)
    reason = processing.ended(request["ProcessingJobName"])["FailureReason"]
    assert "the key code2/x only begins with this text; end the prefix with '/'" in reason


def test_the_time_limit_stops_a_job(processing: Processing) -> None:
    """MaxRuntimeInSeconds ends the process by SIGTERM, and the job is Stopped."""
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('asked to end'), sys.exit(0)))\n"
        "print('ready')\ntime.sleep(60)\n"
    )
    name = processing.create(script, StoppingCondition={"MaxRuntimeInSeconds": 1})
    job = processing.ended(name)
    assert job["ProcessingJobStatus"] == "Stopped"
    assert (job["ProcessingEndTime"] - job["ProcessingStartTime"]).total_seconds() < 4
    assert processing.log(name) == ["ready", "asked to end"]


def test_stop_ends_the_whole_process_group(processing: Processing) -> None:
    """StopProcessingJob ends a script that ignores SIGTERM, its child, and a daemon that left its group."""
    script = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "inner = 'import time; time.sleep(300)'\n"
        "child = subprocess.Popen([sys.executable, '-c', inner])\n"
        "daemon = subprocess.Popen([sys.executable, '-c', inner], start_new_session=True)\n"
        "print('pids', os.getpid(), child.pid, daemon.pid)\n"
        "time.sleep(300)\n"
    )
    name = processing.create(script)
    line = support.until(lambda: processing.log(name), bool)[0]
    began = time.monotonic()
    processing.api.stop_processing_job(ProcessingJobName=name)
    status = processing.api.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"]
    assert status == "Stopping"
    assert processing.ended(name)["ProcessingJobStatus"] == "Stopped"
    assert 2.5 < time.monotonic() - began < 10
    for pid in line.split()[1:]:
        support.until(lambda pid=int(pid): support.alive(pid), lambda alive: not alive, 5)


def test_an_ended_job_is_not_stopped_and_leaves_no_files(processing: Processing) -> None:
    """StopProcessingJob of an ended job is refused; the job's directory is gone."""
    name = processing.create("print(1)")
    processing.ended(name)
    with pytest.raises(processing.api.exceptions.ClientError, match="job is in status Completed"):
        processing.api.stop_processing_job(ProcessingJobName=name)
    left = processing.endpoint.state / "jobs" / name
    support.until(left.exists, lambda there: not there, 5)


def test_a_job_cannot_do_what_its_role_may_not(processing: Processing) -> None:
    """A call that the role's policy leaves out is denied inside the job."""
    script = "import boto3\nboto3.client('s3').create_bucket(Bucket='not-allowed-here')\n"
    name = processing.create(script)
    assert processing.ended(name)["FailureReason"] == "AlgorithmError: , exit code: 1"
    assert any("AccessDenied" in line for line in processing.log(name))
    names = [bucket["Name"] for bucket in processing.client("s3").list_buckets()["Buckets"]]
    assert "not-allowed-here" not in names
