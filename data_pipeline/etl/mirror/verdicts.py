"""What an answer of a source means, and whether bytes can be the file that was asked for. Pure; Python 3.9."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from .record import Entry

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
#: what a page begins with that stands where a file should be.
_PAGE = re.compile(rb"\s*(?:<!doctype|<html|<head|<\?xml|<error)", re.IGNORECASE)
_PAGES = (".html", ".htm", ".xml")
#: characters of an ETag and of a Last-Modified that are kept, in a record and with an object, whose metadata may have
#: 2 KB together; a longer one is taken for none. And characters of other headers, which are shown.
_LONGEST, _SHOWN = 512, 100
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class Meaning(Enum):
    """What to do with an answer."""

    BODY = "its body is the file, or the rest of it"
    SAME = "the file is as it is known"
    REFUSED = "403, 404 or 410: not there, or not for us"
    AGAIN = "the server cannot at the moment"
    OTHER = "another version of the file than the one that was begun"
    WRONG = "no answer that a source of files gives"


@dataclass(frozen=True)
class Head:
    """An answer without its body. ``etag`` as it was sent, with quotes; ``total`` bytes of the whole file, where
    the answer tells; its body is ``length`` bytes, where it tells, and begins at byte ``begins`` of the file.
    """

    status: int
    etag: str = ""
    modified: str = ""
    total: int | None = None
    begins: int = 0
    type: str = ""
    encoding: str = ""
    framed: bool = True
    wait: float | None = None


def strong(etag: str) -> bool:
    """Whether an ETag names bytes, so that a file may be put together from several answers."""
    return etag.startswith('"')


def head(status: int, headers: dict[str, str], wait: float | None = None) -> Head:
    """A Head from HTTP headers (names in lower case). ValueError if they contradict themselves."""
    length = int(headers["content-length"]) if headers.get("content-length", "").isdecimal() else None
    total, begins = length, 0
    if status == 206:
        match = _RANGE.fullmatch(headers.get("content-range", ""))
        if match is None:
            found = headers.get("content-range", "")[:_SHOWN]
            raise ValueError(f"a part of a file without a Content-Range that can be read: {found}")
        begins, last = int(match[1]), int(match[2])
        total = None if match[3] == "*" else int(match[3])
        if length is not None and length != last - begins + 1:
            raise ValueError(f"Content-Length {length} for {match[0]}")
    framed = length is not None or "chunked" in headers.get("transfer-encoding", "").lower()
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()[:_SHOWN]
    encoding = headers.get("content-encoding", "").lower()[:_SHOWN]
    modified, etag = headers.get("last-modified", ""), headers.get("etag", "")
    modified, etag = modified if len(modified) <= _LONGEST else "", etag if len(etag) <= _LONGEST else ""
    return Head(status, etag, modified, total, begins, kind, encoding, framed, wait)


def meaning(head: Head, name: str, known: Entry | None, pinned: str, position: int) -> Meaning:
    """What an answer means to somebody who has ``position`` bytes of the version ``pinned`` (both 0 and empty at
    the beginning) of the file ``name``, which was mirrored as ``known``.
    """
    if head.status == 304 and known is not None and not position:
        return Meaning.SAME
    if head.status in (403, 404, 410):
        return Meaning.REFUSED
    if head.status in _AGAIN:
        return Meaning.AGAIN
    if position and head.status in (412, 416):
        return Meaning.OTHER
    if (
        head.status not in (200, 206)
        or not head.framed
        or head.encoding not in ("", "identity")
        or is_page(head, name)
    ):
        return Meaning.WRONG
    if pinned and head.etag != pinned:
        return Meaning.OTHER
    if position:
        return Meaning.BODY if head.status == 206 and head.begins == position else Meaning.OTHER
    if known is not None and head.total == known.size and _same(head, known):
        return Meaning.SAME
    return Meaning.BODY if head.begins == 0 else Meaning.WRONG


def _same(head: Head, known: Entry) -> bool:
    """Whether a server that does not look at conditions answers with the version that is known."""
    return head.etag == known.etag if known.etag else bool(known.modified) and head.modified == known.modified


def is_page(head: Head, name: str) -> bool:
    """Whether a page is answered where a file of this name was asked for."""
    return head.type in ("text/html", "application/xhtml+xml") and not name.lower().endswith(_PAGES)


def looks_wrong(name: str, first: bytes) -> str:
    """Why the ``first`` bytes cannot be a file of this name; empty if they can."""
    lower = name.lower()
    if not first:
        return "it is empty"
    if lower.endswith(".gz") and not first.startswith(b"\x1f\x8b"):
        return "it does not begin as a gzip file does"
    if not lower.endswith(_PAGES) and _PAGE.match(first):
        return "it is a page of text in the place of the file"
    return ""


def explained(head: Head, name: str) -> str:
    """An answer that is wrong, in words."""
    if is_page(head, name):
        return f"the source answers with a page ({head.status}, {head.type}) in the place of the file"
    if head.encoding not in ("", "identity"):
        return f"the source answers with Content-Encoding {head.encoding}, which was not asked for"
    if not head.framed:
        return "the source does not say how long the file is"
    return f"the source answers {head.status}"
