"""What every command that talks to AWS does first: configuration, connection, one line on stderr of both."""

from __future__ import annotations

from pathlib import Path

import click

from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.project import connecting

from . import project
from .local_state import HOW_TO_STOP


def open_environment(name: str, root: Path | None = None) -> tuple[Environment, Connection]:
    """The environment and a connection to its AWS, whose identity has been asked for and is the allowed one.

    Prints environment, account, region and endpoint as the first line on stderr; starts the embedded AWS
    where the environment is on it, and says so. UserError for wrong configuration, no or wrong credentials,
    no network.
    """
    opened = connecting.open_environment(root or project.root(), name)
    connection = opened.connection
    where = connection.endpoint or "AWS"
    click.echo(f"environment {name} · account {opened.account} · {connection.region} · {where}", err=True)
    if opened.started:
        click.echo(f"started the embedded AWS; {HOW_TO_STOP}", err=True)
    return opened.environment, connection
