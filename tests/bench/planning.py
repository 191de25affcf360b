"""`make bench`: plan a million known files, from a ledger that is generated and a listing that is handed in."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format  # noqa: E402
from data_pipeline.etl.planning import comparing, units  # noqa: E402
from data_pipeline.etl.planning.selection import Selection  # noqa: E402
from data_pipeline.etl.state import entries, ledger  # noqa: E402
from data_pipeline.etl.state.entries import Entry  # noqa: E402
from data_pipeline.etl.storage.objects import Stored  # noqa: E402

FILES = 1_000_000
A_DAY = 250
ONE = "events/{year}/{month}/{day}/{device}.json.gz"
SECONDS, MEGABYTES = 30, 500


def dataset(replaces: str) -> Dataset:
    columns = (Column("id", "long"),)
    return Dataset("events", (ONE,), Format("json"), columns, replaces=replaces)


def paths(number: int, a_day: int) -> Iterator[tuple[str, str, str]]:
    """Path, period and device of each file, in the order of a listing."""
    first = date(2014, 1, 1)
    for n in range(number):
        day = first + timedelta(days=n // a_day)
        device = f"device-{n % a_day:06}"
        yield f"events/{day:%Y/%m/%d}/{device}.json.gz", day.isoformat(), device


def etag(path: str) -> str:
    return hashlib.md5(path.encode(), usedforsecurity=False).hexdigest()


def generate(folder: Path, number: int, a_day: int, replaces: str) -> None:
    """Write the ledger of files that are known."""
    one, place = dataset(replaces), folder / "state" / "datasets"
    (place / one.name).mkdir(parents=True)
    (place / f"{one.name}.json").write_text(json.dumps({"version": 1, "definition": one.definition}))
    by_shard: dict[str, list[tuple[str, Entry]]] = {}

    def write() -> None:
        for shard, files in by_shard.items():
            text = "".join(entries.lines("table", {}, files))
            (place / one.name / f"{shard}.json").write_text(text)
        by_shard.clear()

    for path, period, device in paths(number, a_day):
        shard = ledger.shard(one, period)
        if shard not in by_shard:
            write()
        parts = {"device": device}
        told = (
            one.definition,
            f"{period}T06:00:00Z",
            f"{period}T06:00:00Z",
            f"run-{period}",
            1000,
            999,
            1,
            7,
        )
        entry = Entry(etag(path), 20_000, period, parts, units.key(one, path, period, parts), *told)
        by_shard.setdefault(shard, []).append((path, entry))
    write()


def plan(folder: Path, number: int, a_day: int, replaces: str) -> dict[str, float]:
    """Plan in this process, of which one file is new and one has changed; seconds, and megabytes at most."""
    one = dataset(replaces)

    def listing() -> Iterator[Stored]:
        for n, (path, _, _) in enumerate(paths(number + 1, a_day)):
            yield Stored(f"s3://bucket/in/{path}", path, 20_000, etag(path) if n else "changed")

    started = time.monotonic()
    found = comparing.compare(
        listing(),
        Definitions({one.name: one}),
        ledger.Ledger(str(folder)),
        Selection(),
        lambda path: f"s3://bucket/in/{path}",
    )
    seconds = time.monotonic() - started
    assert (found.counts.new, found.counts.changed) == (1, 1), found.counts
    assert len(found.plan.units) == 2
    return {"seconds": seconds, "of the processor": time.process_time(), "megabytes": most_megabytes()}


def most_megabytes() -> float:
    """The most memory that this process has had since its program began; of Linux alone."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def measure(number: int, a_day: int = A_DAY, replaces: str = "file") -> dict[str, float]:
    """Generate a ledger and plan in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), number, a_day, replaces)
        size = sum(each.stat().st_size for each in Path(folder).rglob("*.json"))
        command = [sys.executable, __file__, "--plan", folder, str(number), str(a_day), replaces]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return {**found, "ledger megabytes": size / 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "records" / "planning-bench.md")
    options = parser.parse_args()
    if options.plan:
        folder, number, a_day, replaces = options.plan
        print(json.dumps(plan(Path(folder), int(number), int(a_day), replaces)))
        return
    load, lines = os.getloadavg()[0], []
    for what, a_day, replaces in (
        ("files over years", A_DAY, "file"),
        ("files of one year", 4_000, "file"),
        ("periods", A_DAY, "period"),
    ):
        found = measure(options.files, a_day, replaces)
        told = (found[name] for name in ("seconds", "of the processor", "megabytes", "ledger megabytes"))
        lines.append(f"| {what} | {' | '.join(f'{value:,.1f}' for value in told)} |")
        print(lines[-1], flush=True)
    options.output.write_text(report(options.files, lines, load), encoding="utf-8")


def report(files: int, lines: list[str], load: float) -> str:
    from measure import about_machine  # beside this script: a test that imports this module does not find it

    return "\n".join(
        [
            "# Planning, measured",
            "",
            f"Written by `make bench`: {files:,} known files, one of them new and one changed, are planned from a",
            f"ledger on this disk and a listing that is handed in. Allowed are {SECONDS} s and {MEGABYTES} MB.",
            "",
            "| | seconds | of the processor | peak MB | MB of ledger |",
            "| --- | ---: | ---: | ---: | ---: |",
            *lines,
            "",
            *about_machine(load),
            "",
        ]
    )


if __name__ == "__main__":
    main()
