"""The principal whose request is being answered, and calls made on its behalf: CloudFormation acts as who
deploys.
"""

from __future__ import annotations

import os
import threading
from contextvars import ContextVar
from typing import Any

import botocore.config
import botocore.session
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region

#: Access key id of the request that this context (a task, or a thread made by it) works for.
ACCESS_KEY: ContextVar[str] = ContextVar("embedded_access_key", default="")
_session = botocore.session.Session()
_lock = threading.Lock()


def url() -> str:
    """Where this server listens."""
    return f"http://{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"


def client(service: str) -> Any:
    """A client with the caller's credential, in the region of its request; PermissionError when it has
    expired.
    """
    credential = iam_evaluator.resolve_credential(ACCESS_KEY.get(), get_account_id())
    if isinstance(credential, iam_evaluator.CredentialResolutionError):
        raise PermissionError(f"the credential of the request is not valid any more: {credential.message}")
    return make(service, credential.access_key_id, credential.secret_access_key, credential.session_token)


def make(service: str, access_key: str, secret_key: str, token: str | None, region: str | None = None) -> Any:
    """A client of this server with a credential."""
    with _lock:  # a botocore session makes one client at a time
        return _session.create_client(
            service,
            region_name=region or get_region(),
            endpoint_url=url(),
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=token,
            config=botocore.config.Config(
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": 1},
                read_timeout=60,
                proxies={},
            ),
        )
