"""What a deployment does with a stack before it can change it, decided from CloudFormation's status alone."""

from __future__ import annotations

from enum import Enum

CREATED_OR_UPDATED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})

#: where an operation on a stack ends. A create that fails is deleted, so that its roll-back is not the end.
CREATE_ENDS = frozenset({"CREATE_COMPLETE", "DELETE_COMPLETE", "DELETE_FAILED"})
ROLLBACK_ENDS = frozenset({"UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"})
UPDATE_ENDS = ROLLBACK_ENDS | {"UPDATE_COMPLETE"}
IMPORT_ENDS = frozenset(
    {
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "IMPORT_ROLLBACK_FAILED",
        "ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
    }
)
DELETE_ENDS = frozenset({"DELETE_COMPLETE", "DELETE_FAILED"})


class Treatment(Enum):
    """How a deployment treats a stack; ``value`` is what the user reads."""

    CREATE = "create it"
    UPDATE = "update it"
    DELETE = "delete what is left of a failed deployment, then create it"
    CONTINUE_ROLLBACK = "finish the roll-back of a failed update, then update it"
    ROLL_BACK = "roll back a failed update, then update it"
    WAIT = "wait until the operation under way has ended"


_LEFTOVERS = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})
#: a stack in review has never been created.
_ABSENT = frozenset({None, "DELETE_COMPLETE", "REVIEW_IN_PROGRESS"})


def treatment(status: str | None) -> Treatment:
    """The treatment of a stack in this status; None means that there is no stack of its name."""
    if status in _ABSENT:
        return Treatment.CREATE
    if status in _LEFTOVERS:
        return Treatment.DELETE
    if status in ("UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED"):
        return Treatment.CONTINUE_ROLLBACK
    if status == "UPDATE_FAILED":
        return Treatment.ROLL_BACK
    return Treatment.WAIT if is_moving(status) else Treatment.UPDATE


def is_there(status: str | None) -> bool:
    """Whether a stack in this status was ever created, so that it has a template and may have resources."""
    return status not in _ABSENT


def is_moving(status: str | None) -> bool:
    """Whether an operation on the stack is under way."""
    return status is not None and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def succeeded(status: str) -> bool:
    """Whether the stack is as its last create or update wanted it."""
    return status in CREATED_OR_UPDATED
