"""The mirror against ``curl`` to disk and ``aws s3 cp`` of the same bytes; run by ``make bench``.

A web server of its own process serves one file of random bytes; both ways bring it into the same embedded AWS, one
after the other, each into a bucket of its own. Memory is what the process of the mirror holds, without the embedded
AWS, which keeps objects in memory. Prints a table and writes ``docs/records/mirror-bench.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from measure import CommandError, Measured, measure

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from clients import client  # noqa: E402 - found once the project is on the path

from data_pipeline.embedded_aws.server import lifecycle  # noqa: E402
from data_pipeline.embedded_aws.server.endpoint import Endpoint  # noqa: E402

LIMITS = {"connections": 4, "requests_per_second": 100, "recheck": 50, "gigabytes": 100, "minutes": 100}
#: uploads a file as `aws s3 cp` does, by the same library, where there is no `aws`.
_STAND_IN = "import boto3, sys; boto3.client('s3').upload_file(*sys.argv[1:])"


@dataclass(frozen=True)
class Row:
    """One way: seconds on the clock, the most memory of its processes, the most bytes on the disk."""

    name: str
    seconds: float
    memory: int
    disk: int


def main() -> None:
    """Generate, measure, print, write."""
    options = _options()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.scratch) as scratch:
        place = Path(scratch)
        path = _random_file(place / "served" / "big.bin", options.megabytes * 1_000_000)
        with _served(path) as url, _embedded(place / "aws") as endpoint:
            runs = [
                [
                    _mirror(place, f"{url}/big.bin", endpoint),
                    *_curl_and_cp(place, f"{url}/big.bin", endpoint),
                ]
                for _ in range(options.repeat)
            ]
    rows = [min(same, key=lambda row: row.seconds) for same in zip(*runs, strict=True)]
    text = _report(rows, options, load)
    print(text)
    options.output.write_text(text, encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1_000, help="size of the file")
    parser.add_argument("--repeat", type=int, default=2, help="runs of each, in turn; the fastest counts")
    parser.add_argument("--scratch", type=Path, default=None, help="where files go for a while")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "records" / "mirror-bench.md")
    return parser.parse_args()


def _random_file(path: Path, size: int) -> Path:
    path.parent.mkdir()
    with path.open("wb") as file:
        while left := size - file.tell():
            file.write(os.urandom(min(left, 1 << 24)))
    return path


def _mirror(place: Path, url: str, endpoint: Endpoint) -> Row:
    _bucket(endpoint, "mirrored")
    document = {"version": 1, "sources": [{"name": "big", "files": [url]}], "limits": LIMITS}
    (place / "sources.json").write_text(json.dumps(document))
    job = [
        sys.executable,
        str(ROOT / "data_pipeline" / "etl" / "jobs" / "mirror.py"),
        "--source",
        str(place / "sources.json"),
    ]
    job += ["--input", "s3://mirrored/in", "--output", "s3://mirrored/out"]
    done = measure(job, ROOT, _environment(endpoint))
    _expect(endpoint, "mirrored", "in/big.bin", place)
    return Row("`mirror`", done.seconds, done.bytes, 0)


def _curl_and_cp(place: Path, url: str, endpoint: Endpoint) -> list[Row]:
    _bucket(endpoint, "copied")
    kept = place / "fetched.bin"
    fetched = measure(["curl", "--silent", "--fail", "--output", str(kept), url], ROOT)
    aws = shutil.which("aws")
    command = [aws, "s3", "cp", "--quiet", str(kept), "s3://copied/in/big.bin"] if aws else []
    stand_in = [sys.executable, "-c", _STAND_IN, str(kept), "copied", "in/big.bin"]
    copied = measure(command or stand_in, ROOT, _environment(endpoint))
    _expect(endpoint, "copied", "in/big.bin", place)
    size, second = kept.stat().st_size, "`aws s3 cp`" if aws else "boto3's upload_file, as there is no `aws`"
    both = Measured(fetched.seconds + copied.seconds, max(fetched.bytes, copied.bytes), "")
    return [
        Row(f"`curl` to disk, then {second}", both.seconds, both.bytes, size),
        Row("– of it `curl`", fetched.seconds, fetched.bytes, size),
        Row(f"– of it {second}", copied.seconds, copied.bytes, 0),
    ]


def _expect(endpoint: Endpoint, bucket: str, key: str, place: Path) -> None:
    """A way that brings other bytes has no time worth telling. The object is removed: it would hold memory."""
    s3 = client(endpoint, "s3")
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    with (place / "served" / "big.bin").open("rb") as file:
        while block := body.read(1 << 24):
            if block != file.read(len(block)):
                raise CommandError(f"s3://{bucket}/{key} is not what the source serves")
        if file.read(1):
            raise CommandError(f"s3://{bucket}/{key} is cut off")
    s3.delete_object(Bucket=bucket, Key=key)


def _bucket(endpoint: Endpoint, name: str) -> None:
    """Made once, and empty: without the mirror's record of an earlier run."""
    s3 = client(endpoint, "s3")
    s3.create_bucket(Bucket=name)
    s3.delete_object(Bucket=name, Key="out/state/mirror.json")


def _environment(endpoint: Endpoint) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYTHON"))}
    return {**kept, **endpoint.environment(), "NO_PROXY": "127.0.0.1"}


@contextmanager
def _embedded(state: Path) -> Iterator[Endpoint]:
    yield lifecycle.ensure_up(state, 0)
    lifecycle.down(state)


@contextmanager
def _served(path: Path) -> Iterator[str]:
    """The file's folder behind a web server of its own process."""
    command = [sys.executable, __file__, "serve", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def serve(path: Path) -> None:
    """Serve one file, whole or from a byte on, until the process is ended."""
    size = path.stat().st_size

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
            self.send_response(206 if "Range" in self.headers else 200)
            self.send_header("ETag", '"bench-1"')
            self.send_header("Content-Length", str(size - start))
            if "Range" in self.headers:
                self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
            self.end_headers()
            with path.open("rb") as file:
                while start < size:
                    start += os.sendfile(self.connection.fileno(), file.fileno(), start, 1 << 24)

        def log_message(self, *_: object) -> None:
            """Say nothing: the bench prints the table."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


def _report(rows: list[Row], options: argparse.Namespace, load: float) -> str:
    base, megabytes = rows[1].seconds, options.megabytes
    lines = [
        "# Mirror, measured",
        "",
        f"Written by `make bench`: {megabytes:,} MB from a web server into the embedded AWS, all on one machine.",
        f"The fastest of {options.repeat} runs of each. Memory is without the embedded AWS, which keeps objects in",
        "memory.",
        "",
        "| | seconds | ratio | MB/s | peak MB | MB on disk |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {row.name} | {row.seconds:.1f} | {row.seconds / base:.2f} | {megabytes / row.seconds:,.0f} "
            f"| {row.memory / 1e6:,.0f} | {row.disk / 1e6:,.0f} |"
            for row in rows
        ),
        "",
        f"{datetime.now(UTC).date()}, {platform.system()} on {platform.machine()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}.",
        f"The machine's load was {load:.1f} before; figures of a busy machine are unreliable.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(Path(sys.argv[2]))
    else:
        try:
            main()
        except CommandError as failed:
            sys.exit(f"error: {failed}")
