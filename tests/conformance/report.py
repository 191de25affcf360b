"""`make conformance`: clients that nobody here wrote, against the embedded AWS; the result goes to docs/records/.

Each client runs in `.venv-conformance`, with the variables of `local env` and no other setting of AWS, through a relay
that counts its calls. A case passes, or is refused in words that name the operation; anything else fails, and so does
an answer of 500 or more.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from conformance.relay import Calls, Relay  # noqa: E402 - found once the path is set
from embedded_aws.athena.conftest import opened  # noqa: E402

from data_pipeline.embedded_aws.server import lifecycle  # noqa: E402
from data_pipeline.embedded_aws.server.endpoint import Endpoint  # noqa: E402

HERE = Path(__file__).parent
PYTHON = ROOT / ".venv-conformance" / "bin" / "python"
TARGET = ROOT / "docs" / "records" / "conformance.md"
#: module of the cases → what it is called.
CLIENTS = {
    "cli": "AWS CLI",
    "boto": "boto3",
    "wrangler": "awswrangler",
    "dbapi": "PyAthena",
    "iceberg": "PyIceberg",
    "duck": "DuckDB",
    "filesystem": "s3fs",
    "sagemaker_core": "sagemaker-core",
}
_SECONDS = 900


@dataclass(frozen=True)
class Ran:
    """A client: its versions, its cases with what came of each, and the calls that it made."""

    client: str
    versions: dict[str, str]
    cases: tuple[dict[str, str], ...]
    calls: Calls
    trouble: str = ""

    def with_outcome(self, outcome: str) -> list[dict[str, str]]:
        """The cases that ended so."""
        return [each for each in self.cases if each["outcome"] == outcome]

    @property
    def failures(self) -> list[str]:
        """What neither passed nor was refused, a line each."""
        failed = [f"{each['case']}: {each['words']}" for each in self.with_outcome("failed")]
        broken = [f"{number} times {what}" for what, number in self.calls.broken.items()]
        return [*failed, *broken, *([self.trouble] if self.trouble else [])]


def main(chosen: list[str]) -> int:
    """Run the clients, those that are named or all; print what came of them, and write the record of all of them."""
    with _embedded() as endpoint:
        shop = opened(endpoint)
        ran = [_run(client, endpoint, shop.name) for client in chosen or CLIENTS]
    for each in ran:
        passed, refused = len(each.with_outcome("passed")), len(each.with_outcome("refused"))
        cases = f"{passed} cases passed, {refused} refused by name, {len(each.failures)} failed"
        print(f"{CLIENTS[each.client]}: {each.calls.asked.total():,} calls, {cases}")
        for line in each.failures:
            print(f"  {line}")
    if not chosen:
        TARGET.write_text(page(ran), encoding="utf-8")
    return int(any(each.failures for each in ran))


@contextmanager
def _embedded() -> Iterator[Endpoint]:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "aws"
        endpoint = lifecycle.ensure_up(state, 0)
        try:
            yield endpoint
        finally:
            lifecycle.down(state)


def _run(client: str, endpoint: Endpoint, database: str) -> Ran:
    relay = Relay(endpoint.port)
    calls = relay.begin()
    kept = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "PATH", "TMPDIR")}
    environment = {
        **kept,
        **replace(endpoint, url=relay.url).client_environment(),
        "CONFORMANCE_DATABASE": database,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }
    command = [str(PYTHON), str(HERE / "cases.py"), client]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    finally:
        relay.close()
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    versions = said[0]["versions"] if said else {}
    trouble = f"ended with status {done.returncode}: {done.stderr[-800:]}" if done.returncode else ""
    return Ran(client, versions, tuple(said[1:]), calls, trouble)


def page(ran: list[Ran]) -> str:
    """The record."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    where = f"{platform.system()}, Python {platform.python_version()}"
    about = f"{datetime.now(UTC):%Y-%m-%d}, {commit(described)}, {where}"
    lines = [
        "# Conformance",
        "",
        "Written by `make conformance`: clients that nobody here wrote, against the embedded AWS, in an environment of",
        f"their own (`locks/constraints-conformance.txt`). {about}.",
        "",
        "A case passes, or is refused in words that name the operation; nothing may fail in another way.",
        "",
        "| client | versions | calls | operations | passed | refused by name | failed |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
        *(_row(each) for each in ran),
        "",
        "## What is refused",
        "",
        "| client | case | refused |",
        "| --- | --- | --- |",
        *(
            f"| {CLIENTS[each.client]} | {case['case']} | `{case['words']}` |"
            for each in ran
            for case in each.with_outcome("refused")
        ),
        "",
        "## What each case is",
        "",
    ]
    for each in ran:
        passed = ", ".join(case["case"] for case in each.with_outcome("passed"))
        asked = ", ".join(f"`{name}` {number:,}" for name, number in sorted(each.calls.asked.items()))
        lines += [f"**{CLIENTS[each.client]}**: {passed}. Calls: {asked}.", ""]
        lines += [f"- failed: {line}" for line in each.failures]
    return "\n".join(lines).rstrip() + "\n"


def commit(described: str) -> str:
    """What was tried, by the words of ``git describe --always --dirty``."""
    name = described.strip()
    return f"on top of commit {name.removesuffix('-dirty')}" if name.endswith("-dirty") else f"commit {name}"


def _row(ran: Ran) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in ran.versions.items())
    numbers = [
        ran.calls.asked.total(),
        len(ran.calls.asked),
        len(ran.with_outcome("passed")),
        len(ran.with_outcome("refused")),
        len(ran.failures),
    ]
    return f"| {CLIENTS[ran.client]} | {versions} | " + " | ".join(f"{number:,}" for number in numbers) + " |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
