"""Showing what takes time while it happens: objects on their way up, and an operation on a stack."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column

from data_pipeline.aws.cloudformation import Stacks
from data_pipeline.aws.stack_watch import follow
from data_pipeline.cli.columns import by_lines
from data_pipeline.cli.screen import console
from data_pipeline.core.deployment.folding import WIDTH, Folded, Group
from data_pipeline.core.deployment.stack_events import Event

#: bytes from which an upload is announced where no bar can be shown.
_LARGE = 1_000_000
_LEFT = (
    "{stack}: this goes on without the command. Deploying again waits for its end;\n"
    "  aws cloudformation describe-stack-events --stack-name {stack}\n"
    "shows what it does."
)


@dataclass(frozen=True)
class Operation:
    """An operation on a stack that has begun. ``after``: id of the stack's last event before; ``ends``: statuses in
    which it ends; ``cancels``: whether it is an update of ours, which AWS can roll back on the way.
    """

    stack: str
    id: str
    after: str | None
    ends: Collection[str] = ()
    groups: tuple[Group, ...] = ()
    cancels: bool = False


@dataclass
class Followed:
    """What happened, oldest first, and whether the user has cancelled it."""

    events: list[Event]
    cancelled: bool = False


def progress(stacks: Stacks, operation: Operation) -> Followed:
    """Show an operation until it ends. On ^C asks whether to cancel it; a second ^C leaves it running."""
    screen, folded, answered = console(), Folded(operation.stack, operation.groups), ""
    while True:
        try:
            _show(screen, stacks, operation, folded)
        except KeyboardInterrupt:
            if answered == "cancelled" or not (answered := _answer(stacks, operation, answered)):
                note(_LEFT.format(stack=operation.stack))
                raise
            continue
        return Followed(folded.events, answered == "cancelled")


def _show(screen: Console, stacks: Stacks, operation: Operation, folded: Folded) -> None:
    """Follow from the last event that was seen."""
    after = folded.events[-1].id if folded.events else operation.after
    with _bar(screen) as bar:
        task = bar.add_task(operation.stack, total=None)
        for event in follow(stacks, operation.id, after, operation.ends, note):
            for line in folded.lines(event):
                bar.console.print(line, markup=False, style="red" if line.startswith("  !") else None)
            bar.update(task, description=f"{operation.stack}  {folded.now}")


def _answer(stacks: Stacks, operation: Operation, before: str) -> str:
    """What the user wants after ^C: empty to leave it running, else ``cancelled`` or ``waits``."""
    if not _interactive():
        return ""
    if not operation.cancels:
        if before:
            return ""
        note(
            f"{operation.stack}: AWS cannot cancel this; waiting for its end. ^C once more leaves it running."
        )
        return "waits"
    note("the update goes on; it can be rolled back, and ^C once more leaves it running")
    try:
        cancel = click.confirm(f"cancel the update of {operation.stack}?", err=True)
    except click.Abort:
        return ""
    if cancel and stacks.cancel(operation.id):
        note(f"{operation.stack}: cancelling; it is rolled back")
        return "cancelled"
    note(f"{operation.stack}: {'too late to cancel; ' if cancel else ''}going on")
    return "waits"


def _interactive() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def note(text: str) -> None:
    """Say something between two operations, in lines that fit; what is indented stays as it is."""
    for line in by_lines(text, WIDTH):
        console().print(line, markup=False)


def sending(objects: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The objects one by one, to be uploaded: a bar on a terminal, elsewhere a line for each large one."""
    screen = console()
    columns = (TextColumn("uploading"), BarColumn(), DownloadColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("", total=sum(len(content) for content in objects.values()))
        for key, content in objects.items():
            name = key.rpartition("/")[2]
            bar.update(task, description=name)
            if not screen.is_terminal and len(content) >= _LARGE:
                screen.print(f"  uploading {name} ({size(len(content))})", markup=False)
            yield key, content
            bar.advance(task, len(content))
    if objects:
        total = sum(len(content) for content in objects.values())
        screen.print(f"  uploaded {len(objects)} objects, {size(total)}", markup=False)


def size(count: int) -> str:
    """Bytes for people."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e3:.0f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"


def _bar(screen: Console) -> Progress:
    """One line that moves, cut where the terminal ends."""
    text = TextColumn(
        "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)
    )
    columns = (SpinnerColumn(), text, TimeElapsedColumn())
    return Progress(*columns, console=screen, transient=True, expand=True, disable=not screen.is_terminal)
