"""A large file goes through with little memory; its size is a count of ``randomness``: 2 GB in `make soak`."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from bench.measure import measure
from randomness import times

ROOT = Path(__file__).resolve().parents[3]
MOST_RESIDENT = 200e6


@pytest.mark.soak
def test_a_large_file_goes_through_with_little_memory(mirror, tmp_path):
    """Whatever the size of the file, the mirror's process holds at most 200 MB, and the object is the file."""
    size = times("megabytes") * 1_000_000
    served = tmp_path / "big.bin"
    with served.open("wb") as file:
        file.truncate(size)  # a hole: zeros that take no disk
    command = [sys.executable, str(ROOT / "tests" / "bench" / "mirror.py"), "serve", str(served)]
    limits = {"connections": 4, "requests_per_second": 100, "recheck": 0, "gigabytes": 9, "minutes": 60}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        url = server.stdout.readline().strip()
        listed = {"version": 1, "sources": [{"name": "big", "files": [f"{url}/big.bin"]}], "limits": limits}
        (tmp_path / "sources.json").write_text(json.dumps(listed))
        job = [
            sys.executable,
            str(ROOT / "data_pipeline" / "etl" / "jobs" / "mirror.py"),
            "--source",
            str(tmp_path / "sources.json"),
        ]
        done = measure([*job, "--input", mirror.input, "--output", mirror.output], ROOT)
        server.terminate()
    print(f"{size / 1e6:,.0f} MB with {done.bytes / 1e6:,.0f} MB resident")
    assert 20e6 < done.bytes <= MOST_RESIDENT
    entry = mirror.record["objects"]["big.bin"]
    whole = hashlib.sha256()
    for at in range(0, size, 1 << 20):
        whole.update(bytes(min(1 << 20, size - at)))
    assert (entry["size"], entry["sha256"]) == (size, whole.hexdigest())
    mirror.s3.delete_object(Bucket=mirror.bucket, Key="in/big.bin")
