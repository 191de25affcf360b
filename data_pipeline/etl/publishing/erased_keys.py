"""Which rows, and which raw texts of refused rows, are of keys that were erased: told by their hashes alone."""

# ruff: noqa: S608 - SQL is put together from names in quotes and from hexadecimal digits

from __future__ import annotations

import csv
import itertools
import json
import math
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from data_pipeline.etl.arrow_types import of_arrow
from data_pipeline.etl.documents import erasures, types
from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.documents.erasures import Record
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.quality.sql import name as quoted

_TIMES = ("timestamp", "timestamptz")
_ONE_SPELLING = ("string", "int", "long", "decimal")
"""Types of which a text is read as ``erasures.canonical`` reads it, whatever the format of the files."""
_MOST = 10_000
"""Combinations of a text's words that are tried."""
_WORDS = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s,;:|{}\[\]"]+)')
_own = threading.local()


@dataclass(frozen=True)
class ErasedKeys:
    """``kinds``: the types of the columns that the keys of the ``record`` name. ``delimiter`` and ``quote``: of the
    data set's CSV files, or empty.
    """

    record: Record
    kinds: Mapping[str, types.Type]
    delimiter: str = ""
    quote: str = ""

    @property
    def columns(self) -> list[str]:
        """All columns that the keys name."""
        return [*self.kinds]

    def hits(self, rows: pa.Table) -> Any:
        """Which of ``rows`` are of an erased key, as a NumPy array. A key of which a value is null is none."""
        if not len(rows):
            return np.zeros(0, bool)
        with _database().cursor() as db:
            db.register("_rows", rows.select(self.columns))
            found = db.execute(f"SELECT {self._condition} AS hit FROM _rows").to_arrow_table()
        return found["hit"].to_numpy()

    def without(self, rows: pa.Table) -> pa.Table:
        """``rows`` that are of no erased key."""
        hits = self.hits(rows)
        return rows.filter(pa.array(~hits)) if hits.any() else rows

    @property
    def _condition(self) -> str:
        some = []
        for columns, hashes in self.record.by_columns.items():
            texts = [_text(name, self.kinds[name]) for name in columns]
            told = " || ".join(f"length({text})::VARCHAR || ':' || {text}" for text in texts)
            listed = ", ".join(f"'{each}'" for each in sorted(hashes))
            some.append(f"coalesce(sha256('{self.record.salt}' || {told}) IN ({listed}), false)")
        return " OR ".join(some) or "false"

    def shown(self, raw: str) -> bool:
        """Whether the text of a refused row may show an erased key: its words, in whatever column, are the values. In
        doubt it may: where a type may be written in many ways, and where a text has very many words.
        """
        words = [*dict.fromkeys(self._words(raw))]
        for columns, hashes in self.record.by_columns.items():
            kinds = [self.kinds[name] for name in columns]
            if not all(isinstance(kind, types.Primitive) and kind.name in _ONE_SPELLING for kind in kinds):
                return True
            told = [
                {text for word in words if (text := erasures.canonical(kind, word)) is not None}
                for kind in kinds
            ]
            if math.prod(map(len, told)) > _MOST:
                return True
            if any(erasures.hashed(self.record.salt, each) in hashes for each in itertools.product(*told)):
                return True
        return False

    def _words(self, raw: str) -> Iterator[str]:
        """What may be a value in the text of a row: of JSON its scalars, of CSV its fields, of any other its words."""
        try:
            yield from _scalars(json.loads(raw, parse_int=str, parse_float=str))
        except (ValueError, RecursionError):
            for one, other in _WORDS.findall(raw):
                yield one or other
        if self.delimiter:
            options = {"quotechar": self.quote} if self.quote else {"quoting": csv.QUOTE_NONE}
            try:
                for fields in csv.reader(raw.splitlines(), delimiter=self.delimiter, **options):
                    for field in fields:
                        yield from dict.fromkeys((field, field.strip()))
            except csv.Error:
                return


def of(record: Record, dataset: Dataset, schema: pa.Schema) -> ErasedKeys | None:
    """The keys of ``record``, of a ``dataset`` whose rows are as ``schema``; None if there are none. JobError for a
    column that rows do not have any more, or whose values have other texts by now.
    """
    if not record.keys:
        return None
    columns = sorted({column for each in record.keys for column in each.columns})
    lacking = [column for column in columns if column not in schema.names]
    if lacking:
        raise JobError(
            f"{dataset.name}: keys were erased by its column {lacking[0]}, which its rows have not any more, so that "
            f"nobody could tell which are to be left out; give it the column again, or delete the record of these keys"
        )
    kinds = {column: of_arrow(schema.field(column).type) for column in columns}
    _check_kinds(record, dataset, kinds)
    csv = dataset.format.kind == "csv" and not dataset.reader
    written = (dataset.format.delimiter, dataset.format.quote) if csv else ("", "")
    return ErasedKeys(record, kinds, *written)


def _check_kinds(record: Record, dataset: Dataset, kinds: Mapping[str, types.Type]) -> None:
    hashed = {each.name: types.parse(each.type) for each in dataset.columns if each.pii == "hash"}
    now = {
        column: erasures.kind_of(hashed.get(column, kind), "hash" if column in hashed else "")
        for column, kind in kinds.items()
    }
    for key in record.keys:
        for column, kind in zip(key.columns, key.kinds):
            if not erasures.alike(kind, now[column]):
                raise JobError(
                    f"{dataset.name}: keys were erased by its column {column} as {kind}, and it is {now[column]} now, "
                    f"so that nobody could tell which are to be left out; make it {kind} again, or delete the record "
                    f"of these keys ({erasures.place('<output>', dataset.name)}) and erase them anew"
                )


def _text(name: str, kind: types.Type) -> str:
    """SQL of the text by which a value is hashed, as ``erasures.canonical`` gives it."""
    column = quoted(name)
    if isinstance(kind, types.Primitive) and kind.name in _TIMES:
        return f"epoch_us({column})::VARCHAR"
    return f"{column}::VARCHAR"


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _scalars(each)
    elif isinstance(value, list):
        for each in value:
            yield from _scalars(each)
    elif value is not None:
        yield str(value)


def _database() -> duckdb.DuckDBPyConnection:
    """This thread's own."""
    if not hasattr(_own, "database"):
        _own.database = duckdb.connect(":memory:", config={"threads": 1})
    found: duckdb.DuckDBPyConnection = _own.database
    return found
