"""Writes a sample: the trip files, and beside them what a correct count of them is.

``truth.csv`` holds window_start, dataset and trips; ``truth.json`` holds, per file, its layout, size, digest,
rows, and the numbers of the rows that are not counted, by the first reason that applies: ``cut_off``,
``fields``, ``unreadable``, ``outside`` (the file's month, by more than a day). ``truth.json`` is also the
generator's mark: a directory that holds a file it does not list, or lists with another digest, is not written
to.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from taxi.sample import rhythm, rides, trips
from taxi.sample.catalogue import File
from taxi.sample.csv_files import write_csv
from taxi.sample.errors import SampleError
from taxi.sample.layouts import CsvLayout
from taxi.sample.parquet_files import write_parquet

MADE_BY = "python jobs/sample.py"
TRUTH_CSV = "truth.csv"
TRUTH_JSON = "truth.json"

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the files' wall clock has no zone
_BLANKS_SINCE = (2019, 8)

Counts = Counter[tuple[int, str]]  # (window start in seconds, data set) → trips


@dataclass(frozen=True)
class Sample:
    """What was written: number of files, their rows and bytes, and how many rows do not count."""

    directory: Path
    files: int
    rows: int
    refused: int
    bytes: int


def write_sample(directory: Path, files: list[File], seed: int) -> Sample:
    """Write ``files`` and their truth to ``directory``; the same arguments write the same content.

    Raises ``SampleError`` if the directory holds anything that an earlier call did not write.
    """
    for name in _own_files(directory):
        (directory / name).unlink(missing_ok=True)
    directory.mkdir(parents=True, exist_ok=True)
    _write_truth(directory, seed, {file.name: None for file in files})
    counts: Counts = Counter()
    written = {file.name: _write_file(directory, file, seed, counts) for file in files}
    _write_counts(directory / TRUTH_CSV, counts)
    _write_truth(directory, seed, written)
    return Sample(
        directory,
        files=len(files),
        rows=sum(entry["rows"] for entry in written.values()),
        refused=sum(entry["rows"] - entry["counted"] for entry in written.values()),
        bytes=sum(entry["bytes"] for entry in written.values()),
    )


def _own_files(directory: Path) -> list[str]:
    """Names of what an earlier call wrote to the directory, and may go; refuses anything else in it."""
    if directory.exists() and not directory.is_dir():
        raise SampleError(f"{directory} is a file; name a directory that is new, empty or an earlier sample.")
    present = sorted(path.name for path in directory.iterdir()) if directory.exists() else []
    if not present:
        return []
    entries = _earlier(directory)
    foreign = [name for name in present if name not in (TRUTH_CSV, TRUTH_JSON) and name not in entries]
    foreign += [
        name for name in present if entries.get(name) and _digest(directory / name) != entries[name]["sha256"]
    ]
    if foreign:
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise SampleError(
            f"{directory} holds what this command did not write: {', '.join(foreign[:3])}{more}."
            " Nothing was changed; name a directory that is new, empty or an earlier sample."
        )
    return present


def _earlier(directory: Path) -> dict[str, Any]:
    """The files that ``truth.json`` of an earlier call lists; none where there is no such call."""
    path = directory / TRUTH_JSON
    try:
        truth = json.loads(path.read_bytes()) if path.is_file() else {}
    except ValueError:
        truth = {}
    if not isinstance(truth, dict) or truth.get("made_by") != MADE_BY:
        names = sorted(p.name for p in directory.iterdir())
        raise SampleError(
            f"{directory} is not empty and not an earlier sample (it holds {names[0]})."
            " Nothing was changed; name a directory that is new, empty or an earlier sample."
        )
    files: dict[str, Any] = truth["files"]
    return files


def _write_file(directory: Path, file: File, seed: int, counts: Counts) -> dict[str, Any]:
    """Write one trip file, add its trips to ``counts``, and return its entry in ``truth.json``."""
    layout, path = file.layout, directory / file.name
    mixed = Random(f"{seed} {file.dataset} {file.month}")  # noqa: S311 - repeatable, not secret
    plan = trips.Plan(
        file.dataset,
        file.month,
        file.rows,
        seed=f"{seed} trips {file.dataset} {file.month}",
        whole_minutes=isinstance(layout, CsvLayout) and layout.whole_minutes,
        unreadable=trips.unreadable_rows(file.month, file.rows, file.unreadable, mixed),
        wide=trips.wide_rows(file.rows, file.wide, mixed),
        cut_off=file.cut_off,
    )
    pool = rides.pool(mixed, blanks=file.month >= _BLANKS_SINCE)
    refused = _refused(plan)
    stream = _counted(plan, counts, refused)
    if isinstance(layout, CsvLayout):
        write_csv(path, layout, plan, pool, stream)
    else:
        write_parquet(path, layout, plan, pool, stream)
    return {
        "dataset": file.dataset,
        "month": f"{file.month[0]}-{file.month[1]:02d}",
        "layout": layout.id,
        "bytes": path.stat().st_size,
        "sha256": _digest(path),
        "rows": file.rows,
        "counted": file.rows - sum(map(len, refused.values())),
        **{reason: sorted(rows) for reason, rows in refused.items()},
    }


def _refused(plan: trips.Plan) -> dict[str, set[int]]:
    """The rows that are not counted whatever their time is; those outside the month are found while writing."""
    cut_off = {plan.rows} if plan.cut_off else set()
    fields = {row for row in plan.wide if row % 2} - cut_off
    return {
        "cut_off": cut_off,
        "fields": fields,
        "unreadable": set(plan.unreadable) - fields - cut_off,
        "outside": set(),
    }


def _counted(plan: trips.Plan, counts: Counts, refused: dict[str, set[int]]) -> Iterator[list[trips.Trip]]:
    """Pass the plan's chunks on, count the trips of them that count, and add to ``refused`` those outside the
    month.
    """
    row = 1
    windows: Counter[int] = Counter()
    first, end = plan.limits
    never = set().union(*refused.values())
    for chunk in trips.chunks(plan):
        windows.update([pickup // rhythm.WINDOW for pickup, _ in chunk])
        strange = {at for at, (pickup, _) in enumerate(chunk, row) if not first <= pickup < end} - never
        refused["outside"] |= strange
        for bad in strange | {at for at in never if row <= at < row + len(chunk)}:
            windows[chunk[bad - row][0] // rhythm.WINDOW] -= 1
        row += len(chunk)
        yield chunk
    for window, rides_begun in windows.items():
        counts[window * rhythm.WINDOW, plan.dataset] += rides_begun


def _write_counts(path: Path, counts: Counts) -> None:
    lines = ["window_start,dataset,trips"]
    for (window, dataset), number in sorted(counts.items()):
        if number:
            lines.append(f"{_EPOCH + timedelta(seconds=window)},{dataset},{number}")
    path.write_bytes(("\n".join(lines) + "\n").encode())


def _write_truth(directory: Path, seed: int, files: dict[str, Any]) -> None:
    """Write ``truth.json``; an entry is null as long as its file is not known to be whole."""
    complete = [entry for entry in files.values() if entry]
    truth = {
        "made_by": MADE_BY,
        "seed": seed,
        "rows": sum(entry["rows"] for entry in complete),
        "counted": sum(entry["counted"] for entry in complete),
        "files": files,
    }
    (directory / TRUTH_JSON).write_bytes((json.dumps(truth, indent=1) + "\n").encode())


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
