"""What a deployed environment says of itself: its pipeline stack with the outputs that a run needs."""

from __future__ import annotations

from data_pipeline.aws.cloudformation import Stack, Stacks
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment.stack_states import Treatment, is_moving, treatment
from data_pipeline.core.errors import UserError


def pipeline_stack(env: Environment, connection: Connection) -> Stack:
    """The pipeline stack; UserError, with the command that deploys, when it is not deployed."""
    name = env.names.pipeline_stack
    where = f"account {connection.account}, region {connection.region}"
    with explained():
        stack = Stacks(connection.client("cloudformation")).find(name)
    deploy = f"Deploy it with: ./deploy.sh {env.name} BUCKET"
    if stack is None or treatment(stack.status) is Treatment.CREATE:
        raise UserError(
            f"environment {env.name!r} is not deployed in {where}: no stack is called {name}.\n{deploy}"
        )
    if treatment(stack.status) is Treatment.DELETE or stack.status.startswith("DELETE_"):
        raise UserError(
            f"environment {env.name!r} is not deployed: its stack {name} is {stack.status}.\n{deploy}"
        )
    if is_moving(stack.status) and "StateMachineArn" not in stack.outputs:
        raise UserError(
            f"environment {env.name!r} is being deployed right now ({name} is {stack.status}). Run the "
            "same command again when that has ended."
        )
    missing = [key for key in ("StateMachineArn", "InputUri", "OutputUri") if key not in stack.outputs]
    if missing:
        raise UserError(
            f"stack {name} has no output {', '.join(missing)}: another version of this project deployed it."
            f"\n{deploy}"
        )
    return stack
