"""How jobs reach the embedded AWS: a role's clients, a job's environment, the caller's permissions."""

from __future__ import annotations

import functools
import os
import sys
import threading
from pathlib import Path
from typing import Any

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from ministack.core.router import extract_access_key_id

from data_pipeline.embedded_aws.identity import iam, sessions

from . import sandbox

_lock = threading.Lock()


def url() -> str:
    """Where this server listens: it calls itself, so that IAM decides on what a job's role may do."""
    return f"http://{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"


def scratch() -> Path:
    """The directory below which every running job has one of its own."""
    return Path(os.environ["STATE_DIR"]).parent / "jobs"


def hidden() -> Path | None:
    """The server's state, where it can be hidden from a job; None where the platform does not let us."""
    return Path(os.environ["STATE_DIR"]).parent if sandbox.mode() == "mount" else None


@functools.cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


def client(service: str, credentials: sessions.Credentials, region: str) -> BaseClient:
    """A client of this server under a role's credentials."""
    with _lock:  # a botocore session makes one client at a time
        return _session().create_client(
            service,
            region_name=region,
            endpoint_url=url(),
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}),
        )


def environment(credentials: sessions.Credentials, region: str, directory: Path) -> dict[str, str]:
    """What every job finds in its environment; nothing comes from the server's own."""
    for name in ("home", "tmp"):
        (directory / name).mkdir(exist_ok=True)
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(directory / "home"),
        "TMPDIR": str(directory / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "AWS_ENDPOINT_URL": url(),
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        **credentials.environment(),
    }


def authorize_caller(headers: dict[str, str], action: str, resource: str, context: dict[str, Any]) -> None:
    """Whether the request's caller may also do what its action brings with it; iam.AccessDenied if not."""
    iam.authorize_key(extract_access_key_id(headers), action, resource, context)
