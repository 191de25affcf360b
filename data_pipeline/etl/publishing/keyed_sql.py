"""What is made of the versions of keys, as DuckDB's SQL over them: of each key the newest. Pure.

Versions are in the order of the data set's ``latest``, then of period, file and row; of full snapshots the period comes
first. Null is before everything.
"""

# ruff: noqa: S608 - SQL is put together from names in quotes and from expressions that were checked

from __future__ import annotations

from collections.abc import Sequence

from data_pipeline.etl.documents.datasets import AVAILABLE_AT, FILE, PERIOD, ROW, UNIT, Dataset
from data_pipeline.etl.quality.sql import name as quoted

_PLACE = (UNIT, AVAILABLE_AT)


def order(dataset: Dataset, columns: Sequence[str]) -> list[str]:
    """The columns by which versions are told apart, the first one first. Where SQL has left out the numbers of rows,
    the values decide at last.
    """
    told = [*dataset.latest, PERIOD, FILE]
    if dataset.replaces == "all":
        told = [PERIOD, *dataset.latest, FILE]
    rest = [ROW] if ROW in columns else [each for each in columns if each not in (*told, *_PLACE)]
    return list(dict.fromkeys([*told, *rest]))


def keys(dataset: Dataset) -> str:
    """The columns of the key, between commas."""
    return ", ".join(map(quoted, dataset.key))


def gone(dataset: Dataset) -> str:
    """A condition on a version: it says that its key is deleted."""
    return f"coalesce(({dataset.deleted}), false)" if dataset.deleted else "false"


def standing(dataset: Dataset, versions: str, parts: Sequence[str]) -> str:
    """A SELECT of those ``versions`` (a relation) that can be current: all, but of full snapshots the newest, for each
    value of the named ``parts``.
    """
    there = " AND ".join(f"{quoted(each)} IS NOT NULL" for each in dataset.key)
    found = f"SELECT * FROM {quoted(versions)} WHERE {there}"
    if dataset.replaces != "all":
        return found
    by = ", ".join(map(quoted, parts)) or "1"
    return f"{found} QUALIFY {quoted(PERIOD)} IS NOT DISTINCT FROM max({quoted(PERIOD)}) OVER (PARTITION BY {by})"


def newest(dataset: Dataset, versions: str, columns: Sequence[str], parts: Sequence[str]) -> str:
    """A SELECT of the newest version of each key among ``versions``, with ``_gone``: whether it says that its key is
    deleted.
    """
    by = ", ".join(f"{quoted(each)} DESC NULLS LAST" for each in order(dataset, columns))
    number = f"row_number() OVER (PARTITION BY {keys(dataset)} ORDER BY {by})"
    listed = ", ".join(map(quoted, columns))
    return f"SELECT {listed}, {gone(dataset)} AS _gone FROM ({standing(dataset, versions, parts)}) QUALIFY {number} = 1"
