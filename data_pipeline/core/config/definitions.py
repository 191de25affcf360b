"""Data sets and tables of the configuration → the definitions that jobs read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from data_pipeline.core.facts import dataset_limits
from data_pipeline.etl.documents import datasets as documents
from data_pipeline.etl.documents.datasets import Definitions

from . import column_types
from . import datasets as models
from .datasets import Dataset
from .tables import Table

#: how the name of a file ends → how it is written, and what follows where it is compressed.
KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}
COMPRESSIONS = (".gz", ".zst", ".bz2")
_TABS = ".tsv"


def ending(pattern: str) -> tuple[str, str]:
    """How a pattern's files end, as in (``.csv``, ``.gz``); empty where the pattern leaves it open."""
    name = PurePosixPath(pattern).name.lower()
    compressed = next((each for each in COMPRESSIONS if name.endswith(each)), "")
    suffix = PurePosixPath(name.removesuffix(compressed)).suffix
    return ("" if any(sign in suffix for sign in "*?{}") else suffix), compressed


def kind(dataset: Dataset) -> str:
    """``csv``, ``json``, ``parquet``, or nothing where neither ``format`` nor a pattern says it."""
    found = {KINDS.get(ending(pattern)[0], "") for pattern in dataset.files}
    return dataset.format or (found.pop() if len(found) == 1 else "")


def definitions(
    datasets: Mapping[str, Dataset],
    tables: Mapping[str, Table],
    sql: Mapping[str, str],
    inputs: Mapping[str, tuple[str, ...]],
) -> Definitions:
    """What jobs read. ``sql``: file in jobs/ → its text; ``inputs``: table → what its SQL reads. The tables stand each
    after those that it is made of, which is no circle.
    """
    return Definitions(
        {name: _dataset(name, each, sql) for name, each in datasets.items()},
        {name: _table(name, tables[name], sql, inputs[name]) for name in in_order(inputs)},
    )


def in_order(inputs: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """The tables, each after those that it reads. A circle of them is left out."""
    waiting = list(inputs)
    while ready := [name for name in waiting if not set(inputs[name]) & set(waiting)]:
        yield ready[0]
        waiting.remove(ready[0])


def _dataset(name: str, given: Dataset, sql: Mapping[str, str]) -> documents.Dataset:
    columns = tuple(_column(each, column) for each, column in given.columns.items())
    comments = {column.name: column.comment for column in columns if column.comment}
    return documents.Dataset(
        name,
        given.files,
        definition_of_format(given),
        columns,
        replaces=given.replaces,
        complete=given.complete or "",
        checks=given.checks,
        sql=sql[given.sql] if given.sql else "",
        transform=given.transform.function if given.transform else "",
        result=_result(given.transform),
        partition=given.partition,
        rules=given.rules,
        reader=given.read or "",
        options=given.options,
        reissues=given.reissues,
        comment=given.comment,
        comments={**comments, **given.comments},
        export=given.export or "",
        quarantine_limit=given.quarantine_limit,
        series=_series(given.series),
        key=given.key,
        latest=given.latest,
        deleted=given.deleted or "",
        history=given.history,
    )


def _result(given: models.Transform | None) -> tuple[documents.Column, ...]:
    written = {name: column_types.read(text) for name, text in given.columns.items()} if given else {}
    return tuple(documents.Column(name, str(each.type), each.nullable) for name, each in written.items())


def tables_of(name: str, given: Dataset) -> tuple[str, ...]:
    """The tables that a data set makes, that of its name first."""
    return (name, *documents.made_with(name, bool(given.key), given.history))


def columns_of(name: str, given: Dataset, published: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Table → column → type, of all that a data set makes. ``published``: the columns of its rows."""
    time = published.get(given.latest[0], "") if given.latest else "timestamptz"
    spans = {documents.VALID_FROM: time, documents.VALID_TO: time}
    return {
        table: {**published, **(spans if table == f"{name}_history" and given.history else {})}
        for table in tables_of(name, given)
    }


def _column(name: str, given: models.Column) -> documents.Column:
    return documents.Column(
        name,
        str(given.kind),
        given.nullable,
        given.named,
        given.default,
        given.comment,
        given.pii or "",
        given.was or "",
    )


def definition_of_format(given: Dataset) -> documents.Format:
    """What is not said is the default of the document; a file of tabs has them."""
    tabs = all(ending(pattern)[0] == _TABS for pattern in given.files)
    said = {
        "delimiter": given.delimiter or ("\t" if tabs else None),
        "quote": given.quote,
        "nulls": given.nulls,
        "encoding": given.encoding,
        "decimal": given.decimal,
        "date": given.date_format,
        "timestamp": given.timestamp_format,
        "timezone": given.timezone,
    }
    written = {key: value for key, value in said.items() if value is not None}
    return documents.Format(kind(given), header=given.header, **written)  # type: ignore[arg-type]


def _series(given: models.Series | None) -> documents.Series | None:
    if given is None:
        return None
    return documents.Series(
        given.time,
        dataset_limits.minutes(given.step),
        given.by,
        given.period,
        given.weight or "",
        given.values,
    )


def _table(name: str, given: Table, sql: Mapping[str, str], inputs: tuple[str, ...]) -> documents.Table:
    return documents.Table(
        name,
        sql[given.sql],
        inputs,
        partition=given.partition,
        follows=given.follows,
        reach_days=dataset_limits.minutes(given.reach) // (24 * 60) if given.reach else 0,
        export=given.export or "",
        comment=given.comment,
        comments=given.comments,
        rules=given.rules,
        series=_series(given.series),
    )
