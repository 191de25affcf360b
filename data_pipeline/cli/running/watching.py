"""An execution on the screen while it runs: a table that moves on a terminal, a line per change elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from data_pipeline.aws.states import Watched
from data_pipeline.cli.screen import console
from data_pipeline.core.progress.follow import Progress, State
from data_pipeline.core.progress.progress_log import SILENT, changes, clock

Show = Callable[[Watched], None]


@contextmanager
def shown(now: Callable[[], float]) -> Iterator[Show]:
    """What to call with each look at the execution; ``now`` is seconds since it was started."""
    screen = console()
    if not screen.is_terminal:
        yield _Lines().show
        return
    moving = _Moving(now)
    with Live(get_renderable=moving.render, console=screen, refresh_per_second=4):
        yield moving.show


class _Lines:
    """One line for each change."""

    def __init__(self) -> None:
        self._before = Watched(Progress())

    def show(self, watched: Watched) -> None:
        for line in changes(self._before.progress, watched.progress):
            click.echo(line, err=True)
        if watched.lost and not self._before.lost:
            click.echo(f"AWS does not answer, trying again: {watched.lost}", err=True)
        elif self._before.lost and not watched.lost:
            click.echo("AWS answers again", err=True)
        self._before = watched


class _Moving:
    """A row for each state, with its job and a clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._watched = Watched(Progress())
        self._spinner = Spinner("dots")

    def show(self, watched: Watched) -> None:
        self._watched = watched

    def render(self) -> Table:
        progress = self._watched.progress
        table = Table.grid(padding=(0, 2))
        for state in progress.states:
            if state.kind not in SILENT:
                table.add_row(self._mark(state), state.name, self._elapsed(state), _job(state))
        if self._watched.lost:
            table.add_row(
                "", Text(f"AWS does not answer, trying again: {self._watched.lost}", style="yellow")
            )
        elif not progress.ended:
            table.add_row("", Text(clock(self._now()), style="dim"))
        return table

    def _mark(self, state: State) -> Text | Spinner:
        if state.failed:
            return Text("✗", style="red")
        return Text("✓", style="green") if state.exited else self._spinner

    def _elapsed(self, state: State) -> str:
        """By AWS's clock; while the state lasts, by this machine's, counted from the execution's start."""
        started = self._watched.progress.started
        if state.exited is not None or started is None:
            return clock(state.elapsed(state.entered))
        return clock(self._now() - (state.entered - started).total_seconds())


def _job(state: State) -> Text:
    tried = f" (attempt {state.attempts})" if state.attempts > 1 else ""
    return Text(f"{state.job.name}{tried}" if state.job else tried.strip(), style="dim")
