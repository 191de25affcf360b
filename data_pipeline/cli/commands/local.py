"""``local``: the embedded AWS of this project, started, looked at, stopped and emptied."""

from __future__ import annotations

import datetime
import json
import os
import shlex
import sys
import time
from pathlib import Path

import click

from data_pipeline.cli.examples import examples
from data_pipeline.cli.local_state import HOW_TO_STOP, local_state, use_state
from data_pipeline.embedded_aws.errors import LocalError
from data_pipeline.embedded_aws.server import lifecycle
from data_pipeline.embedded_aws.server.endpoint import Endpoint, in_the_way
from data_pipeline.project.local_state import local_port

#: Seconds between two looks at the log that is followed.
_FOLLOW_SECONDS = 0.3


@click.group(epilog=examples("local status"))
def local() -> None:
    """The embedded AWS on this machine: deploy and run start it for environments on it."""


@local.command(epilog=examples("local up"))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port on 127.0.0.1; 0 takes any free one. Default: the last one, or 4566 at the first start.",
)
@click.option(
    "--state",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Use the embedded AWS that keeps its state in DIR, from now on, with every command of this project: several "
    "projects can share one. Default: .local/aws.",
)
@click.option(
    "--restore",
    is_flag=True,
    help="Keep damaged files of the state aside, and start with what can be restored.",
)
def up(port: int | None, state: Path | None, restore: bool) -> None:
    """Start it, if it does not run, and wait until it answers."""
    if state is not None:
        use_state(state)
    for line in lifecycle.restore(local_state()) if restore else []:
        click.echo(line, err=True)
    endpoint, started = lifecycle.up(local_state(), local_port() if port is None else port)
    word = "started" if started else "already running"
    click.echo(f"{word}: the embedded AWS at {endpoint.url}; {HOW_TO_STOP}")


@local.command(epilog=examples("local down"))
def down() -> None:
    """Stop it, and keep its state for the next start. Says which runs and jobs that ends."""
    for line in _ended(lifecycle.status(local_state())):
        click.echo(line, err=True)
    if lifecycle.down(local_state()):
        click.echo(f"stopped; its state is kept in {local_state()}")
    else:
        click.echo("not running")


@local.command(epilog=examples("local status"))
def status() -> None:
    """Show whether it runs, where, and what it keeps. Exit status 1 when it does not run."""
    found = lifecycle.status(local_state())
    rows = [("running", "yes" if found.running else f"no ({found.note})")]
    if found.running and found.endpoint is not None:
        rows += _running_rows(found.endpoint)
    rows += [("state", str(found.state)), ("size", f"{found.size / 1e6:.1f} MB")]
    for name, value in rows:
        click.echo(f"{name:<9}{value}")
    if not found.running:
        raise click.exceptions.Exit(1)


@local.command(epilog=examples("local logs"))
@click.option("-f", "--follow", is_flag=True, help="Continue with new lines, until ^C.")
def logs(follow: bool) -> None:
    """Print the server's log; the logs of jobs are in its CloudWatch Logs."""
    path = lifecycle.logs_path(local_state())
    if not path.exists():
        click.echo(f"{path}: no log: the embedded AWS was never started", err=True)
        return
    _print_file(path, follow)


@local.command(epilog=examples("local notifications"))
@click.option(
    "-n",
    "count",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Number of messages, the newest.",
)
def notifications(count: int) -> None:
    """Print the messages that topics received; no mail leaves this machine."""
    path = local_state() / "notifications.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if not lines:
        click.echo(f"none: nothing was published ({path})", err=True)
    for line in lines[-count:]:
        notification = json.loads(line)
        click.echo(f"{notification['time']}  {notification['subject']}")
        click.echo(f"to: {', '.join(notification['to']) or 'nobody: the topic has no subscriber'}")
        click.echo(f"{notification['message']}\n")


@local.command(epilog=examples("local env"))
def env() -> None:
    """Print the exports that point any AWS client at it: eval "$(python -m data_pipeline local env)".

    It unsets what would lead a client elsewhere: a profile, a session's token, endpoints of single services.
    PyIceberg's load_catalog() and DuckDB's httpfs find it by them, too; DuckDB also wants SET s3_url_style = 'path'.
    """
    endpoint = lifecycle.running(local_state())
    if endpoint is None:
        raise LocalError("the embedded AWS does not run: start it with `python -m data_pipeline local up`.")
    click.echo(f"unset {' '.join(in_the_way(os.environ))}")
    for name, value in endpoint.client_environment().items():
        click.echo(f"export {name}={shlex.quote(value)}")


@local.command(epilog=examples("local reset --yes"))
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Stop it and delete its state: stacks, tables, objects, logs and its credential.

    Says which runs and jobs that ends. Asks on a terminal, unless --yes is given.
    """
    found = lifecycle.status(local_state())
    if not found.state.exists():
        click.echo(f"{found.state}: nothing to delete")
        return
    what = f"{found.state} ({found.size / 1e6:.1f} MB: stacks, tables, objects and logs of the embedded AWS)"
    for line in _ended(found):
        click.echo(line, err=True)
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete {what}?", abort=True, err=True)
    lifecycle.reset(local_state())
    click.echo(f"deleted {what}")


def _running_rows(endpoint: Endpoint) -> list[tuple[str, str]]:
    uptime = datetime.timedelta(seconds=int(time.time() - endpoint.started))
    work = lifecycle.work(endpoint)
    return [
        ("url", endpoint.url),
        ("process", str(endpoint.pid)),
        ("uptime", str(uptime)),
        ("account", f"{endpoint.account} (region {endpoint.region})"),
        ("work", f"{len(work.get('executions', []))} executions running"),
    ]


def _ended(found: lifecycle.Status) -> list[str]:
    """What a stop of the server would end: the runs, and their jobs."""
    if not found.running or found.endpoint is None:
        return []
    work = lifecycle.work(found.endpoint)
    ended = [("run", name) for name in work.get("executions", [])]
    ended += [("job", name) for name in work.get("jobs", [])]
    return [f"this ends the {kind} {name}, which is under way" for kind, name in ended]


def _print_file(path: Path, follow: bool) -> None:
    """Print a file, and what is added to it; a file that the next start replaces is printed from its
    beginning.
    """
    position = 0
    while True:
        if path.exists():
            if path.stat().st_size < position:
                position = 0
            with path.open("rb") as file:
                file.seek(position)
                text = file.read()
            position += len(text)
            click.echo(text.decode("utf-8", "replace"), nl=False)
        if not follow:
            return
        time.sleep(_FOLLOW_SECONDS)
