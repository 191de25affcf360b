"""Every statement that the project, its commands and its pages have Athena run is translated too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import pytest
from athena_sql.engines import NOW
from features.conftest import GROUP
from paths import ROOT
from published import TABLES

from data_pipeline.athena_sql.names import CatalogTable, State
from data_pipeline.athena_sql.translation import translate
from data_pipeline.core import sql
from data_pipeline.core.config import feature_document
from data_pipeline.core.loading.load import load_environment
from data_pipeline.etl.documents import feature_records, types
from data_pipeline.features import offline

_ICEBERG = {"timestamp[us]": "timestamp", "int64": "long", "int32": "int"}
#: columns of the tables that statements in the pages read
CATALOG = {
    **{
        name: [(field.name, _ICEBERG.get(str(field.type), str(field.type))) for field in table.columns]
        for name, table in TABLES.items()
    },
    "readings": [("station", "string"), ("celsius", "double"), ("taken_at", "timestamptz"), ("_file", "string"), ("_row", "long")],
    "orders": [("order_id", "string"), ("amount", "decimal(12, 2)"), ("ordered_at", "timestamptz"), ("month", "string"), ("country", "string")],
    "orders_history": [("order_id", "string"), ("status", "string"), ("amount", "decimal(12, 2)"), ("valid_from", "timestamptz"), ("valid_to", "timestamptz")],
    "customers": [("customer_id", "long"), ("plan", "string"), ("seats", "int")],
    "customers_history": [("customer_id", "long"), ("plan", "string"), ("seats", "int"), ("valid_from", "timestamptz"), ("valid_to", "timestamptz")],
    "station_days": [("station", "string"), ("high", "decimal(4, 1)")],
    "sales": [("shop", "string"), ("item", "string"), ("pieces", "int"), ("_file", "string"), ("_row", "long")],
    "shop_days": [("shop", "string"), ("day", "date")],
    "offline_store": [(name, "timestamptz") for name in offline.ADDED[:2]] + [("is_deleted", "boolean")]
    + [(name, "string") for name in GROUP.stored],
}  # fmt: skip
CATALOG["trip_counts"] += [("_file", "string")]
_COMMAND = re.compile(r'\bsql (?:local|dev|prod) "([^"]+)"|\.sql\("([^"]+)"\)')


def resolve(parts: Sequence[str], _: State | None) -> CatalogTable:
    return CatalogTable(parts[-1], tuple(CATALOG[parts[-1].lower()]))


def documented() -> list[str]:
    """Statements of the pages' commands, and of their Python."""
    folders = (ROOT / "docs", ROOT / "examples", ROOT / "data_pipeline")
    pages = [page for folder in folders for end in ("*.md", "*.yaml") for page in folder.rglob(end)]
    texts = [page.read_text() for page in (*pages, ROOT / "README.md") if "records" not in page.parts]
    found = {one or two for text in texts for one, two in _COMMAND.findall(text)}
    return sorted(text.replace("$TABLE", "orders") for text in found if text != "SELECT …")


@pytest.mark.parametrize("text", documented())
def test_what_the_pages_show_is_translated(text: str) -> None:
    """As it stands there."""
    assert translate(sql.read(text).text, resolve, NOW).columns


def test_the_pages_show_some() -> None:
    """The pattern finds them."""
    assert len(documented()) >= 4


@pytest.mark.parametrize("env", ["dev", "prod", "local"])
def test_the_named_queries_of_the_project(env: str) -> None:
    """They read what the steps publish."""
    environment = load_environment(ROOT, env)
    assert environment.athena.queries
    for query in environment.athena.queries.values():
        assert translate(sql.read(query.sql).text, resolve, NOW).columns


def test_records_of_features() -> None:
    """What a feature group reads of its table, at a snapshot and between times; and its offline store."""
    since, until = datetime(2019, 1, 1), datetime(2019, 2, 1, 12, 30, 0, 5)  # noqa: DTZ001 - a wall clock
    source, columns = feature_document.source(GROUP, {}), dict(CATALOG[GROUP.table])
    for kind in ("timestamp", "timestamptz", "date"):
        columns["timestamp"] = kind
        for bounds in ((None, None), (since, None), (since, until)):
            text = feature_records.select(source, columns, 12, *bounds)
            names = [name for name, _ in translate(sql.read(text).text, resolve, NOW).columns]
            assert names == feature_records.needed(source, columns)
    stored = translate(offline.records(GROUP, "offline_store"), resolve, NOW)
    assert [name for name, _ in stored.columns] == [*GROUP.stored]


def test_the_types_of_data_sets_are_known() -> None:
    """Each type that a data set can have is one of Athena's here."""
    from data_pipeline.athena_sql.types import is_known, of_iceberg

    assert all(is_known(of_iceberg(name)) for name in (*types.PRIMITIVES, "decimal(38,10)"))
