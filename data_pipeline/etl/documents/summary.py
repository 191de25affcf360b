"""``summary.json`` of a run: everything, per file. The job that publishes writes it; the command ``run`` shows it."""

from __future__ import annotations

from typing import Any, TypedDict

NAME = "summary.json"
VERSION = 1


SEVERAL = 2
"""Rows of a file from which on it says something of the file if all of them are refused."""


def problem(error: str, read: int, accepted: int) -> str:
    """Why no row of a file can be used: it is unreadable, or all of its rows, of which there are several, are refused,
    as where a column has another form now; empty if neither.
    """
    return error or ("all of its rows are refused" if read >= SEVERAL and not accepted else "")


class _AllRows(TypedDict):
    read: int
    counted: int
    quarantined: int


class Rows(_AllRows, total=False):
    """Rows of all files: ``read`` is always the sum of the others. ``erased``: of keys that were erased, if any."""

    erased: int


class _AnyFile(TypedDict):
    source: str
    dataset: str
    layout: str | None
    etag: str
    bytes: int
    rows_read: int
    rows_counted: int
    rows_quarantined: int
    reasons: dict[str, int]
    error: str | None


class File(_AnyFile, total=False):
    """One source file. One that could not be read has 0 rows and says why in ``error``; ``reasons``: why rows are in
    quarantine → how many; ``rows_erased``: of keys that were erased, if any.
    """

    rows_erased: int


class Published(TypedDict):
    """What a run has published. ``tables``: name → ``snapshot`` and ``rows``; ``export``: where it is; ``statistics``:
    what the values are like.
    """

    windows: int | None
    tables: dict[str, Any]
    export: str | None
    statistics: dict[str, Any]


class _Always(TypedDict):
    version: int
    run: str
    code_version: str
    engine: str
    rows: Rows
    files: list[File]
    windows: int | None
    tables: dict[str, Any]
    export: str | None
    quarantine: str | None


class Summary(_Always, total=False):
    """What is ``Published`` is None, or empty, where nothing is published. ``quarantine``: where it is, if any row is
    quarantined. ``deployment``: its ``number``, ``commit`` and ``dirty``, where known. ``datasets``: name → its rows,
    files, reasons and ignored columns. ``erasures``: data set whose erased
    keys were taken out of its tables → how many ``keys``, the ``rows`` and ``snapshots`` by table, raw ``texts`` and
    ``files``, what tags have ``kept``, the tables that it ``waits`` for, those that features are ingested of first
    (``ingests``), and the ``error``. A run that judges has
    ``quality``, and of each data set and table with a series, by name: ``drift``, a list of periods with new rows
    (``period``, ``series``, the periods ``before``, ``psi`` by feature, and the shares of windows ``missing`` and
    ``missing_before``); and ``statistics``, a list of ``series`` and ``feature`` with ``now`` (of the periods with new
    rows) and ``before`` (of those that they are compared with, or None), each of which has ``rows``, ``missing``
    windows, ``min``, ``max``, ``mean`` and the quantiles ``q05`` to ``q95``.
    """

    deployment: dict[str, Any]
    datasets: dict[str, Any]
    exports: list[str]
    versions: dict[str, dict[str, int]]
    erasures: dict[str, Any]
    quality: dict[str, Any]
    drift: dict[str, Any]
    statistics: dict[str, Any]
