"""After the data sets with a key: of each key the newest version, as the table of the data set's name, and its history.

Each is made of one snapshot of the versions, whose id it records: a run that was killed in between is caught up with by
the next one, whatever else that has to do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from data_pipeline.etl.arrow_types import to_arrow
from data_pipeline.etl.documents import form, types
from data_pipeline.etl.documents.datasets import (
    PERIOD,
    RESERVED,
    SEMANTICS,
    VALID_FROM,
    VALID_TO,
    Column,
    Dataset,
    Definitions,
)
from data_pipeline.etl.documents.duckdb_types import to_duckdb
from data_pipeline.etl.errors import JobError

from . import columns
from .target import Target

if TYPE_CHECKING:
    from data_pipeline.etl.publishing.keyed import Refreshed
    from data_pipeline.etl.publishing.keyed_table import Keyed

MEMORY = "256MB"
"""What DuckDB may hold of versions; it writes what is beyond to a folder."""
_HOW = {
    "unchanged": "unchanged",
    "equal": "looked at where keys have changed, and unchanged",
    "whole": "published, made anew as a whole",
    "keys": "published, made anew where keys have changed",
}


@dataclass(frozen=True)
class Newest:
    """What became of a data set's tables, by name; ``error``: why one of them could not be made."""

    dataset: Dataset
    tables: Mapping[str, Refreshed] = field(default_factory=dict)
    error: str = ""

    @property
    def published(self) -> dict[str, Any]:
        """For the summary: of what there is."""
        return {
            name: {"snapshot": found.snapshot, "rows": found.rows, "committed": found.committed}
            for name, found in self.tables.items()
            if found.snapshot
        }

    @property
    def versions(self) -> dict[str, int] | None:
        """What the accepted versions are: each is current, superseded, or says that its key is deleted. None before
        there are any.
        """
        found = self.tables.get(self.dataset.name)
        if found is None or not found.snapshot:
            return None
        superseded = found.versions - found.rows - found.deleted
        return {
            "accepted": found.versions,
            "current": found.rows,
            "superseded": superseded,
            "deleted": found.deleted,
        }

    def __str__(self) -> str:
        if self.error:
            return f"{self.dataset.name}: not made: {self.error}"
        found = self.tables[self.dataset.name]
        if not found.snapshot:
            return f"{self.dataset.name}: not made: it has no versions yet"
        rows = self.versions or {}
        counted = ", ".join(f"{number:,} {what}" for what, number in rows.items() if what != "accepted")
        return f"{self.dataset.name}: {_HOW[found.how]}; of {rows['accepted']:,} versions {counted}"


def make(definitions: Definitions, held: Collection[str], target: Target, summary: str) -> list[Newest]:
    """Make the tables of every data set with a key that is not ``held``. ``summary``: where the run's will be."""
    keyed = [each for name, each in definitions.datasets.items() if each.key and name not in held]
    return [_made(dataset, target, summary) for dataset in keyed]


def _made(dataset: Dataset, target: Target, summary: str) -> Newest:
    from data_pipeline.etl.publishing import keyed
    from data_pipeline.etl.publishing.engine import Engine

    assert target.at is not None
    lineage = {
        "pipeline.run": target.run,
        "pipeline.code-version": target.code_version,
        "pipeline.summary": summary,
    }
    found: dict[str, Refreshed] = {}
    engine = Engine(MEMORY, target.work)
    try:
        for table in tables_of(dataset):
            found[table.name] = keyed.refresh(target.at, table, lineage, engine, target.buckets)
    except JobError as error:
        return Newest(dataset, found, columns.without_values(dataset, str(error)))
    return Newest(dataset, found)


def tables_of(dataset: Dataset) -> list[Keyed]:
    """What is made of the versions of ``dataset``."""
    return [_newest(dataset), *([_history(dataset)] if dataset.history else [])]


def _history(dataset: Dataset) -> Keyed:
    from data_pipeline.etl.publishing import keyed_sql

    newest = _newest(dataset)
    columns_, definition = newest.wanted.columns, newest.wanted.definition
    kinds = {column.name: types.parse(column.type) for column in columns_}
    kind = kinds[dataset.latest[0]] if dataset.latest else types.parse("timestamptz")
    parts = columns.parts_of(dataset)
    own = [field for field in definition.columns if field.name not in RESERVED]
    added = [field for field in definition.columns if field.name in RESERVED]
    spans = [pa.field(name, to_arrow(kind)) for name in (VALID_FROM, VALID_TO)]
    told = {
        VALID_FROM: "since when this version holds",
        VALID_TO: "until when, exclusively; null: it holds still",
    }
    select = keyed_sql.history(dataset, "_versions", definition.columns.names, parts, to_duckdb(kind))
    given = [Column(name, str(kind), True, comment=told[name]) for name in told]
    of = replace(
        definition,
        columns=pa.schema([*own, *spans, *added]),
        comments={**definition.comments, **told},
        comment=f"{dataset.comment} (from when to when)" if dataset.comment else "",
    )
    return replace(
        newest,
        name=dataset.histories,
        row=(*dataset.key, VALID_FROM),
        wanted=replace(newest.wanted, definition=of, columns=[*columns_, *given]),
        definition=_hash([newest.definition, select]),
        select=select,
        counted="",
    )


def _newest(dataset: Dataset) -> Keyed:
    from data_pipeline.etl.publishing import keyed_sql
    from data_pipeline.etl.publishing.definition import Definition
    from data_pipeline.etl.publishing.keyed_table import Keyed
    from data_pipeline.etl.publishing.table_columns import Wanted

    table = columns.of(dataset)
    partition = columns.partition(dataset)
    parts = columns.parts_of(dataset)
    definition = Definition(table.schema, dataset.comment, table.comments, partition)
    decisive = [dataset.key, dataset.latest, dataset.deleted, dataset.replaces, parts, partition]
    return Keyed(
        dataset.name,
        dataset.versions,
        dataset.key,
        dataset.key,
        Wanted(definition, table.columns, anew=True),
        _hash([*decisive, str(table.schema)]),
        keyed_sql.newest(dataset, "_versions", table.schema.names, parts),
        counted=keyed_sql.known(dataset, "_versions", parts) if dataset.deleted else "",
        whole=dataset.replaces == "all",
        periods=keyed_sql.periods(dataset, "_versions", parts),
        snapshots=(*parts, PERIOD),
    )


def _hash(told: list[Any]) -> str:
    return hashlib.sha256(form.text({"semantics": SEMANTICS, "told": told}).encode()).hexdigest()[:16]
