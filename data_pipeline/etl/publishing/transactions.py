"""Transactions of Iceberg tables that work out the table's metadata once for each change.

PyIceberg does so, and copies all of them, whenever it is asked: some seventeen times a commit, of which each takes the
longer the more snapshots a table has.
"""

from __future__ import annotations

from pyiceberg.table import Table, Transaction
from pyiceberg.table.metadata import TableMetadata


def begin(table: Table) -> Transaction:
    """A transaction of ``table``, as ``table.transaction()`` is."""
    return _Remembering(table)


class _Remembering(Transaction):
    """One that keeps the metadata that were asked for last, until there is another change. Nobody may change them."""

    _known: tuple[object, object, TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        base, updates = self._table.metadata, self._updates
        if self._known is None or self._known[0] is not base or self._known[1] is not updates:
            self._known = base, updates, super().table_metadata
        return self._known[2]
