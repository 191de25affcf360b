"""Files of web servers, by HTTP/1.1 over connections that are kept. Runs on Python 3.9, standard library alone."""

from __future__ import annotations

import functools
import http.client
import socket
import ssl
import threading
import time
import urllib.request
from base64 import b64encode
from typing import Callable
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from . import verdicts, watched_response
from .addresses import PUBLIC, connected, kind, resolved
from .retry_policy import RetryPolicy, retry_after
from .verdicts import Head

AGENT = "data-pipeline-mirror/1"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 4
#: bytes of a body that are read at once: between two blocks ^C and the limits of the run are heard.
_BLOCK = 1 << 16

#: kinds of addresses, as ``addresses.kind`` names them.
Kinds = frozenset[str]


class DroppedError(Exception):
    """The connection broke, or what came is no HTTP: worth another try. The message says what happened. ``within``:
    seconds until the server is given up, where this run has not reached it yet.
    """

    within: float | None = None


class LastingError(DroppedError):
    """No other try in this run is of use. ``person``: nor in the next one, before somebody has changed something."""

    def __init__(self, message: str, person: bool) -> None:
        super().__init__(message)
        self.person = person


class WebAnswer:
    """An answer: its ``head``, and its body to read from."""

    def __init__(self, head: Head, response: http.client.HTTPResponse, forget: Callable[[], None]) -> None:
        self.head = head
        self._response = response
        self._forget = forget

    def read(self, buffer: memoryview) -> int:
        """Fill the buffer's beginning, a block at most; the number of bytes, 0 at the end of what the server sends."""
        try:
            return self._response.readinto(buffer[:_BLOCK])
        except (OSError, http.client.HTTPException) as error:
            raise DroppedError(_words(error)) from error

    def close(self) -> None:
        """Be done with the answer; a connection with an unread body is given up."""
        if not self._response.isclosed():
            self._forget()


