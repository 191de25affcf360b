"""``backfill``: the periods that are not published, run after run."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click
from rich.live import Live
from rich.spinner import Spinner

from data_pipeline.aws.states import Watched
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.columns import columns
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import outputs_and_differences
from data_pipeline.cli.examples import examples
from data_pipeline.cli.running.run_options import Checked
from data_pipeline.cli.screen import console
from data_pipeline.core.errors import UserError
from data_pipeline.core.machine import run_input
from data_pipeline.core.progress import backfill_text
from data_pipeline.core.progress.backfill import (
    KINDS,
    Done,
    Piece,
    Wish,
    made_of,
    not_made,
    pieces,
    published,
    without_periods,
)
from data_pipeline.core.progress.coverage import DatasetCoverage
from data_pipeline.core.progress.past_runs import short
from data_pipeline.core.progress.progress_log import clock
from data_pipeline.project import history
from data_pipeline.project.backfilling import Backfill

#: runs that are looked at for how long one takes, and the beginning of the name of one.
_PAST, _NAMED = 20, "%Y-%m-%dT%H-%M-%SZ"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@click.command(
    epilog=examples(
        "backfill dev",
        "backfill dev --periods 2024-01..2025-12 --dataset orders",
        "backfill dev --only failed --yes",
        "backfill dev --only all --at-a-time 12 --dry-run",
    )
)
@environment_argument
@click.option(
    "--periods",
    metavar="A..B",
    type=Checked("periods", run_input.periods),
    help="Look at these years, months, days or hours only, as in 2024-01..2024-06, or at one.",
)
@click.option("--dataset", "datasets", metavar="NAME", multiple=True, help="This data set only; repeatable.")
@click.option(
    "--only",
    type=click.Choice([each for each in KINDS if each]),
    help="Periods that no run has read yet; that a run has failed on; that somebody let through by --accept, which are "
    "read again without that; or all, again. Without it, those missing and failed.",
)
@click.option(
    "--at-a-time",
    "together",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Adjacent periods that one run reads. A run that fails is made again in halves.",
)
@click.option(
    "--read-before",
    "before",
    metavar="TIME",
    type=click.DateTime([_TIME]),
    help="With --only accepted or all: what was last read before this time, in UTC; to go on with a backfill.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be read, now, and start nothing.")
@click.option("--yes", is_flag=True, help="Start without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def backfill(
    env: str,
    periods: str | None,
    datasets: tuple[str, ...],
    only: str | None,
    together: int,
    before: datetime | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Read the periods of ENV that are not published, run after run, then make what follows from them.

    Says first what it would read, and asks. A period that fails holds up no other; at the end a table says what became
    of each, and the exit status is 1 if one failed. Broken off by ^C or a crash, the same command goes on.
    """
    environment, connection = open_environment(env)
    if not environment.datasets:
        raise UserError(f"{env} has no data sets in the configuration, which a backfill is about")
    wish = _wish(periods or "", only or "", together, before, bool(environment.mirrors))
    screen = _Screen()
    deployed = outputs_and_differences(environment, connection)
    work = Backfill(environment, connection, deployed, datasets, wish, screen)
    record: dict[str, Any] = {"environment": env, "runs": [], "tables": None}
    try:
        every = _pieces(work, screen, wait=not dry_run)
        if not _planned(work, every, record, as_json, dry_run):
            return
        _ask(yes)
        done = _run(work, every, screen)
        made = _make(work, screen)
    finally:
        screen.rest()
    runs = [backfill_text.as_json(each) for each in done]
    record |= {"runs": runs, "tables": backfill_text.as_json(made) if made else None}
    _tell(as_json, record, done, backfill_text.result(done) if done else "")
    _fail(env, done, made)


def _pieces(work: Backfill, screen: _Screen, *, wait: bool) -> list[Piece]:
    """What is to be read, once the runs that are under way have ended."""
    if wait:
        work.wait()
    found = work.coverages()
    screen.rest()
    _say_left_out(work, found)
    return pieces(found, work.wish)


def _planned(
    work: Backfill, every: Sequence[Piece], record: dict[str, Any], as_json: bool, dry_run: bool
) -> bool:
    """Say what would be read; whether to go on with it."""
    planned = bool(every or work.unmade())
    if planned:
        _preview(work, every)
    if dry_run and as_json:
        would = [*map(backfill_text.planned, every)]
        click.echo(json.dumps({"environment": work.env.name, "wouldRun": would}, indent=2))
    elif not planned:
        _tell(as_json, record, [], "nothing to do: no period that was asked for is to be read")
    return planned and not dry_run


