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

from . import verdicts
from .retry_policy import RetryPolicy, retry_after
from .verdicts import Head

AGENT = "data-pipeline-mirror/1"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 4


class DroppedError(Exception):
    """The connection broke, or what came is no HTTP: worth another try. The message says what happened."""


class WebAnswer:
    """An answer: its ``head``, and its body to read from."""

    def __init__(self, head: Head, response: http.client.HTTPResponse, forget: Callable[[], None]) -> None:
        self.head = head
        self._response = response
        self._forget = forget

    def read(self, buffer: memoryview) -> int:
        """Fill the buffer's beginning; the number of bytes, 0 at the end of what the server sends."""
        try:
            return self._response.readinto(buffer)
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
        for _ in range(_MOST_REDIRECTS + 1):
            answer, target = self._once(method, url, headers)
            if target is None:
                return answer
            answer.close()
            if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
                raise DroppedError(f"it sends us on to {target}, which is not https")
            url = target
        raise DroppedError(f"it sends us on more than {_MOST_REDIRECTS} times")

    def _once(self, method: str, url: str, headers: dict[str, str]) -> tuple[WebAnswer, str | None]:
        self._pace()
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            response = self._sent(parts, method, path, headers)
            answered = {name.lower(): value for name, value in response.getheaders()}
            wait = retry_after(answered.get("retry-after"), time.time())
            head = verdicts.head(response.status, answered, wait)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._forget(parts)
            raise DroppedError(_words(error)) from error
        target = answered.get("location") if response.status in _REDIRECTS else None
        answer = WebAnswer(head, response, lambda: self._forget(parts))
        return answer, urljoin(url, target) if target else None

    def _sent(
        self, parts: SplitResult, method: str, path: str, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        """The response; a kept connection that the server has closed meanwhile is opened anew, once."""
        connection, kept = self._connection(parts)
        try:
            connection.request(method, path, headers=headers)
            return connection.getresponse()
        except (http.client.BadStatusLine, http.client.CannotSendRequest, ConnectionError):
            if not kept:
                raise
        self._forget(parts)
        connection, _ = self._connection(parts)
        connection.request(method, path, headers=headers)
        return connection.getresponse()

    def _connection(self, parts: SplitResult) -> tuple[http.client.HTTPConnection, bool]:
        """This thread's connection to the server, and whether it was there before."""
        kept = self._kept()
        where = (parts.scheme, parts.netloc)
        if where in kept:
            return kept[where], True
        connection = self._opened(parts)
        if connection.sock is not None:
            connection.sock.settimeout(self._retry_policy.read)
        kept[where] = connection
        return connection, False

    def _opened(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, port, limit = parts.hostname or "", parts.port, self._retry_policy.connect
        proxy = None if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get(parts.scheme)
        secure = parts.scheme == "https"
        if proxy is None:
            connection = self._made(secure, host, port, limit)
        else:
            way = urlsplit(proxy)
            connection = self._made(secure, way.hostname or "", way.port, limit)
            user = f"{unquote(way.username or '')}:{unquote(way.password or '')}".encode()
            login = {"Proxy-Authorization": f"Basic {b64encode(user).decode()}"} if way.username else {}
            connection.set_tunnel(host, port or (443 if secure else 80), headers=login)
        connection.connect()
        return connection

    def _made(self, secure: bool, host: str, port: int | None, limit: float) -> http.client.HTTPConnection:
        if secure:
            return http.client.HTTPSConnection(host, port, timeout=limit, context=_context())
        return http.client.HTTPConnection(host, port, timeout=limit)

    def _forget(self, parts: SplitResult) -> None:
        connection = self._kept().pop((parts.scheme, parts.netloc), None)
        if connection is not None:
            connection.close()

    def _kept(self) -> dict[tuple[str, str], http.client.HTTPConnection]:
        """This thread's connections, by scheme and server."""
        if not hasattr(self._threads, "kept"):
            self._threads.kept = {}
        kept: dict[tuple[str, str], http.client.HTTPConnection] = self._threads.kept
        return kept


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
