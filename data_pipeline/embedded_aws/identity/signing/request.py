"""A request as it arrived, read strictly: what two readers could read in two ways is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

METHODS = ("DELETE", "GET", "HEAD", "POST", "PUT")
#: Headers that decide who asks for what: two of one name could be read as either.
_SINGLE = frozenset(
    [
        *("authorization", "content-length", "content-type", "date", "host", "x-amz-content-sha256"),
        *("x-amz-date", "x-amz-decoded-content-length", "x-amz-security-token", "x-amz-target"),
    ]
)


class Refused(Exception):  # noqa: N818 - what it is, not an error of ours
    """A request that is not let in: AWS's code, the HTTP status, and what was found and expected."""

    def __init__(self, code: str, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Request:
    """Method, path as sent (percent-encoded), decoded query (None: a name without ``=``), headers by their
    names in lower case.
    """

    method: str
    path: str
    query: tuple[tuple[str, str | None], ...]
    headers: Mapping[str, tuple[str, ...]]

    def header(self, name: str) -> str:
        """A header's value; several are joined as Signature Version 4 joins them, none is empty."""
        return ",".join(self.headers.get(name, ()))

    def given(self, name: str) -> list[str]:
        """The values of a parameter of the query."""
        return [value or "" for key, value in self.query if key == name]


def read(method: str, path: bytes, query: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Request:
    """The request; Refused when it has another method, no UTF-8, or one of the deciding headers twice."""
    if method not in METHODS:
        raise Refused("MethodNotAllowed", f"{method} is not served; expected {', '.join(METHODS)}.", 405)
    found: dict[str, tuple[str, ...]] = {}
    for raw, value in headers:
        name = raw.decode("latin-1").lower()
        found[name] = (*found.get(name, ()), _text_of(value))
    for single in sorted(_SINGLE & found.keys()):
        if len(found[single]) > 1:
            raise Refused("InvalidRequest", f"The header {single} was sent {len(found[single])} times.", 400)
    try:
        return Request(method, path.decode("ascii"), tuple(_pairs(query.decode("ascii"))), found)
    except UnicodeDecodeError as error:
        raise Refused("InvalidURI", f"The URI is not percent-encoded UTF-8 ({error.reason}).", 400) from error


def _pairs(query: str) -> Iterable[tuple[str, str | None]]:
    for part in query.split("&"):
        if part:
            name, equals, value = part.partition("=")
            yield (
                unquote_plus(name, errors="strict"),
                unquote_plus(value, errors="strict") if equals else None,
            )


def _text_of(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
