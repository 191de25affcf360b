"""Servers that cannot be reached, and redirects to where nobody should be sent."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from mirrored import parquet
from randomness import SOAK
from source_server import File, SourceServer

from data_pipeline.etl.documents.sources import Limits, MirrorSource, write
from data_pipeline.etl.mirror import addresses, web
from data_pipeline.etl.mirror.report import messages
from data_pipeline.etl.mirror.retry_policy import RetryPolicy


def closed() -> str:
    """The URL of a port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def unknown(*_: object, **__: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize("name", [True, False], ids=["name", "server"])
@pytest.mark.parametrize("dry", [True, False])
def test_what_is_away_is_one_reason_of_all_files(mirror, monkeypatch, name, dry):
    """Given up soon, not asked for again, and told once; a name that is not known needs a person."""
    url = "http://files.example" if name else closed()
    told = []
    if name:
        there = socket.getaddrinfo
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *a, **k: (unknown if host == "files.example" else there)(host, *a, **k),
        )
    mirror.settings = {"requests_per_second": 10.0}
    began = time.monotonic()
    report = mirror(
        {"kind": "files", "files": tuple(f"{url}/{n}.csv" for n in range(300))},
        dry=dry,
        tell=told.append,
        retry_policy=RetryPolicy(away=0.5),
    )
    assert time.monotonic() - began < 5
    assert report["counts"]["failed"] == 300
    (reason,) = {file["reason"] for file in report["files"]}
    said = "the name files.example is not known (" if name else f"{url[7:]} cannot be reached ("
    assert reason.startswith(said)
    assert [(each["person"], each["files"]) for each in report["reasons"]] == [(name, 300)]
    (_, line) = messages(report)
    assert line.startswith("needs a person: 0.csv and 299 more: " if name else "0.csv and 299 more: ")
    assert all(event["quiet"] for event in told if event["event"] == "end")


@contextmanager
def black_hole() -> Iterator[str]:
    """The URL of a port that answers nothing at all: its queue of connections is full, so Linux drops what comes."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for each in waiting:
            each.close()


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="waits as long as the mirror's own patience: `make soak` does")
@pytest.mark.parametrize("away", ["name", "refused", "black hole"])
def test_the_job_gives_up_within_ten_seconds_with_one_line(mirror, tmp_path, away):
    """The job as `mirror run` starts it, with the patience that it has for everybody."""
    with black_hole() as hole:
        url = {"name": "http://nothing.invalid", "refused": closed(), "black hole": hole}[away]
        listed = tmp_path / "sources.json"
        files = MirrorSource("a", "files", files=tuple(f"{url}/{n}.csv" for n in range(300)))
        listed.write_text(write([files], Limits()), encoding="utf-8")
        words = [
            sys.executable,
            "-m",
            "data_pipeline.etl.jobs.mirror",
            "--source",
            str(listed),
            "--events",
            "true",
        ]
        began = time.monotonic()
        done = subprocess.run(
            [*words, "--input", mirror.input, "--output", mirror.output],
            env=dict(os.environ),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        seconds = time.monotonic() - began
    events = [json.loads(line) for line in done.stdout.splitlines()]
    report = events[-1]
    assert (done.returncode, report["event"], report["counts"]["failed"]) == (0, "report", 300), done.stderr
    assert seconds < 10, seconds
    assert len(report["reasons"]) == 1
    assert [event for event in events if event["event"] == "end" and not event["quiet"]] == []


def test_the_patience_with_the_network_ends_within_ten_seconds():
    """A look-up or a connection that takes its whole time may follow on the last wait."""
    policy = RetryPolicy()
    assert policy.away + policy.connect < 10


def test_a_resolver_that_says_nothing_is_not_waited_for(monkeypatch):
    """The C library may try for half a minute."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2) or [])
    began = time.monotonic()
    with pytest.raises(OSError, match=r"nobody says what the name files\.example means"):
        addresses.resolved("files.example", 80, 0.1)
    assert time.monotonic() - began < 1


