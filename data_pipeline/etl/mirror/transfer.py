"""One file, from its source into the input: resumed, checked, and visible only when it is whole.

A broken connection goes on at the byte where it broke, pinned to the version that was begun; another version begins
anew. An upload of several parts is recorded when it begins, so that a later run goes on behind the last part that S3
has.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Callable

from data_pipeline.etl.storage.objects import ChangedError

from . import footer, verdicts
from .assembly import FIRST, Assembly
from .record import Entry, Superseded, Upload
from .store import MOST_PARTS, NeverStoredError, Object, StoreError, composite
from .transfer_context import LeftError, TransferContext
from .verdicts import Head, Meaning
from .wanted import Ask
from .web import DroppedError, LastingError

NEW, UPDATED, UNCHANGED = "new", "updated", "unchanged"
UNPUBLISHED, REFUSED, FAILED, LEFT = "unpublished", "refused", "failed", "left"


@dataclass(frozen=True)
class Outcome:
    """What became of one file: ``received`` bytes of bodies, ``resumed`` bytes that an earlier run had stored;
    ``status`` of the answer that refused it. ``lasting``: its server fails all of its files in this way; ``person``:
    so will the next run, unless somebody changes something.
    """

    ask: Ask
    kind: str
    received: int = 0
    resumed: int = 0
    reason: str = ""
    status: int = 0
    size: int = 0
    lasting: bool = False
    person: bool = False


class _AgainError(Exception):
    """What was received is of no use; the file is begun anew."""


class _DamagedError(_AgainError):
    """What came whole cannot be the file."""


class _NoFileError(DroppedError):
    """The source answers with something else than a file."""


class _BusyError(Exception):
    """The server asks for time: ``wait`` seconds, where it says how much."""

    def __init__(self, status: int, wait: float | None) -> None:
        super().__init__(f"the source answers {status}")
        self.wait = wait


class Transfer:
    """One attempt after the other at one file. ``_begun`` is the version that is fetched, and its upload."""

    def __init__(self, ask: Ask, context: TransferContext) -> None:
        self.ask, self.context = ask, context
        self.received = self.resumed = 0
        self._reserved = False
        self._begun: Upload | None = None
        self._total: int | None = None
        self._got = Assembly(ask.path, context, [])

    def run(self) -> Outcome:
        """Bring the file, or say why not. JobError if no file could be stored at all."""
        try:
            self._resume()
            return self._patiently()
        except LeftError as left:
            outcome = self._outcome(LEFT, str(left))
        except StoreError as error:
            person = isinstance(error, NeverStoredError)
            outcome = replace(self._outcome(FAILED, str(error)), person=person)
        finally:
            self._got.close()
        with suppress(StoreError):  # an upload that cannot be given up now ends by the bucket's own rule
            self._keep()
        return outcome

    def _patiently(self) -> Outcome:
        failures = restarts = parts = 0
        while True:
            wait = dropped = None
            try:
                return self._attempt()
            except (_AgainError, LookupError) as error:
                reason = str(error) if isinstance(error, _AgainError) else "its upload was taken away"
                self._discard()
                restarts += 1
                if restarts > self.context.retry_policy.restarts:
                    failed = self._outcome(FAILED, f"{reason}, {restarts} times in a row")
                    return replace(failed, person=isinstance(error, _DamagedError))
                continue
            except _BusyError as error:
                reason, wait = str(error), error.wait
            except LastingError as error:
                self._got.close()
                self._keep()
                return replace(self._outcome(FAILED, str(error)), lasting=True, person=error.person)
            except DroppedError as error:
                reason, dropped = str(error), error
                if self._begun and not verdicts.strong(self._begun.etag):
                    self._discard()  # nothing to pin the rest to
            failures = 1 if self._got.count > parts else failures + 1
            parts = self._got.count
            pause = self.context.pause(failures, wait, dropped)
            if pause is None:
                self._got.close()
                self._keep()
                waits = f" and asks us to wait {wait:,.0f} s" if wait else ""
                failed = self._outcome(FAILED, f"{reason}{waits}, at the {failures}. attempt")
                return replace(failed, person=isinstance(dropped, _NoFileError))
            self.context.wait(pause, everybody=wait is not None)

    def _attempt(self) -> Outcome:
        """Ask for the file, or the rest of it, and take it."""
        ask, known, position = self.ask, self.ask.known, self._got.position
        pinned = self._begun.etag if self._begun and position else ""
        if self._begun and position == self._total:
            return self._promote(self._begun)
        conditions = (known.etag, known.modified) if known and not position else ("", "")
        answer = self.context.origin(ask.url).ask(ask.url, conditions, pinned, position)
        try:
            head: Head = answer.head
            meaning = verdicts.meaning(head, ask.path, known, pinned, position)
            if meaning is Meaning.SAME and known:
                return self._same(known, head)
            if meaning is Meaning.REFUSED and not position:
                return replace(self._outcome(REFUSED), status=head.status)
            if meaning in (Meaning.AGAIN, Meaning.REFUSED):
                raise _BusyError(head.status, head.wait)
            if meaning is Meaning.OTHER:
                raise _AgainError("it changed while it was fetched")
            if meaning is Meaning.WRONG:
                raise _NoFileError(verdicts.explained(head, ask.path))
            begun = self._begin(head)
            self._got.receive(answer, self._total, begun.id, self._counter())
        finally:
            answer.close()
        position = self._got.position
        if self._total is None:
            self._total = position
        if position != self._total:
            raise DroppedError(f"the connection closed after {position:,} of {self._total:,} bytes")
        return self._promote(begun)

    def _begin(self, head: Head) -> Upload:
        """Take the answer's version for the one that is fetched, and have an upload for it."""
        path, part, size = self.ask.path, self.context.store.part, head.total or 0
        if self._got.position and head.total != self._total:
            raise _AgainError("its size changed while it was fetched")
        if self._begun is not None and head.etag != self._begun.etag:  # nothing of it had come yet
            self._discard()
        if size > part * MOST_PARTS:
            raise NeverStoredError(f"{size:,} bytes are more than {MOST_PARTS:,} parts of {part:,} bytes")
        self._total = head.total
        if not self._reserved:
            self.context.reserve(max(0, size - self._got.position))
            self._reserved = True
        if self._begun is None:
            metadata = {"source-etag": head.etag, "source-modified": head.modified}
            id = self.context.store.begin(
                path, metadata if head.etag.isascii() and head.modified.isascii() else {}
            )
            self._begun = Upload(id, self.ask.url, head.etag, head.modified, size, part)
            if size > part and verdicts.strong(head.etag):
                self.context.record.note_upload(path, self._begun)
                self.context.save(now=True)
        self.context.began(path, self._got.position, head.total)
        return self._begun

    def _counter(self) -> Callable[[int], None]:
        """What is done for bytes that came: they are counted, told, and may be too few, or the last of this run."""
        watch = self.context.stall_watch()

        def came(count: int) -> None:
            self.received += count
            self.context.progressed(self.ask.path, count)
            watch(count)
            self.context.go_on()

        return came

    def _promote(self, begun: Upload) -> Outcome:
        """Check the whole and make it visible, in the place of what was there."""
        rows = self._checked(begun)
        self._got.send(begun.id)
        store, path, known, size = self.context.store, self.ask.path, self.ask.known, self._got.position
        parts = self._got.parts()
        digest = composite([part.digest for part in parts])
        if known and (known.parts_sha256, known.size, known.part_bytes) == (digest, size, store.part):
            self._discard()
            self._note(replace(known, etag=begun.etag, modified=begun.modified, url=begun.url))
            return self._outcome(UNCHANGED, "published again with the same bytes")
        before = store.find(path)
        if before is not None and (before.parts_sha256, before.size) == (digest, size):
            self._discard()
            self._note(replace(self._entry(begun, before), rows=rows))
            return self._outcome(UNCHANGED, "the same bytes are there already")
        if before is not None and not store.keeps_versions():
            raise NeverStoredError(
                f"{store.place(path)}: the bucket keeps no versions, so the earlier issue would be lost: "
                "switch on versioning"
            )
        try:
            stored = store.complete(path, begun.id, parts, before.etag if before else None)
        except (ChangedError, LookupError) as error:
            return self._overtaken(begun, error)
        entry = replace(self._entry(begun, stored), sha256=self._got.sha256, rows=rows)
        if before is not None:
            entry = replace(entry, superseded=_with(known, before, self.context.now()))
        self._note(entry)
        return self._outcome(UPDATED if before else NEW)

    def _overtaken(self, begun: Upload, error: Exception) -> Outcome:
        """Another mirror has promoted a version, or our own call did and its answer was lost."""
        found = self.context.store.find(self.ask.path)
        if not found or found.metadata.get("source-etag") != begun.etag or found.size != self._got.position:
            raise _AgainError("its upload was taken away") from error
        self._discard()
        self._note(self._entry(begun, found))
        return self._outcome(UNCHANGED, "another mirror has just brought it")

    def _checked(self, begun: Upload) -> int | None:
        """The rows of a Parquet file, None of another one; _AgainError if the bytes cannot be the file."""
        path, size = self.ask.path, self._got.position

        def read_at(start: int, length: int) -> bytes:
            found = self._got.at_hand(start, length)
            return self._fetched(begun, start, length) if found is None else found

        wrong = verdicts.looks_wrong(path, read_at(0, min(FIRST, size)))
        if wrong:
            raise _DamagedError(wrong)
        if not path.lower().endswith(".parquet"):
            return None
        try:
            return footer.rows(size, read_at)
        except footer.FooterError as error:
            raise _DamagedError(str(error)) from error

    def _fetched(self, begun: Upload, start: int, length: int) -> bytes:
        """A few bytes of the version that is fetched, from the source once more."""
        answer = self.context.origin(begun.url).ask(begun.url, pinned=begun.etag, position=start, most=length)
        try:
            if answer.head.status in (429, 500, 502, 503, 504):
                raise _BusyError(answer.head.status, answer.head.wait)
            if answer.head.status != 206 or answer.head.etag != begun.etag or answer.head.begins != start:
                raise _AgainError("its end cannot be read once more")
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

    def _entry(self, begun: Upload, stored: Object) -> Entry:
        return Entry(
            url=begun.url,
            etag=begun.etag,
            modified=begun.modified,
            size=stored.size,
            parts_sha256=stored.parts_sha256,
            part_bytes=begun.part_bytes,
            stored=stored.etag,
            version=stored.version,
            mirrored=self.context.now(),
        )

    def _note(self, entry: Entry) -> None:
        self.context.record.note(
            self.ask.path, replace(entry, checked=self.context.now(), lane=self.ask.lane)
        )
        self.context.record.note_upload(self.ask.path, None)
        self.context.save()

    def _resume(self) -> None:
        """Go on behind the parts that S3 has of an earlier run's upload; one that is of no use is given up."""
        path, store, upload = self.ask.path, self.context.store, self.context.record.upload(self.ask.path)
        if upload is None:
            return
        fits = upload.part_bytes == store.part and upload.url == self.ask.url
        stored = (store.parts(path, upload.id) or []) if fits else []
        whole = []
        for number, part in enumerate(stored, 1):
            last = (number - 1) * store.part + part.size == upload.size
            if part.number != number or len(part.digest) != 32 or not (part.size == store.part or last):
                break
            whole.append(part)
        self._begun = upload
        if not whole:
            self._discard()
            return
        self._total, self._got = upload.size, Assembly(path, self.context, whole)
        self.resumed = self._got.position

    def _discard(self) -> None:
        """Give up the upload and what was received for it."""
        self._got.close()
        if self._begun is not None:
            self.context.store.abort(self.ask.path, self._begun.id)
            self.context.record.note_upload(self.ask.path, None)
        self._begun = self._total = None
        self._got = Assembly(self.ask.path, self.context, [])

    def _keep(self) -> None:
        """Leave the upload for the next run, if that can go on with it."""
        if self.context.record.upload(self.ask.path) is None or not self._got.count:
            self._discard()

    def _outcome(self, kind: str, reason: str = "") -> Outcome:
        return Outcome(self.ask, kind, self.received, self.resumed, reason, size=self._got.position)


def _with(known: Entry | None, before: Object, until: str) -> tuple[Superseded, ...]:
    """The earlier issues, with the one that has just been replaced."""
    ours = known if known and known.stored == before.etag else None
    earlier = known.superseded if known else ()
    sha256 = (ours.sha256 or ours.parts_sha256) if ours else before.parts_sha256
    return (*earlier, Superseded(before.version, ours.etag if ours else "", before.size, sha256, until))
