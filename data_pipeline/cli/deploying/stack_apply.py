"""Bringing one stack from what it is to what its template says: prepare (nothing changes), then apply."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from data_pipeline.aws.change_set_request import Request
from data_pipeline.aws.cloudformation import ChangeSet, Stack, Stacks
from data_pipeline.aws.stack_watch import underway
from data_pipeline.core.deployment import hashes
from data_pipeline.core.deployment.adoption import Adoption, Leftover, import_template, shown
from data_pipeline.core.deployment.changes import StackChanges, from_template
from data_pipeline.core.deployment.deployment_record import FIRST_FAILURE
from data_pipeline.core.deployment.folding import groups
from data_pipeline.core.deployment.stack_events import Event, first_failure, role_is_unknown
from data_pipeline.core.deployment.stack_states import (
    CREATE_ENDS,
    DELETE_ENDS,
    IMPORT_ENDS,
    ROLLBACK_ENDS,
    UPDATE_ENDS,
    Treatment,
    is_moving,
    succeeded,
    treatment,
)
from data_pipeline.core.deployment.templates import read
from data_pipeline.core.errors import UserError

from .stack_progress import Followed, Operation, note, progress

#: asks the user about changes that were not shown before.
Agree = Callable[[StackChanges], bool]
#: looks for what a new stack takes over.
Adopt = Callable[[], Adoption]


#: treatment → how it begins, and where it ends.
_MENDING: dict[Treatment, tuple[Callable[[Stacks, str], None], frozenset[str]]] = {
    Treatment.DELETE: (Stacks.delete, DELETE_ENDS),
    Treatment.CONTINUE_ROLLBACK: (Stacks.continue_rollback, ROLLBACK_ENDS),
    Treatment.ROLL_BACK: (Stacks.roll_back, ROLLBACK_ENDS),
}


_CREATING = (Treatment.CREATE, Treatment.DELETE)


@dataclass
class Prepared:
    """One stack's deployment before it begins: what the user is shown, and the change set if there is one."""

    wanted: Request
    plan: StackChanges
    stack: Stack | None
    change_set: ChangeSet | None = None
    #: the parameters that the change set was made with.
    parameters: Mapping[str, str] | None = None
    template: Mapping[str, Any] = field(default_factory=dict)
    #: looks again for what outlived the stack that has gone
    adopt: Adopt = Adoption

    def discard(self, stacks: Stacks) -> None:
        """Leave AWS as it was found."""
        if self.change_set is not None:
            stacks.discard(self.change_set)
            self.change_set = None


def prepare(
    stacks: Stacks, wanted: Request, body: str, ready: bool, protect: bool = False, adopt: Adopt = Adoption
) -> Prepared:
    """What will change. A change set is made where the stack can have one and ``ready`` says that the
    parameters and the template's place are known; otherwise the template itself tells, as far as it can.

    An operation under way on the stack is waited for. ``adopt`` is asked where the stack has gone.
    """
    stack = idle_stack(stacks, wanted.stack)
    how = treatment(stack.status if stack else None)
    request = replace(wanted, create=how is not Treatment.UPDATE)
    unprotected = protect and not (stack and stack.protected)
    adoption = adopt() if how in _CREATING else Adoption()
    template = read(body)
    changes = shown(from_template(template), adoption.leftovers)
    plan = StackChanges(wanted.stack, how, changes, protect=unprotected, warnings=adoption.warnings)
    if ready and how in (Treatment.CREATE, Treatment.UPDATE) and not adoption.imported:
        change_set = stacks.create_change_set(request)
        changes = change_set.changes if change_set else ()
        plan = replace(plan, changes=changes, any=change_set is not None)
        return Prepared(request, plan, stack, change_set, request.parameters, template, adopt)
    if request.body is not None:
        stacks.validate(request.body)
    if how not in _CREATING:
        why = "what this changes can be told only when it has begun; you will be asked again"
        plan = replace(plan, changes=(), unknown=why)
    return Prepared(request, plan, stack, template=template, adopt=adopt)


def apply(stacks: Stacks, prepared: Prepared, wanted: Request, agree: Agree) -> Stack:
    """Make the stack what ``wanted`` says, and return it. What outlived a stack of this name is taken over first.

    ``wanted`` may have other parameters than were prepared. A creation that fails because a role is not known yet is
    tried once more. UserError with the first resource that failed and
    AWS's reason, or when the user does not agree to what turned out to be different from what was shown.
    """
    how = prepared.plan.treatment
    if prepared.stack is not None and how in _MENDING:
        _mend(stacks, prepared.stack, how)
    create = how in _CREATING
    if create and prepared.change_set is None:
        create = not _take_over(stacks, wanted.stack, prepared.template, prepared.adopt().imported)
    request = replace(wanted, create=create)
    _renew(stacks, prepared, request, agree)
    if prepared.change_set is None:
        return _present(stacks, wanted.stack)
    change_set = prepared.change_set
    begun = replace(
        _begin(stacks, wanted.stack, change_set),
        groups=groups(change_set.changes, hashes.changed(_parameters(prepared.stack), request.parameters)),
    )
    prepared.change_set = None
    if create:
        return _created(stacks, request, begun)
    return _succeeded(*_ended(stacks, replace(begun, ends=UPDATE_ENDS, cancels=True)))


def _parameters(stack: Stack | None) -> Mapping[str, str]:
    return stack.parameters if stack else {}