def _say_left_out(work: Backfill, every: Sequence[DatasetCoverage]) -> None:
    """Name data sets without periods, on stderr. UserError where no others are asked for."""
    if not any(each.unit for each in every):
        names = [each.name for each in every]
        raise UserError(backfill_text.left_out(work.env.name, names, again=work.wish.again))
    if names := without_periods(every, work.wish):
        click.echo(backfill_text.left_out(work.env.name, names, again=work.wish.again), err=True)


def _preview(work: Backfill, every: Sequence[Piece]) -> None:
    """What would be read, on stderr."""
    if every:
        past = history.past(work.env, work.connection, work.outputs, _PAST)
        for line in backfill_text.preview(every, work.tables(), backfill_text.usual(past)):
            click.echo(line, err=True)
    else:
        click.echo(f"no period is to be read; left by an earlier run: {', '.join(work.unmade())}", err=True)
    if work.wish.again:
        again = backfill_text.command(work.env.name, work.wish, work.datasets)
        click.echo(f"to go on after a break: {again}", err=True)


def _wish(periods: str, only: str, together: int, before: datetime | None, mirrors: bool) -> Wish:
    first, _, last = periods.partition("..")
    wish = Wish(first, last or first, only, together, "", mirrors)
    if before is not None and not wish.again:
        raise UserError(
            "found --read-before, expected --only accepted or --only all with it, which read again"
        )
    if not wish.again:
        return wish
    since = before or datetime.now(UTC)
    return Wish(first, last or first, only, together, f"{since:{_NAMED}}", mirrors)


def _ask(yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(
            "nothing was started: there is no terminal to ask on; run the same command with --yes"
        )
    if not click.confirm("Start?", err=True):
        raise UserError("nothing was started")


class _Screen:
    """What is told while a run is waited for: a line that moves on a terminal, nothing elsewhere."""

    def __init__(self) -> None:
        self._console = console()
        self._live: Live | None = None
        self.said = "waiting for"

    def __call__(self, run: str, watched: Watched) -> None:
        progress = watched.progress
        if not self._console.is_terminal or progress.ended:
            return
        current = next((each for each in reversed(progress.states) if each.kind == "Task"), None)
        took = (datetime.now(UTC) - progress.started).total_seconds() if progress.started else 0.0
        state = f" {current.name}" if current else ""
        if self._live is None:
            self._live = Live(console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        self._live.update(Spinner("dots", f"{self.said} run {short(run)}{state} {clock(took)}"))

    def rest(self) -> None:
        """Clear the line, before others are written."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def _run(work: Backfill, every: Sequence[Piece], screen: _Screen) -> list[Done]:
    """The runs; each is told as it is done. ^C leaves the rest."""
    done: list[Done] = []
    try:
        screen.said = f"1/{len(every)} {every[0].span if every else ''}"
        for each in work.run(every, deferring=bool(work.tables())):
            screen.rest()
            done.append(each)
            count = max(len(every), len(done))
            click.echo(backfill_text.one(len(done), count, each), err=True)
            screen.said = f"{min(len(done) + 1, count)}/{count}"
    except KeyboardInterrupt:
        screen.rest()
        again = backfill_text.command(work.env.name, work.wish, work.datasets)
        click.echo(f"\nThe run that is under way goes on. To go on with the rest:\n  {again}", err=True)
        raise
    return done


def _make(work: Backfill, screen: _Screen) -> Done | None:
    """The run at the end that makes what follows from data sets; None where nothing is left."""
    left = work.unmade()
    if not left:
        return None
    piece = published(work.coverages(), work.wish)
    if piece is None:
        return not_made(work.env.name, left)
    screen.said = "making what follows:"
    made = made_of(work.read(piece, again=False, deferring=False), work.unmade())
    screen.rest()
    click.echo(f"made at the end: {', '.join(left)}: {made.ended} (run {short(made.run)})", err=True)
    return made


def _tell(as_json: bool, record: dict[str, Any], done: Sequence[Done], result: str) -> None:
    if as_json:
        click.echo(json.dumps(record, indent=2))
        return
    if rows := backfill_text.rows(done):
        for line in columns([backfill_text.HEAD, *rows], backfill_text.RIGHT):
            click.echo(line)
    if result:
        click.echo(result)


def _fail(env: str, done: Sequence[Done], made: Done | None) -> None:
    """UserError where a period failed, or what follows could not be made."""
    lines = [*backfill_text.failures(done)]
    if lines:
        lines.insert(0, "not all periods were read; once they are mended, the same command reads just these")
    if made is not None and not made.run:
        lines.append(f"{made.ended}: {made.reason}")
    elif made is not None and not made.good:
        lines.append(f"what is made at the end {made.ended}: {made.reason}")
        lines.append(f"look with: python -m data_pipeline runs show {env} {short(made.run)}")
    if lines:
        raise UserError("\n  ".join(lines))
