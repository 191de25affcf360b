"""Changes of a table's columns: which are made in the commit that brings the rows, and which ask a question first.

Made: a new column that may be null, int → long, float → double, more digits before a decimal's point, a column that
may be null from now on, another name (``was:``), another order, another partition. A column is dropped if the run is
told so (``--drop-column NAME.COLUMN``). Everything else would alter rows that are there or leave them out: the table
has to be made anew from its files (``--rebuild NAME``), where ``anew`` gives it whatever columns it needs. PyIceberg
itself would also take another scale of a decimal, and a dropped name that returns with another type.
https://iceberg.apache.org/spec/#schema-evolution
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import count

from pyiceberg.table import Table, Transaction
from pyiceberg.table.update.schema import UpdateSchema

from data_pipeline.etl import arrow_types
from data_pipeline.etl.documents import types
from data_pipeline.etl.documents.datasets import RESERVED, Column
from data_pipeline.etl.documents.types import List, Primitive, Struct, Type
from data_pipeline.etl.errors import JobError

from . import iceberg_types, transforms

Path = tuple[str, ...]
_WIDER = {("int", "long"), ("float", "double")}


@dataclass(frozen=True)
class Changes:
    """What becomes of a table's columns, names of nested ones as paths. ``order``: all of them, if any moves;
    ``partition``: the new one, None if it stays.
    """

    renamed: tuple[tuple[str, str], ...] = ()
    added: tuple[tuple[Path, Type, str], ...] = ()
    dropped: tuple[str, ...] = ()
    widened: tuple[tuple[Path, Type], ...] = ()
    optional: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    partition: tuple[str, ...] | None = None

    def __bool__(self) -> bool:
        return self != Changes()

    def apply(self, transaction: Transaction) -> None:
        """Make the changes in ``transaction``, in which rows of the new columns may follow."""
        if self.partition is not None and transaction.table_metadata.spec().fields:
            with transaction.update_spec() as spec:
                for field in transaction.table_metadata.spec().fields:
                    spec.remove_field(field.name)
        if self.renamed or self.added or self.dropped or self.widened or self.optional:
            with transaction.update_schema() as update:
                self._columns(update)
        if self.order:
            with transaction.update_schema() as update:
                update.move_first(self.order[0])
                for before, column in zip(self.order, self.order[1:]):
                    update.move_after(column, before)
        if self.partition:
            with transaction.update_spec() as spec:
                for text in self.partition:
                    parsed = transforms.parse(text)
                    spec.add_field(parsed.column, transforms.transform(parsed), transforms.name(parsed))

    def _columns(self, update: UpdateSchema) -> None:
        for column in self.dropped:
            update.delete_column(column)
        for path, type in self.widened:
            update.update_column(path, field_type=iceberg_types.to_iceberg(type, count(1)))
        for column in self.optional:
            update.make_column_optional(column)
        for old, new in self.renamed:
            update.rename_column(old, new)
        for path, type, comment in self.added:
            update.add_column(path, iceberg_types.to_iceberg(type, count(1)), comment or None)


def evolve(
    name: str,
    table: Table,
    columns: Sequence[Column],
    partition: Sequence[str],
    dropped: Collection[str] = (),
) -> Changes:
    """What gives ``table``, which the run knows as ``name``, these columns and this partition without touching a row.
    ``dropped``: ``NAME.COLUMN`` of those that may go.

    JobError, which names every column and what to do, if that cannot be.
    """
    wanted = {column.name: column for column in columns}
    there = {field.name: field for field in table.schema().fields}
    renamed = {c.was: c.name for c in columns if c.was in there and c.name not in there}
    problems = [
        f"{name}.{old}: it is the former name of {new}, and still a column"
        for old, new in renamed.items()
        if old in wanted
    ]
    kept = _kept(name, table, columns, {new: old for old, new in renamed.items()})
    problems += kept.problems
    gone = [c for c in there if c not in wanted and c not in renamed and c not in RESERVED]
    problems += [*_of_gone(name, table, gone, dropped), *_of_dropped(name, table, wanted, dropped)]
    if problems:
        raise JobError("; ".join(problems))
    order = _order(there, renamed, gone, list(wanted))
    return Changes(
        tuple(renamed.items()),
        tuple(kept.added),
        tuple(gone),
        tuple(kept.widened),
        tuple(kept.optional),
        order,
        _partition(table, renamed, partition),
    )


@dataclass
class _Kept:
    """What becomes of the columns that are wanted: of those that stay and of those that are new."""

    added: list[tuple[Path, Type, str]] = field(default_factory=list)
    widened: list[tuple[Path, Type]] = field(default_factory=list)
    optional: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def _kept(name: str, table: Table, columns: Sequence[Column], before: Mapping[str, str]) -> _Kept:
    """``before``: the former name of a column that is renamed."""
    there = {field.name: field for field in table.schema().fields}
    found = _Kept()
    for column in columns:
        known = there.get(before.get(column.name, column.name))
        type = _whole(types.parse(column.type))
        if known is None:
            found.added.append(((column.name,), type, column.comment))
            found.problems += _of_added(name, table, column, type)
            continue
        old = iceberg_types.of_iceberg(known.field_type)
        steps = _steps((known.name,), old, type)
        if steps is None:
            found.problems.append(_of_type(name, column.name, old, type))
        else:
            found.added += [(path, step, "") for path, step, new in steps if new]
            found.widened += [(path, step) for path, step, new in steps if not new]
        if known.required:
            found.optional.append(known.name)
    return found


def anew(name: str, table: Table, columns: Sequence[Column], partition: Sequence[str]) -> Changes:
    """What gives ``table``, which the run knows as ``name``, these columns and this partition, in a commit in which
    every row is replaced: a column whose type cannot become the wanted one makes room for one of that type. Iceberg
    keeps a column by which the table is or was parted: where it is wanted no longer, it stays, empty from now on; where
    it is wanted with another type, JobError.
    """
    wanted = {column.name: _whole(types.parse(column.type)) for column in columns}
    there = {field.name: iceberg_types.of_iceberg(field.field_type) for field in table.schema().fields}
    steps = {
        column: _steps((column,), type, wanted[column]) for column, type in there.items() if column in wanted
    }
    parted = _parted(table)
    for column in parted & wanted.keys():
        if steps[column] is None:
            raise JobError(
                f"{name}.{column} is {there[column]} and cannot become {wanted[column]}, because the table is or was "
                "parted by it: give the column another name"
            )
    gone = [column for column in there if steps.get(column) is None and column not in parted]
    comments = {column.name: column.comment for column in columns}
    fresh = [column for column in wanted if column not in there or column in gone]
    deeper = [step for column in steps for step in steps[column] or ()]
    added: list[tuple[Path, Type, str]] = [((column,), wanted[column], comments[column]) for column in fresh]
    added += [(path, type, "") for path, type, new in deeper if new]
    order = _order(there, {}, gone, list(wanted), fresh)
    widened = tuple((path, type) for path, type, new in deeper if not new)
    return Changes((), tuple(added), tuple(gone), widened, (), order, _partition(table, {}, partition))


def _steps(path: Path, old: Type, new: Type) -> list[tuple[Path, Type, bool]] | None:
    """What makes ``new`` of ``old`` without touching a row: (path, type, whether it is added); None if nothing does."""
    if old == new:
        return []
    if isinstance(old, Primitive) and isinstance(new, Primitive):
        return [(path, new, False)] if _holds(old, new) else None
    if isinstance(old, List) and isinstance(new, List):
        return _steps((*path, "element"), old.element, new.element)
    if isinstance(old, Struct) and isinstance(new, Struct):
        return _of_fields(path, old, new)
    return None


def _of_fields(path: Path, old: Struct, new: Struct) -> list[tuple[Path, Type, bool]] | None:
    """Of a struct: its fields stay in their order, and others may follow."""
    found: list[tuple[Path, Type, bool]] = []
    if [field.name for field in new.fields[: len(old.fields)]] != [field.name for field in old.fields]:
        return None
    for one, other in zip(old.fields, new.fields):
        steps = _steps((*path, one.name), one.type, other.type)
        if steps is None:
            return None
        found += steps
    return found + [((*path, field.name), field.type, True) for field in new.fields[len(old.fields) :]]


def _holds(old: Primitive, new: Primitive) -> bool:
    if old.name == new.name == "decimal":
        return old.scale == new.scale and old.precision <= new.precision
    return (old.name, new.name) in _WIDER


def _whole(type: Type) -> Type:
    """The type as a table keeps it: whatever is within may be null."""
    return arrow_types.of_arrow(arrow_types.to_arrow(type))


def _of_added(name: str, table: Table, column: Column, type: Type) -> Iterator[str]:
    rebuild = _rebuild(name)
    for schema in table.metadata.schemas:
        earlier = next((field for field in schema.fields if field.name == column.name), None)
        if earlier is not None and iceberg_types.of_iceberg(earlier.field_type) != type:
            old = iceberg_types.of_iceberg(earlier.field_type)
            yield f"{name}.{column.name} was dropped as {old} and returns as {type}: {rebuild}"
            return
    if table.current_snapshot() is None:
        return
    if column.default is not None:
        yield f"{name}.{column.name} is new, and rows that are there lack its default {column.default!r}: {rebuild}"
    elif not column.nullable:
        yield (
            f"{name}.{column.name} is new and may not be null, and rows that are there have none: write {column.type}? "
            f"or {rebuild}"
        )


def _of_type(name: str, column: str, old: Type, new: Type) -> str:
    why = "which Iceberg does not do to values that are there"
    if isinstance(old, Primitive) and isinstance(new, Primitive) and old.name == new.name == "decimal":
        why = "it has another scale" if old.scale != new.scale else "it has fewer digits"
    return f"{name}.{column} is {old} in the table and cannot become {new}, {why}: {_rebuild(name)}"


def _of_gone(name: str, table: Table, gone: Sequence[str], dropped: Collection[str]) -> Iterator[str]:
    parted = _parted(table)
    for column in gone:
        if f"{name}.{column}" not in dropped:
            yield (
                f"{name}.{column} is in the table and no longer among its columns: run with --drop-column "
                f"{name}.{column} to drop it, or, if it has another name now, give that one was: {column}"
            )
        elif column in parted:
            yield f"{name}.{column} cannot be dropped, because the table is or was parted by it: keep it as a column"


def _of_dropped(name: str, table: Table, wanted: Collection[str], dropped: Collection[str]) -> Iterator[str]:
    """What is wrong with the columns that may go. One that has gone already is no mistake: a run may be repeated."""
    ever = {field.name for schema in table.metadata.schemas for field in schema.fields}
    for text in sorted(dropped):
        of, _, column = text.partition(".")
        if of != name:
            continue
        if column in wanted:
            yield f"--drop-column {text}: it is still among the columns of {name}; remove it there, and deploy"
        elif column not in ever:
            near = get_close_matches(column, ever, 1)
            hint = f"; did you mean {name}.{near[0]}?" if near else ""
            yield f"--drop-column {text}: the table {name} has never had this column{hint}"


def _parted(table: Table) -> set[str]:
    """The columns by which the table is parted, or ever was."""
    sources = {field.source_id for spec in table.metadata.partition_specs for field in spec.fields}
    return {field.name for field in table.schema().fields if field.field_id in sources}


def _rebuild(name: str) -> str:
    return f"run with --rebuild {name} to make the table anew from its files"


def _order(
    there: Collection[str],
    renamed: dict[str, str],
    gone: Collection[str],
    wanted: list[str],
    fresh: Collection[str] = (),
) -> tuple[str, ...]:
    """All columns in order, nothing if they are in that order by themselves: those of the tool's own stay last."""
    left = [renamed.get(column, column) for column in there if column not in gone]
    natural = [*left, *(column for column in (fresh or wanted) if column not in left)]
    order = [*wanted, *(column for column in natural if column not in wanted)]
    return () if order == natural else tuple(order)


def _partition(table: Table, renamed: dict[str, str], partition: Sequence[str]) -> tuple[str, ...] | None:
    schema = table.schema()
    there = []
    for part in table.spec().fields:
        source = schema.find_field(part.source_id).name
        there.append((renamed.get(source, source), str(part.transform)))
    wanted = [
        (parsed.column, str(transforms.transform(parsed))) for parsed in map(transforms.parse, partition)
    ]
    return None if there == wanted else tuple(partition)
