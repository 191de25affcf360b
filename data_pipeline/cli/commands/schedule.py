"""``schedule``: when the pipeline runs by itself, paused and resumed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.columns import columns
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.examples import examples
from data_pipeline.core.naming import DAILY
from data_pipeline.project import scheduling
from data_pipeline.project.deployed import pipeline_stack
from data_pipeline.project.scheduling import Scheduled

_JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout, everything else on stderr."
)
_SHOWN = 3


@click.group(epilog=examples("schedule show dev"))
def schedule() -> None:
    """When the pipeline runs by itself: shown, paused and resumed."""


@schedule.command(epilog=examples("schedule show dev", "schedule show dev --next 10"))
@environment_argument
@click.option(
    "--next", "count", metavar="N", type=click.IntRange(1, 100), default=_SHOWN, help="So many next runs."
)
@_JSON
def show(env: str, count: int, as_json: bool) -> None:
    """Show the schedules of ENV as they are deployed, and their next runs on the wall clock and in UTC."""
    environment, connection = open_environment(env)
    found = scheduling.schedules(environment, connection, pipeline_stack(environment, connection))
    now = datetime.now(UTC)
    if as_json:
        shown = [_as_json(each, now, count) for each in found]
        click.echo(json.dumps({"environment": env, "schedules": shown}, indent=2))
        return
    if not found:
        click.echo(f"no schedule of {env} is deployed")
    for place, each in enumerate(found):
        if place:
            click.echo()
        for line in lines(each, now, count):
            click.echo(line)


@schedule.command(epilog=examples('schedule pause dev --reason "the source sends nonsense"'))
@environment_argument
@click.option("--reason", metavar="TEXT", default="", help="Why; shown wherever the pause is.")
@_JSON
def pause(env: str, reason: str, as_json: bool) -> None:
    """Switch the schedule of ENV off until resume; who did, when and why is noted.

    A run that is under way goes on. Deployments keep the pause. It is not for the maintenance's schedule.
    """
    environment, connection = open_environment(env)
    stack = pipeline_stack(environment, connection)
    noted = scheduling.pause(environment, connection, stack, datetime.now(UTC), reason)
    if as_json:
        click.echo(json.dumps({"environment": env, "pause": vars(noted)}, indent=2))
        return
    click.echo(f"the schedule is {noted}")
    click.echo(f"to end this: python -m data_pipeline schedule resume {env}", err=True)


@schedule.command(epilog=examples("schedule resume dev"))
@environment_argument
@_JSON
def resume(env: str, as_json: bool) -> None:
    """Switch the schedule of ENV on again, and say when it starts the next run."""
    environment, connection = open_environment(env)
    stack = pipeline_stack(environment, connection)
    ended = scheduling.resume(environment, connection, stack)
    now = datetime.now(UTC)
    daily = next(each for each in scheduling.schedules(environment, connection, stack) if each.name == DAILY)
    if as_json:
        was = vars(ended) if ended else None
        click.echo(
            json.dumps({"environment": env, "ended": was, "schedule": _as_json(daily, now, 1)}, indent=2)
        )
        return
    click.echo(f"ended: {ended}" if ended else "the schedule was not paused")
    click.echo(f"the schedule is {daily.state}")
    for moment in daily.next(now, 1):
        click.echo(f"next run: {clocks(moment, daily.schedule.timezone)}")


def lines(each: Scheduled, now: datetime, count: int) -> list[str]:
    """A schedule for people."""
    found = each.schedule
    rows = [(each.name, f"{found.expression} {found.timezone}"), ("state", each.state)]
    times = [clocks(moment, found.timezone) for moment in each.next(now, count)] or ["none"]
    return columns([*rows, *zip(["next runs", *[""] * len(times)], times, strict=False)])


def clocks(moment: datetime, zone: str) -> str:
    """A time on the wall clock and, where that is another, in UTC."""
    wall, utc = f"{moment:%a %Y-%m-%d %H:%M}", moment.astimezone(UTC)
    if zone == "UTC":
        return f"{wall} UTC"
    same = utc.date() == moment.date()
    return f"{wall} {zone}, {utc:%H:%M}{'' if same else f' on {utc:%Y-%m-%d}'} UTC"


def _as_json(each: Scheduled, now: datetime, count: int) -> dict[str, object]:
    return {
        "name": each.name,
        "expression": each.schedule.expression,
        "timezone": each.schedule.timezone,
        "enabled": each.schedule.enabled,
        "state": each.state,
        "pause": vars(each.pause) if each.pause else None,
        "next": [moment.astimezone(UTC).isoformat() for moment in each.next(now, count)],
    }
