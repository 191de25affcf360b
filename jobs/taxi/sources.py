"""Trip files: which objects of the input are such files, and the plan that lists them. Runs on Python 3.9."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from data_pipeline.etl.documents import plan
from data_pipeline.etl.documents.plan import Plan, PlannedObject
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import files, join
from data_pipeline.etl.storage.objects import Stored

DATASETS = ("yellow", "green", "fhv", "fhvhv")
NAME = re.compile(
    r"(?P<dataset>yellow|green|fhv|fhvhv)_tripdata_(?P<month>\d{4}-(?:0[1-9]|1[0-2]))\.(?P<form>csv|csv\.gz|parquet)"
)


@dataclass(frozen=True)
class TripFile:
    """One trip file. ``path`` is relative to the input and is the file's name everywhere; ``month`` is
    ``YYYY-MM``; ``form`` is ``csv``, ``csv.gz`` or ``parquet``, or ``folder`` for a folder that has a trip
    file's name.
    """

    uri: str
    path: str
    dataset: str
    month: str
    form: str
    etag: str
    size: int


@dataclass(frozen=True)
class Listing:
    """What lies below an input: its trip files by path, and how many other files there are."""

    sources: tuple[TripFile, ...]
    ignored: int
    removed: tuple[str, ...] = ()
    """In a plan: paths that are no longer in the input and whose rows are to go."""

    def repeated(self) -> list[str]:
        """One line for each month of a data set that more than one file claims: all of them are counted."""
        times = Counter((source.dataset, source.month) for source in self.sources)
        return [
            f"{dataset} {month} is there {n} times: all are counted, so its trips may be counted {n} times"
            for (dataset, month), n in sorted(times.items())
            if n > 1
        ]


def list_sources(folder: str) -> Listing:
    """The trip files at any depth below ``folder``, and how many other files are there."""
    found: dict[str, TripFile] = {}
    ignored = 0
    for stored in files(folder).list(folder):
        source = as_source(stored, folder)
        if source is None:
            ignored += 1
        else:
            found.setdefault(source.path, source)
    return Listing(tuple(found[path] for path in sorted(found)), ignored)


def as_source(stored: Stored, folder: str) -> TripFile | None:
    """``stored`` as a trip file below ``folder``, or None if neither it nor a folder that it lies in has such
    a name.
    """
    names = stored.path.split("/")
    match = NAME.fullmatch(names[-1])
    if match is not None:
        return TripFile(stored.uri, stored.path, etag=stored.etag, size=stored.size, **match.groupdict())
    for depth, name in enumerate(names[:-1], 1):
        match = NAME.fullmatch(name)
        if match is not None:
            path = "/".join(names[:depth]) + "/"
            parts = {**match.groupdict(), "form": "folder"}
            return TripFile(join(folder, path), path, etag="", size=0, **parts)
    return None


def named(path: str) -> tuple[str, str] | None:
    """The data set and the month of the trip file ``path``, or None if it does not have the name of one."""
    source = as_source(Stored(path, path, 0, ""), "")
    return (source.dataset, source.month) if source else None


def with_etags(sources: Iterable[TripFile]) -> list[TripFile]:
    """``sources``, with the ETag of those (local) files that do not have it yet."""
    return [
        source
        if source.etag or source.form == "folder"
        else replace(source, etag=files(source.uri).fingerprint(source.uri))
        for source in sources
    ]


def nothing_to_read(folder: str) -> JobError:
    """The error for an input without trip files."""
    return JobError(
        f"{folder}: no trip files found there. They are called <dataset>_tripdata_YYYY-MM.csv, .csv.gz or "
        f".parquet, with a data set of {', '.join(DATASETS)}. To put some there: "
        "python data_pipeline_run.py ENV --source DIR"
    )


def plan_document(run: str, listing: Listing) -> dict[str, Any]:
    """plan.json of the files that are to be read."""
    objects = tuple(PlannedObject(source.uri, source.etag, source.size) for source in listing.sources)
    return plan.document(run, Plan(objects, listing.ignored, listing.removed))


def read_plan(place: str, folder: str) -> Listing:
    """The listing that ``plan_document`` wrote to ``place``; paths are relative to the input ``folder``."""
    found = plan.read(files(place).read(place), place)
    return Listing(
        tuple(_planned(place, folder, each) for each in found.objects), found.ignored, found.removed
    )


def _planned(place: str, folder: str, planned: PlannedObject) -> TripFile:
    start, uri = join(folder, ""), planned.uri
    if not uri.startswith(start):
        raise JobError(f"{place}: {uri} is not below the input {start}; plan and --input belong together")
    source = as_source(Stored(uri, uri[len(start) :], planned.size, planned.etag), folder)
    if source is None:
        raise JobError(f"{place}: {uri} does not have the name of a trip file")
    return source
