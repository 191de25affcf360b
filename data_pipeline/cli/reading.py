"""The feature groups of an environment, opened: ``open_store("local")``, for the commands and for a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyiceberg.exceptions import RESTError

from data_pipeline.aws.catalog import table_access
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.core.config import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.features.snapshots import connect
from data_pipeline.features.store import Store

from .connect import open_environment


def open_store(env: str) -> Store:
    """The store of the environment ``env``."""
    return store_of(*open_environment(env))


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
