"""What a deployed environment says of itself: the outputs of its pipeline stack, and what it has otherwise."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click

from data_pipeline.aws.cloudformation import Stack
from data_pipeline.aws.session import Connection
from data_pipeline.cli.columns import by_lines, width
from data_pipeline.cli.project import root
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment.stack_states import is_moving
from data_pipeline.core.errors import UserError
from data_pipeline.project.deployed import pipeline_stack


def deployed_outputs(env: Environment, connection: Connection) -> Mapping[str, str]:
    """Outputs of the pipeline stack; UserError, with the command that deploys, when it is not deployed.

    Notes on stderr that the stack is being updated.
    """
    return _stack(env, connection).outputs


def outputs_and_differences(env: Environment, connection: Connection) -> Mapping[str, str]:
    """The same. Notes on stderr, too, that the project here is not what is deployed."""
    from data_pipeline.project.overview import differing_parameters  # what only these need: all of a status

    from .deploying.package import wanted_parameters

    stack = _stack(env, connection)
    try:
        wanted = wanted_parameters(env, stack.parameters.get("ArtifactBucket", ""), root())
        different = differing_parameters(stack, wanted)
    except UserError as error:
        _note(f"the project here may differ from what is deployed: {error}")
        return stack.outputs
    if different:
        _note(
            f"the project here differs in {', '.join(different)} from what is deployed, which is what runs; "
            f"to deploy it:\n  ./deploy.sh {env.name}"
        )
    return stack.outputs


def _stack(env: Environment, connection: Connection) -> Stack:
    stack = pipeline_stack(env, connection)
    if is_moving(stack.status):
        _note(f"{env.names.pipeline_stack} is being updated right now ({stack.status})")
    return stack


def _note(text: str) -> None:
    """A note on stderr, in lines as long as those of its terminal."""
    for line in by_lines(f"note: {text}", width(sys.stderr)):
        click.echo(line, err=True)
