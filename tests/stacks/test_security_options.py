"""What `security` adds to the templates, and that nothing of it is there without being named."""

from __future__ import annotations

from typing import Any

import pytest
from environments import ALL_ON_GLUE, KMS, SECURITY, SECURITY_WITH_KEY, environment

import templates
from data_pipeline.stacks import render


def _rendered(changes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The storage stack's template and the pipeline stack's."""
    both = render(environment(changes))
    return templates.parse(both["dev-storage.yaml"]), templates.parse(both["dev-pipeline.yaml"])


def test_access_logs_go_to_the_named_bucket() -> None:
    """Below a prefix of the environment, so that several share the bucket."""
    storage, _ = _rendered(SECURITY)
    assert storage["Resources"]["DataBucket"]["Properties"]["LoggingConfiguration"] == {
        "DestinationBucketName": "my-access-logs",
        "LogFilePrefix": "nyc-tlc-dev/",
    }


def test_every_state_machine_is_traced() -> None:
    """And its role may send what X-Ray takes."""
    _, pipeline = _rendered(SECURITY)
    machines = templates.of_type(pipeline, "AWS::StepFunctions::StateMachine")
    assert len(machines) == 2
    for name, machine in machines.items():
        assert machine["TracingConfiguration"] == {"Enabled": True}
        assert templates.statements(pipeline, f"{name}Role")["SendTraces"]["Action"] == [
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
        ]


@pytest.mark.parametrize("bucket", [None, "my-trips"])
def test_glue_jobs_encrypt_under_the_key(bucket: str | None) -> None:
    """Bookmarks, and what they write to the stack's own bucket; their logs keep their names and are encrypted by the
    groups.
    """
    security = {"security": {"glue_configuration": True}}
    _, pipeline = _rendered({**ALL_ON_GLUE, **KMS, **security, "data": {"bucket": bucket}})
    jobs = templates.of_type(pipeline, "AWS::Glue::Job")
    assert {*jobs} == {"PrepareJob", "LoadJob", "MaintenanceJob"}
    for name, job in jobs.items():
        assert job["SecurityConfiguration"] == {"Ref": "GlueConfiguration"}
        statement = templates.statements(pipeline, f"{name}Role")["ReadSecurityConfiguration"]
        assert statement["Action"] == ["glue:GetSecurityConfiguration"]
    (made,) = templates.of_type(pipeline, "AWS::Glue::SecurityConfiguration").values()
    key = {"KmsKeyArn": {"Ref": "DataKey"}}
    assert made["Name"] == "nyc-tlc-dev-jobs"
    assert made["EncryptionConfiguration"] == {
        "CloudWatchEncryption": {"CloudWatchEncryptionMode": "DISABLED"},
        "JobBookmarksEncryption": {"JobBookmarksEncryptionMode": "CSE-KMS", **key},
        **({} if bucket else {"S3Encryptions": [{"S3EncryptionMode": "SSE-KMS", **key}]}),
    }
    groups = templates.of_type(pipeline, "AWS::Logs::LogGroup")
    assert {"GlueOutputLogs", "GlueErrorLogs"} <= groups.keys()
    assert all(group["KmsKeyId"] == {"Ref": "DataKey"} for group in groups.values())


def test_nothing_of_it_is_there_unless_it_is_named() -> None:
    """It costs: the templates are the same as without the key `security`, and without jobs on Glue there is none."""
    assert _rendered({"security": {}}) == _rendered({})
    on_sagemaker = {"steps": {"prepare": {"service": "sagemaker"}}}
    _, pipeline = _rendered({**on_sagemaker, **SECURITY_WITH_KEY})
    assert "GlueConfiguration" not in pipeline["Resources"]
