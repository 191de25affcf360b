"""Requests held against botocore's models: the words of AWS for each kind of violation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import Shape

from data_pipeline.embedded_aws.jobs import shapes

OPERATIONS = {
    "sagemaker": (
        *("CreateProcessingJob", "DescribeProcessingJob", "ListProcessingJobs", "StopProcessingJob"),
        *("AddTags", "ListTags"),
    ),
    "glue": ("CreateJob", "UpdateJob", "StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun"),
}


def strings(shape: Shape, seen: set[str]) -> Iterator[Shape]:
    """Every string shape below a shape."""
    if shape.name in seen:
        return
    seen.add(shape.name)
    if shape.type_name == "structure":
        inner = list(shape.members.values())  # type: ignore[attr-defined]
    elif shape.type_name == "list":
        inner = [shape.member]  # type: ignore[attr-defined]
    elif shape.type_name == "map":
        inner = [shape.key, shape.value]  # type: ignore[attr-defined]
    else:
        inner = []
        if shape.type_name == "string":
            yield shape
    for member in inner:
        yield from strings(member, seen)


@pytest.mark.parametrize(
    ("service", "operation"), [(service, name) for service, names in OPERATIONS.items() for name in names]
)
def test_every_pattern_of_the_operations_compiles(service: str, operation: str) -> None:
    """The patterns are Java's; each one that a request can meet is understood by `re`."""
    found = list(strings(shapes.service_model(service).operation_model(operation).input_shape, set()))
    assert found
    for shape in found:
        shapes.constraints("x", shape)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "Value null at 'processingJobName' failed to satisfy constraint: Member must not be null"),
        (
            {"ProcessingJobName": ""},
            "Value '' at 'processingJobName' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            {"ProcessingJobName": "a_b"},
            "Value 'a_b' at 'processingJobName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        ),
    ],
)
def test_a_violation_is_worded_as_on_aws(request_: dict[str, Any], message: str) -> None:
    """Missing, too short and not matching."""
    found = shapes.validate("sagemaker", "StopProcessingJob", request_)
    assert found is not None
    assert message in found


def test_a_valid_request_has_no_violation() -> None:
    """A name of 63 characters, and characters beyond the basic plane where the pattern has them."""
    assert shapes.validate("sagemaker", "StopProcessingJob", {"ProcessingJobName": "a" * 63}) is None
    assert shapes.validate("glue", "GetJobRuns", {"JobName": "rides \U0001f695"}) is None


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"ProcessingJobName": 5}, "processingJobName: int can not be converted to string"),
        ({"ProcessingJobName": True}, "processingJobName: bool can not be converted to string"),
        ({"Name": "x"}, "no member is named Name"),
    ],
)
def test_another_type_or_member_is_a_serialization_error(request_: dict[str, Any], message: str) -> None:
    """Such a request does not fit the model at all."""
    with pytest.raises(shapes.SerializationError, match=message):
        shapes.validate("sagemaker", "StopProcessingJob", request_)
