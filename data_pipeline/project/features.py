"""The feature groups of an environment, read: what was published, and the stores of SageMaker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pyarrow as pa
from pyiceberg.exceptions import RESTError

from data_pipeline.aws import feature_store
from data_pipeline.aws.catalog import table_access
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.core import sql
from data_pipeline.core.config import feature_document
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.core.errors import UserError
from data_pipeline.features import offline, online, records
from data_pipeline.features.snapshots import Tables, connect
from data_pipeline.features.store import Store

from .asking import ask


def store_of(environment: Environment, connection: Connection, *, athena: bool = False) -> Store:
    """The environment's feature groups. With ``athena``, Athena reads the tables, under the limit of bytes."""
    with explained():
        tables = connect(connection.client("glue"), table_access(connection), environment.names.database)
    store = Store(tables, environment.features, periods=feature_document.periods(environment.datasets))
    return replace(store, ask=_asking(environment, connection, tables)) if athena else store


def read_offline(
    environment: Environment, connection: Connection, name: str | None, *, athena: bool = False
) -> pa.Table:
    """The records that a group's offline store has, each once; read by ``athena``, if so asked. UserError where it
    has none.
    """
    group, called, deployed = _deployed(environment, connection, name)
    config = deployed.get("OfflineStoreConfig", {}).get("DataCatalogConfig")
    if config is None:
        raise UserError(_lacking(called, "offline"))
    with explained():
        tables = connect(connection.client("glue"), table_access(connection), config["Database"])
    with readable():
        if athena:
            table = f'"{config["Database"]}"."{config["TableName"]}"'
            one = replace(tables, known=(config["TableName"],))
            return _asking(environment, connection, one)(offline.records(group, table))
        return offline.read(group, tables.load(config["TableName"]).scan().to_arrow())


def read_online(
    environment: Environment, connection: Connection, name: str | None, identifiers: Sequence[str]
) -> pa.Table:
    """The newest record of each of these record identifiers, in their order, from a group's online store.

    Columns and types are those of ``Store.get``. UserError where the group has no online store, or no record.
    """
    group, called, deployed = _deployed(environment, connection, name)
    if not deployed.get("OnlineStoreConfig", {}).get("EnableOnlineStore"):
        raise UserError(_lacking(called, "online"))
    with explained():
        runtime = connection.client("sagemaker-featurestore-runtime")
        found = feature_store.newest(runtime, called, identifiers)
    if all(feature.type for feature in group.every_feature.values()):
        return online.rows(group, {}, found, identifiers)
    with readable():
        table = store_of(environment, connection).tables.load(group.table)
        return online.rows(group, records.columns(table), found, identifiers)


def _asking(environment: Environment, connection: Connection, tables: Tables) -> Callable[[str], pa.Table]:
    """What runs a SELECT over ``tables``."""
    return lambda text: ask(environment, connection, tables, sql.read(text)).rows


def _deployed(
    environment: Environment, connection: Connection, name: str | None
) -> tuple[FeatureGroup, str, Mapping[str, Any]]:
    """The group, what SageMaker calls it, and what it says of it: nothing where there is no such group."""
    group = store_of(environment, connection).group(name)
    own = next(known for known, one in environment.features.items() if one is group)
    called = environment.names.feature_group(own)
    with explained():
        return group, called, feature_store.describe(connection, called) or {}


def _lacking(called: str, store: str) -> str:
    return f"the feature group {called} has no {store} store here: write '{store}: true', and deploy"


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
