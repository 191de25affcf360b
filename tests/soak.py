"""`make soak`: randomised and killed-process tests with their full counts; what ran goes to docs/soak.md."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from jobs.killing import INGESTED, POINTS, WRITES  # noqa: E402 - found once tests/ is on the path
from randomness import SEED  # noqa: E402


def main() -> int:
    """Run the soak tests and write what was executed; the status is pytest's, or 1 if a point was not hit."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "soak.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-m",
            "soak",
            "-n",
            "2",
            "--timeout=3600",
            "--override-ini=junit_family=xunit1",
            f"--junit-xml={report}",
            *sys.argv[1:],
        ]
        status = subprocess.run(command, cwd=ROOT, env={**os.environ, "SOAK": "1"}, check=False).returncode
        cases = list(ElementTree.parse(report).iter("testcase"))
    (ROOT / "docs" / "soak.md").write_text(page(cases, time.monotonic() - began), encoding="utf-8")
    missed = [point for point in POINTS if not properties(cases, "killed")[point]]
    if missed and not sys.argv[1:]:
        print(f"no run was killed {', '.join(missed)}", file=sys.stderr)
    return status or int(bool(missed) and not sys.argv[1:])


def properties(cases: list[ElementTree.Element], name: str) -> Counter[str]:
    """How often tests recorded each value of the property ``name``."""
    found = (item for case in cases for item in case.iter("property") if item.get("name") == name)
    return Counter(item.get("value", "") for item in found)


def page(cases: list[ElementTree.Element], seconds: float) -> str:
    """The page for docs/: one row a test, counting the tries that ran and those that failed."""
    ran: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for case in cases:
        name = re.sub(r"\[.*", "", f"{case.get('classname')}.{case.get('name')}")
        ran[name] += case.find("skipped") is None
        failed[name] += case.find("failure") is not None or case.find("error") is not None
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    killed = properties(cases, "killed")
    rows = [f"| `{name}` | {ran[name]} | {failed[name]} |" for name in sorted(ran)]
    return "\n".join(
        [
            "# Soak",
            "",
            "Written by `make soak`: the full counts of the randomised and killed-process tests.",
            "",
            f"- date: {datetime.now(timezone.utc):%Y-%m-%d}",
            f"- commit: {commit.stdout.strip()}",
            f"- seed: {SEED}",
            f"- machine: {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}",
            f"- took: {seconds / 60:.0f} minutes",
            f"- failures: {sum(failed.values())}",
            "",
            "| test | tries | failed |",
            "| --- | ---: | ---: |",
            *rows,
            "",
            f"Mutated files: {sum(int(n) * times for n, times in properties(cases, 'mutated files').items()):,}.",
            "",
            "Runs killed (SIGKILL) at each external write, before it was passed on and after it was done:",
            "",
            "| write | killed before | killed after |",
            "| --- | ---: | ---: |",
            *(
                f"| {write} | {killed[f'before {write}']} | {killed[f'after {write}']} |"
                for write in (*WRITES, *INGESTED)
            ),
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
