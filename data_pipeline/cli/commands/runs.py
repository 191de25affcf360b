"""``runs``: what has run or runs, whoever started it: listed, shown, compared, followed, stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.arguments import run as run_argument
from data_pipeline.cli.columns import columns, width
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import deployed_outputs
from data_pipeline.cli.examples import examples
from data_pipeline.cli.running import following
from data_pipeline.cli.running.ending import follow_to_its_end, tell
from data_pipeline.cli.running.outcome import print_pointers
from data_pipeline.cli.running.record import head, identity, record_of
from data_pipeline.core.errors import UserError
from data_pipeline.core.progress import past_runs, run_diff, state_list
from data_pipeline.core.progress.follow import Progress, State
from data_pipeline.project import going_on, history
from data_pipeline.project import runs as starts

Record = dict[str, Any]
Outputs = Mapping[str, str]

_JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout, everything else on stderr."
)


@click.group(epilog=examples("runs list dev"))
def runs() -> None:
    """What has run or runs, whoever started it: listed, shown, compared, followed, stopped.

    RUN is the beginning or the end of a run's name, last, or last~2 for the second before the last.
    """


@runs.command("list", epilog=examples("runs list dev", "runs list dev --limit 30 --json"))
@environment_argument
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="At most so many.",
)
@_JSON
def list_(env: str, limit: int, as_json: bool) -> None:
    """List the newest runs: how each ended, what was new, rows accepted and quarantined, who or what started it."""
    environment, connection = open_environment(env)
    found = history.past(environment, connection, deployed_outputs(environment, connection), limit)
    now = datetime.now(UTC)
    if as_json:
        told = [past_runs.as_json(run, now) for run in found]
        click.echo(json.dumps({"environment": env, "runs": told}, indent=2))
        return
    if not found:
        click.echo("there is no run yet")
        return
    rows = [past_runs.HEAD, *(past_runs.row(run, now) for run in found)]
    for line in columns(rows, past_runs.RIGHT, width()):
        click.echo(line)


@runs.command(epilog=examples("runs show dev", "runs show dev last~1", "runs show dev 4f1c2a --json"))
@environment_argument
@run_argument
@_JSON
def show(env: str, run: str, as_json: bool) -> None:
    """Show one run: its states with their jobs and times, and what it published, or why it failed.

    Exits 0 also when the run failed.
    """
    environment, connection = open_environment(env)
    outputs = deployed_outputs(environment, connection)
    execution = history.named(connection, outputs, run)
    record, progress, failure = record_of(environment, connection, outputs, execution)
    if as_json:
        click.echo(json.dumps(record, indent=2))
        return
    for line in head(environment, record, progress):
        click.echo(line)
    if progress.ended:
        click.echo()
        tell(environment, progress, record, failure)
    if failure is not None:
        click.echo(failure)


@runs.command(
    epilog=examples("runs logs dev", "runs logs dev last --step load", "runs logs dev last --follow")
)
@environment_argument
@run_argument
@click.option("--step", metavar="STEP", help="The job of this step, or state, only.")
@click.option("--follow", is_flag=True, help="Go on until the run has ended.")
def logs(env: str, run: str, step: str | None, follow: bool) -> None:
    """Print the logs of a run's jobs, step by step; a heading names each job on stderr."""
    environment, connection = open_environment(env)
    execution = history.named(connection, deployed_outputs(environment, connection), run)
    wanted = _of_step(history.looked_at(connection, execution.arn), step, follow)
    shown = None
    for piece in history.log(environment, connection, execution.arn, wanted, follow):
        if shown != piece.job:
            click.echo(f"--- {piece.state}: {piece.job.name}", err=True)
            shown = piece.job
        for line in piece.lines:
            click.echo(line)
        if not piece.lines and not follow:
            click.echo("(no line: the job has not got as far as its script)", err=True)
    if shown is None:
        click.echo("no job has started in this run", err=True)


@runs.command(epilog=examples("runs stop dev", 'runs stop dev 4f1c2a --reason "wrong month"'))
@environment_argument
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--reason", metavar="TEXT", default="", help="Why; kept with the run.")
@_JSON
def stop(env: str, run: str | None, reason: str, as_json: bool) -> None:
    """Stop a run and its jobs: the one that is running, or RUN. What was published before stays as it is."""
    environment, connection = open_environment(env)
    outputs = deployed_outputs(environment, connection)
    execution = (
        history.named(connection, outputs, run) if run else history.running(connection, outputs, environment)
    )
    by = f"stopped by {connection.identity}"
    ended = history.stop(connection, execution.arn, f"{by}: {reason}" if reason else by)
    jobs = [{"job": job.run_id or job.name, "status": status} for job, status in ended]
    if as_json:
        click.echo(json.dumps({"environment": env, "execution": execution.name, "jobs": jobs}, indent=2))
        return
    click.echo(f"stopped {execution.name}")
    for job, status in ended:
        click.echo(f"  job {job.run_id or job.name}: {status}")


