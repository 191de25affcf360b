"""Bringing one stack from what it is to what its template says: prepare (nothing changes), then apply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from data_pipeline.aws.cloudformation import ChangeSet, Request, Stack, Stacks
from data_pipeline.core.changes import StackChanges, from_template
from data_pipeline.core.errors import UserError
from data_pipeline.core.stack_events import Event, first_failure
from data_pipeline.core.stack_states import (
    CREATE_ENDS,
    DELETE_ENDS,
    ROLLBACK_ENDS,
    UPDATE_ENDS,
    Treatment,
    is_moving,
    succeeded,
    treatment,
)
from data_pipeline.core.templates import read

from .stack_progress import progress

#: asks the user about changes that were not shown before.
Agree = Callable[[StackChanges], bool]


#: treatment → how it begins, and where it ends.
_MENDING: dict[Treatment, tuple[Callable[[Stacks, str], None], frozenset[str]]] = {
    Treatment.DELETE: (Stacks.delete, DELETE_ENDS),
    Treatment.CONTINUE_ROLLBACK: (Stacks.continue_rollback, ROLLBACK_ENDS),
    Treatment.ROLL_BACK: (Stacks.roll_back, ROLLBACK_ENDS),
}


@dataclass
class Prepared:
    """One stack's deployment before it begins: what the user is shown, and the change set if there is one."""

    wanted: Request
    plan: StackChanges
    stack: Stack | None
    change_set: ChangeSet | None = None
    #: the parameters that the change set was made with.
    parameters: Mapping[str, str] | None = None

    def discard(self, stacks: Stacks) -> None:
        """Leave AWS as it was found."""
        if self.change_set is not None:
            stacks.discard(self.change_set)
            self.change_set = None


def prepare(stacks: Stacks, wanted: Request, body: str, ready: bool, protect: bool = False) -> Prepared:
    """What will change. A change set is made where the stack can have one and ``ready`` says that the
    parameters and the template's place are known; otherwise the template itself tells, as far as it can.

    An operation under way on the stack is waited for.
    """
    stack = _settled(stacks, wanted.stack)
    how = treatment(stack.status if stack else None)
    request = replace(wanted, create=how is not Treatment.UPDATE)
    unprotected = protect and not (stack and stack.protected)
    plan = StackChanges(wanted.stack, how, from_template(read(body)), protect=unprotected)
    if ready and how in (Treatment.CREATE, Treatment.UPDATE):
        change_set = stacks.create_change_set(request)
        changes = change_set.changes if change_set else ()
        plan = replace(plan, changes=changes, any=change_set is not None)
        return Prepared(request, plan, stack, change_set, request.parameters)
    if request.body is not None:
        stacks.validate(request.body)
    if how not in (Treatment.CREATE, Treatment.DELETE):
        why = "what this changes can be told only when it has begun; you will be asked again"
        plan = replace(plan, changes=(), unknown=why)
    return Prepared(request, plan, stack)


def apply(stacks: Stacks, prepared: Prepared, wanted: Request, agree: Agree) -> Stack:
    """Make the stack what ``wanted`` says, and return it.

    ``wanted`` may have other parameters than were prepared. UserError with the first resource that failed and
    AWS's reason, or when the user does not agree to what turned out to be different from what was shown.
    """
    how = prepared.plan.treatment
    if prepared.stack is not None and how in _MENDING:
        _mend(stacks, prepared.stack, how)
    create = how in (Treatment.CREATE, Treatment.DELETE)
    _renew(stacks, prepared, replace(wanted, create=create), agree)
    if prepared.change_set is None:
        return _present(stacks, wanted.stack)
    change_set = prepared.change_set
    after = stacks.last_event(change_set.stack_id)
    stacks.execute(change_set)
    prepared.change_set = None
    ends = CREATE_ENDS if create else UPDATE_ENDS
    events = progress(wanted.stack, stacks.follow(change_set.stack_id, after, ends), len(change_set.changes))
    stack = _present(stacks, change_set.stack_id)
    if not succeeded(stack.status):
        raise UserError(
            f"{stack.name}: the deployment failed; the stack is now {stack.status}.\n{_why(stack, events)}\n"
            "Mend the cause and deploy again: that also puts right what this deployment left."
        )
    return stack


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
    events = progress(stack.name, stacks.follow(stack.id, after, ends))
    now = stacks.find(stack.id)
    wanted = Treatment.CREATE if how is Treatment.DELETE else Treatment.UPDATE
    if now is not None and treatment(now.status) is not wanted:
        raise UserError(
            f"{stack.name}: what an earlier deployment left cannot be put right; the stack is now "
            f"{now.status}.\n{_why(now, events)}\nMend the cause and deploy again."
        )


def _why(stack: Stack, events: list[Event]) -> str:
    """The first resource that failed and AWS's reason."""
    failed = first_failure(events)
    what = f"{failed.logical_id} ({failed.type}): {failed.reason}" if failed else stack.reason
    return f"  first failure: {what or 'AWS gives no reason'}"


def _settled(stacks: Stacks, name: str) -> Stack | None:
    """The stack once no operation on it is under way."""
    stack = stacks.find(name)
    if stack is None or not is_moving(stack.status):
        return stack
    progress(name, stacks.follow(stack.id, stacks.last_event(stack.id)), waiting_for=stack.status)
    return stacks.find(name)


def _present(stacks: Stacks, stack: str) -> Stack:
    found = stacks.find(stack)
    if found is None:
        raise UserError(f"{stack}: has gone while it was deployed. Run the same command again.")
    return found
