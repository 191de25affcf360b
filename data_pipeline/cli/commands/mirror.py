"""``mirror``: brings the sources' files into the input from this machine, checks them, lists earlier issues.

The mirror is a job, ``data_pipeline.etl.jobs.mirror``, in a process of its own: it is the code that the cloud runs,
and its memory is its own. It reports JSON lines.
"""

from __future__ import annotations

import json
from typing import Any

import click

from data_pipeline.aws.errors import explained
from data_pipeline.aws.results import read_json
from data_pipeline.aws.session import Connection
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import deployed_outputs
from data_pipeline.cli.examples import examples
from data_pipeline.cli.running.mirror_report import (
    NOTHING,
    nothing_matches,
    partial,
    print_earlier,
    print_report,
    print_verified,
)
from data_pipeline.cli.running.mirror_run import run_mirror
from data_pipeline.cli.running.run_options import Scope, scope_options
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError

Record = dict[str, Any]

_JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout, everything else on stderr."
)


@click.group(epilog=examples("mirror run dev"))
def mirror() -> None:
    """The files of the sources in the configuration, brought into the input."""


@mirror.command("run", epilog=examples("mirror run dev", "mirror run dev --periods 2024-01..2024-03"))
@environment_argument
@click.option(
    "--full/--update",
    default=False,
    help="Ask for every known file again, or (the default) only for those not asked for longest.",
)
@scope_options
@click.option(
    "--dry-run", is_flag=True, help="Bring nothing: ask for headers, and say what would be brought."
)
@_JSON
def run(env: str, full: bool, scope: Scope, dry_run: bool, as_json: bool) -> None:
    """Bring what is new or changed at the sources of ENV into its input.

    A file is visible when it is whole and checked, not before. What was interrupted goes on where it was. Exits 0
    when nothing failed; files that are not published yet are no failure.
    """
    environment, connection, deployed = _opened(env)
    options = ["--full", str(full).lower(), "--dry-run", str(dry_run).lower()]
    report = run_mirror(environment, connection, deployed, options, scope)
    nothing = nothing_matches(report, scope)
    if as_json:
        click.echo(json.dumps({**report, **({"reason": nothing} if nothing else {})}, indent=2))
    elif nothing:
        click.echo(nothing)
    elif not (report["partial"] and partial(report).startswith(NOTHING)):
        print_report(report, deployed["InputUri"], dry_run)
    if report["partial"]:
        raise UserError(partial(report))


@mirror.command("verify", epilog=examples("mirror verify dev"))
@environment_argument
@scope_options
@_JSON
def verify(env: str, scope: Scope, as_json: bool) -> None:
    """Read the stored files of ENV and hold them against their recorded hashes, and against the sources' headers.

    Exits 1 when a stored file is not what was stored.
    """
    environment, connection, deployed = _opened(env)
    report = run_mirror(environment, connection, deployed, ["--verify", "true"], scope)
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        print_verified(report, deployed["InputUri"])
    if report["wrong"]:
        count = "1 file is" if len(report["wrong"]) == 1 else f"{len(report['wrong']):,} files are"
        raise UserError(
            f"{count} not as stored. To fetch such a file again, delete it from {deployed['InputUri']}, and run: "
            f"python -m data_pipeline mirror run {env}"
        )


@mirror.command("versions", epilog=examples("mirror versions dev"))
@environment_argument
@_JSON
def versions(env: str, as_json: bool) -> None:
    """List the earlier issues of re-issued files of ENV, which the bucket keeps as versions."""
    _, connection, deployed = _opened(env)
    with explained():
        record = read_json(connection.client("s3"), f"{deployed['OutputUri']}state/mirror.json") or {
            "objects": {}
        }
    earlier = {path: entry["superseded"] for path, entry in record["objects"].items() if entry["superseded"]}
    if as_json:
        click.echo(json.dumps(earlier, indent=2))
    else:
        print_earlier(earlier, deployed["InputUri"])


def _opened(env: str) -> tuple[Environment, Connection, Record]:
    """The environment, which has sources, and what is deployed of it."""
    environment, connection = open_environment(env)
    if not environment.sources:
        raise UserError(
            f"environment {env!r} has no sources to mirror. Write some into config/pipeline.yaml, under 'sources:'; "
            "docs/how-to/mirror.md shows how."
        )
    return environment, connection, dict(deployed_outputs(environment, connection))
