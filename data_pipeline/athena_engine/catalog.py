"""Tables of the Glue catalog and objects of S3, read with the credentials of whoever asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pyarrow.fs import S3FileSystem
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import (
    NoSuchIcebergTableError,
    NoSuchNamespaceError,
    NoSuchPropertyException,
    NoSuchTableError,
)

from data_pipeline.features.queries import Find, TableState, iceberg_state

from .errors import QueryError

if TYPE_CHECKING:
    from data_pipeline.athena_sql.names import State

CATALOG = "awsdatacatalog"


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


@lru_cache(maxsize=8)
def glue(access: Access) -> GlueCatalog:
    """The catalog; one for each credential, as a client of Glue takes a while to make."""
    return GlueCatalog(CATALOG, None, **access.properties())


def finder(access: Access, database: str) -> Find:
    """How a statement's tables are found, where ``database`` is the one that need not be named."""

    def find(parts: Sequence[str], state: State | None) -> TableState:
        place, name = _place(parts, database)
        shown = f"{CATALOG}.{place}.{name}"
        try:
            return iceberg_state(glue(access).load_table((place, name)), state)
        except (NoSuchTableError, NoSuchNamespaceError) as error:
            raise QueryError("TABLE_NOT_FOUND", f"Table '{shown}' does not exist") from error
        except (NoSuchIcebergTableError, NoSuchPropertyException) as error:
            raise QueryError(
                "NOT_SUPPORTED", f"{shown} is no Iceberg table; the embedded AWS reads no other"
            ) from error

    return find


def _place(parts: Sequence[str], database: str) -> tuple[str, str]:
    """Database and table that ``orders``, ``shop.orders`` or ``awsdatacatalog.shop.orders`` names, in any case of
    letters.
    """
    *before, name = (part.lower() for part in parts)
    if before[:-1] not in ([], [CATALOG]):
        raise QueryError("CATALOG_NOT_FOUND", f"Catalog '{before[0]}' not found; expected AwsDataCatalog")
    place = before[-1] if before else database.lower()
    if place == "information_schema":
        raise QueryError(
            "NOT_SUPPORTED",
            "the embedded AWS has no information_schema; ListTableMetadata and GetTableMetadata tell the columns",
        )
    return place, name
