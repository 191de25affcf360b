"""``run --source``: brings the source files of a directory into the input prefix, those that it lacks."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from data_pipeline.aws import source
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.cli.screen import console
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.machine import selection
from data_pipeline.core.uploads import Claims, SourceFile, amount, compare, split_uri

#: bytes above which an upload is asked about.
ASK_ABOVE = 1_000_000_000
#: bytes from which a file has a line of its own where there is no terminal.
_LINE_FROM = 50_000_000
#: files that no data set claims, of which each is named; the rest are counted.
_NAMED = 5


@dataclass(frozen=True)
class Uploaded:
    """What ``--source`` did: names of files stored now, number of those that were there, bytes sent; paths that no data
    set claims, which are not stored.
    """

    files: tuple[str, ...]
    unchanged: int
    bytes: int
    unclaimed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """The files of a directory that are to be stored, and the paths of those that are not."""

    files: list[SourceFile]
    unclaimed: tuple[str, ...] = field(default=())


def upload_source(connection: Connection, directory: Path, found: Found, uri: str, yes: bool) -> Uploaded:
    """Store the ``found`` files of ``directory`` that are new or changed under ``uri`` (ends in ``/``)."""
    bucket, prefix = split_uri(uri)
    files = found.files
    with explained():
        wanted = _wanted(connection, files, bucket, prefix)
    size = sum(file.size for file in wanted)
    unchanged = len(files) - len(wanted)
    if not wanted:
        click.echo(f"{_files(len(files))} of {directory}: all there already, in\n  {uri}", err=True)
        return Uploaded((), unchanged, 0, found.unclaimed)
    already = f"; {unchanged} unchanged" if unchanged else ""
    click.echo(f"uploading {_files(len(wanted))}, {amount(size)}{already}, to\n  {uri}", err=True)
    _ask(size, yes)
    _store(connection, wanted, bucket, prefix)
    return Uploaded(tuple(file.name for file in wanted), unchanged, size, found.unclaimed)


def files_of(directory: Path, env: Environment) -> Found:
    """The files of ``directory`` that belong into the input of an environment: those that data sets claim; where there
    are none, all.
    """
    if not env.datasets:
        return every_file(directory)
    markers = frozenset(each.complete for each in env.datasets.values() if each.complete)
    return claimed_files(directory, Claims(selection.known(env).patterns, markers))


def claimed_files(directory: Path, claims: Claims) -> Found:
    """The files below ``directory`` that data sets claim, by path, markers last: a period is complete when its marker
    is there. Hidden files and folders, and links to folders, are passed over; what nobody claims is mentioned.

    UserError for a directory that is none, holds none, or holds one that cannot be read.
    """
    expected = f"expected a directory of files like: {', '.join(map(str, _patterns(claims)))}"
    _refuse_no_directory(directory, expected)
    paths = [*_paths_below(directory)]
    claimed = [path for path in paths if claims.has(path)]
    unclaimed = tuple(path for path in paths if path not in set(claimed))
    if all(claims.is_marker(path) for path in claimed):
        first = f", the first {_with_nearest(unclaimed[0], claims)}" if unclaimed else ""
        raise UserError(
            f"--source {directory}: holds {_files(len(paths))}{first}, none that a data set claims; {expected}"
        )
    if unclaimed:
        click.echo(f"{directory}: {_files(len(unclaimed))} that no data set claims, not uploaded:", err=True)
        for path in unclaimed[:_NAMED]:
            click.echo(f"  {_with_nearest(path, claims)}", err=True)
        if len(unclaimed) > _NAMED:
            click.echo(f"  and {len(unclaimed) - _NAMED:,} more", err=True)
    ordered = sorted(claimed, key=lambda path: (claims.is_marker(path), path))
    return Found([_looked_at(directory / path, path) for path in ordered], unclaimed)


def _patterns(claims: Claims) -> Iterator[object]:
    return (pattern for each in claims.patterns.values() for pattern in each)


def _with_nearest(path: str, claims: Claims) -> str:
    near = claims.nearest(path)
    return f"{path} ({near})" if near else path


def _paths_below(directory: Path) -> Iterator[str]:
    """Paths of files below a directory, with ``/``, in order."""

    def refused(error: OSError) -> None:
        raise source.unreadable(Path(error.filename or directory), error) from error

    for folder, below, names in os.walk(directory, onerror=refused):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield (Path(folder) / name).relative_to(directory).as_posix()


def every_file(directory: Path) -> Found:
    """The files below ``directory``, by path. Hidden files and folders, and links to folders, are passed over.

    UserError for a directory that is none, holds none, or holds one that cannot be read.
    """
    expected = "expected a directory of files"
    _refuse_no_directory(directory, expected)
    paths = [*_paths_below(directory)]
    if not paths:
        raise UserError(f"--source {directory}: holds no file; {expected}")
    return Found([_looked_at(directory / path, path) for path in paths])


def _refuse_no_directory(directory: Path, expected: str) -> None:
    if not directory.is_dir():
        found = "is not a directory" if directory.exists() else "does not exist"
        raise UserError(f"--source {directory}: {found}; {expected}")


def _looked_at(path: Path, name: str) -> SourceFile:
    """A file that can be read, links followed."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UserError(f"{path}: is not a regular file.")
        with path.open("rb"):
            return SourceFile(name, path, found.st_size, found.st_mtime_ns)
    except OSError as error:
        if path.is_symlink() and not path.exists():
            raise UserError(f"{path}: is a link to {path.readlink()}, which does not exist.") from error
        raise source.unreadable(path, error) from error


def _wanted(connection: Connection, files: list[SourceFile], bucket: str, prefix: str) -> list[SourceFile]:
    client = connection.client("s3")
    folders = any("/" in file.name for file in files)
    found = compare(files, source.stored_objects(client, bucket, prefix, folders=folders))
    changed = [f for f in found.same_size if not source.is_stored(client, f, bucket, prefix + f.name)]
    wanted = {file.name for file in (*found.new, *found.resized, *changed)}
    return [file for file in files if file.name in wanted]


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
