"""``run ENV``: starts the state machine of a deployed environment and follows it to its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from data_pipeline.aws.session import Connection
from data_pipeline.cli import reporting
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import outputs_and_differences
from data_pipeline.cli.examples import examples
from data_pipeline.cli.running import following, upload
from data_pipeline.cli.running.ending import follow_to_its_end
from data_pipeline.cli.running.outcome import print_pointers
from data_pipeline.cli.running.preview import preview
from data_pipeline.cli.running.run_options import input_options
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.machine import selection
from data_pipeline.project import runs

Record = dict[str, Any]


@click.command(
    "run",
    epilog=examples(
        "run dev",
        "run dev --dry-run",
        "run dev --source samples",
        "run dev --dataset orders --periods 2024-01..2024-06 --reprocess",
    ),
)
@environment_argument
@click.option(
    "--source",
    "directory",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Before the start, upload the source files of DIR that the input prefix does not have yet.",
)
@input_options
@click.option(
    "--wait/--no-wait", default=True, help="Follow the run to its end (the default), or only start it."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout, everything else on stderr."
)
@click.option("--yes", is_flag=True, help="Upload more than 1 GB without asking.")
@click.option(
    "--report",
    "drawn",
    is_flag=True,
    help="At the end, draw the page of the run, also of one that failed, and open it where there is a screen.",
)
@click.option(
    "--dry-run",
    "dry",
    is_flag=True,
    help="Start nothing and write nothing: say which files would be read, by what, and how long it may take.",
)
def run(
    env: str,
    directory: Path | None,
    value: Record,
    wait: bool,
    as_json: bool,
    yes: bool,
    drawn: bool,
    dry: bool,
) -> None:
    """Start the pipeline of ENV, follow it to its end, and say what it published.

    Reads what is new or changed since the last run, all of it or what --dataset, --part and --periods name. Exits 0
    when the run succeeded, also when nothing was new; else 1 with the state that failed, why, and the end of
    its job's log.
    """
    _refuse_together(env, directory, wait, drawn, dry)
    if dry:
        _preview(env, value, as_json)
        return
    record: Record = {"environment": env, "status": "NOT_STARTED"}
    with following.recorded(record, as_json):
        environment, connection = open_environment(env)
        record |= {"account": connection.account, "region": connection.region}
        value = selection.checked(selection.known(environment), value)
        deployed = outputs_and_differences(environment, connection)
        if directory is not None:
            found = upload.files_of(directory.expanduser(), environment)
            uploaded = upload.upload_source(connection, directory, found, deployed["InputUri"], yes)
            record["uploaded"] = asdict(uploaded)
        record |= _start(environment, connection, deployed, value)
        if not wait:
            if not as_json:
                click.echo(record["executionArn"])
            print_pointers(environment, record["executionArn"])
            return
        with reporting.at_the_end(drawn, environment, connection, deployed, record["execution"]):
            follow_to_its_end(environment, connection, deployed["OutputUri"], record, as_json)


def _start(env: Environment, connection: Connection, deployed: Mapping[str, str], value: Record) -> Record:
    """Start a run with ``value``, as far as it is known before; what the record says of it."""
    if runs.needs_files(env, value):
        runs.refuse_empty_input(env, connection, deployed["InputUri"])
    machine = deployed["StateMachineArn"]
    value = runs.accepting(env, connection, machine, deployed["OutputUri"], value)
    value = runs.signed(connection, runs.version(deployed), value)
    arn = runs.start(connection, runs.starting(deployed), value)
    return {"status": "RUNNING", "executionArn": arn, "execution": arn.rpartition(":")[2], "input": value}


def _refuse_together(env: str, directory: Path | None, wait: bool, drawn: bool, dry: bool) -> None:
    """UserError for options of which one makes the other pointless."""
    if drawn and not wait:
        raise UserError(
            "found --report and --no-wait, expected one of them: the page is drawn at the end of the run; draw it "
            f"later with: python -m data_pipeline report show {env}"
        )
    if dry and directory is not None:
        raise UserError(
            "found --dry-run and --source, expected one of them: to upload files is to write, which a dry run does not"
        )
    if dry and (drawn or not wait):
        other = "--report" if drawn else "--no-wait"
        raise UserError(f"found --dry-run and {other}, expected one of them: a dry run starts nothing")


def _preview(env: str, value: Record, as_json: bool) -> None:
    """What a run would do, which is not started."""
    environment, connection = open_environment(env)
    value = selection.checked(selection.known(environment), value)
    outputs_and_differences(environment, connection)
    preview(environment, connection, value, as_json)
