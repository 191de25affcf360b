"""``run ENV``: starts the state machine of a deployed environment and follows it to its end."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from data_pipeline.aws.session import Connection
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import deployed_outputs
from data_pipeline.cli.running import following, upload
from data_pipeline.cli.running.outcome import (
    already_running_text,
    failure_text,
    print_notified,
    print_pointers,
    print_success,
    print_summary,
)
from data_pipeline.cli.running.run_options import input_options
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.machine import end_states, selection
from data_pipeline.core.progress.failure_reason import described
from data_pipeline.core.progress.follow import Progress
from data_pipeline.etl.documents import summary as summaries
from data_pipeline.project import runs

Record = dict[str, Any]


@click.command("run")
@click.argument("env", metavar="ENV")
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
def run(env: str, directory: Path | None, value: Record, wait: bool, as_json: bool, yes: bool) -> None:
    """Start the pipeline of ENV, follow it to its end, and say what it published.

    Reads what is new or changed since the last run, all of it or what --dataset, --part and --periods name. Exits 0
    when the run succeeded, also when nothing was new; else 1 with the state that failed, why, and the end of
    its job's log.
    """
    record: Record = {"environment": env, "status": "NOT_STARTED"}
    with following.recorded(record, as_json):
        environment, connection = open_environment(env)
        record |= {"account": connection.account, "region": connection.region}
        value = selection.checked(selection.known(environment), value)
        deployed = deployed_outputs(environment, connection)
        if directory is not None:
            found = upload.files_of(directory.expanduser(), environment)
            uploaded = upload.upload_source(connection, directory, found, deployed["InputUri"], yes)
            record["uploaded"] = asdict(uploaded)
        if runs.needs_files(environment, value):
            runs.refuse_empty_input(environment, connection, deployed["InputUri"])
        machine = deployed["StateMachineArn"]
        value = runs.accepting(environment, connection, machine, deployed["OutputUri"], value)
        arn = runs.start(connection, machine, value)
        name = arn.rpartition(":")[2]
        record |= {"status": "RUNNING", "executionArn": arn, "execution": name, "input": value}
        if not wait:
            if not as_json:
                click.echo(arn)
            print_pointers(environment, arn)
            return
        progress = following.follow(environment, connection, arn)
        record |= runs.times(progress)
        folder = runs.folder(deployed["OutputUri"], arn)
        if progress.failure is None:
            record["results"] = runs.results(environment, connection, folder)
            _succeeded(environment, connection, progress, record, as_json)
            return
        record |= {**runs.failed(environment, connection, progress.failure), "results": {}}
        with suppress(UserError):  # what cannot be read must not hide the failure
            record["results"] = runs.results(environment, connection, folder)
            _add_summary(environment, connection, folder + summaries.NAME, record, as_json)
        raise UserError(failure_text(environment, progress, progress.failure, record))


def _add_summary(env: Environment, connection: Connection, uri: str, record: Record, as_json: bool) -> None:
    """Keep and show the summary of a failed run, where its job wrote one: it names the unreadable files."""
    summary: Any = runs.document(connection, uri)
    if summary is None:
        return
    record |= {"summary": summary, "summaryUri": uri}
    if not as_json:
        print_summary(env, summary, uri, record["results"])


def _succeeded(
    env: Environment, connection: Connection, progress: Progress, record: Record, as_json: bool
) -> None:
    """Say how a run ended well; UserError when it ended because another one is running."""
    record["endedAt"] = progress.current.name if progress.current else None
    record["output"] = dict(described(progress.output))
    if record["endedAt"] == end_states.ALREADY_RUNNING:
        record |= {"error": end_states.ALREADY_RUNNING}
        raise UserError(already_running_text(env, record))
    if record["endedAt"] != end_states.NOTHING_NEW:
        published = runs.published(connection, record["output"])
        if published is not None:
            record["summaryUri"], record["summary"] = published
    if not as_json:
        print_success(env, record)
        print_notified(env, progress)
