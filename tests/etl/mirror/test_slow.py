"""Servers that send drops, or heads without an end: broken off by the time that they take and by what they send."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from data_pipeline.etl.mirror import verdicts
from data_pipeline.etl.mirror.retry_policy import RetryPolicy
from data_pipeline.etl.mirror.web import DroppedError, Web

POLICY = RetryPolicy(read=5.0, head=0.3, head_bytes=20_000, stall=0.3, stall_bytes=1000, body=1.0)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def drops(of: bytes = b"x", pause: float = 0.01, most: float = 10.0) -> Iterator[bytes]:
    until = time.monotonic() + most
    while time.monotonic() < until:
        yield of
        time.sleep(pause)


@contextmanager
def serving(begin: bytes, then: Iterator[bytes]) -> Iterator[str]:
    """The URL of a server that answers one request with these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(10_000)
                try:
                    connection.sendall(begin)
                    for piece in then:
                        connection.sendall(piece)
                except OSError:
                    return  # the client has gone, as it should

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x"
        thread.join(5)
        assert not thread.is_alive()


def whole(url: str) -> int:
    """The bytes of the answer's body."""
    answer = Web(POLICY, lambda: None).ask(url)
    try:
        buffer, size = memoryview(bytearray(1 << 20)), 0
        while count := answer.read(buffer):
            size += count
        return size
    finally:
        answer.close()


@pytest.mark.parametrize(
    ("begin", "then", "said"),
    [
        (b"", drops(b"H"), "the head of its answer took longer than 0.3 s"),
        (b"HTTP/1.1 200 OK\r\n", drops(b"A: b\r\n"), "the head of its answer took longer"),
        (b"", drops(b"HTTP/1.1 100 Continue\r\n\r\n"), "the head of its answer took longer"),
        (
            b"HTTP/1.1 200 OK\r\n",
            iter([b"A: " + b"b" * 30_000]),
            "the head of its answer is longer than 20,000",
        ),
        (
            b"",
            drops(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, 0.0),
            "the head of its answer is longer than 20,000",
        ),
        (HEAD, drops(), "bytes came in 0.3 s"),
        (HEAD + b"x" * 5_000, drops(), "bytes came in 0.3 s"),
        (CHUNKED, drops(b"1\r\nx\r\n"), "bytes came in 0.3 s"),
        (CHUNKED, drops(b"0"), "bytes came in 0.3 s"),
        (HEAD, drops(b"x" * 100, 0.01), "the body of its answer took longer than 1 s"),
    ],
    ids=[
        *("status", "headers", "continue", "long header", "many heads"),
        *("drops", "drops later", "chunks", "length of a chunk", "long body"),
    ],
)
def test_a_server_that_is_too_slow_is_broken_off(begin: bytes, then: Iterator[bytes], said: str) -> None:
    """Whatever it drips: each byte is in time, and all of them are not."""
    began = time.monotonic()
    with serving(begin, then) as url, pytest.raises(DroppedError, match=said):
        whole(url)
    assert time.monotonic() - began < 4


def test_a_reader_that_is_slow_itself_blames_nobody() -> None:
    """Only the time in which the server is waited for counts."""
    body = b"x" * 1_000_000
    with serving(HEAD, iter([body])) as url:
        answer = Web(POLICY, lambda: None).ask(url)
        buffer, size = memoryview(bytearray(1 << 20)), 0
        while count := answer.read(buffer):
            size += count
            time.sleep(0.07)
        answer.close()
    assert size == len(body)


def test_what_is_kept_of_headers_is_short() -> None:
    """An ETag that no object's metadata could hold is none; what is shown of the others is cut."""
    long = "x" * 10_000
    kept = verdicts.head(200, {"etag": f'"{long}"', "last-modified": long, "content-type": long})
    assert (kept.etag, kept.modified, len(kept.type)) == ("", "", 100)
    assert verdicts.head(200, {"etag": f'"{long[:100]}"'}).etag == f'"{long[:100]}"'
    with pytest.raises(ValueError, match="Content-Range") as refused:
        verdicts.head(206, {"content-range": long})
    assert len(str(refused.value)) < 300
