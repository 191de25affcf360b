"""Arguments that many commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from data_pipeline.core.deployment import losses
from data_pipeline.core.progress.past_runs import LAST


def _names(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The environments of the project here, for a shell that completes a word; none where there is no project."""
    from data_pipeline.cli.project import root  # a shell asks this; no command needs it
    from data_pipeline.core.errors import UserError
    from data_pipeline.core.loading.load import environment_names

    try:
        with ctx.scope(cleanup=False):
            return [name for name in environment_names(root()) if name.startswith(incomplete)]
    except UserError:
        return []


def environment(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument ENV, which a shell completes with the environments of the project."""
    return click.argument("env", metavar="ENV", shell_complete=_names)(command)


def run(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument RUN, which is the last one unless it is said."""
    return click.argument("run", metavar="[RUN]", default=LAST)(command)


def allow_replace(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that names what holds data and may be replaced or deleted."""
    what = "Replace or delete this resource (its logical id) though it holds data; may be repeated."
    return click.option(losses.OPTION, "allowed", metavar="ID", multiple=True, help=what)(command)


def revert_drift(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that brings back what was changed by hand."""
    what = "Bring back what was changed by hand, too, as far as it can change in place; a pause is kept."
    return click.option("--revert-drift", is_flag=True, help=what)(command)


def bucket(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option --bucket, for where the deployed stack cannot say it."""
    what = "The artifact bucket; where ENV is deployed, it is known."
    return click.option("--bucket", metavar="BUCKET", help=what)(command)
