"""`make soak`: randomised and killed-process tests with their full counts; what ran goes to docs/records/soak.md."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from killing import INGESTED, KEYED, POINTS, WRITES  # noqa: E402 - found once tests/ is on the path
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
        named = ElementTree.parse(report).iter("testcase")  # the one that ^C has ended has no name
        cases = [case for case in named if case.get("classname")]
    target = ROOT / "docs" / "records" / "soak.md"
    before = target.read_text(encoding="utf-8") if sys.argv[1:] else ""
    target.write_text(page(cases, time.monotonic() - began, before), encoding="utf-8")
    missed = [point for point in POINTS if not properties(cases, "killed")[point]]
    if missed and not sys.argv[1:]:
        print(f"no run was killed {', '.join(missed)}", file=sys.stderr)
    return status or int(bool(missed) and not sys.argv[1:])


def properties(cases: list[ElementTree.Element], name: str) -> Counter[str]:
    """How often tests recorded each value of the property ``name``."""
    found = (item for case in cases for item in case.iter("property") if item.get("name") == name)
    return Counter(item.get("value", "") for item in found)


def page(cases: list[ElementTree.Element], seconds: float, before: str = "") -> str:
    """The page for docs/: one row a test, counting the tries that ran and the tests that failed. A test that makes more
    than one try records the property ``tries``. What the page ``before`` says of tests that this run did not try, and
    that there still are, is kept.
    """
    ran: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for case in cases:
        name = _name(case)
        if case.find("skipped") is None:
            ran[name] += int(next(iter(properties([case], "tries")), 1))
        failed[name] += case.find("failure") is not None or case.find("error") is not None
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    about = f"{datetime.now(UTC):%Y-%m-%d} | {done.stdout.strip()} | {SEED}"
    tests = {
        f"`{name}`": f"| `{name}` | {ran[name]:,} | {failed[name]} | {about} |" for name in ran if ran[name]
    }
    mutated = sum(int(n) * times for n, times in properties(cases, "mutated files").items())
    known = {
        line.split(" | ")[0].removeprefix("| "): line for line in before.splitlines() if line.startswith("| ")
    }
    tests = {name: line for name, line in known.items() if _exists(name)} | tests
    counted = f"Mutated files: {mutated:,}."
    if not mutated:
        counted = next((line for line in before.splitlines() if line.startswith("Mutated files: ")), counted)
    return "\n".join(
        [
            "# Soak",
            "",
            "Written by `make soak`: the full counts of the randomised and killed-process tests, each as it ran last.",
            f"The last run took {seconds / 60:.0f} minutes on {os.cpu_count()} cores, {platform.system()}, Python "
            f"{platform.python_version()}.",
            "",
            "| test | tries | failed | date | commit | seed |",
            "| --- | ---: | ---: | --- | --- | --- |",
            *(tests[name] for name in sorted(tests)),
            "",
            counted,
            "",
            "Runs killed (SIGKILL) at each external write, before it was passed on and after it was done:",
            "",
            "| write | killed before | killed after | test |",
            "| --- | ---: | ---: | --- |",
            *kills(cases, before),
            "",
        ]
    )


def kills(cases: list[ElementTree.Element], before: str) -> list[str]:
    """A line for each write and each test that killed there, or one of none. Those of tests that this run did not try,
    and that there still are, are kept from the page ``before``.
    """
    tried: dict[str, Counter[str]] = {}
    for case in cases:
        if case.find("skipped") is None:
            tried.setdefault(f"`{_name(case)}`", Counter()).update(properties([case], "killed"))
    lines: dict[str, dict[str, str]] = {write: {} for write in (*WRITES, *KEYED, *INGESTED)}
    for line in before.splitlines():
        cells = line.strip("| ").split(" | ")
        write, test = cells[0], cells[-1]
        if write in lines and test not in tried and _exists(test):
            lines[write][test] = line
    for test, killed in tried.items():
        for write, of_tests in lines.items():
            counts = [killed[f"{moment} {write}"] for moment in ("before", "after")]
            if any(counts):
                of_tests[test] = f"| {write} | {' | '.join(map(str, counts))} | {test} |"
    return [
        line
        for write, of_tests in lines.items()
        for line in [of_tests[test] for test in sorted(of_tests)] or [f"| {write} | 0 | 0 | |"]
    ]


def _name(case: ElementTree.Element) -> str:
    """The test's name, without parameters."""
    return re.sub(r"\[.*", "", f"{case.get('classname')}.{case.get('name')}")


def _exists(name: str) -> bool:
    """Whether `name` still is a test."""
    module, _, test = name.strip("`").rpartition(".")
    path = ROOT / f"{module.replace('.', '/')}.py"
    return path.is_file() and f"def {test}(" in path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
