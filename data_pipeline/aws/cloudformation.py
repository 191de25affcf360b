"""Stacks and change sets: plain values in and out, nothing decided here that ``core`` can decide.

Waiting asks again and again with an injected ``sleep`` and ends at a deadline; ``stack_watch`` follows operations.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from data_pipeline.core.deployment import early_validation, operators
from data_pipeline.core.deployment.changes import Change, from_change_set, without_pause
from data_pipeline.core.deployment.stack_events import Event, event
from data_pipeline.core.errors import UserError

from .change_set_request import Request, arguments_of
from .errors import error_code, error_message

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

#: CloudFormation's limit for a template sent with the request, in bytes.
BODY_LIMIT = 51_200
#: longest wait for a change set, and for an operation on a stack, in seconds.
CHANGE_SET_SECONDS = 600.0
OPERATION_SECONDS = 2 * 3600.0
#: what CloudFormation answers when there is nothing to do: told by its words alone.
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
#: a change set that is being applied, or that went when another one was.
_OVERTAKEN = frozenset({"InvalidChangeSetStatus", "ChangeSetNotFound", "ChangeSetNotFoundException"})

Sleep = Callable[[float], None]


@dataclass(frozen=True)
class Stack:
    """A stack as it is now."""

    name: str
    id: str
    status: str
    reason: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    protected: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    #: when the stack was made or last updated
    changed: datetime | None = None
    #: when it was last detected that resources were changed by hand; None where that was not found
    drifted: datetime | None = None


@dataclass(frozen=True)
class ChangeSet:
    """A change set that can be applied."""

    id: str
    stack_id: str
    changes: tuple[Change, ...]


class Stacks:
    """CloudFormation of one environment."""

    def __init__(
        self,
        client: CloudFormationClient,
        sleep: Sleep = time.sleep,
        pace: float = 2.0,
        identity: str = "",
        wait: bool = True,
    ) -> None:
        """``pace``: seconds between two questions; ``identity``: ARN of the caller, for who else comes by; ``wait``:
        for the end of an operation of somebody else, rather than to give up.
        """
        self.client = client
        self.sleep = sleep
        self.pace = pace
        self.identity = identity
        self.wait = wait

    def find(self, name: str) -> Stack | None:
        """The stack of that name or id, None when there is none."""
        try:
            found = self.client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if error_code(error) == "ValidationError" and "does not exist" in error_message(error):
                return None
            raise
        outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
        return Stack(
            found["StackName"],
            found.get("StackId", ""),
            found["StackStatus"],
            found.get("StackStatusReason", ""),
            outputs,
            found.get("EnableTerminationProtection", False),
            {p["ParameterKey"]: p.get("ParameterValue", "") for p in found.get("Parameters", [])},
            found.get("LastUpdatedTime") or found.get("CreationTime"),
            _drifted(found.get("DriftInformation", {})),
        )

    def template(self, name: str) -> str:
        """The template that a stack was last given, as its text."""
        body: Any = self.client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        return body if isinstance(body, str) else json.dumps(body)

    def create_change_set(self, request: Request) -> ChangeSet | None:
        """A change set ready to be applied; None when nothing would change. UserError with AWS's reason."""
        described = self._created_change_set(request)
        if described["Status"] == "CREATE_COMPLETE":
            return self._unless_paused(described, request.paused)
        reason = described.get("StatusReason", "no reason given")
        details = self._refusals(described["ChangeSetId"], reason)
        self.discard(ChangeSet(described["ChangeSetId"], described["StackId"], ()))
        if any(words in reason for words in _NO_CHANGES):
            return None
        raise UserError("\n  ".join([f"{request.stack}: AWS refuses the change set: {reason}", *details]))

    def _unless_paused(self, described: dict[str, Any], schedule: str) -> ChangeSet | None:
        """The change set; None, and it is deleted, where it would do nothing but to end a pause of the schedule."""
        found = self._changes(described)
        changes = without_pause(found, schedule)
        made = ChangeSet(described["ChangeSetId"], described["StackId"], changes)
        if found and not changes:
            self.discard(made)
            return None
        return made

    def discard(self, change_set: ChangeSet) -> None:
        """Delete a change set, unless it is being applied, and the stack in review that it made."""
        try:
            self.client.delete_change_set(ChangeSetName=change_set.id, StackName=change_set.stack_id)
        except ClientError as error:
            if error_code(error) in _OVERTAKEN:
                return
            raise
        stack = self.find(change_set.stack_id)
        if stack and stack.status == "REVIEW_IN_PROGRESS" and not self._has_change_sets(stack.name):
            self.client.delete_stack(StackName=stack.id)

    def execute(self, change_set: ChangeSet) -> bool:
        """Begin to apply; False where something else has changed the stack since the change set was made. A create that
        fails takes along all that it made, retained resources too, unless some of its resources are older than it.
        """
        imports = any(change.action == "Import" for change in change_set.changes)
        options: dict[str, Any] = {} if imports else {"RetainExceptOnCreate": True}
        if self.identity:
            options["ClientRequestToken"] = operators.token(self.identity, uuid.uuid4().hex[:8])
        try:
            self.client.execute_change_set(
                ChangeSetName=change_set.id, StackName=change_set.stack_id, **options
            )
        except ClientError as error:
            if error_code(error) in _OVERTAKEN:
                return False
            raise
        return True

    def cancel(self, stack_id: str) -> bool:
        """Have an update rolled back; False where it is too late for that."""
        try:
            self.client.cancel_update_stack(StackName=stack_id)
        except ClientError as error:
            if error_code(error) == "ValidationError":
                return False
            raise
        return True

    def delete(self, stack_id: str) -> None:
        """Begin to delete a stack."""
        self.client.delete_stack(StackName=stack_id)

    def continue_rollback(self, stack_id: str) -> None:
        """Begin to finish the roll-back of an update."""
        self.client.continue_update_rollback(StackName=stack_id)

    def roll_back(self, stack_id: str) -> None:
        """Begin to roll back an update that was told not to do so by itself."""
        self.client.rollback_stack(StackName=stack_id)

    def protect(self, stack_id: str, *, on: bool = True) -> None:
        """Switch termination protection on, or off."""
        self.client.update_termination_protection(StackName=stack_id, EnableTerminationProtection=on)

    def validate(self, body: str) -> None:
        """UserError with AWS's reason when this is no valid template (at most BODY_LIMIT bytes)."""
        try:
            self.client.validate_template(TemplateBody=body)
        except ClientError as error:
            if error_code(error) == "ValidationError":
                raise UserError(f"AWS refuses the template: {error_message(error)}") from error
            raise

    def last_event(self, stack_id: str) -> str | None:
        """Id of the newest event of the stack: ``follow`` begins after it."""
        events = self.client.describe_stack_events(StackName=stack_id)["StackEvents"]
        return events[0]["EventId"] if events else None

    def events(self, stack_id: str, after: str | None) -> list[Event]:
        """The events of a stack after that id, oldest first."""
        found: list[Event] = []
        for page in self.client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
            for raw in page["StackEvents"]:
                if raw["EventId"] == after:
                    return found[::-1]
                found.append(event(raw))
        return found[::-1]

    def _created_change_set(self, request: Request) -> dict[str, Any]:
        """The first page of a new change set's description, once it is settled."""
        arguments = arguments_of(request)
        try:
            made = self.client.create_change_set(**arguments)
        except ClientError as error:
            if error_code(error) in ("ValidationError", "InsufficientCapabilitiesException"):
                said = error_message(error)
                if "_IN_PROGRESS state" in said:
                    raise UserError(f"{said} Run the same command again: it waits for the end.") from error
                raise UserError(f"{request.stack}: AWS refuses the template: {said}") from error
            raise
        return self._finished_change_set(made["Id"], made["StackId"])

    def _refusals(self, change_set_id: str, reason: str) -> list[str]:
        """What DescribeEvents says of a change set that early validation has refused; it goes with the change set."""
        if not early_validation.has_events(reason):
            return []
        try:
            # By its ARN: the service does not take a change set's bare name here.
            pages = self.client.get_paginator("describe_events").paginate(
                ChangeSetName=change_set_id, Filters={"FailedEvents": True}
            )
            return early_validation.findings(event for page in pages for event in page["OperationEvents"])
        except ClientError as error:
            return [f"DescribeEvents, which says which resource, was refused: {error_message(error)}"]

    def _finished_change_set(self, change_set_id: str, stack_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + CHANGE_SET_SECONDS
        pause = min(0.2, self.pace)
        while True:
            described: Any = self.client.describe_change_set(ChangeSetName=change_set_id, StackName=stack_id)
            if described["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                final: dict[str, Any] = described
                return final
            if time.monotonic() > deadline:
                raise UserError(
                    f"the change set {change_set_id} is not ready after {CHANGE_SET_SECONDS / 60:.0f} "
                    f"minutes; run the same command again."
                )
            self.sleep(pause)
            pause = min(pause * 1.5, self.pace)

    def _changes(self, described: dict[str, Any]) -> tuple[Change, ...]:
        """All of them, with what each resource has before and after."""
        request: dict[str, Any] = {
            "ChangeSetName": described["ChangeSetId"],
            "StackName": described["StackId"],
            "IncludePropertyValues": True,
        }
        changes: list[Any] = []
        while True:
            page: Any = self.client.describe_change_set(**request)
            changes += page.get("Changes", [])
            if not page.get("NextToken"):
                return from_change_set(changes)
            request["NextToken"] = page["NextToken"]

    def _has_change_sets(self, name: str) -> bool:
        return bool(self.client.list_change_sets(StackName=name)["Summaries"])


def _drifted(found: Mapping[str, Any]) -> datetime | None:
    """The time of a detection that found something."""
    return found.get("LastCheckTimestamp") if found.get("StackDriftStatus") == "DRIFTED" else None
