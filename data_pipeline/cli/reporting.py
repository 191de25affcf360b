"""The report of a run, from the command line: stored, kept on this machine, and opened where there is a screen."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from data_pipeline.aws.session import Connection
from data_pipeline.cli.project import root
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.report import page
from data_pipeline.project.reports import Reports, of_environment

_KEPT = Path(".local") / "reports"


def show(reports: Reports, run: str, opened: bool, *, err: bool = False) -> None:
    """Draw the page of a run, store it beside the run's documents, and print where it is on this machine; ``err``: to
    stderr.
    """
    drawn = reports.store(run, reports.report(run))
    present(reports, f"{run}/{page.NAME}", drawn, opened, err=err)


@contextmanager
def at_the_end(
    wanted: bool, env: Environment, connection: Connection, outputs: Mapping[str, str], run: str
) -> Iterator[None]:
    """Around following a run: if it is wanted, its page is drawn at the end, also where it failed."""
    try:
        yield
    except UserError:
        if wanted:
            with suppress(UserError):  # what cannot be drawn must not hide the failure
                show(of_environment(env, connection, outputs), run, True, err=True)
        raise
    if wanted:
        show(of_environment(env, connection, outputs), run, True, err=True)


def keep_pages(reports: Reports) -> None:
    """Bring the pages that this machine has not, or not as they are now, to where an index leads to them."""
    places = {run: kept(reports, f"{run}/{page.NAME}") for run in reports.runs()}
    for run, drawn in reports.pages([run for run, place in places.items() if not place.is_file()]).items():
        if drawn is not None:
            places[run].parent.mkdir(parents=True, exist_ok=True)
            places[run].write_bytes(drawn)


def present(reports: Reports, path: str, drawn: bytes, opened: bool, *, err: bool = False) -> None:
    """Write a page to this machine, print its path, and open it if so asked and there is a screen; say where it could
    not be stored.
    """
    place = kept(reports, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(drawn)
    if reports.unwritten:
        click.echo(f"kept on this machine alone: {reports.unwritten}", err=True)
    click.echo(f"report: {place}" if err else str(place), err=err)
    if opened and has_screen():
        webbrowser.open(place.resolve().as_uri())


def kept(reports: Reports, path: str) -> Path:
    """Where a page is kept on this machine: of a folder there, else below ``.local/`` of the project."""
    where = reports.documents.where
    if not where.startswith("s3://"):
        return Path(where) / path
    return root() / _KEPT / reports.environment.name / path


def has_screen() -> bool:
    """Whether somebody sits before this machine, as far as can be told."""
    if not sys.stdout.isatty():
        return False
    return sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
