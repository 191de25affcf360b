"""What is stored, held against its record and against the source's headers."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from tlc.mirror.means import Means
from tlc.mirror.record import Entry
from tlc.mirror.store import StoreError, composite
from tlc.mirror.verdicts import Meaning, meaning
from tlc.mirror.web import DroppedError
from tlc.storage import ChangedError

RIGHT, WRONG, MISSING, REPLACED, UNREAD = "right", "wrong", "missing", "replaced", "unread"


@dataclass(frozen=True)
class Finding:
    """What became of one file: ``stored`` is one of the words above, ``source`` what the source says of it."""

    path: str
    stored: str
    source: str
    reason: str = ""
    bytes: int = 0


def verify(entries: dict[str, Entry], means: Means) -> dict[str, Any]:
    """Read every stored object of ``entries``, and ask the source for the headers of each. The report."""
    with means.working(), ThreadPoolExecutor(means.limits.connections) as readers:
        means.tell({"event": "plan", "files": len(entries)})
        try:
            findings = list(readers.map(lambda path: _finding(path, entries[path], means), sorted(entries)))
        except BaseException:
            means.stop("interrupted")  # what is being read ends at its next block
            readers.shutdown(wait=False, cancel_futures=True)
            raise
    wrong = [finding for finding in findings if finding.stored != RIGHT]
    words = (RIGHT, WRONG, MISSING, REPLACED, UNREAD)
    return {
        "version": 1,
        "counts": {word: sum(finding.stored == word for finding in findings) for word in words},
        "bytes": sum(finding.bytes for finding in findings),
        "newer": [finding.path for finding in findings if finding.source == "newer"],
        "unknown": [finding.path for finding in findings if finding.source == "unknown"],
        "wrong": [{"path": each.path, "stored": each.stored, "reason": each.reason} for each in wrong],
    }


def _finding(path: str, entry: Entry, means: Means) -> Finding:
    means.go_on()
    means.began(path, 0, entry.size)
    finding = _stored(path, entry, means)
    finding = replace(finding, source=_at_source(entry, means))
    means.tell({"event": "end", "path": path, "outcome": finding.stored, "reason": finding.reason})
    return finding


def _stored(path: str, entry: Entry, means: Means) -> Finding:
    whole, digests, size = hashlib.sha256(), [], 0
    try:
        for block in means.store.read(path, entry.stored, entry.part_bytes):
            digests.append(hashlib.sha256(block).digest())
            whole.update(block)
            size += len(block)
            means.go_on()
            means.progressed(path, len(block))
    except LookupError:
        return Finding(path, MISSING, "", "there is no such object any more")
    except ChangedError:
        return Finding(path, REPLACED, "", "somebody has put another object in its place")
    except StoreError as error:
        return Finding(path, UNREAD, "", str(error))
    if size != entry.size:
        return Finding(path, WRONG, "", f"{size:,} bytes are stored, {entry.size:,} were", size)
    found = composite(digests)
    if found != entry.parts_sha256 or entry.sha256 not in ("", whole.hexdigest()):
        return Finding(path, WRONG, "", "its bytes are not those that were stored (SHA-256)", size)
    if not entry.sha256:
        means.record.note(path, replace(entry, sha256=whole.hexdigest()))
    return Finding(path, RIGHT, "", bytes=size)


def _at_source(entry: Entry, means: Means) -> str:
    """``same``, ``newer``, or ``unknown`` where the source does not say."""
    try:
        answer = means.origin(entry.url).ask(entry.url, (entry.etag, entry.modified), most=0)
        answer.close()
    except DroppedError:
        return "unknown"
    said = meaning(answer.head, entry.url, entry, "", 0)
    return {Meaning.SAME: "same", Meaning.BODY: "newer"}.get(said, "unknown")
