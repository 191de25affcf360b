"""What a deployment does with a stack in each of CloudFormation's states."""

from __future__ import annotations

import botocore.session
import pytest

from data_pipeline.core.deployment.stack_events import Event, first_failure
from data_pipeline.core.deployment.stack_states import Treatment, is_moving, is_there, succeeded, treatment

TREATMENTS = {
    "CREATE_FAILED": Treatment.DELETE,
    "ROLLBACK_FAILED": Treatment.DELETE,
    "ROLLBACK_COMPLETE": Treatment.DELETE,
    "DELETE_FAILED": Treatment.DELETE,
    "DELETE_COMPLETE": Treatment.CREATE,
    "REVIEW_IN_PROGRESS": Treatment.CREATE,
    "CREATE_COMPLETE": Treatment.UPDATE,
    "UPDATE_COMPLETE": Treatment.UPDATE,
    "UPDATE_ROLLBACK_COMPLETE": Treatment.UPDATE,
    "IMPORT_COMPLETE": Treatment.UPDATE,
    "IMPORT_ROLLBACK_COMPLETE": Treatment.UPDATE,
    "UPDATE_FAILED": Treatment.ROLL_BACK,
    "UPDATE_ROLLBACK_FAILED": Treatment.CONTINUE_ROLLBACK,
    "IMPORT_ROLLBACK_FAILED": Treatment.CONTINUE_ROLLBACK,
}


def statuses() -> list[str]:
    """Every status that CloudFormation's own service model knows."""
    model = botocore.session.get_session().get_service_model("cloudformation")
    return sorted(model.shape_for("StackStatus").enum)


@pytest.mark.parametrize("status", statuses())
def test_every_status_has_its_treatment(status: str) -> None:
    """A status is in the table, or is an operation under way, for which a deployment waits."""
    assert treatment(status) is TREATMENTS.get(status, Treatment.WAIT)
    assert (treatment(status) is Treatment.WAIT) == is_moving(status)
    assert is_there(status) == (treatment(status) is not Treatment.CREATE)


def test_no_stack_is_made_and_success_is_not_any_completion() -> None:
    """A roll-back that completed is a failure of what was wanted."""
    assert treatment(None) is Treatment.CREATE
    assert [s for s in statuses() if succeeded(s)] == [
        "CREATE_COMPLETE",
        "IMPORT_COMPLETE",
        "UPDATE_COMPLETE",
    ]


def test_the_first_failure_is_the_one_that_stopped_the_others() -> None:
    """Cancelled resources and the stack's own failure come second."""
    stack = Event("1", "s", "AWS::CloudFormation::Stack", "CREATE_FAILED", "failed: [B]", of_stack=True)
    cancelled = Event("2", "A", "T", "CREATE_FAILED", "Resource creation cancelled")
    cause = Event("3", "B", "T", "CREATE_FAILED", "no such role")
    later = Event("4", "C", "T", "DELETE_FAILED", "in use")
    fine = Event("5", "D", "T", "CREATE_COMPLETE")
    assert first_failure([fine, stack, cancelled, cause, later]) == cause
    assert first_failure([fine, stack, cancelled]) == stack
    assert first_failure([fine]) is None
