"""What a table that is made of the versions of keys is to be."""

from __future__ import annotations

from dataclasses import dataclass

from .table_columns import Wanted


@dataclass(frozen=True)
class Keyed:
    """A table to be made. ``versions``: the table that it is made of; ``key``: the columns of the key; ``row``: those
    that tell its rows apart; ``wanted``: its columns and partitions; ``definition``: whatever decides its rows;
    ``select``: a SELECT of its rows over the relation ``_versions``; ``counted``: one of how many keys these have,
    where some may be deleted and have no row, or nothing. ``whole``: it cannot be told by the changed keys alone.
    ``periods``: a SELECT of the relation ``keyed_sql.PERIODS``, of the columns ``snapshots``, or nothing.
    """

    name: str
    versions: str
    key: tuple[str, ...]
    row: tuple[str, ...]
    wanted: Wanted
    definition: str
    select: str
    counted: str = ""
    whole: bool = False
    periods: str = ""
    snapshots: tuple[str, ...] = ()