class Web:
    """Asks web servers; ``pace`` is called before each request. Each thread has connections of its own."""

    def __init__(self, retry_policy: RetryPolicy, pace: Callable[[], None]) -> None:
        self._retry_policy = retry_policy
        self._pace = pace
        self._threads = threading.local()
        self._reached: set[str] = set()
        self._kinds: dict[str, Kinds] = {}
        self._named_by: dict[str, str] = {}
        self._first_request: dict[str, float] = {}
        self._lost: dict[str, LastingError] = {}

    def note_index(self, url: str, index: str) -> None:
        """``url`` is named by an ``index`` that was asked for before: like a redirect it may lead inside only from
        there.
        """
        self._named_by[url] = urlsplit(index).netloc

    def ask(
        self,
        url: str,
        known: tuple[str, str] = ("", ""),
        pinned: str = "",
        position: int = 0,
        most: int | None = None,
    ) -> WebAnswer:
        """Ask for a file: with ``pinned`` for that version from byte ``position`` on, else for any but the one
        ``known`` by its ETag and Last-Modified. ``most``: no more bytes than these; none is a HEAD. Raises
        DroppedError.
        """
        headers = {"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        if most != 0:
            headers["Range"] = f"bytes={position}-" + (str(position + most - 1) if most else "")
        etag, modified = known
        if pinned:
            headers["If-Range"] = pinned
        elif etag:
            headers["If-None-Match"] = etag
        elif modified:
            headers["If-Modified-Since"] = modified
        method = "HEAD" if most == 0 else "GET"
        near = self._kinds.get(self._named_by[url], frozenset()) if url in self._named_by else None
        for _ in range(_MOST_REDIRECTS + 1):
            answer, target, there = self._once(method, url, headers, near)
            near = there if near is None else near
            if target is None:
                return answer
            answer.close()
            if urlsplit(target).scheme not in ("http", "https"):
                raise LastingError(f"it sends us on to {target[:200]}, which is no web server", person=True)
            if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
                raise LastingError(f"it sends us on to {target[:200]}, which is not https", person=True)
            url = target
        raise LastingError(f"it sends us on more than {_MOST_REDIRECTS} times", person=True)

    def _once(
        self, method: str, url: str, headers: dict[str, str], near: Kinds | None
    ) -> tuple[WebAnswer, str | None, Kinds]:
        """The answer, where it sends us on to, and of which kinds the server's addresses are. ``near``: of which kinds
        those of the source are, where it has led us here.
        """
        parts = urlsplit(url)
        if parts.netloc in self._lost:
            raise self._lost[parts.netloc]
        self._pace()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            response, there = self._sent(parts, method, path, headers, near)
            self._kinds[parts.netloc] = there
            answered = {name.lower(): value for name, value in response.getheaders()}
            wait = retry_after(answered.get("retry-after"), time.time())
            head = verdicts.head(response.status, answered, wait)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._forget(parts)
            raise DroppedError(_words(error)) from error
        target = answered.get("location") if response.status in _REDIRECTS else None
        answer = WebAnswer(head, response, lambda: self._forget(parts))
        return answer, urljoin(url, target) if target else None, there

    def _sent(
        self, parts: SplitResult, method: str, path: str, headers: dict[str, str], near: Kinds | None
    ) -> tuple[http.client.HTTPResponse, Kinds]:
        """The response; a kept connection that the server has closed meanwhile is opened anew, once."""
        connection, there, kept = self._connection(parts, near)
        try:
            connection.request(method, path, headers=headers)
            return connection.getresponse(), there
        except (http.client.BadStatusLine, http.client.CannotSendRequest, ConnectionError):
            if not kept:
                raise
        self._forget(parts)
        connection, there, _ = self._connection(parts, near)
        connection.request(method, path, headers=headers)
        return connection.getresponse(), there

    def _connection(
        self, parts: SplitResult, near: Kinds | None
    ) -> tuple[http.client.HTTPConnection, Kinds, bool]:
        """This thread's connection to the server, of which kinds its addresses are, and whether it was there before."""
        kept = self._kept()
        where = (parts.scheme, parts.netloc)
        if where in kept:
            connection, there = kept[where]
            _refuse(parts, there, near)
            return connection, there, True
        connection, there = self._reach(parts, near)
        if connection.sock is not None:
            connection.sock.settimeout(self._retry_policy.read)
        kept[where] = connection, there
        return connection, there, False

    def _reach(self, parts: SplitResult, near: Kinds | None) -> tuple[http.client.HTTPConnection, Kinds]:
        """A new connection. LastingError where the server was not reached for long enough, or never can be."""
        server, away = parts.netloc, self._retry_policy.away
        began = self._first_request.setdefault(server, time.monotonic())
        try:
            opened = self._opened(parts, near)
        except ssl.SSLCertVerificationError as error:
            raise LastingError(f"its certificate is not trusted: {error.verify_message}", True) from error
        except OSError as error:
            unknown = isinstance(error, socket.gaierror)
            words = _words(error) if unknown else f"{server} cannot be reached ({_words(error)})"
            dropped = DroppedError(words)
            if server not in self._reached:
                dropped.within = began + away - time.monotonic()
                if dropped.within <= 0:
                    advice = "check the network and the URL of the source" if unknown else "check the network"
                    dropped = self._lost[server] = LastingError(f"{words}; {advice}", person=unknown)
            raise dropped from error
        self._reached.add(server)
        return opened

    def _opened(self, parts: SplitResult, near: Kinds | None) -> tuple[http.client.HTTPConnection, Kinds]:
        host, limit = parts.hostname or "", self._retry_policy.connect
        port = parts.port or (443 if parts.scheme == "https" else 80)
        proxy = None if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get(parts.scheme)
        secure = parts.scheme == "https"
        if proxy is None:
            addresses = resolved(host, port, limit)
            there = frozenset(map(kind, addresses))
            _refuse(parts, there, near)
            connection = self._made(secure, host, port, limit)
            connection._create_connection = lambda *_: connected(addresses, port, limit)  # type: ignore[attr-defined]
        else:
            there = _seen(host, port, limit)
            _refuse(parts, there, near)
            way = urlsplit(proxy)
            connection = self._made(secure, way.hostname or "", way.port, limit)
            user = f"{unquote(way.username or '')}:{unquote(way.password or '')}".encode()
            login = {"Proxy-Authorization": f"Basic {b64encode(user).decode()}"} if way.username else {}
            connection.set_tunnel(host, port, headers=login)
        connection.connect()
        return connection, there

    def _made(self, secure: bool, host: str, port: int | None, limit: float) -> http.client.HTTPConnection:
        if secure:
            made: http.client.HTTPConnection
            made = http.client.HTTPSConnection(host, port, timeout=limit, context=_context())
        else:
            made = http.client.HTTPConnection(host, port, timeout=limit)
        made.response_class = functools.partial(watched_response.WatchedResponse, self._retry_policy)  # type: ignore[assignment]
        return made

    def _forget(self, parts: SplitResult) -> None:
        kept = self._kept().pop((parts.scheme, parts.netloc), None)
        if kept is not None:
            kept[0].close()

    def _kept(self) -> dict[tuple[str, str], tuple[http.client.HTTPConnection, Kinds]]:
        """This thread's connections, by scheme and server."""
        if not hasattr(self._threads, "kept"):
            self._threads.kept = {}
        kept: dict[tuple[str, str], tuple[http.client.HTTPConnection, Kinds]] = self._threads.kept
        return kept


def _seen(host: str, port: int, limit: float) -> Kinds:
    """The kinds of a name's addresses as far as this machine can tell: behind a proxy it may know no names."""
    try:
        return frozenset(map(kind, resolved(host, port, limit)))
    except OSError:
        return frozenset()


def _refuse(parts: SplitResult, there: Kinds, near: Kinds | None) -> None:
    """LastingError where a source leads to a server inside that is not where the source is."""
    inside = sorted(there - (near or frozenset()) - {PUBLIC})
    if near is not None and inside:
        raise LastingError(
            f"the source leads to {parts.netloc[:200]}, which has a {inside[0]} address; the source has none",
            person=True,
        )


@functools.cache
def _context() -> ssl.SSLContext:
    """The machine's trusted certificates, read when a server is first asked by https."""
    return ssl.create_default_context()


def _words(error: Exception) -> str:
    if isinstance(error, (TimeoutError, socket.timeout)):  # two classes on Python 3.9
        return "no answer in time"
    if isinstance(error, http.client.IncompleteRead):
        return "the connection closed in the middle"
    return str(error) or type(error).__name__
