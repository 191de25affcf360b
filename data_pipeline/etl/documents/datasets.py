"""What the input's files mean and what is made of them: the tool writes the data sets and tables of a project, the
jobs that plan and load read them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from . import form

VERSION = 1
#: raised when the same definition makes other rows than before; part of every definition's hash.
SEMANTICS = 1

#: columns that the tool adds to the table of a data set: which unit a row is of (16 hex digits), the path of its file,
#: its number in the file from 1, its period, and when that version of the file was first published (or, with
#: ``reissues: corrections``, the first one).
UNIT, FILE, ROW, PERIOD, AVAILABLE_AT = "_unit", "_file", "_row", "_period", "_available_at"
RESERVED = (UNIT, FILE, ROW, PERIOD, AVAILABLE_AT)

REPLACES = ("file", "period", "all")

#: what a row lacks that is refused because of its data set's ``key`` or ``latest``.
NULL_KEY, NULL_LATEST = "null-key", "null-latest"
#: the columns that a history adds: since when a row holds, and until when (null: it still does).
VALID_FROM, VALID_TO = "valid_from", "valid_to"


def made_with(name: str, key: bool, history: bool) -> tuple[str, ...]:
    """The tables that the data set ``name`` makes beside that of its name, if it has a key."""
    return (f"{name}_versions", *([f"{name}_history"] if history else [])) if key else ()


@dataclass(frozen=True)
class Column:
    """One column: ``type`` as in ``types``; ``named``: what a file may call it, the usual name first; ``default``: the
    text that stands for a missing or null value; ``pii``: ``drop``, ``hash`` or nothing; ``was``: the column's name in
    the table before.
    """

    name: str
    type: str
    nullable: bool = False
    named: tuple[str, ...] = ()
    default: str | None = None
    comment: str = ""
    pii: str = ""
    was: str = ""


@dataclass(frozen=True)
class Format:
    """How files are written. ``kind``: ``csv``, ``json`` (lines) or ``parquet``; the rest but ``timezone`` is of CSV.
    ``date`` and ``timestamp`` are formats of strftime, empty for ISO 8601. ``decimal``: what stands between whole and
    fraction. ``timezone``: the zone of a timestamptz that a file writes without an offset, and in which a text with an
    offset becomes a timestamp.
    """

    kind: str
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    nulls: tuple[str, ...] = ("",)
    encoding: str = "utf-8"
    decimal: str = "."
    date: str = ""
    timestamp: str = ""
    timezone: str = ""


@dataclass(frozen=True)
class Series:
    """Rows at regular times, about which rules may ask what is missing and what is unlike before. ``time``: the column
    of a window's start, or of any time inside it; ``step_minutes``: a window's length; ``by``: the columns that tell
    series apart; ``period``: ``hour``, ``day``, ``month`` or ``year``, what is compared with those before it;
    ``weight``: the column that counts, or empty where each row counts one; ``values``: columns whose distribution is
    compared.
    """

    time: str
    step_minutes: int
    by: tuple[str, ...] = ()
    period: str = "month"
    weight: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """``complete``: the name of a marker file, or empty. ``checks``: slug → SQL on a row. ``sql``: a SELECT over the
    accepted rows of a unit, which are named as the data set is, or empty. ``transform``: ``module:name`` of a function
    in its place, or empty; ``result``: the columns that it makes. ``rules``: as in ``rules``, where each is explained.
    ``reader``: ``module:name``, or empty. ``reissues``: ``versions`` or ``corrections``.

    With a ``key``, the columns that tell things apart, all accepted rows are the table ``versions``, and the table of
    the data set's name has the newest of each key: by the columns ``latest``, then period, file and row. ``deleted``:
    SQL on a row that says that its key is deleted, or empty. ``history``: whether a third table tells from when to when
    each version held.
    """

    name: str
    patterns: tuple[str, ...]
    format: Format
    columns: tuple[Column, ...]
    replaces: str = "file"
    complete: str = ""
    checks: Mapping[str, str] = field(default_factory=dict)
    sql: str = ""
    transform: str = ""
    result: tuple[Column, ...] = ()
    partition: tuple[str, ...] = ()
    rules: Mapping[str, str] = field(default_factory=dict)
    reader: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    reissues: str = "versions"
    comment: str = ""
    comments: Mapping[str, str] = field(default_factory=dict)
    export: str = ""
    quarantine_limit: int = 100_000
    series: Series | None = None
    key: tuple[str, ...] = ()
    latest: tuple[str, ...] = ()
    deleted: str = ""
    history: bool = False

    @property
    def versions(self) -> str:
        """The table of all accepted rows."""
        return f"{self.name}_versions" if self.key else self.name

    @property
    def histories(self) -> str:
        """The table of its history, or nothing."""
        return f"{self.name}_history" if self.history else ""

    @property
    def tables(self) -> tuple[str, ...]:
        """All tables that it makes, its own first."""
        return (self.name, *made_with(self.name, bool(self.key), self.history))

    @property
    def issue(self) -> str:
        """What a new issue takes the place of among the accepted rows: with a key, each full snapshot stays."""
        return "period" if self.key and self.replaces == "all" else self.replaces

    @property
    def private(self) -> bool:
        """Whether it has personal data: then no raw text of it is kept."""
        return any(column.pii for column in self.columns)

    @property
    def by_unit(self) -> bool:
        """Whether SQL or a transform makes the rows of its table of a unit's accepted rows."""
        return bool(self.sql or self.transform)

    @property
    def definition(self) -> str:
        """The hash of whatever decides a unit's rows: not comments, limits, rules, partitions, patterns."""
        columns = [(c.name, c.type, c.nullable, c.named, c.default, c.pii) for c in self.columns]
        decisive = {
            "semantics": SEMANTICS,
            "format": asdict(self.format),
            "columns": columns,
            "checks": dict(self.checks),
            "sql": self.sql,
            "replaces": self.replaces,
            "reader": [self.reader, dict(self.options)],
        }
        if self.transform:  # the hashes of all others are what they were before there were any
            result = [(c.name, c.type, c.nullable) for c in self.result]
            decisive["transform"] = [self.transform, result]
        if self.key:
            decisive["key"] = [self.key, self.latest, self.deleted]
        return hashlib.sha256(form.text(decisive).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Table:
    """A table made of others by ``sql``, one SELECT over the tables ``inputs``. ``follows``: input → the expression of
    its column (``day(ordered_at)``) from which this table's partition follows; ``reach_days``: how many later days a
    day of an input touches. ``comments``: column → text.
    """

    name: str
    sql: str
    inputs: tuple[str, ...]
    partition: tuple[str, ...] = ()
    follows: Mapping[str, str] = field(default_factory=dict)
    reach_days: int = 0
    export: str = ""
    comment: str = ""
    comments: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    series: Series | None = None

    @property
    def definition(self) -> str:
        """The hash of what decides its rows."""
        decisive = {"semantics": SEMANTICS, "sql": self.sql, "inputs": list(self.inputs)}
        return hashlib.sha256(form.text(decisive).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Definitions:
    """The data sets by name, and the tables, each after those that it is made of."""

    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)

    def made_by(self, name: str) -> str:
        """The data set, or the table, whose run makes the table ``name``."""
        return next((each.name for each in self.datasets.values() if name in each.tables), name)

    def made_of(self, dataset: Dataset) -> list[str]:
        """The tables that are made of those of ``dataset``, directly or by others, in order."""
        every = {*dataset.tables}
        found = []
        for table in self.tables.values():  # each after those that it is made of
            if every & {*table.inputs}:
                every.add(table.name)
                found.append(table.name)
        return found


def write(definitions: Definitions) -> str:
    """The definitions as JSON: the same for the same ones."""
    return form.text(
        {
            "version": VERSION,
            "datasets": [asdict(each) for each in definitions.datasets.values()],
            "tables": [asdict(each) for each in definitions.tables.values()],
        }
    )


def read(content: str | bytes, place: str) -> Definitions:
    """The definitions that a document holds. JobError, with the place, if it holds none."""
    return form.read(content, place, "a list of data sets", VERSION, _read)


def _read(document: Mapping[str, Any]) -> Definitions:
    datasets = [_dataset(each) for each in document["datasets"]]
    tables = [
        Table(**{**_tuples(each, "inputs", "partition"), "series": _series(each)})
        for each in document["tables"]
    ]
    return Definitions({each.name: each for each in datasets}, {each.name: each for each in tables})


def _dataset(each: Mapping[str, Any]) -> Dataset:
    columns, result = (
        tuple(Column(**_tuples(column, "named")) for column in each.get(key, ()))
        for key in ("columns", "result")
    )
    return Dataset(
        **{
            **_tuples(each, "patterns", "partition", "key", "latest"),
            "columns": columns,
            "result": result,
            "format": Format(**_tuples(each["format"], "nulls")),
            "series": _series(each),
        }
    )


def _series(each: Mapping[str, Any]) -> Series | None:
    found = each["series"]
    return None if found is None else Series(**_tuples(found, "by", "values"))


def _tuples(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: tuple(value) if key in names else value for key, value in fields.items()}
