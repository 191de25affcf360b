"""What the ledger says of a source file, and a shard's document: a line a file, so that they are read one by one.

    {"version":1,"table":"…","notes":[["c0ffee","2024-01-02T06:00:00Z","2024-01-02T06:00:00Z","r1",7]],"gone":{},"files":[
    ["orders/2024/01/01/a.csv","etag",120,"2024-01-01",{},"0123456789abcdef",0,7,6,1]
    ]}

``notes``: definition, first published, published, run and sequence number of many files alike; a file's line has path,
ETag, size in bytes, period, parts, unit, the number of its note, and rows read, accepted and in quarantine. ``gone``:
units that were dropped → the sequence number of the snapshot that dropped them. Pure; runs on Python 3.9.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, NamedTuple

from data_pipeline.etl.errors import JobError

VERSION = 1
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_scan: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # a third quicker than json.loads, of which a million add up


class Entry(NamedTuple):
    """The version of a file that the data set's table has: its ETag, size in bytes, period, parts and unit; the
    definition by which it was read; when the file's first and this version were published, in UTC to the second; the
    run that did; its rows; and the sequence number of the first snapshot of the table that is known to have them.
    """

    etag: str
    size: int
    period: str
    parts: Mapping[str, str]
    unit: str
    definition: str
    first_published: str
    published: str
    run: str
    rows: int
    accepted: int
    quarantined: int
    sequence: int


def time_of(text: str) -> datetime:
    """The time that ``time_text`` has written."""
    return datetime.strptime(text, _TIME).replace(tzinfo=timezone.utc)


def time_text(time: datetime) -> str:
    """As an entry has it: in UTC, to the second."""
    return time.astimezone(timezone.utc).strftime(_TIME)


@dataclass(frozen=True)
class Head:
    """What a shard says before its files. ``table``: the UUID of the table that the sequence numbers are of."""

    table: str = ""
    notes: tuple[tuple[str, str, str, str, int], ...] = ()
    gone: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Issue:
    """What one commit has made of a unit: its files by path; none if its rows were dropped."""

    unit: str
    files: Mapping[str, Entry]
    sequence: int


def head(line: str, place: str) -> Head:
    """What the first line of a shard says. JobError, with the place, if it is no such line."""
    try:
        document = json.loads(line.strip() + "]}")
        if document["version"] != VERSION:
            raise JobError(f"{place}: version {document['version']}; this job reads version {VERSION}")
        notes = tuple((d, f, p, r, int(n)) for d, f, p, r, n in document["notes"])
        return Head(document["table"], notes, {unit: int(n) for unit, n in document["gone"].items()})
    except (ValueError, KeyError, TypeError) as error:
        raise _no_ledger(place, error) from error


def entry(line: str, head: Head, place: str) -> tuple[str, Entry]:
    """The path and the entry of a file's line. JobError, with the place, if it is no such line."""
    try:
        path, etag, size, period, parts, unit, note, rows, accepted, quarantined = _decoded(line)
        definition, first, published, run, sequence = head.notes[note]
    except (ValueError, TypeError, IndexError) as error:
        raise _no_ledger(place, error) from error
    told = (definition, first, published, run, rows, accepted, quarantined, sequence)
    return path, Entry(etag, size, period, parts, unit, *told)


def _decoded(line: str) -> list[Any]:
    try:
        found: list[Any] = _scan(line, 0)[0]
    except StopIteration as error:
        raise ValueError(f"{line[:40]!r} is no JSON") from error
    return found


def lines(table: str, gone: Mapping[str, int], files: Iterable[tuple[str, Entry]]) -> Iterator[str]:
    """The document of a shard, in pieces: the same for the same files in the same order."""
    notes: dict[tuple[str, str, str, str, int], int] = {}
    texts = []
    for path, found in files:
        note = (found.definition, found.first_published, found.published, found.run, found.sequence)
        number = notes.setdefault(note, len(notes))
        parts, rows = dict(found.parts), (found.rows, found.accepted, found.quarantined)
        texts.append(_text([path, found.etag, found.size, found.period, parts, found.unit, number, *rows]))
    said = _text(
        {"version": VERSION, "table": table, "notes": list(notes), "gone": dict(sorted(gone.items()))}
    )
    yield said[:-1] + ',"files":[\n'
    if texts:
        yield ",\n".join(texts) + "\n"
    yield "]}\n"


def merged(
    known: Iterable[tuple[str, Entry]], gone: Mapping[str, int], issues: Iterable[Issue]
) -> tuple[dict[str, Entry], dict[str, int]]:
    """The files and what is gone of a shard after ``issues``. An issue holds unless a later snapshot has made another
    one of the unit: then who notes first or last makes no difference.
    """
    files, dropped = dict(known), dict(gone)
    latest: dict[str, int] = dict(dropped)
    for found in files.values():
        latest[found.unit] = max(latest.get(found.unit, 0), found.sequence)
    wanted = {issue.unit: issue for issue in issues if issue.sequence >= latest.get(issue.unit, 0)}
    files = {path: found for path, found in files.items() if found.unit not in wanted}
    for unit, issue in wanted.items():
        dropped.pop(unit, None)
        if issue.files:
            files.update(issue.files)
        else:
            dropped[unit] = issue.sequence
    return files, dropped


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _no_ledger(place: str, error: Exception) -> JobError:
    return JobError(
        f"{place}: this is no list of processed files ({type(error).__name__}: {error}); delete it, and the next run "
        "reads its files again"
    )
