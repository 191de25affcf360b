"""What ``data-pipeline try`` finds: the code of the run writes it, the command shows it, ``--json`` prints it.

Values of rows are JSON's own; decimals, dates, times and bytes (as hexadecimal digits) are texts. A text is cut to
``LONGEST`` characters.
"""

from __future__ import annotations

import json
from typing import Any, TypedDict

from data_pipeline.etl.errors import JobError

VERSION = 1
LONGEST = 2000


class Rows(TypedDict):
    """``read`` is always the sum of the other two."""

    read: int
    accepted: int
    refused: int


class File(TypedDict):
    """A file of the data set. ``reasons``: why rows are refused → how many; ``error``: why it is unreadable."""

    path: str
    bytes: int
    rows: Rows
    reasons: dict[str, int]
    error: str | None


class Refused(TypedDict):
    """A refused row: its number in the file, from 1. ``column``: the first that is wrong, where the reason is about
    one; ``raw``: its text, None where personal data forbids it.
    """

    path: str
    row: int
    reason: str
    column: str | None
    raw: str | None


class Check(TypedDict):
    """A check of the data set, by its name and its SQL, and how many rows it refuses."""

    name: str
    sql: str
    refused: int


class Rule(TypedDict):
    """A quality rule of the data set or table ``of``. ``value``: the furthest that it has found, at ``source``, or None
    where there is nothing to look at or to compare with; ``outcome``: ``holds``, ``warns``, ``fails`` or ``nothing``;
    ``breaches``: of how many values it is broken; ``note``: an example of the first, or why a file cannot be used.
    """

    of: str
    rule: str
    severity: str
    limit: float
    value: float | None
    source: str
    outcome: str
    breaches: int
    note: str


class Table(TypedDict):
    """A table, of the data set itself or one that follows from it: what it would hold once all is let through.
    ``held_by``: what a run holds it back with, its own rules under its own name; ``missing``: what it is made of that
    has no rows here, and so it cannot be made; ``error``: why it cannot be made, or None.
    """

    name: str
    rows: int
    columns: list[list[str]]
    first_rows: list[dict[str, Any]]
    held_by: list[str]
    missing: list[str]
    error: str | None


class Unclaimed(TypedDict):
    """A file that no data set claims; ``nearest``: the pattern that it is probably meant for, ``of`` which data set."""

    path: str
    nearest: str | None
    of: str | None


class Rehearsal(TypedDict):
    """``passed``: whether a run would end well; if not, because of rules that fail, which ``accept`` lets through by
    their names, or of ``errors``: what cannot be made at all. ``left_out``: files that ``--file`` has left out;
    ``others``: files of other data sets, by name, and ``also_read`` those of them that were read because a table needs
    them, too. ``waiting``: periods that a marker holds back. ``refused``: the first few rows of each reason.
    ``private``: whether raw text is withheld. ``sql``: whether SQL or a transform makes the rows of its table.
    """

    version: int
    dataset: str
    input: str
    passed: bool
    errors: list[str]
    accept: list[str]
    rows: Rows
    files: list[File]
    left_out: int
    waiting: list[str]
    unclaimed: int
    unclaimed_files: list[Unclaimed]
    others: dict[str, int]
    also_read: dict[str, Rows]
    private: bool
    reasons: dict[str, int]
    refused: list[Refused]
    checks: list[Check]
    rules: list[Rule]
    sql: bool
    table: Table
    tables: list[Table]
    messages: list[str]


def read(content: str | bytes) -> Rehearsal:
    """The document that the code of the run has left. JobError for another version: half of an upgrade."""
    found: Rehearsal = json.loads(content)
    if found["version"] != VERSION:
        raise JobError(f"version {found['version']} of a rehearsal; this command reads version {VERSION}")
    return found
