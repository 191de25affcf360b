"""What DescribeEvents says of a refused change set, as the user reads it."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.core.deployment.early_validation import findings, has_events

#: as public reports quote it.
REASON = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot Early "
    "Validation errors, use the DescribeEvents API for detailed failure information."
)


def event(**members: Any) -> dict[str, Any]:
    return {
        "EventType": "VALIDATION_ERROR",
        "ValidationStatus": "FAILED",
        "ValidationFailureMode": "FAIL",
        **members,
    }


TAKEN = event(
    LogicalResourceId="Database",
    ResourceType="AWS::Glue::Database",
    ValidationName="NAME_CONFLICT_VALIDATION",
    ValidationPath="/Resources/Database",
    ValidationStatusReason="Resource of type 'AWS::Glue::Database' with identifier 'nyc_tlc_dev' already exists.",
)
WRONG = event(
    LogicalResourceId="Job",
    ResourceType="AWS::Glue::Job",
    ValidationPath="/Resources/Job/Properties/Timeout",
    ValidationStatusReason="#/Timeout: -1 is not greater or equal to 1",
)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [(REASON, True), ("The following hook(s) failed: [Acme::S3::Hook]", True), ("Template error: no", False)],
)
def test_reasons_that_have_events(reason: str, expected: bool) -> None:
    """Early validation and hooks of the account; an error of the template says itself what it is."""
    assert has_events(reason) is expected


def test_a_resource_that_exists_is_named_with_what_to_do() -> None:
    (text,) = findings([TAKEN])
    assert text.startswith("Database (AWS::Glue::Database): Resource of type")
    assert "identifier 'nyc_tlc_dev' already exists\n" in text
    assert "not in this stack" in text
    assert "delete it" in text


def test_a_wrong_property_is_named_with_its_path() -> None:
    (text,) = findings([WRONG])
    assert text.startswith("Job (AWS::Glue::Job) at Properties/Timeout: #/Timeout: -1 is not")
    assert "render the templates" in text


def test_a_hook_of_the_account_is_named() -> None:
    hook = {
        "EventType": "HOOK_INVOCATION_ERROR",
        "HookType": "Acme::S3::Hook",
        "HookStatusReason": "no logging.",
    }
    (text,) = findings([{**hook, "LogicalResourceId": "B", "ResourceType": "AWS::S3::Bucket"}])
    assert text.startswith("B (AWS::S3::Bucket): Acme::S3::Hook says: no logging\n")


def test_warnings_progress_and_repetitions_are_left_out() -> None:
    """Only what stops the change set, once."""
    warned = event(LogicalResourceId="B", ValidationFailureMode="WARN", ValidationStatusReason="not empty")
    skipped = {**WRONG, "ValidationStatus": "SKIPPED"}
    assert findings([warned, skipped, {"EventType": "PROGRESS_EVENT"}]) == []
    assert len(findings([WRONG, TAKEN, WRONG])) == 2
