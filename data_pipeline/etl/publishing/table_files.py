"""The files of tables, read and written by PyArrow where and as whom boto3 would."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from pyarrow.fs import FileSystem
from pyiceberg.io import (
    PY_IO_IMPL,
    S3_ACCESS_KEY_ID,
    S3_ENDPOINT,
    S3_REGION,
    S3_SECRET_ACCESS_KEY,
    S3_SESSION_TOKEN,
)
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import EMPTY_DICT, Properties


class FileIO(PyArrowFileIO):
    """PyArrow's file systems, each with the credentials that boto3 has at the time.

    PyArrow would look for credentials itself, in fewer places (not in a session of SSO), and those that it is given it
    never renews: a job outlives its role's temporary ones. So there is a file system for each set of them.
    """

    def __init__(self, properties: Properties = EMPTY_DICT) -> None:
        super().__init__(properties)
        kept = lru_cache(maxsize=4)(self._file_system)

        def by_scheme(scheme: str, netloc: str | None = None) -> FileSystem:
            return kept(scheme, netloc, _credentials())

        self.fs_by_scheme = by_scheme

    def _file_system(self, scheme: str, netloc: str | None, keys: ReadOnlyCredentials | None) -> FileSystem:
        given: dict[str, Any] = {}
        if keys is not None:
            given = {S3_ACCESS_KEY_ID: keys.access_key, S3_SECRET_ACCESS_KEY: keys.secret_key}
            if keys.token:
                given[S3_SESSION_TOKEN] = keys.token
        return PyArrowFileIO({**self.properties, **given}).fs_by_scheme(scheme, netloc)


def properties() -> dict[str, str]:
    """PyIceberg's properties of the files of tables. An endpoint is named only where one is set for boto3: PyArrow
    speaks to a named one with the bucket in the path, and not to S3's own names for the region.
    """
    meta = boto3.client("s3").meta
    found = {PY_IO_IMPL: f"{__name__}.{FileIO.__name__}", S3_REGION: meta.region_name}
    by_default: Any = {"ignore_configured_endpoint_urls": True}  # botocore's stubs do not know it
    usual = boto3.client("s3", config=Config(**by_default)).meta.endpoint_url
    return found if meta.endpoint_url == usual else {**found, S3_ENDPOINT: meta.endpoint_url}


def _credentials() -> ReadOnlyCredentials | None:
    """Those of boto3's default session, renewed where they are about to end."""
    found = (boto3.DEFAULT_SESSION or boto3.Session()).get_credentials()
    return found.get_frozen_credentials() if found else None
