"""Clusters: Spark jobs of SageMaker Processing and of Glue run on so many executors of this machine."""

from __future__ import annotations

import json
from typing import Any

import pytest
from embedded_aws.jobs import support
from embedded_aws.jobs.conftest import GlueJobs, Processing
from randomness import SOAK

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-spark-processing:3.5-cpu-py312-v1.0"
CODE = "/opt/ml/processing/input/code"

# What any Spark script does: no word of a master, a machine or this embedded AWS.
SHOW = """
import json, os, sys
import boto3
from pyspark import SparkContext
context = SparkContext.getOrCreate()
def who(_):
    return os.getppid(), boto3.client("sts").get_caller_identity()["Arn"]
seen = context.parallelize(range(8), 8).map(who).collect()
seen = json.dumps({
    "master": context.master,
    "addresses": context._jsc.sc().statusTracker().getExecutorInfos().__len__(),
    "callers": sorted({arn for _, arn in seen}),
    "arguments": sys.argv[1:],
})
context.stop()
print(seen)
"""


def cluster(instances: int) -> dict[str, Any]:
    """ProcessingResources of so many instances."""
    config = {"InstanceCount": instances, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 5}
    return {"ClusterConfig": config}


def application(entry: list[str], *arguments: str) -> dict[str, Any]:
    """AppSpecification of the Spark image."""
    return {"ImageUri": IMAGE, "ContainerEntrypoint": entry, "ContainerArguments": list(arguments)}


def shown(lines: list[str]) -> dict[str, Any]:
    """What SHOW printed."""
    (line,) = [line for line in lines if line.startswith("{")]
    return dict(json.loads(line))


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="starts Spark with several executors: `make soak` does")
def test_a_spark_image_runs_on_as_many_executors_as_it_has_instances(processing: Processing) -> None:
    """smspark-submit starts the script on a cluster, whose executors call AWS as the job's role; a shell sees
    its arguments, as in the container.
    """
    submit = application(["smspark-submit", f"{CODE}/main.py"], "one", "'two words'")
    name = processing.create(SHOW, AppSpecification=submit, ProcessingResources=cluster(2))
    job = support.until(
        lambda: processing.api.describe_processing_job(ProcessingJobName=name),
        lambda job: job["ProcessingJobStatus"] != "InProgress",
        seconds=400,
    )
    lines = processing.log(name)
    assert job["ProcessingJobStatus"] == "Completed", lines
    seen = shown(lines)
    assert seen["master"] == "local-cluster[2,1,1024]"
    assert seen["addresses"] == 3  # the driver and two executors
    assert seen["arguments"] == ["one", "two words"]
    (caller,) = seen["callers"]
    assert f"assumed-role/{processing.role.rpartition('/')[2]}/" in caller


def test_another_image_has_one_instance(processing: Processing) -> None:
    """More than one instance of an image that is not Spark's is refused by name."""
    request = processing.request("", ProcessingResources=cluster(2))
    with pytest.raises(processing.api.exceptions.ClientError) as caught:
        processing.api.create_processing_job(**request)
    message = caught.value.response["Error"]["Message"]
    assert "ClusterConfig.InstanceCount: the embedded AWS does not emulate more than one instance" in message


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="starts Spark with several executors: `make soak` does")
def test_a_glue_script_that_makes_a_session_has_all_workers_but_the_drivers(glue_jobs: GlueJobs) -> None:
    """Three workers are a driver and two executors, of which the definition or the run decides the number."""
    job = glue_jobs.define(SHOW, "glueetl")
    run = glue_jobs.start(job, WorkerType="G.1X", NumberOfWorkers=3)
    found = support.until(
        lambda: glue_jobs.run(job, run),
        lambda found: found["JobRunState"] not in ("STARTING", "RUNNING"),
        seconds=400,
    )
    lines = support.messages(glue_jobs.endpoint, "/aws-glue/jobs/output", run)
    assert found["JobRunState"] == "SUCCEEDED", lines
    seen = shown(lines)
    assert seen["master"] == "local-cluster[2,1,1024]"
    assert seen["addresses"] == 3
    assert len(seen["callers"]) == 1
