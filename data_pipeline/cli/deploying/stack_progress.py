"""Showing what takes time while it happens: objects on their way up, and the events of a stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from data_pipeline.cli.screen import console
from data_pipeline.core.deployment.stack_events import Event

#: bytes from which an upload is announced where no bar can be shown.
_LARGE = 1_000_000
_INTERRUPTED = (
    "the deployment of {stack} goes on without this command: deploying again waits for its end, and\n"
    "  aws cloudformation describe-stack-events --stack-name {stack}\n"
    "shows what it does."
)


def progress(stack: str, events: Iterable[Event], resources: int = 0, waiting_for: str = "") -> list[Event]:
    """Show the events of an operation until it ends, and return them; ``resources``: how many it changes."""
    screen = console()
    if waiting_for:
        screen.print(f"{stack}: waiting, another operation is under way ({waiting_for})", markup=False)
    seen: list[Event] = []
    try:
        with _bar(screen) as bar:
            task = bar.add_task(stack, total=None, done="")
            for event in events:
                seen.append(event)
                if event.of_stack or not event.status.endswith("_IN_PROGRESS"):
                    bar.console.print(
                        _event_line(stack, event), markup=False, style="red" if event.failed else None
                    )
                if resources:
                    bar.update(task, done=f"{_finished(seen)} of {resources} resources")
    except KeyboardInterrupt:
        screen.print(_INTERRUPTED.format(stack=stack), markup=False)
        raise
    return seen


def note(text: str) -> None:
    """Say something between two operations."""
    console().print(text, markup=False)


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
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.fields[done]}", markup=False),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal)


def _event_line(stack: str, event: Event) -> str:
    reason = f": {event.reason}" if event.reason and event.failed else ""
    name = "the stack itself" if event.of_stack else f"{event.logical_id} ({event.type})"
    return f"  {stack}  {event.status:<27} {name}{reason}"


def _finished(events: list[Event]) -> int:
    return len({e.logical_id for e in events if e.status.endswith("_COMPLETE") and not e.of_stack})
