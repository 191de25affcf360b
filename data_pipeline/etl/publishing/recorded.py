"""What a table says that it is made of: properties of its snapshot, or of a later look at it that made none."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pyiceberg.table import Table

from data_pipeline.etl.documents import form

from . import tables, transactions

DEFINITION = "pipeline.definition"
#: of the newest rows of keys: how many keys are deleted.
DELETED = "pipeline.deleted"


def known(table: Table | None) -> dict[str, str]:
    """The definition, the snapshots that the table is made of, and what was counted; nothing where it says nothing."""
    snapshot = table.current_snapshot() if table is not None else None
    if table is None or snapshot is None:
        return {}
    said = json.loads(table.properties.get(tables.EQUAL, "{}"))
    if said.pop("snapshot", None) == str(snapshot.snapshot_id):
        return dict(said)
    return {
        key: text
        for key, text in tables.properties_of(snapshot).items()
        if key in (DEFINITION, DELETED) or (key.startswith("pipeline.") and key.endswith("-snapshot"))
    }


def note_equal(table: Table, made: Mapping[str, str]) -> None:
    """The table, as it is, is what its inputs make of it now: its property says so, and no snapshot is made.

    Raises CommitFailedException if the table has changed since it was loaded.
    """
    snapshot = table.current_snapshot()
    assert snapshot is not None
    with transactions.begin(table) as transaction:
        said = {"snapshot": str(snapshot.snapshot_id), **made}
        transaction.set_properties({tables.EQUAL: form.text(said)})
