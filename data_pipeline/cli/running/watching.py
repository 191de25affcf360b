"""An execution on the screen while it runs: a table that moves on a terminal, a line per change elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import click
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from data_pipeline.aws.states import Watched
from data_pipeline.cli.screen import console
from data_pipeline.core.progress.follow import Progress, State
from data_pipeline.core.progress.progress_log import SILENT, changes, clock
from data_pipeline.etl.documents.progress import Reached


@dataclass(frozen=True)
class Look:
    """An execution at one look. ``reached``: how far the job that runs has come, as far as it says that; ``expected``:
    state → the seconds that it may take, as far as runs before tell; ``whole``: the same of the execution.
    """

    watched: Watched = field(default_factory=lambda: Watched(Progress()))
    reached: Reached | None = None
    expected: Mapping[str, float] = field(default_factory=dict)
    whole: float | None = None


Show = Callable[[Look], None]


@contextmanager
def shown(now: Callable[[], float]) -> Iterator[Show]:
    """What to call with each look at the execution; ``now`` is seconds since it was started."""
    screen = console()
    if not screen.is_terminal:
        yield _Lines().show
        return
    moving = Moving(now)
    with Live(get_renderable=moving.render, console=screen, refresh_per_second=4):
        yield moving.show


class _Lines:
    """One line for each change."""

    def __init__(self) -> None:
        self._before = Look()

    def show(self, look: Look) -> None:
        watched, before = look.watched, self._before.watched
        for line in changes(before.progress, watched.progress):
            click.echo(line, err=True)
        if look.reached is not None and look.reached != self._before.reached:
            current = watched.progress.current
            click.echo(f"      {current.name if current else ''}: {look.reached}", err=True)
        if watched.lost and not before.lost:
            click.echo(f"AWS does not answer, trying again: {watched.lost}", err=True)
        elif before.lost and not watched.lost:
            click.echo("AWS answers again", err=True)
        self._before = look


class Moving:
    """A row for each state, with a clock, the time that it may take, and its job, or how far that has come."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._look = Look()
        self._spinner = Spinner("dots")

    def show(self, look: Look) -> None:
        self._look = look

    def render(self) -> Table:
        look = self._look
        progress = look.watched.progress
        table = Table.grid(padding=(0, 2))
        table.add_column()
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis")
        for state in progress.states:
            if _matters(state):
                expected = look.expected.get(state.name)
                table.add_row(self._mark(state), state.name, self._times(state, expected), self._doing(state))
        if look.watched.lost:
            lost = Text(f"AWS does not answer, trying again: {look.watched.lost}", style="yellow")
            table.add_row("", "", "", lost)
        elif not progress.ended:
            table.add_row("", "", Text(_of(clock(self._now()), look.whole), style="dim"))
        return table

    def _mark(self, state: State) -> Text | Spinner:
        if state.failed:
            return Text("✗", style="red")
        return Text("✓", style="green") if state.exited else self._spinner

    def _times(self, state: State, expected: float | None) -> str:
        """By AWS's clock; while the state lasts, by this machine's, counted from the execution's start."""
        started = self._look.watched.progress.started
        if state.exited is not None or started is None:
            return clock(state.elapsed(state.entered))
        return _of(clock(self._now() - (state.entered - started).total_seconds()), expected)

    def _doing(self, state: State) -> Text:
        if state is self._look.watched.progress.current and self._look.reached and not state.exited:
            return Text(str(self._look.reached))
        tried = f" (attempt {state.attempts})" if state.attempts > 1 else ""
        return Text(f"{state.job.name}{tried}" if state.job else tried.strip(), style="dim")


def _matters(state: State) -> bool:
    """Whether it has a line: what only looks, reads or decides has none once it is left."""
    if state.kind in SILENT:
        return False
    return state.job is not None or state.kind != "Task" or state.failed or state.exited is None


def _of(elapsed: str, expected: float | None) -> str:
    """``00:12 of 00:20``."""
    return elapsed if expected is None else f"{elapsed} of {clock(expected)}"