@runs.command(epilog=examples("runs attach dev", "runs attach dev 4f1c2a"))
@environment_argument
@click.argument("run", metavar="[RUN]", required=False)
@_JSON
def attach(env: str, run: str | None, as_json: bool) -> None:
    """Follow a run to its end: the one that is running, or RUN, whoever or whatever started it.

    Prints and exits as the command run does.
    """
    record: Record = {"environment": env, "status": "NOT_STARTED"}
    with following.recorded(record, as_json):
        environment, connection = open_environment(env)
        outputs = deployed_outputs(environment, connection)
        execution = (
            history.named(connection, outputs, run)
            if run
            else history.running(connection, outputs, environment)
        )
        record |= {"status": "RUNNING", **identity(connection, execution)}
        output, begun = outputs["OutputUri"], execution.started
        follow_to_its_end(environment, connection, output, record, as_json, begun=begun)


_WAIT = click.option(
    "--wait/--no-wait", default=True, help="Follow the run to its end (the default), or only start it."
)


@runs.command(epilog=examples("runs redrive dev", "runs redrive dev 4f1c2a --no-wait"))
@environment_argument
@run_argument
@_WAIT
@_JSON
def redrive(env: str, run: str, wait: bool, as_json: bool) -> None:
    """Let a run that was stopped, timed out or broken off go on where it ended; no state that has ended is done again.

    For 14 days after its end, with the definition that it began with. Refused where a deployment has changed that,
    where another run has worked since, and after a failure that the run has noted: see runs rerun.
    """
    record: Record = {"environment": env, "status": "NOT_STARTED"}
    with following.recorded(record, as_json):
        environment, connection = open_environment(env)
        outputs = deployed_outputs(environment, connection)
        execution = history.named(connection, outputs, run)
        beyond = going_on.redrive(environment, connection, outputs, execution)
        record |= {"status": "RUNNING", **identity(connection, execution)}
        if not wait:
            print_pointers(environment, execution.arn)
            return
        output, begun = outputs["OutputUri"], execution.started
        follow_to_its_end(environment, connection, output, record, as_json, beyond, begun)


@runs.command(epilog=examples("runs rerun dev", "runs rerun dev 4f1c2a --from load"))
@environment_argument
@run_argument
@click.option("--from", "begin", metavar="STEP", help="Begin at this step, with what RUN has left before it.")
@_WAIT
@_JSON
def rerun(env: str, run: str, begin: str | None, wait: bool, as_json: bool) -> None:
    """Start a new run of what a run that failed was asked, with what is deployed now; from a step on, if that is named.

    With --from, the steps before are left out: their results and the plan are those of RUN. Refused where they are not
    there any more, where the definitions of data sets have changed since, and where another run has worked since.
    """
    record: Record = {"environment": env, "status": "NOT_STARTED"}
    with following.recorded(record, as_json):
        environment, connection = open_environment(env)
        outputs = deployed_outputs(environment, connection)
        execution = history.named(connection, outputs, run)
        value = going_on.rerun(environment, connection, outputs, execution, begin)
        arn = starts.start(connection, starts.starting(outputs), value)
        record |= {
            "status": "RUNNING",
            "executionArn": arn,
            "execution": arn.rpartition(":")[2],
            "input": value,
            "rerunOf": execution.name,
        }
        if not wait:
            print_pointers(environment, arn)
            return
        follow_to_its_end(environment, connection, outputs["OutputUri"], record, as_json)


@runs.command(
    epilog=examples("runs diff dev", "runs diff dev last~7 last", "runs diff dev 4f1c2a 99b0e1 --json")
)
@environment_argument
@click.argument("before", metavar="[BEFORE]", default=f"{past_runs.LAST}~1")
@click.argument("after", metavar="[AFTER]", default=past_runs.LAST)
@_JSON
def diff(env: str, before: str, after: str, as_json: bool) -> None:
    """Compare two runs, the last two without names: input, sources, rows, tables, and how long each state took."""
    environment, connection = open_environment(env)
    outputs = deployed_outputs(environment, connection)
    records = []
    for text in (before, after):
        execution = history.named(connection, outputs, text)
        records.append(record_of(environment, connection, outputs, execution)[0])
    found = run_diff.differences(*records)
    if as_json:
        told = [{"about": e.about, "name": e.name, "before": e.before, "after": e.after} for e in found]
        names = {"before": records[0]["execution"], "after": records[1]["execution"]}
        click.echo(json.dumps({"environment": env, **names, "differences": told}, indent=2))
        return
    click.echo(f"{records[0]['execution']} → {records[1]['execution']}")
    for line in run_diff.lines(found) or ["nothing differs"]:
        click.echo(line)


def _of_step(progress: Progress, step: str | None, follow: bool) -> Any:
    """Whether a state is the one that is asked for; UserError where the run has no such one."""
    if step is None:
        return lambda _state: True
    wanted = step.replace("-", "").replace("_", "").lower()

    def fits(state: State) -> bool:
        return state.name.lower() == wanted

    there = [state.name for state in state_list.visited(progress) if state.job is not None]
    if not follow and not any(fits(state) for state in state_list.visited(progress)):
        raise UserError(f"--step {step}: found no such step in this run, expected one of: {', '.join(there)}")
    return fits
