"""``report``: the page of a run, and the index of all runs of an environment."""

from __future__ import annotations

import json
from pathlib import Path

import click

from data_pipeline.cli import reporting
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.arguments import run as run_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import deployed_outputs
from data_pipeline.cli.examples import examples
from data_pipeline.cli.project import root
from data_pipeline.core.loading.load import load_environment
from data_pipeline.core.report import page
from data_pipeline.project.reports import Folder, Reports, of_environment

_FOLDER = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="A download of <output>/runs/ to read and to write, in place of the bucket; AWS is not asked then.",
)
_OPEN = click.option(
    "--open/--no-open",
    "opened",
    default=True,
    help="Open the page where there is a screen (the default), or only print its path.",
)


@click.group(epilog=examples("report show dev"))
def report() -> None:
    """Pages about runs: what was read, refused and published, and how long it took.

    RUN is the beginning or the end of a run's name, last, or last~2 for the second before the last.
    """


@report.command("show", epilog=examples("report show dev", "report show dev last~1 --no-open"))
@environment_argument
@run_argument
@_FOLDER
@_OPEN
@click.option(
    "--json", "as_json", is_flag=True, help="Print the report as one JSON object, and draw nothing."
)
def show(env: str, run: str, folder: Path | None, opened: bool, as_json: bool) -> None:
    """Draw the page of a run, the newest one without RUN; store it beside the run's documents, and open it.

    A run that failed, was stopped or killed has a page, too.
    """
    reports = _reports(env, folder)
    chosen = reports.chosen(run)
    if as_json:
        click.echo(json.dumps(reports.report(chosen), indent=2))
        return
    reporting.show(reports, chosen, opened)


@report.command("index", epilog=examples("report index dev", "report index dev --folder runs"))
@environment_argument
@_FOLDER
@_OPEN
def index(env: str, folder: Path | None, opened: bool) -> None:
    """Draw the page of all runs with what they cover, and the page of each run that has none; open it."""
    reports = _reports(env, folder)
    drawn = reports.index(lambda run: click.echo(f"drawing {run}", err=True))
    reporting.keep_pages(reports)
    reporting.present(reports, page.INDEX, drawn, opened)


def _reports(env: str, folder: Path | None) -> Reports:
    if folder is not None:
        return Reports(load_environment(root(), env), Folder(folder))
    environment, connection = open_environment(env)
    return of_environment(environment, connection, deployed_outputs(environment, connection))