def test_all_addresses_of_a_name_share_one_limit(monkeypatch):
    """Of a name with many addresses of which none answers; one that does not matter is passed by."""
    asked = []

    def silent(address, limit):
        asked.append(address[0])
        time.sleep(min(limit, 0.06))
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", silent)
    with pytest.raises(TimeoutError):
        addresses.connected([f"192.0.2.{n}" for n in range(50)], 80, 0.2)
    assert 2 <= len(asked) <= 5


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("93.184.215.14", "public"),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", "public"),
        ("127.0.0.1", "loopback"),
        ("127.8.0.1", "loopback"),
        ("0.0.0.0", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("::ffff:169.254.169.254", "link-local"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("fd00:ec2::254", "private"),
        ("224.0.0.1", "private"),
    ],
)
def test_the_kind_of_an_address(address, kind):
    """By the registries of special addresses (RFC 6890), and what they hold of IPv4 inside IPv6."""
    assert addresses.kind(address) == kind


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize(
    ("source_is", "target_is", "goes"),
    [
        ("public", "public", True),
        ("public", "loopback", False),
        ("public", "private", False),
        ("public", "link-local", False),
        ("loopback", "loopback", True),
        ("loopback", "link-local", False),
        ("private", "private", True),
        ("private", "public", True),
        ("private", "link-local", False),
    ],
)
def test_a_redirect_leads_inside_only_from_there(monkeypatch, source_is, target_is, goes, kept):
    """Nothing is asked of the other server before; not over a connection that is open already, either."""
    kinds = {"source.example": source_is, "target.example": target_is}
    there = {
        "private": "10.0.0.1",
        "public": "93.184.215.14",
        "loopback": "127.0.0.1",
        "link-local": "169.254.0.1",
    }
    monkeypatch.setattr(web, "resolved", lambda host, *_: [there[kinds[host]]])
    monkeypatch.setattr(
        web, "connected", lambda _, port, limit: socket.create_connection(("127.0.0.1", port), limit)
    )
    with SourceServer() as source, SourceServer() as target:
        target.files["/a.csv"] = File(b"a\n1\n")
        url = target.url.replace("127.0.0.1", "target.example") + "/a.csv"
        source.moved["/a.csv"] = url
        asks = web.Web(RetryPolicy(), lambda: None)
        if kept:
            answer = asks.ask(url, most=0)
            answer.close()
        before = len(target.asked)
        from_there = source.url.replace("127.0.0.1", "source.example") + "/a.csv"
        if goes:
            answer = asks.ask(from_there, most=0)
            answer.close()
            assert answer.head.status == 200
            return
        with pytest.raises(
            web.LastingError, match=f"which has a {target_is} address; the source has none"
        ) as refused:
            asks.ask(from_there)
        assert refused.value.person
        assert len(target.asked) == before


@pytest.mark.parametrize(
    ("index_is", "named_is", "goes"),
    [
        ("public", "public", True),
        ("public", "link-local", False),
        ("public", "private", False),
        ("private", "private", True),
        ("private", "loopback", False),
    ],
)
def test_an_index_leads_inside_only_from_there(monkeypatch, index_is, named_is, goes):
    """As a redirect does; nothing is asked of the other server."""
    there = {
        "private": "10.0.0.1",
        "public": "93.184.215.14",
        "loopback": "127.0.0.1",
        "link-local": "169.254.0.1",
    }
    kinds = {"index.example": index_is, "named.example": named_is}
    monkeypatch.setattr(web, "resolved", lambda host, *_: [there[kinds[host]]])
    monkeypatch.setattr(
        web, "connected", lambda _, port, limit: socket.create_connection(("127.0.0.1", port), limit)
    )
    with SourceServer() as index, SourceServer() as named:
        index.files["/index.txt"] = File(b"x\n")
        named.files["/a.csv"] = File(b"a\n1\n")
        where = index.url.replace("127.0.0.1", "index.example") + "/index.txt"
        url = named.url.replace("127.0.0.1", "named.example") + "/a.csv"
        asks = web.Web(RetryPolicy(), lambda: None)
        asks.ask(where, most=0).close()
        asks.note_index(url, where)
        if goes:
            answer = asks.ask(url, most=0)
            answer.close()
            assert answer.head.status == 200
            return
        with pytest.raises(web.LastingError, match=f"named.example:[0-9]+, which has a {named_is} address"):
            asks.ask(url)
        assert named.asked == []


def test_an_index_names_no_objects_of_s3(mirror, source):
    """Who writes it has not the role's rights: the line is an error that needs a person, and its neighbour comes."""
    mirror.s3.put_object(Bucket=mirror.bucket, Key="theirs/secret.csv", Body=b"a\n1\n")
    source.files["/zones.csv"] = File(b"id\n1\n")
    source.files["/index.txt"] = File(f"s3://{mirror.bucket}/theirs/secret.csv\n/zones.csv\n".encode())
    report = mirror({"kind": "index", "name": "listed", "where": f"{source.url}/index.txt"})
    assert {*mirror.stored()} == {"zones.csv"}
    (failed,) = [file for file in report["files"] if file["outcome"] == "failed"]
    assert failed["person"]
    assert failed["reason"].startswith("an index names it, which may name files of web servers alone")


def test_a_redirect_to_something_else_than_the_web_is_refused(mirror, source):
    """A file of this machine, or an object that the role may read; at once, and it needs a person."""
    source.moved = {"/a.csv": "file:///etc/passwd", "/b.csv": "s3://their-bucket/x"}
    source.files["/c.parquet"] = parquet(1)
    urls = tuple(f"{source.url}/{name}" for name in ("a.csv", "b.csv", "c.parquet"))
    report = mirror({"kind": "files", "files": urls})
    assert [(file["outcome"], file.get("person")) for file in report["files"]] == [
        ("failed", True),
        ("failed", True),
        ("new", False),
    ]
    assert len(source.asked) == 3
