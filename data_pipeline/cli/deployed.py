"""What a deployed environment says of itself: the outputs of its pipeline stack."""

from __future__ import annotations

from collections.abc import Mapping

import click

from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment.stack_states import is_moving
from data_pipeline.project.deployed import pipeline_stack


def deployed_outputs(env: Environment, connection: Connection) -> Mapping[str, str]:
    """Outputs of the pipeline stack; UserError, with the command that deploys, when it is not deployed.

    Notes on stderr that the stack is being updated.
    """
    stack = pipeline_stack(env, connection)
    if is_moving(stack.status):
        click.echo(f"note: {env.names.pipeline_stack} is being updated right now ({stack.status})", err=True)
    return stack.outputs
