"""`make removal`: remove every action of every role once, and write what was denied to docs/records/removal.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tests"))

from removal.differences import NOT_REMOVED  # noqa: E402 - found once tests/ is on the path

from data_pipeline.embedded_aws.identity import required  # noqa: E402 - found once the project is on the path

TEST = "tests/removal/test_removal.py"


def main() -> int:
    """Run all removals and write the page; the status is pytest's."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "removal.xml"
        options = ["-n", "2", "--dist", "load", "-k", "felt", f"--junit-xml={report}", *sys.argv[1:]]
        status = subprocess.run(
            [sys.executable, "-m", "pytest", TEST, *options],
            cwd=ROOT,
            env={**os.environ, "SOAK": "1"},
            check=False,
        ).returncode
        cases = list(ElementTree.parse(report).iter("testcase"))
    tried, missed = counted(cases)
    (ROOT / "docs" / "records" / "removal.md").write_text(
        page(tried, missed, time.monotonic() - began), encoding="utf-8"
    )
    denied = sum(tried.values()) - sum(missed.values())
    print(f"{sum(tried.values())} actions of {len(tried)} roles removed one by one, {denied} then denied")
    return status


def counted(cases: Iterable[ElementTree.Element]) -> tuple[Counter[str], Counter[str]]:
    """Role → actions that were taken away, and those among them that nothing missed."""
    tried: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for case in cases:
        role = re.search(r"\[(\w+)-", str(case.get("name")))
        assert role is not None, case.get("name")
        tried[role[1]] += 1
        missed[role[1]] += case.find("failure") is not None or case.find("error") is not None
    return tried, missed


def page(tried: Counter[str], missed: Counter[str], seconds: float) -> str:
    """The page for docs/."""
    rows = [f"| {role} | {tried[role]} | {tried[role] - missed[role]} |" for role in sorted(tried)]
    beyond = [
        f"| {', '.join(demand.roles)} | {' '.join(f'`{action}`' for action in demand.beyond)} "
        f"| {demand.because} | [{demand.api}]({demand.page}) |"
        for demand in required.demands()
        if demand.beyond
    ]
    return "\n".join(
        [
            "# Every permission is needed",
            "",
            "Written by `make removal`. It removes every action of every statement of every role in the shipped",
            "templates, and of the deployer's policy, one at a time. Then it does the shortest thing that needs the",
            "action on the embedded AWS (one call of a deployment, one state or one job), which must be denied. The",
            "same thing under the whole role is not denied.",
            "",
            "`data_pipeline/embedded_aws/identity/required_actions.yaml` lists what the embedded AWS demands, each",
            "entry with its page of AWS's documentation. The code that derives the roles never reads it, and a test",
            "compares the two. A new action without an entry or a scenario fails tests/removal, which say what to add.",
            "",
            f"- date: {datetime.now(UTC):%Y-%m-%d}",
            f"- actions removed: {sum(tried.values())}, denied: {sum(tried.values()) - sum(missed.values())}",
            f"- took: {seconds:.0f} s with two workers on {os.cpu_count()} cores",
            "",
            "| role | actions removed | denied |",
            "| --- | ---: | ---: |",
            *rows,
            "",
            "## What the embedded AWS cannot enforce",
            "",
            "AWS demands these with an option that no shipped environment uses.",
            "",
            "| role | actions | why not | AWS's documentation |",
            "| --- | --- | --- | --- |",
            *beyond,
            "",
            "## What is not removed",
            "",
            "Options give these actions to roles, and no removal shows that they are needed.",
            "",
            "| role | actions | why not |",
            "| --- | --- | --- |",
            *_not_removed(),
            "",
        ]
    )


def _not_removed() -> list[str]:
    """A row for each reason and kind of role."""
    rows: dict[tuple[str, str], list[str]] = {}
    for (kind, action), reason in NOT_REMOVED.items():
        rows.setdefault((kind, reason), []).append(f"`{action}`")
    return [f"| {kind} | {' '.join(actions)} | {reason} |" for (kind, reason), actions in rows.items()]


if __name__ == "__main__":
    sys.exit(main())
