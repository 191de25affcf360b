"""A mirror that is killed: the next one goes on behind the parts that S3 has."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from randomness import SEED, times
from source_server import File

JOB = Path(__file__).resolve().parents[3] / "data_pipeline" / "etl" / "jobs" / "mirror.py"
PART = 8 << 20
LIMITS = {"connections": 2, "requests_per_second": 1000, "recheck": 50, "gigabytes": 1, "minutes": 10}


def command(mirror, place: Path, urls: list[str], *more: str) -> list[str]:
    """The job on a list of files, with events."""
    listed = {"version": 1, "sources": [{"name": "big", "files": urls}], "limits": LIMITS}
    place.write_text(json.dumps(listed))
    places = ["--source", str(place), "--input", mirror.input, "--output", mirror.output]
    return [sys.executable, str(JOB), *places, "--events", "true", *more]


def run(command: list[str]) -> dict:
    """Run the job to its end; the report."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("kill-mirror")))
def test_a_killed_mirror_fetches_no_finished_part_again(mirror, source, tmp_path, attempt):
    """Killed at any moment of a file of 3.5 parts: what is visible is nothing or the whole, and the next mirror asks
    the source for no part that S3 had: for nothing but the rest, and the first 64 bytes, which it looks at.
    """
    chance = random.Random(f"{SEED}-kill-mirror-{attempt}")
    content = chance.randbytes(3 * PART + PART // 2)
    source.files["/big.bin"] = File(content)
    source.rate = 30e6  # bytes a second
    job = command(mirror, tmp_path / "sources.json", [f"{source.url}/big.bin"])
    process = subprocess.Popen(job, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(chance.uniform(0.3, 1.6))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert mirror.stored() in ({}, {"big.bin": content})
    finished = 0
    for upload in mirror.s3.list_multipart_uploads(Bucket=mirror.bucket).get("Uploads", []):
        parts = mirror.s3.list_parts(Bucket=mirror.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        sizes = {part["PartNumber"]: part["Size"] for part in parts.get("Parts", [])}
        while len(sizes) > (got := finished // PART) and got + 1 in sizes:
            finished += sizes[got + 1]
    source.asked.clear()
    source.rate = None
    there = "big.bin" in mirror.stored()
    report = run(job)
    assert mirror.stored() == {"big.bin": content}
    assert report["resumed_bytes"] == (0 if there else finished)
    rest = 0 if there else len(content) - finished
    assert rest <= source.sent <= rest + (64 if finished else 0)
    assert mirror.uploads() == []


def test_an_interrupted_mirror_keeps_what_it_has(mirror, source, tmp_path):
    """^C ends it with 130; its parts are kept, and the next one goes on there."""
    content = os.urandom(2 * PART + PART // 2)
    source.files["/big.bin"] = File(content)
    source.rate = 15e6
    job = command(mirror, tmp_path / "sources.json", [f"{source.url}/big.bin"])
    process = subprocess.Popen(job, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    key = {"Bucket": mirror.bucket}
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not any(
        mirror.s3.list_parts(**key, Key=u["Key"], UploadId=u["UploadId"]).get("Parts")
        for u in mirror.s3.list_multipart_uploads(**key).get("Uploads", [])
    ):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    source.rate = None
    report = run(job)
    assert report["resumed_bytes"] >= PART
    assert mirror.stored() == {"big.bin": content}


def test_another_version_at_the_source_is_not_added_to_the_first(mirror, source, tmp_path):
    """A file that was re-issued while the mirror was down is begun anew."""
    first, second = os.urandom(2 * PART), os.urandom(2 * PART)
    source.files["/big.bin"] = File(first)
    source.rate = 20e6
    job = command(mirror, tmp_path / "sources.json", [f"{source.url}/big.bin"])
    process = subprocess.Popen(job, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1.0)
    process.kill()
    process.wait()
    source.files["/big.bin"] = File(second)
    source.rate = None
    run(job)
    assert mirror.stored() == {"big.bin": second}
    assert mirror.uploads() == []


def test_verify_tells_what_is_not_as_it_was_stored(mirror, source, tmp_path):
    """The right ones are right; one that somebody replaced, and one that is gone, are told."""
    for n in range(3):
        source.files[f"/f{n}.csv"] = File(f"a,b\n{n},1\n".encode())
    job = command(mirror, tmp_path / "sources.json", [f"{source.url}/f{n}.csv" for n in range(3)])
    run(job)
    mirror.s3.put_object(Bucket=mirror.bucket, Key="in/f1.csv", Body=b"tampered")
    mirror.s3.delete_object(Bucket=mirror.bucket, Key="in/f2.csv")
    source.files["/f0.csv"] = File(b"newer")
    report = run([*job, "--verify", "true"])
    assert report["counts"] == {"right": 1, "wrong": 0, "missing": 1, "replaced": 1, "unread": 0}
    assert report["newer"] == ["f0.csv"]
    assert [(each["path"], each["stored"]) for each in report["wrong"]] == [
        ("f1.csv", "replaced"),
        ("f2.csv", "missing"),
    ]
