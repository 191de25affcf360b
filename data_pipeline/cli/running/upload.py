"""``run --source``: brings the source files of a directory into the input prefix, those that it lacks."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from data_pipeline.aws import source
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.cli.screen import console
from data_pipeline.core.errors import UserError
from data_pipeline.core.uploads import SourceFile, amount, compare, is_source, split_uri

#: bytes above which an upload is asked about.
ASK_ABOVE = 1_000_000_000
#: bytes from which a file has a line of its own where there is no terminal.
_LINE_FROM = 50_000_000


@dataclass(frozen=True)
class Uploaded:
    """What ``--source`` did: names of files stored now, number of those that were there, bytes sent."""

    files: tuple[str, ...]
    unchanged: int
    bytes: int


def upload_source(
    connection: Connection, directory: Path, patterns: Sequence[str], uri: str, yes: bool
) -> Uploaded:
    """Store the source files of ``directory`` that are new or changed under ``uri`` (ends in ``/``)."""
    bucket, prefix = split_uri(uri)
    files = source_files(directory.expanduser(), patterns)
    with explained():
        wanted = _wanted(connection, files, bucket, prefix)
    size = sum(file.size for file in wanted)
    unchanged = len(files) - len(wanted)
    if not wanted:
        click.echo(f"{_files(len(files))} of {directory}: all in {uri} already", err=True)
        return Uploaded((), unchanged, 0)
    already = f"; {unchanged} unchanged" if unchanged else ""
    click.echo(f"uploading {_files(len(wanted))}, {amount(size)}, to {uri}{already}", err=True)
    _ask(size, yes)
    _store(connection, wanted, bucket, prefix)
    return Uploaded(tuple(file.name for file in wanted), unchanged, size)


def source_files(directory: Path, patterns: Sequence[str]) -> list[SourceFile]:
    """The source files directly in ``directory``, by name; sub-directories are mentioned, not entered.

    UserError for a directory that is none, holds none, or holds one that cannot be read.
    """
    expected = f"expected a directory of files named like: {', '.join(patterns)}"
    if not directory.is_dir():
        found = "is not a directory" if directory.exists() else "does not exist"
        raise UserError(f"--source {directory}: {found}; {expected}")
    try:
        entries = sorted(directory.iterdir())
    except OSError as error:
        raise source.unreadable(directory, error) from error
    folders = [entry.name for entry in entries if entry.is_dir()]
    matching = [entry for entry in entries if not entry.is_dir() and is_source(entry.name, patterns)]
    if not matching:
        others = len(entries) - len(folders)
        inside = f"{_files(others)} of other names" if others else "no file"
        below = f" and the sub-directories {_named(folders)}, which are not searched" if folders else ""
        raise UserError(f"--source {directory}: holds {inside}{below}; {expected}")
    if folders:
        click.echo(f"{directory}: sub-directories are not searched ({_named(folders)})", err=True)
    return [_looked_at(path) for path in matching]


def _looked_at(path: Path) -> SourceFile:
    """A file that can be read, links followed."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UserError(f"{path}: is not a regular file.")
        with path.open("rb"):
            return SourceFile(path.name, path, found.st_size, found.st_mtime_ns)
    except OSError as error:
        if path.is_symlink() and not path.exists():
            raise UserError(f"{path}: is a link to {path.readlink()}, which does not exist.") from error
        raise source.unreadable(path, error) from error


def _wanted(connection: Connection, files: list[SourceFile], bucket: str, prefix: str) -> list[SourceFile]:
    client = connection.client("s3")
    found = compare(files, source.stored_objects(client, bucket, prefix))
    changed = [f for f in found.same_size if not source.is_stored(client, f, bucket, prefix + f.name)]
    return sorted([*found.new, *found.resized, *changed], key=lambda file: file.name)


def _ask(size: int, yes: bool) -> None:
    if size <= ASK_ABOVE or yes:
        return
    if not sys.stdin.isatty():
        raise UserError(
            f"{amount(size)} are more than {amount(ASK_ABOVE)}, and there is no terminal to ask on; nothing "
            "was uploaded.\nRun the same command with --yes to upload them."
        )
    if not click.confirm("Upload them?", err=True):
        raise UserError("nothing was uploaded, and no run was started.")


def _store(connection: Connection, files: list[SourceFile], bucket: str, prefix: str) -> None:
    client = connection.client("s3")
    done = 0
    try:
        with _shown(files) as (begin, advance), explained():
            for file in files:
                begin(file)
                source.upload(client, file, bucket, prefix + file.name, advance)
                done += 1
    except UserError as error:
        raise UserError(
            f"{error}\n{done} of {_files(len(files))} uploaded; they stay. No run was started. Run the same "
            "command again to upload the rest."
        ) from error
    except KeyboardInterrupt:
        click.echo(f"{done} of {_files(len(files))} uploaded; they stay. No run was started.", err=True)
        raise


@contextmanager
def _shown(
    files: list[SourceFile],
) -> Iterator[tuple[Callable[[SourceFile], object], Callable[[int], object]]]:
    """A bar of all bytes on a terminal, else a line per large file: (before a file, bytes sent)."""
    screen = console()
    if not screen.is_terminal:
        yield _mention, lambda _sent: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task("", total=sum(file.size for file in files))
        yield (
            lambda file: bar.update(task, description=file.name),
            lambda sent: bar.advance(task, sent),
        )


def _mention(file: SourceFile) -> None:
    if file.size >= _LINE_FROM:
        click.echo(f"  {file.name}, {amount(file.size)}", err=True)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _named(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
