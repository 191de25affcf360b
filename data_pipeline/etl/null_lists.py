"""Lists of structs that are null stay null where PyIceberg reads them.

PyIceberg 0.12 puts such a list together of offsets and values alone, so that one that is null comes back as one that is
empty: to users, and in rows that are read to be written again. ``keep`` mends that for the whole process; what
loads tables to read them calls it.
Source: ``ArrowProjectionVisitor.list`` of ``pyiceberg.io.pyarrow``.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.io.pyarrow import ArrowProjectionVisitor
from pyiceberg.types import ListType

_read = ArrowProjectionVisitor.list


def _with_nulls(
    self: ArrowProjectionVisitor, kind: ListType, lists: pa.Array | None, values: pa.Array | None
) -> Any:
    found = _read(self, kind, lists, values)
    if found is None or lists is None or found.null_count == lists.null_count:
        return found
    return pc.if_else(lists.is_valid(), found, pa.scalar(None, found.type))


def keep() -> None:
    """Have PyIceberg keep them, from here on."""
    ArrowProjectionVisitor.list = _with_nulls  # type: ignore[method-assign, assignment]
