"""A proxy in front of the embedded AWS that kills a job before or after its n-th write.

It passes every request on as it is. A write is whatever changes something: PUT and DELETE and multipart POST on
S3, and Glue's calls that create, update or delete. "Before" kills the process and passes nothing on; "after"
passes the write on and kills before the answer. Nothing in the jobs knows of it.
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

#: the external writes of a run by name, before and after each of which it must have been killed.
WRITES = (
    "plan.json",
    "decision.json",
    "quarantine",
    "definition of a data set",
    *(f"{table} {what}" for table in ("orders", "counted") for what in ("data", "manifest", "metadata")),
    "Glue CreateTable",
    "Glue UpdateTable",
    "ledger of a data set",
    "tables.json",
    "counted.parquet",
    "profile.json",
    "summary.json",
    "verdict.json",
)
#: those that a data set with a key has beside them.
KEYED = tuple(
    f"orders_{table} {what}" for table in ("versions", "history") for what in ("data", "manifest", "metadata")
)
#: the same of an ingestion.
INGESTED = ("ingested.json of the state", "BatchWriteRecord", "DeleteRecord", "ingested.json of the run")
POINTS = tuple(f"{when} {write}" for write in (*WRITES, *KEYED, *INGESTED) for when in ("before", "after"))

_OF_ONE_HOP = ("expect", "transfer-encoding", "content-length", "connection")


@dataclass
class Proxy:
    """The proxy's address, the writes that it has seen, and which of them (from 0) is a process's last, or waits for
    what happens ``meanwhile``.
    """

    upstream: str
    last: int | None = None
    after: bool = False
    meanwhile: Callable[[], None] | None = None
    writes: list[str] = field(default_factory=list)
    process: subprocess.Popen | None = None
    server: ThreadingHTTPServer | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def hit(self) -> str:
        """The point that the process was killed at."""
        return f"{'after' if self.after else 'before'} {named(self.writes[self.last])}"

    def __enter__(self) -> Proxy:
        handler = type("Handler", (_Handler,), {"proxy": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = (
            False  # what is under way when the process dies has ended when it is closed
        )
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def run(self, command: list[str], env: dict[str, str], at_most: float | None = None) -> int:
        """Run a job to its end, which is SIGKILL after ``at_most`` seconds; its status."""
        with self.lock:
            quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
            self.process = subprocess.Popen(command, env={**env, "AWS_ENDPOINT_URL": self.url}, **quiet)
        try:
            said, _ = self.process.communicate(timeout=at_most or 300)
        except subprocess.TimeoutExpired:
            self.process.kill()
            said, _ = self.process.communicate()
        assert self.process.returncode in (0, -signal.SIGKILL), said.decode()
        return self.process.returncode

    def noted(self, write: str) -> bool:
        """Note a write; whether it is the last one."""
        with self.lock:
            self.writes.append(write)
            return len(self.writes) - 1 == self.last

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def handle_any(self) -> None:
        body = self._body()
        write = _write(self.command, self.path, self.headers)
        last = write is not None and self.proxy.noted(write)
        if last and self.proxy.meanwhile:
            self.proxy.meanwhile()
            last = False
        if last and not self.proxy.after:
            self.proxy.kill()
        if self.proxy.process.returncode is not None:
            self.close_connection = True
            return
        answer, content = self._passed_on(body)
        if last:
            self.proxy.kill()
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        if length is not None:
            self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _passed_on(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.proxy.upstream).netloc, timeout=120)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_HOP}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        return answer, answer.read()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815 - the names of http.server

    def log_message(self, *_: object) -> None:
        pass


def _write(method: str, path: str, headers) -> str | None:
    call = headers.get("X-Amz-Target", "").rpartition(".")[2]
    if call:
        return None if call.startswith("Get") else f"Glue {call}"
    reads = method not in ("PUT", "POST", "DELETE") or path == "/BatchGetRecord"
    return None if reads else f"{method} {urlsplit(path).path}"


def named(write: str) -> str:
    """A write by its name in ``WRITES``: without what is random in it, and all parts of an upload alike."""
    path = write.split(" ", 1)[-1].split("/")
    if "quarantine" in path:
        return "quarantine"
    if path[-1] == "ingested.json":
        return f"ingested.json of the {'state' if 'state' in path else 'run'}"
    if "FeatureGroup" in path:
        return "DeleteRecord"
    if "datasets" in path:
        return f"{'definition' if path[-2] == 'datasets' else 'ledger'} of a data set"
    if "warehouse" not in path:
        return write if write.startswith("Glue ") else path[-1]
    what = {"parquet": "data", "avro": "manifest", "json": "metadata"}[path[-1].rsplit(".", 1)[-1]]
    return f"{path[path.index('warehouse') + 1]} {what}"
