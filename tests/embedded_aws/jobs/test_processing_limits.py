"""CreateProcessingJob and its siblings at their limits: what AWS refuses, and what the embedded AWS does
not do.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from embedded_aws.jobs import support
from embedded_aws.jobs.conftest import Processing


def refused(processing: Processing, request: dict[str, Any], **credentials: str) -> tuple[str, str]:
    """Code and message of a refused CreateProcessingJob; no job is left."""
    with pytest.raises(ClientError) as caught:
        processing.client("sagemaker", **credentials).create_processing_job(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("nyc_tlc", "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"),
        ("nyc.tlc", "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"),
        ("nyc-", "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"),
        ("n" * 64, "Member must have length less than or equal to 63"),
    ],
)
def test_a_bad_name_is_refused(processing: Processing, name: str, rule: str) -> None:
    """A name with `_` or `.`, one that ends with `-`, or one of 64 characters."""
    code, message = refused(processing, processing.request(ProcessingJobName=name))
    assert code == "ValidationException"
    assert f"Value '{name}' at 'processingJobName' failed to satisfy constraint: {rule}" in message


def test_a_name_of_63_characters_runs_once(processing: Processing) -> None:
    """The longest name is taken; a second job of a name is refused, also after the first has ended."""
    name = support.unique("j" * 52)
    assert len(name) == 63
    request = processing.request("print(1)", ProcessingJobName=name)
    processing.api.create_processing_job(**request)
    assert refused(processing, request)[0] == "ResourceInUse"
    assert processing.ended(name)["ProcessingJobStatus"] == "Completed"
    code, message = refused(processing, request)
    assert code == "ResourceInUse"
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:processing-job/{name}"
    assert f"a job with this name already exists ({arn})" in message


def test_an_argument_of_257_characters_is_refused(processing: Processing) -> None:
    """256 characters are taken, 257 are not, and neither is a line break."""
    name = processing.create("import sys; print(len(sys.argv[1]))", "a" * 256)
    processing.ended(name)
    assert processing.log(name) == ["256"]
    code, message = refused(processing, processing.request("", "a" * 257))
    assert code == "ValidationException"
    assert "at 'appSpecification.containerArguments' failed to satisfy constraint: Member must" in message
    assert "Member must have length less than or equal to 256" in message
    assert refused(processing, processing.request("", "two\nlines"))[0] == "ValidationException"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Environment": {"1ST": "x"}}, "at 'environment' failed to satisfy constraint: Map keys"),
        ({"Environment": {"LONG": "x" * 257}}, "Map value must satisfy constraint"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 777601}}, "less than or equal to 777600"),
        (
            {
                "ProcessingResources": {
                    "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.huge", "VolumeSizeInGB": 1}
                }
            },
            "Value 'ml.huge' at 'processingResources.clusterConfig.instanceType' failed to satisfy "
            "constraint: Member must satisfy enum value set: [",
        ),
        ({"RoleArn": "arn:aws:iam::1:role/too-short-account"}, "at 'roleArn' failed to satisfy constraint"),
        (
            {"AppSpecification": {"ImageUri": "i", "ContainerEntrypoint": ["x"] * 101}},
            "at 'appSpecification.containerEntrypoint' failed to satisfy constraint: "
            "Member must have length less than or equal to 100",
        ),
    ],
)
def test_values_that_the_model_excludes_are_refused(
    processing: Processing, changes: dict[str, Any], expected: str
) -> None:
    """Patterns, enums, ranges and sizes of botocore's model are checked by the server."""
    code, message = refused(processing, processing.request(**changes))
    assert code == "ValidationException"
    assert expected in message


def test_all_violations_are_named_at_once(processing: Processing) -> None:
    """The message counts and lists them."""
    request = processing.request("", "a" * 257, ProcessingJobName="a_b")
    assert refused(processing, request)[1].startswith("2 validation errors detected: ")


