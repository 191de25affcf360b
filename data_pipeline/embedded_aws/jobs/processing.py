"""What a processing job is given and what it leaves: its directory, laid out as the container's, and its end.

The layout and the two configuration files are those of SageMaker's documentation, "How Amazon SageMaker
Processing configures your processing container" and "… runs your processing container image".
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from data_pipeline.embedded_aws.identity import iam, sessions

from . import access, sandbox, spark, storage
from .logs import LogStream
from .process import Command, Outcome
from .run import Run

_log = logging.getLogger("embedded.sagemaker")

#: An image of Amazon ECR: registry, region, repository.
_REGISTRY = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)")
GROUP = "/aws/sagemaker/ProcessingJobs"
#: The longest ExitMessage, in characters.
MESSAGE = 1024
#: Words of an entry point that mean the interpreter of the container.
PYTHON = frozenset(
    {"python", "python3", "/usr/bin/python3", "/usr/local/bin/python3", "/opt/conda/bin/python"}
)


def execute(
    job: dict[str, Any], credentials: sessions.Credentials, region: str, run: Run, started: Callable[[], None]
) -> dict[str, Any]:
    """Run a processing job to its end; the fields of its description that follow from it.

    `started` is called when the container starts. The directory of the job is removed, whatever happens.
    """
    directory = access.scratch() / job["ProcessingJobName"]
    machine = lay_out(directory, job)
    try:
        try:
            _pull(job)
            _download(job, machine, access.client("s3", credentials, region))
        except storage.DownloadError as error:
            reason = f"ClientError: Data download failed: {error} (with the role {job['RoleArn']})"
            return {"ProcessingJobStatus": "Failed", "FailureReason": reason[:MESSAGE]}
        except iam.AccessDenied as denied:
            reason = f"ClientError: Unable to pull the image: {denied}"
            return {"ProcessingJobStatus": "Failed", "FailureReason": reason[:MESSAGE]}
        stream = f"{job['ProcessingJobName']}/algo-1-{int(time.time())}"
        log = LogStream(access.client("logs", credentials, region), GROUP, stream, _may_write(job, region))
        try:
            started()
            _publish_metrics(job)
            try:
                command = command_of(job, access.environment(credentials, region, directory), directory)
            except spark.SparkError as error:
                return {"ProcessingJobStatus": "Failed", "FailureReason": f"InternalServerError: {error}"}
            process = run.begin(command, directory / "launch.json", log.write)
            if process is None:
                return {"ProcessingJobStatus": "Stopped"}
            outcome = process.wait(job["StoppingCondition"]["MaxRuntimeInSeconds"])
        finally:
            log.close()
        return ending(outcome, machine / "output" / "message")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def lay_out(directory: Path, job: dict[str, Any]) -> Path:
    """Make the job's directory, configuration files included; what the job sees at /opt/ml."""
    machine = directory / "ml"
    for name in ("processing/input", "processing/output", "config", "output"):
        (machine / name).mkdir(parents=True)
    (directory / "work").mkdir()
    configuration = json.dumps(configuration_of(job))
    (machine / "config" / "processingjobconfig.json").write_text(configuration, encoding="utf-8")
    hosts = json.dumps(resources_of(job))
    (machine / "config" / "resourceconfig.json").write_text(hosts, encoding="utf-8")
    return machine


def configuration_of(job: dict[str, Any]) -> dict[str, Any]:
    """/opt/ml/config/processingjobconfig.json."""
    application = job["AppSpecification"]
    return {
        "ProcessingJobArn": job["ProcessingJobArn"],
        "ProcessingJobName": job["ProcessingJobName"],
        "Environment": job.get("Environment", {}),
        "AppSpecification": {
            "ImageUri": application["ImageUri"],
            "ContainerEntrypoint": application["ContainerEntrypoint"],
            "ContainerArguments": application.get("ContainerArguments"),
        },
        "ProcessingInputs": [
            {"AppManaged": False, "DatasetDefinition": None, **item}
            for item in job.get("ProcessingInputs", [])
        ],
        "ProcessingOutputConfig": {"Outputs": [], "KmsKeyId": None},
        "ProcessingResources": {
            "ClusterConfig": {"VolumeKmsKeyId": None, **job["ProcessingResources"]["ClusterConfig"]}
        },
        "RoleArn": job["RoleArn"],
        "StoppingCondition": job["StoppingCondition"],
    }


