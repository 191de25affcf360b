"""What CreateProcessingJob can ask on AWS and the embedded AWS does not do: refused by name, not ignored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from . import spark

#: Input's member → the value that is emulated.
_INPUT = {
    "S3DataType": "S3Prefix",
    "S3InputMode": "File",
    "S3DataDistributionType": "FullyReplicated",
    "S3CompressionType": "None",
}
_BELOW = PurePosixPath("/opt/ml/processing")


def refused(request: dict[str, Any]) -> list[str]:
    """One sentence for each thing in the request that is not emulated."""
    return [f"{what}: the embedded AWS does not emulate {why}." for what, why in _refused(request)]


def wrong(request: dict[str, Any]) -> str | None:
    """What AWS itself refuses beyond its model, or None."""
    inputs = request.get("ProcessingInputs", [])
    for names, what in (
        ([item["InputName"] for item in inputs], "input name"),
        ([item["S3Input"].get("LocalPath") for item in inputs if "S3Input" in item], "LocalPath"),
    ):
        twice = sorted({name for name in names if name is not None and names.count(name) > 1})
        if twice:
            return f"Each {what} in ProcessingInputs must be unique. Found more than once: {', '.join(twice)}"
    for item in inputs:
        if "S3Input" in item and "DatasetDefinition" not in item and not item.get("AppManaged"):
            local = item["S3Input"].get("LocalPath")
            if local is None:
                return (
                    f"ProcessingInput {item['InputName']}: LocalPath is required unless AppManaged is true."
                )
            path = PurePosixPath(local)
            if _BELOW not in path.parents or ".." in path.parts:
                return (
                    f"ProcessingInput {item['InputName']}: LocalPath {local} must be a path below {_BELOW}/."
                )
    return None


def _refused(request: dict[str, Any]) -> Iterator[tuple[str, str]]:
    application = request["AppSpecification"]
    if not application.get("ContainerEntrypoint"):
        yield "AppSpecification.ContainerEntrypoint", "an image's own entry point; name one"
    for item in request.get("ProcessingInputs", []):
        yield from _refused_input(item)
    output = request.get("ProcessingOutputConfig") or {}
    if output.get("Outputs") or output.get("KmsKeyId"):
        yield "ProcessingOutputConfig", "outputs; a job writes to S3 itself"
    cluster = request["ProcessingResources"]["ClusterConfig"]
    if cluster.get("InstanceCount", 1) != 1 and not spark.is_spark(application["ImageUri"]):
        why = f"more than one instance of an image that is not {spark.IMAGE}"
        yield "ProcessingResources.ClusterConfig.InstanceCount", why
    for name in ("InstanceType", "InstanceCount"):
        if name not in cluster:
            yield f"ProcessingResources.ClusterConfig.{name}", "a cluster without it"
    if cluster.get("VolumeKmsKeyId"):
        yield "ProcessingResources.ClusterConfig.VolumeKmsKeyId", "encrypted disks"
    for name in ("InstancePreferences", "SelectedInstanceType", "SelectedInstanceCount"):
        if name in cluster:
            yield f"ProcessingResources.ClusterConfig.{name}", "a choice of instances"
    network = request.get("NetworkConfig") or {}
    if network.get("EnableNetworkIsolation"):
        yield "NetworkConfig.EnableNetworkIsolation", "network isolation"
    if "VpcConfig" in network:
        yield "NetworkConfig.VpcConfig", "a VPC"
    if request.get("ExperimentConfig"):
        yield "ExperimentConfig", "experiments"


def _refused_input(item: dict[str, Any]) -> Iterator[tuple[str, str]]:
    name = f"ProcessingInputs[{item['InputName']}]"
    if "DatasetDefinition" in item:
        yield f"{name}.DatasetDefinition", "dataset definitions"
    if item.get("AppManaged"):
        yield f"{name}.AppManaged", "inputs that the application manages"
    if "S3Input" not in item:
        yield name, "an input without S3Input"
        return
    for member, only in _INPUT.items():
        value = item["S3Input"].get(member, only)
        if value != only:
            yield f"{name}.S3Input.{member}", f"{value}, only {only}"
    if not item["S3Input"]["S3Uri"].startswith("s3://"):
        yield f"{name}.S3Input.S3Uri", "an https:// URL, only s3://"