def _created(stacks: Stacks, request: Request, begun: Operation) -> Stack:
    """The new stack; a second one where the first has gone again because a role was not known yet."""
    begun = replace(begun, ends=CREATE_ENDS)
    stack, followed = _ended(stacks, begun)
    failed = first_failure(followed.events)
    if stack.status != "DELETE_COMPLETE" or not role_is_unknown(failed):
        return _succeeded(stack, followed)
    why = why_not(stack, followed.events)
    note(f"{stack.name}: a role was not known yet to who uses it; trying once more\n{why}")
    again = stacks.create_change_set(request)
    assert again is not None, "a stack that does not exist is a change"
    once_more = replace(_begin(stacks, request.stack, again), groups=begun.groups, ends=CREATE_ENDS)
    return _succeeded(*_ended(stacks, once_more))


def _begin(stacks: Stacks, name: str, change_set: ChangeSet) -> Operation:
    """Begin to apply a change set. UserError where something else has changed the stack since it was made."""
    after = stacks.last_event(change_set.stack_id)
    if not stacks.execute(change_set):
        stack = stacks.find(change_set.stack_id)
        found = underway(stacks, stack) if stack else None
        by = f" ({found})" if found and found.who else ""
        raise UserError(
            f"{name}: something else has changed the stack in the meantime{by}; the change set can no longer be "
            "applied. Run the same command again."
        )
    return Operation(name, change_set.stack_id, after)


def _ended(stacks: Stacks, operation: Operation) -> tuple[Stack, Followed]:
    """The stack once the operation has ended, well or not, and what happened."""
    followed = progress(stacks, operation)
    return _present(stacks, operation.id), followed


def _succeeded(stack: Stack, followed: Followed) -> Stack:
    """The stack; UserError with the first failure where it is not as it should be."""
    if succeeded(stack.status):
        return stack
    if followed.cancelled and stack.status == "UPDATE_ROLLBACK_COMPLETE":
        raise UserError(f"{stack.name}: the update was cancelled; the stack is as it was before.")
    raise UserError(
        f"{stack.name}: the deployment failed; the stack is now {stack.status}.\n{why_not(stack, followed.events)}\n"
        "Mend the cause and deploy again: that also puts right what this deployment left."
    )


def _take_over(stacks: Stacks, name: str, template: Mapping[str, Any], leftovers: Sequence[Leftover]) -> bool:
    """Make the stack of what outlived the one before it, unchanged; False where there is nothing of the kind."""
    if not leftovers:
        return False
    body = json.dumps(import_template(template, leftovers))
    request = Request(name, True, {}, {}, body=body, imports=tuple(each.resource for each in leftovers))
    change_set = stacks.create_change_set(request)
    assert change_set is not None, "an import is a change"
    _succeeded(*_ended(stacks, replace(_begin(stacks, name, change_set), ends=IMPORT_ENDS)))
    return True


def _renew(stacks: Stacks, prepared: Prepared, request: Request, agree: Agree) -> None:
    """Make the change set where there is none yet, or where the parameters have turned out differently."""
    if prepared.parameters is not None and prepared.parameters == request.parameters:
        return
    prepared.discard(stacks)
    prepared.change_set = stacks.create_change_set(request)
    prepared.parameters = request.parameters
    if prepared.change_set is None:
        return
    plan = replace(prepared.plan, changes=prepared.change_set.changes, unknown=None, any=True)
    if not plan.agrees_with(prepared.plan) and not agree(plan):
        raise UserError(f"{request.stack}: not changed.")


def _mend(stacks: Stacks, stack: Stack, how: Treatment) -> None:
    """Bring a stack that an earlier deployment has left behind into a state in which it can be deployed."""
    begin, ends = _MENDING[how]
    after = stacks.last_event(stack.id)
    begin(stacks, stack.id)
    events = progress(stacks, Operation(stack.name, stack.id, after, ends)).events
    now = stacks.find(stack.id)
    wanted = Treatment.CREATE if how is Treatment.DELETE else Treatment.UPDATE
    if now is not None and treatment(now.status) is not wanted:
        raise UserError(
            f"{stack.name}: what an earlier deployment left cannot be put right; the stack is now "
            f"{now.status}.\n{why_not(now, events)}\nMend the cause and deploy again."
        )


def why_not(stack: Stack, events: list[Event]) -> str:
    """The first resource that failed and AWS's reason."""
    failed = first_failure(events)
    what = f"{failed.logical_id} ({failed.type}): {failed.reason}" if failed else stack.reason
    return f"  {FIRST_FAILURE}{what or 'AWS gives no reason'}"


def idle_stack(stacks: Stacks, name: str) -> Stack | None:
    """The stack once no operation on it is under way. UserError where there is one and nobody shall wait."""
    stack = stacks.find(name)
    if stack is None or not is_moving(stack.status):
        return stack
    found = underway(stacks, stack)
    if not stacks.wait:
        raise UserError(
            f"{name}: another operation is under way ({found}); nothing was changed. To wait for its end, leave out "
            "--no-wait."
        )
    note(f"{name}: waiting, another operation is under way\n  ({found})")
    progress(stacks, Operation(name, stack.id, found.last))
    return stacks.find(name)


def _present(stacks: Stacks, stack: str) -> Stack:
    found = stacks.find(stack)
    if found is None:
        raise UserError(f"{stack}: has gone while it was deployed. Run the same command again.")
    return found
