"""Tables of the Glue catalog and objects of S3, read with the credentials of whoever asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pyarrow.fs import FileSystem, S3FileSystem
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import (
    NoSuchIcebergTableError,
    NoSuchNamespaceError,
    NoSuchPropertyException,
    NoSuchTableError,
)
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import EMPTY_DICT, Properties

from data_pipeline.features.queries import Find, TableState, iceberg_state

from . import information
from .errors import QueryError

if TYPE_CHECKING:
    from data_pipeline.athena_sql.names import State

_SCHEMES = ("s3", "s3a", "s3n")


@dataclass(frozen=True)
class Access:
    """Where AWS is, and as whom it is asked."""

    endpoint: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)

    def properties(self) -> dict[str, str]:
        """PyIceberg's properties of both services."""
        both = {
            "endpoint": self.endpoint,
            "region": self.region,
            "access-key-id": self.access_key,
            "secret-access-key": self.secret_key,
            **({"session-token": self.token} if self.token else {}),
        }
        return {f"{service}.{name}": value for service in ("glue", "s3") for name, value in both.items()}

    def files(self) -> S3FileSystem:
        """S3; a small file is written by one PUT."""
        return S3FileSystem(
            access_key=self.access_key,
            secret_key=self.secret_key,
            session_token=self.token,
            region=self.region,
            scheme="http",
            endpoint_override=urlsplit(self.endpoint).netloc,
            allow_delayed_open=True,
        )


class _OnlyS3(PyArrowFileIO):
    """Files of S3 and no others, wherever a table's metadata says that its files are."""

    def _initialize_fs(self, scheme: str, netloc: str | None = None) -> FileSystem:
        if scheme not in _SCHEMES:
            words = f"a file of the table is at a place of the scheme '{scheme}'; expected s3://bucket/key"
            raise QueryError("ICEBERG_INVALID_METADATA", words)
        return super()._initialize_fs(scheme, netloc)


class _Glue(GlueCatalog):
    """Reads files as whoever asked: a table's own properties change neither the place nor the credentials."""

    def _load_file_io(
        self,
        properties: Properties = EMPTY_DICT,  # noqa: ARG002 - of PyIceberg's signature, as the next
        location: str | None = None,  # noqa: ARG002
    ) -> _OnlyS3:
        return _OnlyS3(self.properties)


@lru_cache(maxsize=8)
def glue(access: Access) -> GlueCatalog:
    """The catalog; one for each credential, as a client of Glue takes a while to make."""
    return _Glue(information.CATALOG, None, **access.properties())


def finder(access: Access, database: str) -> Find:
    """How a statement's tables are found, where ``database`` is the one that need not be named."""

    def find(parts: Sequence[str], state: State | None) -> TableState:
        place, name = _place(parts, database)
        shown = f"{information.CATALOG}.{place}.{name}"
        if place == information.SCHEMA:
            return _information(access, name, state)
        if "$" in name:
            raise QueryError(
                "NOT_SUPPORTED", f"the embedded AWS does not read {shown}, of a table's metadata"
            )
        try:
            return iceberg_state(glue(access).load_table((place, name)), state)
        except (NoSuchTableError, NoSuchNamespaceError) as error:
            raise QueryError("TABLE_NOT_FOUND", f"Table '{shown}' does not exist") from error
        except (NoSuchIcebergTableError, NoSuchPropertyException) as error:
            raise QueryError(
                "NOT_SUPPORTED", f"{shown} is no Iceberg table; the embedded AWS reads no other"
            ) from error

    return find


def _information(access: Access, name: str, state: State | None) -> TableState:
    if state is not None:
        raise QueryError("NOT_SUPPORTED", f"{information.SCHEMA}.{name} has no earlier states")
    return information.table(glue(access), name)


def _place(parts: Sequence[str], database: str) -> tuple[str, str]:
    """Database and table that ``orders``, ``shop.orders`` or ``awsdatacatalog.shop.orders`` names, in any case of
    letters.
    """
    *before, name = (part.lower() for part in parts)
    if before[:-1] not in ([], [information.CATALOG]):
        raise QueryError("CATALOG_NOT_FOUND", f"Catalog '{before[0]}' not found; expected AwsDataCatalog")
    place = before[-1] if before else database.lower()
    return place, name
