"""The records of erased keys (``documents.erasures``), read and changed. Runs on Python 3.9."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Callable

from data_pipeline.etl.documents import erasures
from data_pipeline.etl.documents.erasures import Record
from data_pipeline.etl.storage.filesystem import files
from data_pipeline.etl.storage.objects import ChangedError

ATTEMPTS = 20


def load(output: str, dataset: str) -> Record:
    """The record of a data set; one of no key where there is none."""
    place = erasures.place(output, dataset)
    found = files(place).load(place)
    return erasures.NO_KEYS if found is None else erasures.read(found[0], place)


def pending(output: str, datasets: Iterable[str]) -> tuple[str, ...]:
    """Those of ``datasets`` whose tables may still have an erased key."""
    return tuple(name for name in datasets if load(output, name).pending)


def change(output: str, dataset: str, made: Callable[[Record], Record]) -> None:
    """Replace the record by what ``made`` makes of it. ChangedError if others write to it again and again."""
    place = erasures.place(output, dataset)
    for _ in range(ATTEMPTS):
        found = files(place).load(place)
        if found is None:
            return
        before = erasures.read(found[0], place)
        after = made(before)
        if after == before:
            return
        try:
            files(place).write_if(place, erasures.write(after).encode(), found[1], {})
        except ChangedError:
            continue
        return
    raise ChangedError(place)
