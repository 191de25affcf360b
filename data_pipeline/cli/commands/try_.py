"""``try``: what a run would make of files on this machine, without AWS."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from data_pipeline.cli.examples import examples
from data_pipeline.cli.project import root
from data_pipeline.core.progress import rehearsal_text
from data_pipeline.project.rehearsals import choose, rehearse


@click.command("try", epilog=examples("try orders samples"))
@click.argument("name", metavar="NAME")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--file",
    "globs",
    metavar="GLOB",
    multiple=True,
    help="Read only files whose path below DIR fits; repeatable. Rules and tables then see no other rows.",
)
@click.option(
    "--rows",
    type=click.IntRange(0, 1000),
    default=5,
    show_default=True,
    help="How many first rows are shown, and refused rows of each reason.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def try_(name: str, directory: Path, globs: tuple[str, ...], rows: int, as_json: bool) -> None:
    """Say what a run would make of the data set NAME, with the files below DIR as the whole input.

    Reads and judges with the code of a run, makes the tables that follow from NAME, and keeps nothing. No AWS is asked.
    Exits 1 where the run would fail. docs/reference/try.md has the fields of --json.
    """
    project = root()
    chosen = choose(project, name)
    for other in chosen.differing:
        click.echo(f"note: tried as in {chosen.environment}; in {other} it is another one", err=True)
    with _tidy():
        found = rehearse(project, chosen.definitions, name, directory, globs, rows)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for line in rehearsal_text.lines(found):
            click.echo(line)
    if not found["passed"]:
        raise click.exceptions.Exit(1)


@contextmanager
def _tidy() -> Iterator[None]:
    """A command that is ended leaves nothing behind."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
