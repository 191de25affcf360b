"""An environment, opened: its configuration, and a connection to its AWS."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection, EmbeddedCredentials, connect
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_environment

from .local_state import local_port, local_state

#: a file {"access_key": …, "secret_key": …}: act on the embedded AWS as one of its IAM users instead of as
#: root.
CREDENTIALS_VARIABLE = "DATA_PIPELINE_LOCAL_CREDENTIALS"


@dataclass(frozen=True)
class Opened:
    """An environment, a connection to its AWS and to which account, and whether the embedded AWS was started for it."""

    environment: Environment
    connection: Connection
    account: str
    started: bool


@explained()
def open_environment(root: Path, name: str) -> Opened:
    """The environment ``name`` of the project in ``root``, connected; the embedded AWS is started where it is on it.

    UserError for wrong configuration, no or wrong credentials, another account than the allowed one, no network.
    """
    environment = load_environment(root, name)
    embedded, started = _embedded_aws(root) if environment.embedded else (None, False)
    connection = connect(environment, embedded)
    return Opened(environment, connection, connection.account, started)


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