def test_a_role_that_does_not_trust_sagemaker_is_refused(processing: Processing) -> None:
    """A role for another service, and one that does not exist."""
    other = support.role(processing.endpoint, "glue.amazonaws.com", support.allow(support.S3))
    for role in (other, "arn:aws:iam::000000000000:role/no-such-role"):
        code, message = refused(processing, processing.request(RoleArn=role))
        assert code == "ValidationException"
        assert message == (
            f"Could not assume role {role}. Please ensure that the role exists and allows principal "
            "'sagemaker.amazonaws.com' to assume the role."
        )


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("S3DataType", "ManifestFile"),
        ("S3InputMode", "Pipe"),
        ("S3DataDistributionType", "ShardedByS3Key"),
        ("S3CompressionType", "Gzip"),
    ],
)
def test_other_inputs_are_refused_by_name(processing: Processing, member: str, value: str) -> None:
    """Only S3Prefix in File mode, fully replicated and not compressed."""
    request = processing.request()
    request["ProcessingInputs"][0]["S3Input"][member] = value
    code, message = refused(processing, request)
    assert code == "ValidationException"
    assert f"ProcessingInputs[code].S3Input.{member}: the embedded AWS does not emulate {value}" in message


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        (
            {
                "ProcessingOutputConfig": {
                    "Outputs": [
                        {
                            "OutputName": "o",
                            "S3Output": {
                                "S3Uri": "s3://b/o",
                                "LocalPath": "/opt/ml/x",
                                "S3UploadMode": "EndOfJob",
                            },
                        }
                    ]
                }
            },
            "ProcessingOutputConfig",
        ),
        ({"NetworkConfig": {"EnableNetworkIsolation": True}}, "NetworkConfig.EnableNetworkIsolation"),
        (
            {"NetworkConfig": {"VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}},
            "NetworkConfig.VpcConfig",
        ),
        ({"ExperimentConfig": {"TrialName": "t"}}, "ExperimentConfig"),
        ({"AppSpecification": {"ImageUri": "i"}}, "AppSpecification.ContainerEntrypoint"),
        (
            {
                "ProcessingResources": {
                    "ClusterConfig": {"InstanceCount": 2, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 1}
                }
            },
            "ProcessingResources.ClusterConfig.InstanceCount",
        ),
        (
            {
                "ProcessingResources": {
                    "ClusterConfig": {
                        "InstanceCount": 1,
                        "InstanceType": "ml.t3.medium",
                        "VolumeSizeInGB": 1,
                        "VolumeKmsKeyId": "k",
                    }
                }
            },
            "ProcessingResources.ClusterConfig.VolumeKmsKeyId",
        ),
        (
            {"ProcessingInputs": [{"InputName": "d", "DatasetDefinition": {}}]},
            "ProcessingInputs[d].DatasetDefinition",
        ),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(
    processing: Processing, changes: dict[str, Any], name: str
) -> None:
    """Outputs, networks, experiments, clusters and images' own entry points are never ignored."""
    code, message = refused(processing, processing.request(**changes))
    assert code == "ValidationException"
    assert f"{name}: the embedded AWS does not emulate " in message


@pytest.mark.parametrize("path", ["/tmp/code", "/opt/ml/processing", "/opt/ml/processing/../../etc"])
def test_a_local_path_elsewhere_is_refused(processing: Processing, path: str) -> None:
    """An input may only be put below /opt/ml/processing/."""
    request = processing.request()
    request["ProcessingInputs"][0]["S3Input"]["LocalPath"] = path
    assert "must be a path below /opt/ml/processing/" in refused(processing, request)[1]


def test_the_caller_must_be_allowed_to_create_pass_and_tag(processing: Processing) -> None:
    """sagemaker:CreateProcessingJob on the job, iam:PassRole for this service, sagemaker:AddTags for tags."""
    request = processing.request("print(1)", Tags=[{"Key": "team", "Value": "data"}])
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:processing-job/{request['ProcessingJobName']}"
    create = support.allow(["sagemaker:CreateProcessingJob"], arn)
    wrong = support.allow(["iam:PassRole"], StringEquals={"iam:PassedToService": "glue.amazonaws.com"})
    right = support.allow(["iam:PassRole"], StringEquals={"iam:PassedToService": "sagemaker.amazonaws.com"})
    tag = support.allow(["sagemaker:AddTags"], arn)
    elsewhere = support.allow(["sagemaker:CreateProcessingJob"], arn + "-other")
    for statements, missing in (
        ([elsewhere, right, tag], "sagemaker:CreateProcessingJob"),
        ([create, tag], "iam:PassRole"),
        ([create, wrong, tag], "iam:PassRole"),
        ([create, right], "sagemaker:AddTags"),
    ):
        code, message = refused(processing, request, **support.user(processing.endpoint, *statements))
        assert code == "AccessDeniedException"
        assert f"is not authorized to perform: {missing}" in message
    allowed = support.user(processing.endpoint, create, right, tag)
    processing.client("sagemaker", **allowed).create_processing_job(**request)
    assert processing.ended(request["ProcessingJobName"])["ProcessingJobStatus"] == "Completed"


def test_tags_are_kept_and_listed(processing: Processing) -> None:
    """Tags of the creation and of AddTags; a value is replaced."""
    name = processing.create("print(1)", Tags=[{"Key": "a", "Value": "1"}])
    arn = processing.ended(name)["ProcessingJobArn"]
    processing.api.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
    tags = processing.api.list_tags(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]


def test_jobs_are_listed_by_name_status_and_page(processing: Processing) -> None:
    """ListProcessingJobs filters, sorts and pages."""
    stem = support.unique("listed")
    for number in range(3):
        name = f"{stem}-{number}"
        processing.create("print(1)" if number else "raise SystemExit(1)", ProcessingJobName=name)
        processing.ended(name)
    summaries = "ProcessingJobSummaries"
    page = processing.api.list_processing_jobs(NameContains=stem, MaxResults=2)
    assert [job["ProcessingJobName"] for job in page[summaries]] == [f"{stem}-2", f"{stem}-1"]
    rest = processing.api.list_processing_jobs(NameContains=stem, MaxResults=2, NextToken=page["NextToken"])
    assert [job["ProcessingJobName"] for job in rest[summaries]] == [f"{stem}-0"]
    assert "NextToken" not in rest
    failed = processing.api.list_processing_jobs(NameContains=stem, StatusEquals="Failed")
    assert [job["ProcessingJobName"] for job in failed[summaries]] == [f"{stem}-0"]


def test_unknown_jobs_and_other_actions_are_refused(processing: Processing) -> None:
    """An unknown job's error is AWS's; an action that is not emulated is refused by its name."""
    with pytest.raises(ClientError, match="Could not find requested job with name: nobody"):
        processing.api.describe_processing_job(ProcessingJobName="nobody")
    with pytest.raises(ClientError, match="does not emulate sagemaker:CreateTrainingJob"):
        processing.api.create_training_job(
            TrainingJobName="t",
            AlgorithmSpecification={"TrainingInputMode": "File"},
            RoleArn=processing.role,
            OutputDataConfig={"S3OutputPath": "s3://b"},
            StoppingCondition={},
        )
