"""Watching an operation on a stack to its end, also over a network that comes and goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator

from botocore.exceptions import BotoCoreError, ClientError

from data_pipeline.core.deployment import operators, stack_states
from data_pipeline.core.deployment.operators import Underway
from data_pipeline.core.deployment.stack_events import Event, event
from data_pipeline.core.errors import UserError

from .cloudformation import OPERATION_SECONDS, Stack, Stacks
from .errors import passing

#: how often a stack is found at rest, with nothing happening, before that is taken for the end.
_RESTING_POLLS = 15
#: how long AWS may be out of reach before watching ends, in seconds, and the longest pause between two tries.
_OUTAGE, _SLOWEST = 3600.0, 30.0
#: an embedded AWS that does not answer has ended.
_LOCAL = "://127.0.0.1"

Say = Callable[[str], None]


def silent(_: str) -> None:
    """Says nothing."""


def follow(
    stacks: Stacks, stack_id: str, after: str | None, ends: Collection[str] = (), say: Say = silent
) -> Iterator[Event]:
    """Every event after that id, oldest first, until one says that the stack has come to one of ``ends``.

    Without ``ends`` any status at rest is one. A stack that rests elsewhere for a while has ended too: its last event
    came before ``after``, or CloudFormation gave up on the way. While AWS cannot be reached, it tries again, and
    ``say`` is told. UserError after OPERATION_SECONDS.
    """
    deadline = time.monotonic() + OPERATION_SECONDS
    resting = 0
    while resting < _RESTING_POLLS:
        stack, fresh = _look(stacks, stack_id, after, say)
        for happened in fresh:
            after = happened.id
            yield happened
        if any(_is_end(happened, ends) for happened in fresh):
            return
        resting = 0 if fresh or (stack and stack_states.is_moving(stack.status)) else resting + 1
        if time.monotonic() > deadline:
            raise UserError(
                f"{stack_id}: has not ended after {OPERATION_SECONDS / 60:.0f} minutes and goes on. "
                f"Look with:\n  aws cloudformation describe-stack-events --stack-name {stack_id}"
            )
        stacks.sleep(stacks.pace)


def underway(stacks: Stacks, stack: Stack) -> Underway:
    """The operation that a stack is in."""
    found = stacks.client.describe_stack_events(StackName=stack.id)["StackEvents"]
    moves = (each for each in map(event, found) if each.of_stack and each.status.endswith("_IN_PROGRESS"))
    begun = next(moves, None)
    last = found[0]["EventId"] if found else None
    if begun is None:
        return Underway(stack.status, last)
    return Underway(stack.status, last, begun.at, operators.who(begun.token))


def _look(stacks: Stacks, stack_id: str, after: str | None, say: Say) -> tuple[Stack | None, list[Event]]:
    """The stack and its new events, as soon as AWS can be reached."""
    pause, waited = stacks.pace, 0.0
    while True:
        try:
            found = stacks.find(stack_id), stacks.events(stack_id, after)
        except (ClientError, BotoCoreError) as error:
            if not passing(error) or waited >= _OUTAGE or _LOCAL in str(error):
                raise
            if not waited:
                say(f"AWS does not answer, trying again: {error}")
            stacks.sleep(pause)
            waited, pause = waited + pause, min(pause * 2, _SLOWEST)
            continue
        if waited:
            say("AWS answers again")
        return found


def _is_end(happened: Event, ends: Collection[str]) -> bool:
    """Whether the event says that the stack has come to its end."""
    if not happened.of_stack:
        return False
    return happened.status in ends if ends else not stack_states.is_moving(happened.status)
