"""The drift of a deployed environment: what was changed by hand in its stacks. A pause of the schedule is none."""

from __future__ import annotations

from collections.abc import Iterator

from data_pipeline.aws import drift
from data_pipeline.aws.cloudformation import Stacks
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment.drifts import StackDrift, without_pause
from data_pipeline.core.deployment.stack_states import Treatment, treatment
from data_pipeline.core.errors import UserError

from .scheduling import BUCKET, find_pause

#: the logical id of the pipeline's schedule in its stack
SCHEDULE = "Schedule"


def drifts(env: Environment, connection: Connection, *, anew: bool) -> list[StackDrift]:
    """Of each stack that is deployed, as it was last detected, or detected ``anew``. UserError where none is."""
    found = [
        each
        for name in (env.names.storage_stack, env.names.pipeline_stack)
        for each in _drift(connection, name, anew, env)
    ]
    if not found:
        raise UserError(
            f"environment {env.name!r} is not deployed. Deploy it with: ./deploy.sh {env.name} BUCKET"
        )
    return found


def _drift(connection: Connection, name: str, anew: bool, env: Environment) -> Iterator[StackDrift]:
    client = connection.client("cloudformation")
    with explained():
        stack = Stacks(client).find(name)
        if stack is None or treatment(stack.status) is not Treatment.UPDATE:
            return
        if anew:
            drift.detect(client, name, 0.1 if env.embedded else 3.0)
        found = drift.last(client, name)
    if any(each.logical_id == SCHEDULE for each in found.resources) and find_pause(
        env, connection, stack.parameters.get(BUCKET)
    ):
        found = without_pause(found, SCHEDULE)
    yield found
