"""Where a running embedded AWS is and the root credential that opens it: ``<state>/endpoint.json``, mode
0600.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from data_pipeline.embedded_aws.errors import LocalError

#: What the gateway listens on; nothing else is ever bound.
HOST = "127.0.0.1"
DEFAULT_PORT = 4566
#: What of a shell's variables would lead a client elsewhere, or as somebody else, beside ``client_environment``.
_ELSEWHERE = (
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)
#: No real account has this number, so that an ARN of the embedded AWS is never mistaken for a real one.
ACCOUNT = "000000000000"
REGION = "us-east-1"


@dataclass(frozen=True)
class Endpoint:
    """One server: its URL, the account and default region, root's credential, the process and its state
    directory.
    """

    url: str
    region: str
    account: str
    access_key: str
    secret_key: str = field(repr=False)
    pid: int
    state: Path
    token: str = field(repr=False)
    started: float

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return int(self.url.rsplit(":", 1)[1])

    def environment(self) -> dict[str, str]:
        """The variables that point any AWS client at this server."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
        }

    def client_environment(self) -> dict[str, str]:
        """The same, and those of clients that read others: calls with a prefix of the host come here, too; PyIceberg's
        catalog ``default``; DuckDB's httpfs, which also wants ``SET s3_url_style = 'path'``.
        """
        return {
            **self.environment(),
            "AWS_REGION": self.region,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "PYICEBERG_CATALOG__DEFAULT__TYPE": "glue",
            "PYICEBERG_CATALOG__DEFAULT__GLUE__ENDPOINT": self.url,
            "PYICEBERG_CATALOG__DEFAULT__GLUE__REGION": self.region,
            "PYICEBERG_CATALOG__DEFAULT__S3__ENDPOINT": self.url,
            "PYICEBERG_CATALOG__DEFAULT__S3__REGION": self.region,
            "DUCKDB_S3_ENDPOINT": self.url.partition("://")[2],
            "DUCKDB_S3_USE_SSL": "false",
        }


def in_the_way(environment: Iterable[str]) -> list[str]:
    """The variables that a shell must unset for ``client_environment`` to hold; of those that name the endpoint of one
    service, the ones that its environment has.
    """
    return [*_ELSEWHERE, *sorted(name for name in environment if name.startswith("AWS_ENDPOINT_URL_"))]


def path_in(state: Path) -> Path:
    """The file that holds the endpoint of a state directory."""
    return state / "endpoint.json"


def read(state: Path) -> Endpoint | None:
    """The last endpoint written in this state directory (its process may be gone), or None; LocalError if
    unreadable.
    """
    path = path_in(state)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Endpoint(**{**values, "state": state})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise LocalError(
            f"{path}: cannot be read as the endpoint of an embedded AWS ({error}).\n"
            "The server itself writes it. `python -m data_pipeline local up --restore` keeps it aside and makes a new "
            "credential; `python -m data_pipeline local reset` deletes everything."
        ) from error


def claim(state: Path, port: int, pid: int, started: float) -> Endpoint:
    """The endpoint of a server that starts now: the state directory's credential is kept, or made at the
    first start.
    """
    before = read(state)
    fresh = {
        "url": f"http://{HOST}:{port}",
        "pid": pid,
        "token": secrets.token_urlsafe(24),
        "started": started,
    }
    if before is not None:
        return replace(before, **fresh)  # type: ignore[arg-type]
    return Endpoint(
        **fresh,  # type: ignore[arg-type]
        region=REGION,
        account=ACCOUNT,
        access_key="AKIA" + base64.b32encode(secrets.token_bytes(10)).decode(),
        secret_key=secrets.token_urlsafe(30),
        state=state,
    )


def write(endpoint: Endpoint) -> None:
    """Write the endpoint atomically, readable by its owner alone."""
    values = asdict(endpoint)
    values["state"] = str(endpoint.state)
    path = path_in(endpoint.state)
    draft = path.with_suffix(".tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=2)
    draft.replace(path)
