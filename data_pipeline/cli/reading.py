"""The feature groups of an environment, opened: ``open_store("local")``, for the commands and for a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from pyiceberg.exceptions import RESTError

from data_pipeline.aws import feature_store
from data_pipeline.aws.catalog import table_access
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.core.config import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.features import offline
from data_pipeline.features.snapshots import connect
from data_pipeline.features.store import Store

from .connect import open_environment


def open_store(env: str) -> Store:
    """The store of the environment ``env``."""
    return store_of(*open_environment(env))


def read_offline(env: str, name: str | None) -> pa.Table:
    """The records that a group's offline store has, each once. UserError where it has none."""
    environment, connection = open_environment(env)
    group = store_of(environment, connection).group(name)
    called = environment.names.feature_group(
        next(n for n, one in environment.features.items() if one is group)
    )
    with explained():
        deployed = feature_store.describe(connection, called)
    config = (deployed or {}).get("OfflineStoreConfig", {}).get("DataCatalogConfig")
    if config is None:
        raise UserError(
            f"the feature group {called} has no offline store here: write 'offline: true', and deploy"
        )
    with explained():
        tables = connect(connection.client("glue"), table_access(connection), config["Database"])
    with readable():
        return offline.read(group, tables.load(config["TableName"]).scan().to_arrow())


def store_of(environment: Environment, connection: Connection) -> Store:
    """The same, of a connection that is there already."""
    with explained():
        tables = connect(connection.client("glue"), table_access(connection), environment.names.database)
    return Store(tables, environment.features)


@contextmanager
def readable() -> Iterator[None]:
    """Around reading: what AWS or the file system refuses becomes a UserError."""
    try:
        with explained():
            yield
    except FileNotFoundError as error:
        raise UserError(
            f"a file of the table is gone ({error}): it has expired while it was read. Ask for a newer snapshot."
        ) from error
    except (OSError, RESTError) as error:
        raise UserError(f"the table's files cannot be read: {error}") from error
