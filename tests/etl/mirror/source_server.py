"""A web server that behaves as the source does, and goes wrong as servers do, by a seeded chance.

Files have multipart-style ETags, Last-Modified and byte ranges; what is not published is answered 403. A ``Fault``
is one way to go wrong with one answer.
"""

from __future__ import annotations

import hashlib
import random
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

FAULTS = (
    "refused",  # 403 for something that is there
    "busy",  # 429 with Retry-After
    "broken",  # 500
    "unavailable",  # 503
    "page",  # an error page with status 200
    "cut",  # the connection closes in the middle of the body
    "reset",  # it is reset in the middle of the body
    "silent",  # it is closed before the answer
    "longer",  # Content-Length says more than there is
    "shorter",  # Content-Length says less than there is
    "slow",  # the body comes in drops
    "whole",  # the range is ignored: status 200 and the whole file
    "changed",  # another issue is published in the middle of the body
)
PAGE = b"<!DOCTYPE html><html><body>Access to this page has been limited.</body></html>"
_BLOCK = 1 << 16


@dataclass
class File:
    """One issue of a file."""

    content: bytes
    modified: str = "Thu, 02 May 2024 15:00:00 GMT"

    @property
    def etag(self) -> str:
        """As a multipart upload has it: no MD5 of the content."""
        return f'"{hashlib.md5(self.content[::-1]).hexdigest()}-{1 + len(self.content) // (8 << 20)}"'


@dataclass
class Received:
    """A request as the server saw it, and the bytes of the body that it sent."""

    method: str
    path: str
    headers: dict[str, str]
    fault: str = ""
    status: int = 0
    sent: int = 0


@dataclass
class SourceServer:
    """Serves ``files`` by path; ``share`` of the answers goes wrong in one of the ways ``faults``, by ``chance``.

    ``reissues``: path → the issue that a "changed" fault publishes; without one the fault does nothing.
    ``moved``: path → where it is. ``blocked``: every answer is 403. ``rate``: bytes a second of one body.
    ``certificate``: a file with key and certificate, for https.
    """

    files: dict[str, File] = field(default_factory=dict)
    reissues: dict[str, File] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    share: float = 0.0
    faults: tuple[str, ...] = FAULTS
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    ranges: bool = True
    conditions: bool = True
    blocked: bool = False
    rate: float | None = None
    asked: list[Received] = field(default_factory=list)
    certificate: Path | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{self.server.server_address[1]}"

    @property
    def sent(self) -> int:
        """Bytes of bodies that were sent."""
        return sum(asked.sent for asked in self.asked)

    def counts(self) -> Counter[str]:
        """How often each fault was played."""
        return Counter(asked.fault for asked in self.asked if asked.fault)

    def __enter__(self) -> SourceServer:
        handler = type("Handler", (_Handler,), {"source": self})
        self.server = _Server(("127.0.0.1", 0), handler)
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def noted(self, method: str, path: str, headers: dict[str, str]) -> Received:
        with self.lock:
            fault = self.chance.choice(self.faults) if self.chance.random() < self.share else ""
            asked = Received(method, path, headers, fault)
            self.asked.append(asked)
            return asked


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Clients that go away are expected here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    source: SourceServer

    def do_GET(self) -> None:
        self.answer()

    def do_HEAD(self) -> None:
        self.answer()

    def log_message(self, *_: object) -> None:
        pass

    def answer(self) -> None:
        source, path = self.source, unquote(urlsplit(self.path).path)
        asked = source.noted(self.command, path, {k.lower(): v for k, v in self.headers.items()})
        file = source.files.get(path)
        if path in source.moved:
            asked.status = 302
            self.send_response(302)
            self.send_header("Location", source.moved[path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        simple = {"busy": (429, b""), "broken": (500, b""), "unavailable": (503, b""), "page": (200, PAGE)}
        if source.blocked or file is None or asked.fault == "refused":
            self.whole(asked, 403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
        elif asked.fault in simple:
            self.whole(asked, *simple[asked.fault], "text/html")
        elif asked.fault == "silent":
            self.close_connection = True
        else:
            self.file(asked, file)

    def whole(self, asked: Received, status: int, body: bytes, kind: str) -> None:
        asked.status = status
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def file(self, asked: Received, file: File) -> None:
        wanted = asked.headers
        if self.source.conditions and wanted.get("if-none-match") == file.etag:
            asked.status = 304
            self.send_response(304)
            self.send_header("ETag", file.etag)
            self.end_headers()
            return
        start, end, part = self.range(asked, file)
        if start >= len(file.content):
            self.whole(asked, 416, b"", "text/plain")
            return
        body = file.content[start:end]
        said = len(body) + {"longer": 1000, "shorter": -min(1000, len(body) // 2)}.get(asked.fault, 0)
        asked.status = 206 if part else 200
        self.send_response(asked.status)
        self.send_header("ETag", file.etag)
        self.send_header("Last-Modified", file.modified)
        self.send_header("Content-Type", "binary/octet-stream")
        self.send_header("Content-Length", str(said))
        if part:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(file.content)}")
        self.end_headers()
        if self.command == "HEAD":
            return
        if asked.fault in ("longer", "shorter"):
            self.close_connection = True
        self.body(asked, body)

    def range(self, asked: Received, file: File) -> tuple[int, int, bool]:
        """First byte, byte behind the last, and whether the answer is a part."""
        text = asked.headers.get("range", "")
        pinned = asked.headers.get("if-range", file.etag)
        if not self.source.ranges or not text or asked.fault == "whole" or pinned != file.etag:
            return 0, len(file.content), False
        first, _, last = text.removeprefix("bytes=").partition("-")
        return int(first), min(len(file.content), int(last) + 1) if last else len(file.content), True

    def body(self, asked: Received, body: bytes) -> None:
        stop = self.source.chance.randrange(len(body)) if body else 0
        block = max(1, len(body) // 20) if asked.fault == "slow" else _BLOCK
        for at in range(0, len(body), block):
            piece = body[at : at + block]
            if asked.fault in ("cut", "reset", "changed") and at + len(piece) > stop:
                self.part_of(asked, piece[: stop - at])
                return
            self.wfile.write(piece)
            asked.sent += len(piece)
            if asked.fault == "slow":
                time.sleep(0.002)
            if self.source.rate:
                time.sleep(len(piece) / self.source.rate)

    def part_of(self, asked: Received, piece: bytes) -> None:
        """Send the last piece before the fault, and break off."""
        self.wfile.write(piece)
        asked.sent += len(piece)
        self.close_connection = True
        source = self.source
        if asked.fault == "changed" and asked.path in source.reissues:
            source.files[asked.path] = source.reissues.pop(asked.path)
        if asked.fault == "reset":
            self.wfile.flush()
            linger = struct.pack("ii", 1, 0)  # closing with unsent data thrown away: RST
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.shutdown(socket.SHUT_RD)
