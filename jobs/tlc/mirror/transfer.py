"""One file, from its source into the input: resumed, checked, and visible only when it is whole.

What is received fills parts of a few MiB, which other threads upload meanwhile. A broken connection
goes on at the byte where it broke, pinned to the version that was begun; another version begins anew. An upload of
several parts is recorded when it begins, so that a later run goes on behind the last part that S3 has.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from tlc.mirror import footer, verdicts
from tlc.mirror.means import LeftError, Means
from tlc.mirror.record import Entry, Superseded, Upload
from tlc.mirror.store import MOST_PARTS, Object, Part, StoreError, composite
from tlc.mirror.verdicts import Head, Meaning
from tlc.mirror.wanted import Ask
from tlc.mirror.web import DroppedError
from tlc.storage import ChangedError

NEW, UPDATED, UNCHANGED = "new", "updated", "unchanged"
UNPUBLISHED, REFUSED, FAILED, LEFT = "unpublished", "refused", "failed", "left"

#: bytes kept of the part before the last one: most Parquet footers fit.
_KEPT = 1 << 18
_FIRST = 64


@dataclass(frozen=True)
class Outcome:
    """What became of one file: ``received`` bytes of bodies, ``resumed`` bytes that an earlier run had stored;
    ``status`` of the answer that refused it.
    """

    ask: Ask
    kind: str
    received: int = 0
    resumed: int = 0
    reason: str = ""
    status: int = 0
    size: int = 0


class _AgainError(Exception):
    """What was received is of no use; the file is begun anew."""


class _BusyError(Exception):
    """The server asks for time: ``wait`` seconds, where it says how much."""

    def __init__(self, status: int, wait: float | None) -> None:
        super().__init__(f"the source answers {status}")
        self.wait = wait


class Transfer:
    """One attempt after the other at one file."""

    def __init__(self, ask: Ask, means: Means) -> None:
        self.ask, self.means = ask, means
        self._size = means.store.part
        self.received = self.resumed = 0
        self._upload: Upload | None = None
        self._reserved = False
        self._forget()
        known = means.record.upload(ask.path)
        if known is not None:
            self._resume(known)

    def run(self) -> Outcome:
        """Bring the file, or say why not. JobError if no file could be stored at all."""
        try:
            return self._patiently()
        except LeftError as left:
            self._keep()
            return self._outcome(LEFT, str(left))
        except StoreError as error:
            self._keep()
            return self._outcome(FAILED, str(error))
        finally:
            self._give_back()

    def _patiently(self) -> Outcome:
        failures = restarts = parts = 0
        while True:
            wait = None
            try:
                return self._attempt()
            except _AgainError as error:
                self._discard()
                restarts += 1
                if restarts > self.means.patience.restarts:
                    return self._outcome(FAILED, f"{error}, {restarts} times in a row")
                continue
            except _BusyError as error:
                reason, wait = str(error), error.wait
            except DroppedError as error:
                reason = str(error)
                if self._position and not verdicts.strong(self._etag):
                    self._discard()  # nothing to pin the rest to
            failures = 1 if len(self._parts) > parts else failures + 1
            parts = len(self._parts)
            pause = self.means.patience.pause(failures, self.means.chance, wait)
            if pause is None:
                self._keep()
                waits = f" and asks us to wait {wait:,.0f} s" if wait else ""
                return self._outcome(FAILED, f"{reason}{waits}, at the {failures}. attempt")
            self.means.wait(pause, everybody=wait is not None)

    def _attempt(self) -> Outcome:
        if self._position and self._position == self._total:  # all parts were there already
            return self._promote()
        known = self.ask.known
        conditions = (known.etag, known.modified) if known and not self._position else ("", "")
        answer = self.means.origin(self.ask.url).ask(
            self.ask.url, conditions, self._etag if self._position else "", self._position
        )
        try:
            head: Head = answer.head
            meaning = verdicts.meaning(head, self.ask.path, known, self._etag, self._position)
            if meaning is Meaning.SAME and known:
                return self._same(known, head)
            if meaning is Meaning.REFUSED and not self._position:
                return replace(
                    self._outcome(REFUSED, f"the source answers {head.status}"), status=head.status
                )
            if meaning in (Meaning.AGAIN, Meaning.REFUSED):
                raise _BusyError(head.status, head.wait)
            if meaning is Meaning.OTHER:
                raise _AgainError("it changed while it was fetched")
            if meaning is Meaning.WRONG:
                raise DroppedError(verdicts.explained(head, self.ask.path))
            self._begin(head)
            self._receive(answer)
        finally:
            answer.close()
        return self._promote()

    def _begin(self, head: Head) -> None:
        """Take the answer's version for the one that is fetched, and have an upload for it."""
        if self._position and head.total != self._total:
            raise _AgainError("its size changed while it was fetched")
        self._etag, self._modified, self._total = head.etag, head.modified, head.total
        size = head.total or 0
        if size > self._size * MOST_PARTS:
            raise StoreError(f"{size:,} bytes are more than {MOST_PARTS:,} parts of {self._size:,} bytes")
        if not self._reserved:
            self.means.reserve(max(0, size - self._position))
            self._reserved = True
        if self._upload is None:
            path, etag, modified = self.ask.path, self._etag, self._modified
            metadata = {"source-etag": etag, "source-modified": modified} if etag.isascii() else {}
            id = self.means.store.begin(path, metadata)
            self._upload = Upload(id, self.ask.url, etag, modified, size, self._size)
            if size > self._size and verdicts.strong(etag):
                self.means.record.note_upload(path, self._upload)
                self.means.save(now=True)
        self.means.began(self.ask.path, self._position, head.total)

    def _receive(self, answer: Any) -> None:
        """Read the body to its end into parts, and send all but the last. DroppedError if it ends too early."""
        slow = self.means.stall_watch()
        while True:
            if self._buffer is None:
                self._buffer = self.means.buffers.get()
            count = answer.read(memoryview(self._buffer)[self._filled : self._size])
            if not count:
                break
            fresh = memoryview(self._buffer)[self._filled : self._filled + count]
            if self._whole is not None:
                self._whole.update(fresh)
            if len(self._first) < _FIRST and self._position == len(self._first):
                self._first += bytes(fresh[: _FIRST - len(self._first)])
            self._filled += count
            self._position += count
            self.received += count
            self.means.progressed(self.ask.path, count)
            slow(count)
            if self._total is not None and self._position >= self._total:
                break
            if self._filled == self._size:
                self._send()
            self.means.go_on()
        if self._total is None:
            self._total = self._position
        if self._position != self._total:
            raise DroppedError(f"the connection closed after {self._position:,} of {self._total:,} bytes")

    def _send(self) -> None:
        """Hand the buffer to an uploading thread, which gives it back to the others."""
        buffer, filled, upload = self._buffer, self._filled, self._upload
        if buffer is None or upload is None or not filled:
            return
        for sent in self._parts:
            if isinstance(sent, Future) and sent.done():
                sent.result()
        self._before = bytes(buffer[max(0, filled - _KEPT) : filled])
        self._buffer, self._filled = None, 0
        number, path, store = len(self._parts) + 1, self.ask.path, self.means.store

        def put() -> Part:
            try:
                content = buffer if filled == self._size else bytes(memoryview(buffer)[:filled])
                return store.put(path, upload.id, number, content)
            finally:
                self.means.buffers.put(buffer)

        self._parts.append(self.means.uploads.submit(put))

    def _promote(self) -> Outcome:
        """Check the whole and make it visible, in the place of what was there."""
        rows = self._checked()
        self._send()
        try:
            parts = self._sent()
            digest, known, size = composite([part.digest for part in parts]), self.ask.known, self._total or 0
            if known and (known.parts_sha256, known.size, known.part_bytes) == (digest, size, self._size):
                entry = replace(known, etag=self._etag, modified=self._modified, url=self.ask.url)
                self._discard()
                self._note(entry)
                return self._outcome(UNCHANGED, "published again with the same bytes")
            before = self.means.store.find(self.ask.path)
            if before is not None and not self.means.store.keeps_versions():
                raise StoreError(
                    f"{self.means.store.place(self.ask.path)}: the bucket keeps no versions, so the earlier issue "
                    "would be lost: switch on versioning"
                )
            upload = self._upload.id if self._upload else ""
            stored = self.means.store.complete(self.ask.path, upload, parts, before.etag if before else None)
        except (ChangedError, LookupError) as error:
            return self._overtaken(error)
        entry = self._entry(stored, rows)
        if before is not None:
            entry = replace(entry, superseded=_with(known, before, self.means.now()))
        self._note(entry)
        return replace(self._outcome(UPDATED if before else NEW), size=size)

    def _overtaken(self, error: Exception) -> Outcome:
        """Another mirror has promoted a version, or our own call did and its answer was lost."""
        found = self.means.store.find(self.ask.path)
        if (
            self._etag
            and found
            and found.metadata.get("source-etag") == self._etag
            and found.size == self._total
        ):
            entry = self._entry(found, None, whole=False)
            self._discard()
            self._note(entry)
            return self._outcome(UNCHANGED, "another mirror has just brought it")
        raise _AgainError("its upload was taken away") from error

    def _checked(self) -> int | None:
        """The rows of a Parquet file, None of another one; _AgainError if the bytes cannot be the file."""
        wrong = verdicts.looks_wrong(self.ask.path, self._read_at(0, min(_FIRST, self._total or 0)))
        if wrong:
            raise _AgainError(wrong)
        if not self.ask.path.lower().endswith(".parquet"):
            return None
        try:
            return footer.rows(self._total or 0, self._read_at)
        except footer.FooterError as error:
            raise _AgainError(str(error)) from error

    def _read_at(self, start: int, length: int) -> bytes:
        """Bytes of the file: those at hand, or from the source once more."""
        end = self._position
        if start + length <= len(self._first):
            return self._first[start : start + length]
        at_hand = self._before + bytes(memoryview(self._buffer)[: self._filled] if self._buffer else b"")
        if start >= end - len(at_hand) and start + length <= end:
            offset = start - (end - len(at_hand))
            return at_hand[offset : offset + length]
        return self._fetched(start, length)

    def _fetched(self, start: int, length: int) -> bytes:
        answer = self.means.origin(self.ask.url).ask(
            self.ask.url, pinned=self._etag, position=start, most=max(1, length)
        )
        try:
            if answer.head.status != 206 or answer.head.etag != self._etag or answer.head.begins != start:
                raise _AgainError("it changed while it was fetched")
            content, filled = bytearray(length), 0
            while filled < length and (count := answer.read(memoryview(content)[filled:])):
                filled += count
        finally:
            answer.close()
        self.received += filled
        if filled < length:
            raise DroppedError(f"the connection closed after {filled:,} of {length:,} bytes")
        return bytes(content)

    def _same(self, known: Entry, head: Head) -> Outcome:
        self._discard()
        self._note(replace(known, modified=head.modified or known.modified))
        return self._outcome(UNCHANGED)

    def _entry(self, stored: Object, rows: int | None, whole: bool = True) -> Entry:
        hexadecimal = self._whole.hexdigest() if whole and self._whole is not None else ""
        return Entry(
            url=self.ask.url,
            etag=self._etag,
            modified=self._modified,
            size=stored.size,
            parts_sha256=stored.parts_sha256,
            part_bytes=self._size,
            sha256=hexadecimal,
            rows=rows,
            stored=stored.etag,
            version=stored.version,
            mirrored=self.means.now(),
        )

    def _note(self, entry: Entry) -> None:
        self.means.record.note(self.ask.path, replace(entry, checked=self.means.now()))
        self.means.record.note_upload(self.ask.path, None)
        self.means.save()

    def _sent(self) -> list[Part]:
        """Every part, once it is stored."""
        return [sent.result() if isinstance(sent, Future) else sent for sent in self._parts]

    def _resume(self, upload: Upload) -> None:
        """Go on behind the parts that S3 has of an earlier run's upload."""
        parts = self.means.store.parts(self.ask.path, upload.id) if upload.part_bytes == self._size else None
        whole = []
        for number, part in enumerate(parts or [], 1):
            last = (number - 1) * self._size + part.size == upload.size
            if part.number != number or len(part.digest) != 32 or not (part.size == self._size or last):
                break
            whole.append(part)
        if parts is None or upload.url != self.ask.url or not whole:
            self.means.store.abort(self.ask.path, upload.id)
            self.means.record.note_upload(self.ask.path, None)
            return
        self._upload, self._etag, self._modified, self._total = (
            upload,
            upload.etag,
            upload.modified,
            upload.size,
        )
        self._parts += whole
        self._position = self.resumed = sum(part.size for part in whole)
        self._whole = None

    def _discard(self) -> None:
        """Give up the upload and what was received for it."""
        self._wait_for_parts()
        if self._upload is not None:
            self.means.store.abort(self.ask.path, self._upload.id)
            self.means.record.note_upload(self.ask.path, None)
        self._upload = None
        self._give_back()
        self._forget()

    def _keep(self) -> None:
        """Leave the upload for the next run, if that can go on with it."""
        self._wait_for_parts()
        kept = self.means.record.upload(self.ask.path)
        if self._upload is not None and (kept is None or not self._parts):
            self._discard()

    def _wait_for_parts(self) -> None:
        for sent in self._parts:
            if isinstance(sent, Future):
                sent.exception()

    def _give_back(self) -> None:
        if self._buffer is not None:
            self.means.buffers.put(self._buffer)
            self._buffer, self._filled = None, 0

    def _forget(self) -> None:
        self._etag = self._modified = ""
        self._total: int | None = None
        self._position = self._filled = 0
        self._parts: list[Part | Future[Part]] = []
        self._buffer: bytearray | None = None
        self._first = self._before = b""
        self._whole: Any = hashlib.sha256()

    def _outcome(self, kind: str, reason: str = "") -> Outcome:
        return Outcome(self.ask, kind, self.received, self.resumed, reason, size=self._total or 0)


def _with(known: Entry | None, before: Object, until: str) -> tuple[Superseded, ...]:
    """The earlier issues, with the one that has just been replaced."""
    ours = known if known and known.stored == before.etag else None
    earlier = known.superseded if known else ()
    sha256 = ours.sha256 or ours.parts_sha256 if ours else before.parts_sha256
    return (*earlier, Superseded(before.version, ours.etag if ours else "", before.size, sha256, until))
