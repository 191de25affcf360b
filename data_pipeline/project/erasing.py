"""Keys of a data set that are to be erased: read as they are typed, and looked for in the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pyiceberg.expressions import And, BooleanExpression, EqualTo, Or
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table

from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean, one_of, quoted
from data_pipeline.etl.documents import erasures, types
from data_pipeline.etl.documents.datasets import FILE, Definitions
from data_pipeline.features.snapshots import Tables

_TAG = "dataset."


@dataclass(frozen=True)
class Keys:
    """Keys of the data set ``name`` by its ``columns``: the texts by which each is hashed, and each as it was typed.
    ``kinds``: the columns' types in the tables; ``noted``: what the record says of them.
    """

    name: str
    columns: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    typed: tuple[str, ...]
    kinds: Mapping[str, types.Type]
    noted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """What a table has of some keys: ``rows`` now; how many snapshots are ``older`` than the present one, and how many
    of these ``hold`` a key and have no name that keeps them, None where nobody can tell; ``kept``: tag or branch → the
    id of one that holds a key. ``files``: those that the rows came from; ``there``: the keys that are in any snapshot,
    by their place.
    """

    rows: int = 0
    older: int = 0
    hold: int | None = None
    kept: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    there: frozenset[int] = frozenset()


def dataset_of(env: Environment, name: str) -> Dataset:
    """The data set of that name. UserError where there is none, or where it has no key."""
    if name not in env.datasets:
        near = did_you_mean(name, env.datasets)
        has = f"expected {one_of(env.datasets)}" if env.datasets else "and the configuration has none"
        raise UserError(f"found no data set {quoted(name)}, {has}" + (f"; {near}" if near else ""))
    if not env.datasets[name].key:
        raise UserError(
            f"the data set {name} has no key, so nothing says which rows are whose; give it one (key: COLUMN in the "
            f"configuration; docs/how-to/keyed-data.md), and make its tables anew: run {env.name} --rebuild {name}"
        )
    return env.datasets[name]


def keys_of(name: str, dataset: Dataset, columns: Mapping[str, str], given: Sequence[str]) -> Keys:
    """The keys that ``given`` texts ``COLUMN=VALUE`` name: each column once for each key, which the first ones of all,
    the second ones and so on are. ``columns``: column → type. UserError for what is no key.
    """
    by_column: dict[str, list[str]] = {column: [] for column in dataset.key}
    for text in given:
        column, sign, value = text.partition("=")
        column = column.strip()
        if not sign or column not in by_column:
            near = did_you_mean(column, by_column) if sign else ""
            raise UserError(
                f"--key {text}: found {'no column of the key' if sign else 'no COLUMN=VALUE'}, expected "
                f"{' and '.join(f'{each}=VALUE' for each in by_column)}" + (f"; {near}" if near else "")
            )
        by_column[column].append(value)
    counts = {column: len(values) for column, values in by_column.items()}
    if len({*counts.values()}) > 1:
        said = ", ".join(f"{column} {number} times" for column, number in counts.items())
        raise UserError(
            f"--key: found {said}, expected each as often: a key of {name} is {' and '.join(dataset.key)} together"
        )
    kinds = {column: types.parse(columns[column]) for column in dataset.key}
    told = [*zip(*by_column.values(), strict=True)]
    typed = tuple(
        " ".join(f"{column}={value}" for column, value in zip(dataset.key, each, strict=True))
        for each in told
    )
    found = tuple(
        tuple(
            _text(dataset, column, kinds[column], value)
            for column, value in zip(dataset.key, each, strict=True)
        )
        for each in told
    )
    noted = tuple(_noted(dataset, column, kinds[column]) for column in dataset.key)
    return Keys(name, tuple(dataset.key), found, typed, kinds, noted)


def _noted(dataset: Dataset, column: str, kind: types.Type) -> str:
    written = dataset.columns.get(column)
    if written is None or written.pii != "hash":
        return erasures.kind_of(kind)
    return erasures.kind_of(written.kind, "hash")


def _text(dataset: Dataset, column: str, kind: types.Type, value: str) -> str:
    """The text by which a typed value is hashed; of a column that is hashed already, that of its hash."""
    written = dataset.columns.get(column)
    if written is not None and written.pii == "hash":
        kind = written.kind
        found = erasures.sha256_of(kind, value)
    else:
        found = erasures.canonical(kind, value)
    if found is None:
        raise UserError(f"--key {column}={value}: found no {kind}, which the column is")
    return found


def look(tables: Tables, definitions: Definitions, keys: Keys) -> dict[str, Found]:
    """What the tables of the data set, and those that are made of them, have of ``keys``; what is not there is left
    out. UserError for a table of before the data set had these columns.
    """
    dataset = definitions.datasets[keys.name]
    found = {name: _look(tables.find(name), keys) for name in dataset.tables}
    found |= {name: _made(tables.find(name)) for name in definitions.made_of(dataset)}
    return {name: each for name, each in found.items() if each is not None}


def _look(table: Table | None, keys: Keys) -> Found | None:
    current = table.current_snapshot() if table is not None else None
    if table is None or current is None:
        return None
    named = {field.name: field.field_type for field in table.schema().fields}
    for column, kind in keys.kinds.items():
        found = str(named[column]) if column in named and named[column].is_primitive else ""
        if not found or not erasures.alike(found, str(kind)):
            raise UserError(
                f"{keys.name}: its table {table.name()[-1]} has no column {column} of the type {kind}, by which a key "
                f"is told; make its tables anew first: run … --rebuild {keys.name}"
            )
    wanted = [*keys.columns, *(name for name in (FILE,) if name in named)]
    condition = _condition(keys)
    known: dict[str, list[dict[str, Any]]] = {}
    rows: dict[int, list[dict[str, Any]]] = {}
    for snapshot in table.snapshots():
        mine = rows.setdefault(snapshot.snapshot_id, [])
        for task in table.scan(row_filter=condition, snapshot_id=snapshot.snapshot_id).plan_files():
            file = task.file
            if file.file_path not in known:
                known[file.file_path] = _rows(table, file, wanted, condition)
            mine += known[file.file_path]
    holding = [number for number, each in rows.items() if each and number != current.snapshot_id]
    refs = {name: ref.snapshot_id for name, ref in table.metadata.refs.items()}
    every = [row for some in known.values() for row in some]
    return Found(
        len(rows[current.snapshot_id]),
        len(rows) - 1,
        len([number for number in holding if number not in refs.values()]),
        {name: str(number) for name, number in refs.items() if number in holding},
        tuple(sorted({row[FILE] for row in every if row.get(FILE)})),
        frozenset(at for at, texts in enumerate(keys.texts) if any(_is(row, keys, texts) for row in every)),
    )


def _rows(
    table: Table, file: DataFile, columns: Sequence[str], condition: BooleanExpression
) -> list[dict[str, Any]]:
    scan = ArrowScan(table.metadata, table.io, table.schema().select(*columns), condition)
    found: list[dict[str, Any]] = scan.to_table([FileScanTask(file)]).to_pylist()
    return found


def _condition(keys: Keys) -> BooleanExpression:
    every: BooleanExpression | None = None
    for texts in keys.texts:
        one: BooleanExpression | None = None
        for column, text in zip(keys.columns, texts, strict=True):
            equal = EqualTo(column, _literal(keys.kinds[column], text))  # type: ignore[call-arg]
            one = equal if one is None else And(one, equal)
        assert one is not None
        every = one if every is None else Or(every, one)
    assert every is not None
    return every


def _literal(kind: types.Type, text: str) -> Any:
    """A value as PyIceberg compares it: times are microseconds."""
    name = kind.name if isinstance(kind, types.Primitive) else ""
    if name == "decimal":
        return Decimal(text)
    if name == "boolean":
        return text == "true"
    return int(text) if name in ("int", "long", "timestamp", "timestamptz") else text


def _is(row: Mapping[str, Any], keys: Keys, texts: Sequence[str]) -> bool:
    values = (row[column] for column in keys.columns)
    return all(
        erasures.canonical(keys.kinds[column], _written(value)) == text
        for column, value, text in zip(keys.columns, values, texts, strict=True)
    )


def _written(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _made(table: Table | None) -> Found | None:
    """Of a table that is made of such rows: how many snapshots before the present one can go."""
    current = table.current_snapshot() if table is not None else None
    if table is None or current is None:
        return None
    older = {each.snapshot_id for each in table.snapshots()} - {current.snapshot_id}
    refs = {name: ref.snapshot_id for name, ref in table.metadata.refs.items() if ref.snapshot_id in older}
    return Found(0, len(older - {*refs.values()}), None, {name: str(number) for name, number in refs.items()})


def training_sets(found: Mapping[str, Found]) -> list[str]:
    """The versions of training sets, ``NAME/VERSION``, whose snapshots hold the keys."""
    tags = {tag for each in found.values() for tag in each.kept if tag.startswith(_TAG)}
    return sorted(tag.removeprefix(_TAG).replace(".", "/", 1) for tag in tags)


def groups_of(env: Environment, tables: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(feature group, its stores) of those whose table is one of ``tables``."""
    for name, group in env.features.items():
        stores = [each for each in ("online", "offline") if getattr(group, each)]
        if group.table in tables and stores:
            yield env.names.feature_group(name), " and ".join(stores)
