"""boto3 clients for tests, pointed at an embedded AWS; none of the caller's own AWS settings is read."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from data_pipeline.embedded_aws.server.endpoint import Endpoint


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
    return boto3.session.Session().client(
        service,
        endpoint_url=endpoint.url,
        region_name=region or endpoint.region,
        aws_access_key_id=credentials.get("access_key", endpoint.access_key),
        aws_secret_access_key=credentials.get("secret_key", endpoint.secret_key),
        aws_session_token=credentials.get("token"),
        config=Config(
            inject_host_prefix=inject_host_prefix,
            parameter_validation=parameter_validation,
            retries={"total_max_attempts": 1},
            read_timeout=60,
            proxies={},
        ),
    )
