"""What every command that talks to AWS does first: configuration, connection, one line on stderr of both."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection, EmbeddedCredentials, connect
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_environment

from . import project
from .local_state import HOW_TO_STOP, local_port, local_state

#: a file {"access_key": …, "secret_key": …}: act on the embedded AWS as one of its IAM users instead of as
#: root.
CREDENTIALS_VARIABLE = "DATA_PIPELINE_LOCAL_CREDENTIALS"


@explained()
def open_environment(name: str, root: Path | None = None) -> tuple[Environment, Connection]:
    """The environment and a connection to its AWS, whose identity has been asked for and is the allowed one.

    Prints environment, account, region and endpoint as the first line on stderr; starts the embedded AWS
    where the environment is on it, and says so. UserError for wrong configuration, no or wrong credentials,
    no network.
    """
    folder = root or project.root()
    environment = load_environment(folder, name)
    embedded, started = _embedded_aws(folder) if environment.embedded else (None, False)
    connection = connect(environment, embedded)
    where = connection.endpoint or "AWS"
    click.echo(
        f"environment {name} · account {connection.account} · region {connection.region} · endpoint {where}",
        err=True,
    )
    if started:
        click.echo(f"started the embedded AWS at {where}; {HOW_TO_STOP}", err=True)
    return environment, connection


def _embedded_aws(root: Path) -> tuple[EmbeddedCredentials, bool]:
    """The running embedded AWS with the credential to use there, and whether it had to be started."""
    # imported here because it needs the extra [local], which an environment on AWS does without
    from data_pipeline.embedded_aws.server import lifecycle

    state = local_state(root)
    before = lifecycle.running(state)
    endpoint = before or lifecycle.ensure_up(state, local_port())
    access_key, secret_key = _credential_file() or (endpoint.access_key, endpoint.secret_key)
    return EmbeddedCredentials(endpoint.url, access_key, secret_key), before is None


def _credential_file() -> tuple[str, str] | None:
    """The credential of the file that CREDENTIALS_VARIABLE names, if it names one."""
    path = os.environ.get(CREDENTIALS_VARIABLE)
    if not path:
        return None
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
        return values["access_key"], values["secret_key"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{CREDENTIALS_VARIABLE}={path}: cannot be read ({error!r}).\n"
            'Expected a JSON file {"access_key": "…", "secret_key": "…"}; unset the variable to act as root.'
        ) from error
