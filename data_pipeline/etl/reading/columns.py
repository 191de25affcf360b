"""Which of a file's columns are a data set's, and what their texts become."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.etl.documents import reasons, types
from data_pipeline.etl.documents.datasets import Column, Dataset, Format
from data_pipeline.etl.documents.reasons import WrongValueError
from data_pipeline.etl.errors import FileError, JobError
from data_pipeline.etl.reading import casts
from data_pipeline.etl.reading.casts import BLANKS, Cast, Problems
from data_pipeline.etl.reading.schemas import arrow_type

_SHOWN = 20


@dataclass(frozen=True)
class ColumnPlan:
    """How a column is read. ``cast``: of its texts; None for a string, a list and a struct. ``nulls``: the texts that
    are null. ``default``: a ``pa.Scalar``, or None if there is none. ``may_be_missing``: a file without it is fine.
    """

    column: Column
    kind: types.Type
    arrow: pa.DataType
    cast: Cast | None
    nulls: tuple[str, ...]
    default: Any
    may_be_missing: bool

    @property
    def names(self) -> tuple[str, ...]:
        """What a file may call it."""
        return self.column.named or (self.column.name,)

    def missing(self, rows: int) -> Any:
        """The values of ``rows`` rows of a file that has no such column."""
        return pa.nulls(rows, self.arrow) if self.default is None else pa.repeat(self.default, rows)


def plans(dataset: Dataset) -> tuple[ColumnPlan, ...]:
    """JobError for a type, a format or a default that is none."""
    return tuple(_plan(dataset, column) for column in dataset.columns)


def _plan(dataset: Dataset, column: Column) -> ColumnPlan:
    written: Format = dataset.format
    where = f"data set {dataset.name}: column {column.name}"
    try:
        kind = types.parse(column.type)
    except types.WrongTypeError as error:
        raise JobError(f"{where}: {error}") from error
    nulls = written.nulls if written.kind == "csv" else ()
    cast = casts.cast_of(kind, written) if isinstance(kind, types.Primitive) else None
    default = None
    if column.default is not None and not (column.nullable and column.default in written.nulls):
        if not isinstance(kind, types.Primitive):
            raise JobError(f"{where}: a {kind} has no default")
        try:
            default = casts.scalar(column.default, cast)
        except WrongValueError as error:
            raise JobError(f"{where}: its default {column.default!r} is no {kind}: {error}") from error
    missing = column.default is not None
    return ColumnPlan(column, kind, arrow_type(kind), cast, nulls, default, missing)


def match(plan: Sequence[ColumnPlan], header: Sequence[str]) -> tuple[list[int | None], tuple[str, ...]]:
    """The position in ``header`` of each column, None for one that is not there and may be missing; and the names
    that no column has. FileError if one is missing, or is there more than once.
    """
    positions = [_position(each, header, plan) for each in plan]
    ignored = [] if _may_be_data(plan, header) else [n for at, n in enumerate(header) if at not in positions]
    return positions, tuple(dict.fromkeys(ignored))


def _position(each: ColumnPlan, header: Sequence[str], plan: Sequence[ColumnPlan]) -> int | None:
    found = [at for at, name in enumerate(header) if name in each.names]
    if len(found) > 1:
        names = ", ".join(header[at] for at in found)
        raise FileError(
            f"column {each.column.name} is there more than once, as {names}; it has to be there once"
        )
    if found:
        return found[0]
    if each.may_be_missing:
        return None
    claimed = {name for other in plan for name in other.names}
    missing = f"it has no column {' or '.join(each.names)}"
    expected = f"expected: {_listed([other.names[0] for other in plan])}"
    if _may_be_data(plan, header):
        raise FileError(
            f"{missing}; its {len(header)} names are not shown, since they may be personal data; {expected}"
        )
    free = [name for name in header if name not in claimed]
    advice = "; if files may lack it, give it a default, as default: ''" if each.column.nullable else ""
    raise FileError(f"{missing}{_nearest(each, free)}; found: {_listed(header)}; {expected}{advice}")


def _may_be_data(plan: Sequence[ColumnPlan], header: Sequence[str]) -> bool:
    """Whether ``header`` may be a row of a file that has none, and of personal data: it has no name that is known."""
    known = {name for each in plan for name in each.names}
    return any(each.column.pii for each in plan) and known.isdisjoint(header)


def _nearest(plan: ColumnPlan, free: Sequence[str]) -> str:
    """The column of the file that may be meant, and how the configuration says so."""
    lower = {name.lower().strip(): name for name in free}
    for name in plan.names:
        if near := difflib.get_close_matches(name.lower(), lower, 1, 0.6):
            column, found = plan.column, lower[near[0]]
            written = f"{column.name}: {column.type}{'?' if column.nullable else ''} {found}"
            how = f" (if it is meant, write {written})" if isinstance(plan.kind, types.Primitive) else ""
            return f", the nearest is {found}{how}"
    return ""


def _listed(names: Sequence[str]) -> str:
    """The names, the first twenty of many."""
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more if names else "none"


def whole(column: Any) -> Any:
    """A column of a table as one array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def from_texts(texts: Any, plan: ColumnPlan) -> tuple[Any, Problems]:
    """The values of a column's texts, an Arrow array of strings in which null is no value, and what is refused."""
    texts = _with_nulls(texts, plan.nulls, plan.cast is not None)
    values, problems = (texts, {}) if plan.cast is None else casts.convert(texts, plan.cast)
    blank = [at for at in problems if texts[at].as_py().strip(BLANKS) in plan.nulls]
    for at in blank:
        del problems[at]
    return filled(values, plan, problems)


def filled(values: Any, plan: ColumnPlan, problems: Problems) -> tuple[Any, Problems]:
    """``values`` with the column's default in place of null; without one, a null that may not be is refused."""
    if not values.null_count:
        return values, problems
    if plan.default is not None:
        return pc.fill_null(values, plan.default), problems
    if not plan.column.nullable:
        for at in np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False)).tolist():
            problems.setdefault(at, reasons.NULL)
    return values, problems


def _with_nulls(texts: Any, nulls: tuple[str, ...], trimmed: bool) -> Any:
    """``texts`` in which the words ``nulls`` are null, where they are ``trimmed`` also with blanks around them."""
    if not nulls or not len(texts):
        return texts
    if nulls == ("",):
        offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
        empty = offsets[1:] == offsets[:-1]
        if not empty.any():
            return texts
        found = pa.array(empty)
    else:
        bare = pc.utf8_trim(texts, BLANKS) if trimmed else texts
        found = pc.is_in(bare, value_set=pa.array(nulls))
        if not pc.any(found).as_py():
            return texts
    return pc.if_else(found, None, texts)
