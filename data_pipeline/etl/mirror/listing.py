"""Which files the sources have, and which of them are known: asks S3 prefixes and indexes for their lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from urllib.parse import urljoin, urlsplit

from data_pipeline.etl.documents.sources import MirrorSource
from data_pipeline.etl.errors import JobError

from . import wanted
from .record import Entry
from .transfer import FAILED, LEFT, Outcome
from .transfer_context import LeftError, TransferContext
from .verdicts import explained, is_page
from .wanted import Ask
from .web import DroppedError, LastingError

#: bytes of an index, which is text with a URL in each line.
LONGEST_INDEX = 16 << 20
#: characters of a URL, which the record keeps.
LONGEST_URL = 2000

Found = list[tuple[MirrorSource, dict[str, list[Ask]]]]


def listed(
    sources: tuple[MirrorSource, ...], entries: Mapping[str, Entry], context: TransferContext, today: date
) -> tuple[Found, list[Outcome]]:
    """The files of every source, and what failed instead: an index that cannot be had, a path that two have."""
    found: Found = []
    failed: list[Outcome] = []
    taken: dict[str, str] = {}
    for source in sources:
        try:
            asks_of = _files(source, entries, context, today, failed)
        except (DroppedError, JobError, LeftError) as error:
            kind = LEFT if isinstance(error, LeftError) else FAILED
            ask = Ask(source.where, source.where, source.name)
            reason, lasting = f"its list of files cannot be had: {error}", isinstance(error, LastingError)
            person = isinstance(error, JobError) or (isinstance(error, LastingError) and error.person)
            failed.append(Outcome(ask, kind, reason=reason, lasting=lasting, person=person))
            continue
        for name, asks in asks_of.items():
            twice = [ask for ask in asks if taken.setdefault(ask.path, ask.url) != ask.url]
            failed += [
                Outcome(ask, FAILED, reason=f"{taken[ask.path]} has the same name in the input", person=True)
                for ask in twice
            ]
            asks_of[name] = [ask for ask in asks if ask not in twice]
        found.append((source, asks_of))
    return found, failed


def adopted(found: Found, there: frozenset[str], context: TransferContext) -> Found:
    """The files that are stored although the record does not know them, as their objects' metadata tell: a mirror
    was killed before it wrote them down.
    """

    def known(ask: Ask) -> Ask:
        stored = context.store.find(ask.path) if ask.known is None and ask.path in there else None
        if stored is None or "source-etag" not in stored.metadata:
            return ask
        modified = stored.metadata.get("source-modified", "")
        entry = Entry(
            ask.url,
            stored.metadata["source-etag"],
            modified,
            stored.size,
            stored.parts_sha256,
            context.store.part,
        )
        entry = replace(entry, stored=stored.etag, version=stored.version, mirrored=context.now())
        context.record.note(ask.path, entry)
        return replace(ask, known=entry)

    return [
        (source, {name: [known(ask) for ask in asks] for name, asks in of.items()}) for source, of in found
    ]


def _files(
    source: MirrorSource,
    entries: Mapping[str, Entry],
    context: TransferContext,
    today: date,
    failed: list[Outcome],
) -> dict[str, list[Ask]]:
    """Data set → files; a URL that names no file is added to those that ``failed``."""
    if source.kind == "url":
        return wanted.of_pattern(source, entries, today)
    urls: Iterable[str] = source.files
    if source.kind == "s3":
        urls = context.origin(source.where).list(source.where)
    if source.kind == "index":
        urls = _index(source.where, context)
    named = []
    for url in urls:
        if len(url) > LONGEST_URL:
            short, reason = url[:200], f"its URL has more than {LONGEST_URL:,} characters"
            failed.append(Outcome(Ask(short, short, source.name), FAILED, reason=reason, person=True))
            continue
        try:
            wanted.path_of(url, source.where if source.kind == "s3" else "")
            if source.kind == "index":
                _hold_to_index(url, source.where, context)
            named.append(url)
        except JobError as error:
            failed.append(Outcome(Ask(url, url, source.name), FAILED, reason=str(error), person=True))
    return wanted.of_urls(source, named, entries)


def _hold_to_index(url: str, index: str, context: TransferContext) -> None:
    """JobError for a line of an index that is no file of the web: who writes it has not our rights to objects of S3."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise JobError(
            "an index names it, which may name files of web servers alone; make it a source of its own"
        )
    context.origin(url).note_index(url, index)


def _index(url: str, context: TransferContext) -> Iterator[str]:
    """The URLs of an index: one in each line, relative ones to the index itself; ``#`` begins a remark."""
    for line in _text(url, context).splitlines():
        text = line.partition("#")[0].strip()
        if text:
            yield urljoin(url, text)


def _text(url: str, context: TransferContext) -> str:
    failures = 0
    while True:
        try:
            return _read(url, context)
        except DroppedError as error:
            failures += 1
            pause = context.pause(failures, error=error)
            if pause is None:
                raise
            context.wait(pause)


def _read(url: str, context: TransferContext) -> str:
    answer = context.origin(url).ask(url)
    try:
        if answer.head.status not in (200, 206) or is_page(answer.head, url):
            raise DroppedError(explained(answer.head, url))
        content, block = bytearray(), bytearray(1 << 16)
        while count := answer.read(memoryview(block)):
            content += block[:count]
            if len(content) > LONGEST_INDEX:
                raise DroppedError(f"it is longer than {LONGEST_INDEX >> 20} MiB")
    finally:
        answer.close()
    if answer.head.total is not None and len(content) != answer.head.total:
        raise DroppedError(f"the connection closed after {len(content):,} of {answer.head.total:,} bytes")
    return content.decode("utf-8", "replace")


def newest(found: Found, there: Mapping[str, bool]) -> dict[str, str]:
    """Data set → its newest period of which a file is there (path → whether it is)."""
    newest: dict[str, str] = {}
    for _, asks_of in found:
        for name, asks in asks_of.items():
            periods_there = [ask.period for ask in asks if there.get(ask.path)]
            newest[name] = max(periods_there, default="")
    return newest
