"""boto3 clients for tests, pointed at an embedded AWS; none of the caller's own AWS settings is read."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

from data_pipeline.embedded_aws.server.endpoint import Endpoint

#: a session makes one client at a time
_LOCK = Lock()


def settings(endpoint: Endpoint) -> dict[str, str]:
    """The variables by which a process finds an embedded AWS, as root."""
    return {
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": endpoint.access_key,
        "AWS_SECRET_ACCESS_KEY": endpoint.secret_key,
        "AWS_DEFAULT_REGION": endpoint.region,
    }


def client(
    endpoint: Endpoint,
    service: str,
    *,
    region: str | None = None,
    inject_host_prefix: bool = True,
    parameter_validation: bool = True,
    **credentials: str,
) -> Any:
    """A client of a service with root's credential, or with access_key, secret_key and token as given."""
    key = credentials.get("access_key", endpoint.access_key)
    hidden, token = credentials.get("secret_key", endpoint.secret_key), credentials.get("token")
    place = (endpoint.url, endpoint.pid, region or endpoint.region)
    return _client(service, place, (key, hidden, token), inject_host_prefix, parameter_validation)


@cache
def _client(
    service: str,
    place: tuple[str, int, str],
    keys: tuple[str, str, str | None],
    inject_host_prefix: bool,
    parameter_validation: bool,
) -> Any:
    """The client, made once, which takes longer than most calls. ``place``: URL, process and region; ``keys``: access
    key, its other half and session token.
    """
    url, _, region = place
    config = Config(
        inject_host_prefix=inject_host_prefix,
        parameter_validation=parameter_validation,
        retries={"total_max_attempts": 1},
        read_timeout=60,
        proxies={},
    )
    with _LOCK:
        return _session().client(
            service,
            endpoint_url=url,
            region_name=region,
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            aws_session_token=keys[2],
            config=config,
        )


@cache
def _session() -> boto3.session.Session:
    """The one of all clients: it reads the model of a service once, which takes twenty times as long as the rest."""
    return boto3.session.Session()
