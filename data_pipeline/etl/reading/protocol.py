"""What reads one file of a data set: the tool's own readers, and a reader of one's own (``read: module:Class``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Protocol

from data_pipeline.etl.reading.quarantine import Quarantine

Staged = Callable[[Any], None]
"""Takes a ``pa.Table`` of accepted rows, in the order of their numbers."""


@dataclass(frozen=True)
class FileRows:
    """What became of a file's rows: ``read`` = ``accepted`` + ``quarantined`` + ``erased``; of those in quarantine the
    ``reasons`` are counted. ``erased``: rows of keys that were erased, which the caller leaves out; a reader knows of
    none. ``columns_ignored``: columns or keys of the file that the data set does not name. ``warnings``: sentences
    about values that were read and may not be meant so.
    """

    read: int
    accepted: int
    quarantined: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    columns_ignored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    erased: int = 0


@dataclass(frozen=True)
class SourceFile:
    """A file to read: its local ``path``, the values of its named ``parts``, its ``period`` or nothing, and an empty
    folder ``scratch``. ``before``: rows of the file that come before ``path``, which is a later span of it; ``groups``:
    the numbers of its row groups, of a span of Parquet. A reader of one's own is given whole files.
    ``bytes_of_run``: the size of all files of the data set that this machine reads in this run, which says whether
    preparations pay; 0 where that is not known.
    """

    path: Path
    scratch: Path
    parts: Mapping[str, str] = field(default_factory=dict)
    period: str = ""
    before: int = 0
    groups: tuple[int, ...] = ()
    bytes_of_run: int = 0


class Reader(Protocol):
    """Reads files of one data set. Made once for a data set and used for many files, from one thread."""

    def read(self, file: SourceFile, quarantine: Quarantine, staged: Staged) -> FileRows:
        """Hand the accepted rows of ``file`` to ``staged`` as tables of ``arrow_schema(dataset, tuple(file.parts))``,
        and every other row to ``quarantine``, whose ``source`` is the file's path below the input.

        Rows are numbered from 1 in the file's order; refused rows count too. A reader that sums rows up hands on fewer
        than it accepts, and numbers what it hands on. FileError if nothing of the file can be used: what was handed on
        before it must be dropped by the caller.
        """
