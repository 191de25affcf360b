"""A mirror on its way: bars on a terminal, a line for each file that ends otherwise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import click
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from data_pipeline.cli.screen import console
from data_pipeline.core.progress.result_text import OUTCOMES
from data_pipeline.core.uploads import amount

Event = dict[str, Any]
_QUIET = ("unchanged", "refused", "unpublished", "right")


class Shown(Protocol):
    """What events are shown on."""

    def show(self, event: Event) -> None: ...


class _Lines:
    """Without a terminal: what is asked for, and each file that came or did not."""

    def __init__(self) -> None:
        self._sizes: dict[str, int | None] = {}

    def show(self, event: Event) -> None:
        if event["event"] == "plan":
            click.echo(f"asking for {event['files']:,} files", err=True)
        elif event["event"] == "begin":
            self._sizes[event["path"]] = event["size"]
        elif event["event"] == "end" and event["outcome"] not in _QUIET and not event.get("quiet"):
            size = self._sizes.get(event["path"])
            bytes_text = f", {amount(size)}" if size else ""
            reason = f": {event['reason']}" if event["reason"] else ""
            click.echo(
                f"  {event['path']}{bytes_text} {OUTCOMES.get(event['outcome'], event['outcome'])}{reason}",
                err=True,
            )


class _Bars:
    """On a terminal: files of all files with the bytes that came, and a bar for each file on its way."""

    def __init__(self, files: Progress, each: Progress) -> None:
        self._files, self._each = files, each
        self._all: TaskID | None = None
        self._bytes, self._began = 0, time.monotonic()
        self._tasks: dict[str, TaskID] = {}

    def show(self, event: Event) -> None:
        path = event.get("path", "")
        if event["event"] == "plan":
            self._all = self._files.add_task("files", total=event["files"], fetched=amount(0))
        elif event["event"] == "begin" and path in self._tasks:
            self._each.update(self._tasks[path], completed=event["position"], total=event["size"])
        elif event["event"] == "begin":
            self._tasks[path] = self._each.add_task(path, total=event["size"], completed=event["position"])
        elif event["event"] == "bytes" and path in self._tasks:
            self._each.advance(self._tasks[path], event["bytes"])
            self._bytes += event["bytes"]
            if self._all is not None:
                rate = self._bytes / max(0.001, time.monotonic() - self._began)
                self._files.update(self._all, fetched=f"{amount(self._bytes)}, {amount(int(rate))}/s")
        elif event["event"] == "end":
            if path in self._tasks:
                self._each.remove_task(self._tasks.pop(path))
            if self._all is not None:
                self._files.advance(self._all)


@contextmanager
def shown() -> Iterator[Shown]:
    """Where to show events: on the terminal behind stderr, or as lines."""
    screen = console()
    if not screen.is_terminal:
        yield _Lines()
        return
    from rich.console import Group
    from rich.live import Live

    files = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[fetched]}"),
        TimeRemainingColumn(),
        console=screen,
    )
    each = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=screen,
    )
    with Live(Group(files, each), console=screen, transient=True, refresh_per_second=5):
        yield _Bars(files, each)
