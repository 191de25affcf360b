"""Between the clients and the embedded AWS: passes every request on as it is, and notes what was asked and answered."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

#: The service in the scope of a signature.
_SERVICE = re.compile(r"Credential=[^/,\s]+/[^/,\s]+/[^/,\s]+/([^/,\s]+)/")
_CODE = re.compile(rb"<Code>(\w+)</Code>")
_CODES_OF_REFUSALS = ("NotImplemented", "NotImplementedException")


@dataclass
class Calls:
    """What was asked: operations with their numbers; those refused by name; those that ended as a mistake of the
    server's own (500 and beyond, refusals apart).
    """

    asked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)

    def note(self, operation: str, status: int, body: bytes) -> None:
        """One request and its answer."""
        self.asked[operation] += 1
        code = _code(body) if status >= 400 else ""
        if code in _CODES_OF_REFUSALS:
            self.refused[operation] += 1
        elif status >= 500:
            self.broken[f"{operation}: {status} {code}"] += 1


class Relay:
    """A server on a port of its own in front of the one at ``port``; ``calls`` is what came since ``begin``."""

    def __init__(self, port: int) -> None:
        self.calls = Calls()
        relay = self

        class Handler(_Handler):
            target = port

            def note(self, operation: str, status: int, body: bytes) -> None:
                relay.calls.note(operation, status, body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def begin(self) -> Calls:
        """Count anew."""
        self.calls = Calls()
        return self.calls

    def close(self) -> None:
        """Take no more requests."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target = 0

    def note(self, operation: str, status: int, body: bytes) -> None:
        raise NotImplementedError

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def _pass_on(self) -> None:
        body = self._body()
        with closing(http.client.HTTPConnection("127.0.0.1", self.target, timeout=600)) as upstream:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("transfer-encoding", "content-length", "expect", "connection"):
                    upstream.putheader(name, value)
            if body or self.command in ("POST", "PUT"):
                upstream.putheader("Content-Length", str(len(body)))
            upstream.endheaders(body or None)
            answer = upstream.getresponse()
            content = answer.read()
        self.note(operation(self.command, self.path, self.headers, body), answer.status, content)
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        if answer.status not in (204, 304) and length is not None:
            self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            pieces = []
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _pass_on  # noqa: N815


def operation(method: str, path: str, headers: Mapping[str, str], body: bytes) -> str:
    """``glue:GetTable``, or ``s3:PUT object ?tagging`` where the request does not name its operation."""
    found = _SERVICE.search(headers.get("Authorization", ""))
    service = found[1] if found else "s3"
    parts = urlsplit(path)
    named = headers.get("X-Amz-Target", "").rpartition(".")[2]
    if named:
        return f"{service}:{named}"
    action = parse_qs(body.decode("utf-8", "replace")).get("Action") if service != "s3" else None
    if action:
        return f"{service}:{action[0]}"
    if service != "s3":
        return f"{service}:{method} {parts.path}"
    what = (
        "object" if parts.path.strip("/").count("/") else ("bucket" if parts.path.strip("/") else "buckets")
    )
    keys = sorted(parse_qs(parts.query, keep_blank_values=True))
    asked = [
        key
        for key in keys
        if key in ("acl", "delete", "location", "policy", "tagging", "uploads", "versioning")
    ]
    return f"s3:{method} {what}" + (f" ?{asked[0]}" if asked else "")


def _code(body: bytes) -> str:
    match = _CODE.search(body)
    if match:
        return match[1].decode()
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    return str(said.get("__type", "")).rpartition("#")[2] if isinstance(said, dict) else ""
