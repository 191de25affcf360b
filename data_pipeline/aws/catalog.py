"""What a table engine needs to read the files of tables where a connection reads them."""

from __future__ import annotations

from data_pipeline.core.errors import UserError

from .session import Connection


def table_access(connection: Connection) -> dict[str, str]:
    """PyIceberg's properties of S3: the endpoint where one is set (PyArrow puts the bucket into the path then), region
    and the credentials that the connection has now.
    """
    credentials = connection.session.get_credentials()
    if credentials is None:
        raise UserError("no AWS credentials found. Sign in (aws sso login), or: export AWS_PROFILE=NAME")
    frozen = credentials.get_frozen_credentials()
    found = {
        "s3.endpoint": connection.endpoint,
        "s3.region": connection.region,
        "s3.access-key-id": frozen.access_key,
        "s3.secret-access-key": frozen.secret_key,
        "s3.session-token": frozen.token,
    }
    return {name: value for name, value in found.items() if value}
