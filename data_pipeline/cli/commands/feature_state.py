"""``features list|show|diff``: the definitions, and where what is deployed, published and stored differs from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from data_pipeline.aws import feature_store
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.examples import examples
from data_pipeline.core.config import feature_document
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.core.deployment.feature_state import Difference, of_group, of_records, of_table
from data_pipeline.etl.documents import feature_records
from data_pipeline.features.store import Store
from data_pipeline.project.features import readable, store_of

_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON, for a script.")


@click.command("list", epilog=examples("features list dev"))
@environment_argument
@_JSON
def list_groups(env: str, as_json: bool) -> None:
    """List the feature groups of the configuration, with their stores and what is deployed."""
    environment, connection = open_environment(env)
    found = [_summary(environment, connection, name) for name in environment.features]
    if as_json:
        click.echo(json.dumps(found, indent=1))
        return
    rows = [("group", "table", "stores", "deployed", "owner")]
    rows += [
        (f["group"], f["table"], ", ".join(f["stores"]) or "-", f["deployed"], f["owner"]) for f in found
    ]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


@click.command(epilog=examples("features show dev orders"))
@environment_argument
@click.argument("group", metavar="GROUP")
@_JSON
def show(env: str, group: str, as_json: bool) -> None:
    """Show a feature group: its features, its stores, and what SageMaker says of it."""
    environment, connection = open_environment(env)
    store = store_of(environment, connection)
    definition = store.group(group)
    with readable():
        columns = _columns(store, definition) or {}
    state = {**_summary(environment, connection, group), **_described(definition, columns)}
    if as_json:
        click.echo(json.dumps(state, indent=1))
        return
    for key, value in state.items():
        if key != "features":
            click.echo(f"{key:<18} {', '.join(value) if isinstance(value, list) else value}")
    for name, feature in state["features"].items():
        click.echo(f"  {name:<16} {feature['type']:<11} {feature['description']}".rstrip())


@click.command(epilog=examples("features diff dev"))
@environment_argument
@click.option("--group", metavar="NAME", help="This group only.")
@_JSON
def diff(env: str, group: str | None, as_json: bool) -> None:
    """Compare each definition with the deployed group, the published table and the newest records.

    Each line says what differs and what to do. Exits 2 where something differs.
    """
    environment, connection = open_environment(env)
    store = store_of(environment, connection)
    names = [group] if group else list(environment.features)
    found = {name: differences(environment, connection, store, name) for name in names}
    if as_json:
        click.echo(
            json.dumps({name: [asdict(one) for one in some] for name, some in found.items()}, indent=1)
        )
    else:
        for name, some in found.items():
            for one in some:
                click.echo(f"{name}: {one.where}: {one.what}\n  {one.todo}")
            if not some:
                click.echo(f"{name}: no differences")
    if any(found.values()):
        raise click.exceptions.Exit(2)


def differences(
    environment: Environment, connection: Connection, store: Store, name: str
) -> list[Difference]:
    """Everything that differs from the definition of one group."""
    group = store.group(name)
    called = environment.names.feature_group(name)
    with explained():
        deployed = feature_store.describe(connection, called)
    with readable():
        columns = _columns(store, group)
    found = [*of_group(name, group.with_types(columns or {}), deployed)]
    found += of_table(group, columns)
    if deployed and group.online and columns is not None and not found:
        with readable():
            published = store.newest(name, datetime.now(UTC))
            runtime = connection.client("sagemaker-featurestore-runtime")
            online = feature_store.newest(runtime, called, list(published))
        found += of_records(published, {one: record[group.event_time] for one, record in online.items()})
    return found


def _columns(store: Store, group: FeatureGroup) -> Mapping[str, str] | None:
    table = store.tables.find(group.table)
    if table is None:
        return None
    return {field.name: str(field.field_type) for field in table.schema().fields}


def _summary(environment: Environment, connection: Connection, name: str) -> dict[str, Any]:
    group = environment.features[name]
    called = environment.names.feature_group(name)
    with explained():
        deployed = feature_store.describe(connection, called) if group.managed else None
    status = deployed.get("FeatureGroupStatus", "") if deployed else "no" if group.managed else "-"
    return {
        "group": name,
        "description": group.description,
        "owner": group.owner,
        "table": group.table,
        "stores": [store for store in ("online", "offline") if getattr(group, store)],
        "feature_group": called if group.managed else "-",
        "deployed": status,
        "offline_table": _offline_table(deployed),
    }


def _offline_table(deployed: Mapping[str, Any] | None) -> str:
    config = (deployed or {}).get("OfflineStoreConfig", {}).get("DataCatalogConfig")
    return f"{config['Database']}.{config['TableName']}" if config else "-"


def _described(group: FeatureGroup, columns: Mapping[str, str]) -> dict[str, Any]:
    """What the configuration says, and what follows from the columns of the published table."""
    source = feature_document.source(group, {})
    return {
        "record_identifier": group.record_identifier,
        "event_time": group.event_time,
        "timezone": group.timezone,
        "available_at": feature_records.available_column(source, columns) or "-",
        "valid_to": group.valid_to or "-",
        "lag": group.lag or "-",
        "period": group.period or "-",
        "ttl_days": group.ttl_days if group.ttl_days is not None else "-",
        "features": {
            name: {"type": feature.type, "description": feature.description}
            for name, feature in group.with_types(columns).features.items()
        },
    }