def resources_of(job: dict[str, Any]) -> dict[str, Any]:
    """/opt/ml/config/resourceconfig.json, as the first of the hosts sees it: the others do not run."""
    cluster = job["ProcessingResources"]["ClusterConfig"]
    kind = cluster["InstanceType"]
    hosts = [f"algo-{number}" for number in range(1, cluster["InstanceCount"] + 1)]
    group = {"instance_group_name": "homogeneousCluster", "instance_type": kind, "hosts": hosts}
    return {
        "current_host": "algo-1",
        "current_instance_type": kind,
        "current_group_name": "homogeneousCluster",
        "hosts": hosts,
        "instance_groups": [group],
        "network_interface_name": "eth0",
    }


def command_of(job: dict[str, Any], base: dict[str, str], directory: Path) -> Command:
    """Entry point and arguments, with this interpreter for theirs and, without a mount, with moved paths. A
    job of the Spark image finds a cluster with an executor for each instance.
    """
    application = job["AppSpecification"]
    words = [*application["ContainerEntrypoint"], *application.get("ContainerArguments", [])]
    given = job.get("Environment", {})
    machine = directory / "ml"
    mounted = sandbox.mode() == "mount"
    if not mounted:
        words, given = sandbox.rewritten(words, given, str(machine))
    if words[0] in PYTHON:
        words[0] = sys.executable
    if spark.is_spark(application["ImageUri"]):
        executors = job["ProcessingResources"]["ClusterConfig"]["InstanceCount"]
        base = {**base, **spark.environment(directory, executors, base["PATH"])}
    ours = {name: base[name] for name in base if name.startswith("AWS_") and name not in _REGIONS}
    environment = {**base, **given, **ours}
    return Command(words, environment, directory / "work", machine if mounted else None, access.hidden())


#: What a job's own Environment may set over ours.
_REGIONS = frozenset({"AWS_DEFAULT_REGION", "AWS_REGION"})


def ending(outcome: Outcome, message: Path) -> dict[str, Any]:
    """Status, failure reason and exit message of a job whose process ended."""
    fields: dict[str, Any] = {}
    if message.is_file():
        text = message.read_bytes()[: 4 * MESSAGE].decode("utf-8", errors="replace").strip()
        if text:
            fields["ExitMessage"] = text[:MESSAGE]
    if outcome.stopped or outcome.timed_out:
        return {**fields, "ProcessingJobStatus": "Stopped"}
    if outcome.code != 0:
        reason = f"AlgorithmError: , exit code: {outcome.code}"
        return {**fields, "ProcessingJobStatus": "Failed", "FailureReason": reason}
    return {**fields, "ProcessingJobStatus": "Completed"}


def _pull(job: dict[str, Any]) -> None:
    """Ask for what pulling the image takes; iam.AccessDenied. Nothing is pulled: the job runs here."""
    image = _REGISTRY.match(job["AppSpecification"]["ImageUri"])
    if image is not None:
        registry, region, repository = image.groups()
        arn = f"arn:aws:ecr:{region}:{registry}:repository/{repository}"
        iam.hold("image", job["RoleArn"], repository=arn)


def _may_write(job: dict[str, Any], region: str) -> Callable[[], None]:
    """Ask for what writing the log takes beyond the calls that write it; raises iam.AccessDenied."""
    account = job["ProcessingJobArn"].split(":")[4]
    group = f"arn:aws:logs:{region}:{account}:log-group:{GROUP}"
    return lambda: iam.hold("processing log", job["RoleArn"], group=group)


def _publish_metrics(job: dict[str, Any]) -> None:
    """Ask for what publishing metrics takes; without the permission a job runs on, and has none."""
    try:
        iam.hold("metrics", job["RoleArn"])
    except iam.AccessDenied:
        _log.warning("%s has no metrics", job["ProcessingJobName"])


def _download(job: dict[str, Any], machine: Path, client: Any) -> None:
    for item in job.get("ProcessingInputs", []):
        source = item["S3Input"]
        local = Path(source["LocalPath"]).relative_to(sandbox.ROOT)
        (machine / local).mkdir(parents=True, exist_ok=True)
        storage.download_prefix(client, source["S3Uri"], machine / local)
