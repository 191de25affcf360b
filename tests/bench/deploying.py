"""`make bench`: a plan and a deployment that change nothing, against the same calls to AWS made bare; embedded AWS."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from measure import about_machine

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from deploy import weather  # noqa: E402 - found once tests/ is on the path

from data_pipeline.cli.commands.deploy import show_and_apply  # noqa: E402
from data_pipeline.cli.deploying import deployment, plan_page  # noqa: E402
from data_pipeline.cli.deploying.deployment import gather  # noqa: E402
from data_pipeline.cli.deploying.target import Target  # noqa: E402
from data_pipeline.embedded_aws.server import lifecycle  # noqa: E402

TIMES = 5
Call = tuple[Any, str, dict[str, Any], Any]


class Recorded:
    """The calls of a connection, each with its client, name, arguments and answer."""

    def __init__(self, target: Target) -> None:
        self.calls: list[Call] = []
        for client in target.connection._clients.values():
            self._wrap(client)

    def _wrap(self, client: Any) -> None:
        made = client._make_api_call

        def call(name: str, arguments: dict[str, Any]) -> Any:
            answer = made(name, dict(arguments))
            self.calls.append((made, name, dict(arguments), answer))
            return answer

        client._make_api_call = call


def replay(calls: list[Call]) -> None:
    """The same calls again; change sets are new ones, which the calls after them name."""
    renamed: dict[str, str] = {}
    for made, name, arguments, answer in calls:
        given = {
            key: renamed.get(value, value) if isinstance(value, str) else value
            for key, value in arguments.items()
        }
        if name == "CreateChangeSet":
            given["ChangeSetName"] = f"bare-{uuid4().hex}"
        if hasattr(given.get("Body"), "seek"):
            given["Body"].seek(0)
        again = made(name, given)
        if name == "CreateChangeSet":
            renamed[answer["Id"]] = again["Id"]


def seconds(what: Callable[[], object]) -> float:
    """The shortest time of several, on the clock."""
    found = []
    for _ in range(TIMES):
        begin = time.perf_counter()
        what()
        found.append(time.perf_counter() - begin)
    return min(found)


def planned(target: Target) -> None:
    """As `plan` does."""
    plan = gather(target, create_bucket=True)
    assert plan.nothing
    plan_page.plan_page(target, plan)
    plan.discard(target.stacks)


def deployed(target: Target) -> None:
    """As `deploy` does."""
    changed, _ = show_and_apply(target, gather(target, create_bucket=True), True, ())
    assert not changed


def measure(folder: Path) -> list[str]:
    """A row for each command: calls, seconds, seconds of the bare calls, ratio."""
    root = weather.project(folder / "project")
    deployment.root = plan_page.root = lambda: root  # type: ignore[attr-defined]
    endpoint = lifecycle.ensure_up(folder / "aws", 0)
    try:
        target = weather.target(root, endpoint, "bench", {})
        weather.deploy(target)
        rows = []
        for name, command in (("plan", planned), ("deploy", deployed)):
            command(target)
            whole = seconds(lambda command=command: command(target))  # type: ignore[misc]
            recorded = Recorded(target)
            command(target)
            calls = [*recorded.calls]
            bare = seconds(lambda calls=calls: replay(calls))  # type: ignore[misc]
            rows.append(f"| `{name}` | {len(calls)} | {whole:.2f} | {bare:.2f} | {whole / bare:.1f} |")
        return rows
    finally:
        lifecycle.down(folder / "aws")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "records" / "deploying-bench.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder))
    options.output.write_text(report(rows, load), encoding="utf-8")
    print("\n".join(rows))


def report(rows: list[str], load: float) -> str:
    return "\n".join(
        [
            "# A plan and a deployment without changes, measured",
            "",
            "Written by `make bench`: the weather example is deployed on an embedded AWS, then planned and deployed",
            f"again, in one process. The same calls are then made by boto3 alone. The shortest of {TIMES} times each.",
            "",
            "| | calls of AWS | seconds | of the calls alone | ratio |",
            "| --- | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            *about_machine(load),
            "",
        ]
    )


if __name__ == "__main__":
    main()
