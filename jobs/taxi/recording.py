"""The last step of a publication: note in processed.json what the run has processed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from data_pipeline.etl.publishing.commits import commit_with_retry
from taxi import merge, processed
from taxi.processed import Entry
from taxi.work import Work

ERROR_LENGTH = 200


def record(place: str, work: Work, choice: merge.Choice, run: str) -> bool:
    """Note in the list ``place`` what this run has processed, beside what other runs note meanwhile.

    Returns whether there was anything to note. What another run has noted of a version that lies in the input
    now stays; what could not be fetched is not noted, so the next run takes it up.
    """

    def attempt() -> bool:
        known = processed.read(place)
        etags = {path: entry.etag for path, entry in known.objects.items()}
        now = work.now()
        newer = {path for path, etag in etags.items() if now.get(path) == etag}
        objects = dict(known.objects)
        for path, entry in _entries(work, choice, run, now.keys()).items():
            same = path in objects and replace(objects[path], run=run) == entry
            if not same and (path not in newer or etags[path] == entry.etag):
                objects[path] = entry
        for path in work.removed - now.keys():
            objects.pop(path, None)
        if objects == known.objects:
            return False
        processed.write(place, objects, known.seen)
        return True

    return commit_with_retry(place, attempt)


def _entries(work: Work, choice: merge.Choice, run: str, now: Collection[str]) -> dict[str, Entry]:
    unreadable = work.unreadable().keys() & now
    return {
        r.source.path: Entry(r.etag, r.source.size, r.rows_counted, run, (r.error or "")[:ERROR_LENGTH])
        for r in work.results
        if r.source.path in choice.mine or r.source.path in unreadable
    }
