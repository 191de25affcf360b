"""``status ENV``: how a deployed environment stands, on one screen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.columns import columns, labelled, width
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deploying.package import wanted_parameters
from data_pipeline.cli.examples import examples
from data_pipeline.cli.project import root
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment import drifts
from data_pipeline.core.progress import past_runs
from data_pipeline.core.progress.coverage import MISSING
from data_pipeline.core.progress.coverage_text import as_json as coverage_json
from data_pipeline.core.progress.coverage_text import summary
from data_pipeline.project.deployed import pipeline_stack
from data_pipeline.project.overview import Overview, overview
from data_pipeline.stacks import file_names

from .schedule import clocks

#: characters of the code's SHA-256 that are shown.
_SHORT = 12


@click.command(epilog=examples("status dev", "status dev --runs 10 --json"))
@environment_argument
@click.option(
    "--runs", metavar="N", type=click.IntRange(1, 50), default=5, show_default=True, help="So many last runs."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def status(env: str, runs: int, as_json: bool) -> None:
    """Show on one screen how ENV stands: version, schedule, last runs, coverage, drift, alarms.

    It says whether the project here differs from what is deployed. Drift is as CloudFormation has last detected it.
    """
    environment, connection = open_environment(env)
    stack = pipeline_stack(environment, connection)
    bucket = stack.parameters.get("ArtifactBucket", "")
    found = overview(
        environment,
        connection,
        stack,
        lambda: wanted_parameters(environment, bucket, root()),
        _templates(environment),
        runs,
    )
    now = datetime.now(UTC)
    if as_json:
        click.echo(json.dumps({"environment": env, **_as_json(found, now)}, indent=2))
        return
    facts = [*_rows(environment, found, now)]
    for line in labelled(facts, width(), place=max(len(label) for label, _ in facts) + 2):
        click.echo(line)
    click.echo()
    if isinstance(found.runs, str):
        click.echo(f"runs: {found.runs}")
    elif not found.runs:
        click.echo("there is no run yet")
    else:
        rows = [past_runs.HEAD, *(past_runs.row(run, now) for run in found.runs)]
        for line in columns(rows, past_runs.RIGHT, width()):
            click.echo(line)


def _templates(env: Environment) -> dict[str, str]:
    """Stack → the template that is rendered for it."""
    files = [root() / "templates" / name for name in file_names(env.name)]
    stacks = (env.names.storage_stack, env.names.pipeline_stack)
    return {
        stack: file.read_text(encoding="utf-8")
        for stack, file in zip(stacks, files, strict=True)
        if file.exists()
    }


def _rows(env: Environment, found: Overview, now: datetime) -> Iterator[tuple[str, str]]:
    """Label and text of each line above the runs."""
    changed = f", {drifts.age(found.changed, now)}" if found.changed else ""
    yield "deployed", f"{found.stack} {found.status}{changed}"
    yield "version", f"code {found.code[:_SHORT]}; {_difference(found)}"
    if isinstance(found.schedules, str):
        yield "schedule", found.schedules
    else:
        for each in found.schedules:
            times = [f"; next run {clocks(moment, each.schedule.timezone)}" for moment in each.next(now, 1)]
            label = "schedule" if each is found.schedules[0] else each.name
            yield label, "".join([each.state, *times])
    yield from _coverage(found)
    yield "drift", found.drift if isinstance(found.drift, str) else drifts.summary(found.drift, now)
    yield from _alarms(env, found)


def _coverage(found: Overview) -> Iterator[tuple[str, str]]:
    """A line for each data set whose files have periods: its newest one, and what is missing in its last two years."""
    if isinstance(found.coverage, str):
        yield "coverage", found.coverage
        return
    for place, each in enumerate(found.coverage):
        missing = f"; of its last two years {summary(each)}" if each.count(MISSING) else ""
        reach = f"published to {each.newest}" if each.newest else "nothing is published"
        yield "" if place else "coverage", f"{each.name}: {reach}{missing}"


def _difference(found: Overview) -> str:
    if isinstance(found.differs, str):
        return f"whether the project here differs is unknown: {found.differs}"
    if found.differs:
        return f"the project here differs in {', '.join(found.differs)}"
    return "as the project here"


def _alarms(env: Environment, found: Overview) -> Iterator[tuple[str, str]]:
    if isinstance(found.alarms, str):
        yield "alarms", found.alarms
    elif found.alarms is None:
        none = "the embedded AWS keeps no metrics" if env.embedded else "the configuration has no notify"
        yield "alarms", f"none: {none}"
    else:
        ringing = [alarm for alarm in found.alarms if alarm.state == "ALARM"]
        yield "alarms", f"{len(ringing)} of {len(found.alarms)} ring"
        for alarm in ringing:
            yield "", f"{alarm.name.removeprefix(f'{found.stack}-')}: {alarm.reason}"


def _as_json(found: Overview, now: datetime) -> dict[str, Any]:
    """What may not be looked at is a text in place of its list."""

    def listed(value: Any, each: Any) -> Any:
        return value if isinstance(value, str) or value is None else [each(one) for one in value]

    return {
        "stack": found.stack,
        "status": found.status,
        "changed": found.changed.isoformat() if found.changed else None,
        "code": found.code,
        "differs": found.differs,
        "schedules": listed(
            found.schedules,
            lambda each: {
                "name": each.name,
                "state": each.state,
                "next": [moment.astimezone(UTC).isoformat() for moment in each.next(now, 1)],
            },
        ),
        "runs": listed(found.runs, lambda run: past_runs.as_json(run, now)),
        "coverage": listed(found.coverage, coverage_json),
        "drift": found.drift if isinstance(found.drift, str) else drifts.as_json(found.drift),
        "alarms": listed(found.alarms, vars),
    }
