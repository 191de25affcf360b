"""Which failures of a creation may pass when it is tried again: those of a role that is not known yet."""

from __future__ import annotations

import pytest

from data_pipeline.core.deployment.stack_events import Event, role_is_unknown


def failure(reason: str, of_stack: bool = False) -> Event:
    return Event("1", "Machine", "AWS::StepFunctions::StateMachine", "CREATE_FAILED", reason, of_stack)


@pytest.mark.parametrize(
    "reason",
    [
        "The role defined for the function cannot be assumed by Lambda. (Service: Lambda, Status Code: 400)",
        "Role arn:aws:iam::123456789012:role/r cannot be assumed by principal 'states.amazonaws.com'",
        "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the "
        "provided role.",
        "Service is unable to assume provided role. Please verify role's TrustPolicy (Service: AWSGlue)",
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
        "Role arn:aws:iam::123456789012:role/r is invalid",
        "The state machine IAM Role is not authorized to access the Log Destination",
        "'arn:aws:iam::123456789012:role/r' is not authorized to create managed-rule.",
    ],
)
def test_a_role_that_is_not_known_yet(reason: str) -> None:
    assert role_is_unknown(failure(reason))
    assert not role_is_unknown(failure(reason, of_stack=True))


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "User: arn:aws:iam::1:user/u is not authorized to perform: iam:PassRole on resource: role/r",
        "User: arn:aws:iam::1:user/u is not authorized to perform: iam:AttachRolePolicy on resource: role/r",
        "Resource of type 'AWS::IAM::Role' with identifier 'r' already exists.",
        "The definition is invalid: the role of the state is not read",
    ],
)
def test_a_failure_that_trying_again_does_not_mend(reason: str) -> None:
    assert not role_is_unknown(failure(reason))
    assert not role_is_unknown(None)
