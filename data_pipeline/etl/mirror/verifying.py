"""What is stored, held against its record and against the source's headers."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from data_pipeline.etl.storage.objects import ChangedError

from .record import Entry
from .store import StoreError, composite
from .transfer_context import TransferContext
from .verdicts import Meaning, meaning
from .web import DroppedError

RIGHT, WRONG, MISSING, REPLACED, UNREAD = "right", "wrong", "missing", "replaced", "unread"


@dataclass(frozen=True)
class Verification:
    """What became of one file: ``stored`` is one of the words above, ``source`` what the source says of it."""

    path: str
    stored: str
    source: str
    reason: str = ""
    bytes: int = 0


def verify(entries: dict[str, Entry], context: TransferContext) -> dict[str, Any]:
    """Read every stored object of ``entries``, and ask the source for the headers of each. The report."""
    with context.working(), ThreadPoolExecutor(context.limits.connections) as readers:
        context.tell({"event": "plan", "files": len(entries)})
        try:
            findings = list(readers.map(lambda path: _finding(path, entries[path], context), sorted(entries)))
        except BaseException:
            context.stop("interrupted")  # what is being read ends at its next block
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


def _finding(path: str, entry: Entry, context: TransferContext) -> Verification:
    context.go_on()
    context.began(path, 0, entry.size)
    finding = _stored(path, entry, context)
    finding = replace(finding, source=_at_source(entry, context))
    context.tell({"event": "end", "path": path, "outcome": finding.stored, "reason": finding.reason})
    return finding


def _stored(path: str, entry: Entry, context: TransferContext) -> Verification:
    whole, digests, size = hashlib.sha256(), [], 0
    try:
        for block in context.store.read(path, entry.stored, entry.part_bytes):
            digests.append(hashlib.sha256(block).digest())
            whole.update(block)
            size += len(block)
            context.go_on()
            context.progressed(path, len(block))
    except LookupError:
        return Verification(path, MISSING, "", "there is no such object any more")
    except ChangedError:
        return Verification(path, REPLACED, "", "somebody has put another object in its place")
    except StoreError as error:
        return Verification(path, UNREAD, "", str(error))
    if size != entry.size:
        return Verification(path, WRONG, "", f"{size:,} bytes are stored, {entry.size:,} were", size)
    found = composite(digests)
    if found != entry.parts_sha256 or entry.sha256 not in ("", whole.hexdigest()):
        return Verification(path, WRONG, "", "its bytes are not those that were stored (SHA-256)", size)
    if not entry.sha256:
        context.record.note(path, replace(entry, sha256=whole.hexdigest()))
    return Verification(path, RIGHT, "", bytes=size)


def _at_source(entry: Entry, context: TransferContext) -> str:
    """``same``, ``newer``, or ``unknown`` where the source does not say."""
    try:
        answer = context.origin(entry.url).ask(entry.url, (entry.etag, entry.modified), most=0)
        answer.close()
    except DroppedError:
        return "unknown"
    said = meaning(answer.head, entry.url, entry, "", 0)
    return {Meaning.SAME: "same", Meaning.BODY: "newer"}.get(said, "unknown")
