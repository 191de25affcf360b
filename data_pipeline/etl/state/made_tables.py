"""Which tables and exports were made as they are defined: ``<output>/state/tables.json``.

What a run could not make, or did not publish because a rule failed, is not in it: the next run takes it up, also where
the input has nothing new. Runs on Python 3.9.
"""

from __future__ import annotations

from collections.abc import Collection

from data_pipeline.etl.documents import form
from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.storage.filesystem import files, join
from data_pipeline.etl.storage.objects import ChangedError

VERSION = 1
ATTEMPTS = 20


def wanted(definitions: Definitions) -> dict[str, str]:
    """What each table, each data set with a key, and each that is exported should be made as: its name → a text that
    changes with whatever decides it.
    """
    tables = {
        name: " ".join((each.definition, *each.partition, each.export))
        for name, each in definitions.tables.items()
    }
    datasets = {
        name: " ".join((*each.partition, each.export, *each.tables)) if each.key else each.export
        for name, each in definitions.datasets.items()
        if each.key or each.export
    }
    return {**datasets, **tables}


def outdated(output: str, definitions: Definitions) -> tuple[str, ...]:
    """The names of what was not made as it is defined; none before anything was loaded."""
    place = _place(output)
    loaded = files(place).load(place)
    if loaded is None:
        return ()
    made = _read(loaded[0], place)
    return tuple(name for name, text in wanted(definitions).items() if made.get(name) != text)


def note(output: str, definitions: Definitions, failed: Collection[str]) -> None:
    """Note that all was made but ``failed``. ChangedError if other runs write to it again and again."""
    place = _place(output)
    made = {name: text for name, text in wanted(definitions).items() if name not in failed}
    for _ in range(ATTEMPTS):
        loaded = files(place).load(place)
        if loaded is not None and _read(loaded[0], place) == made:
            return
        content = form.text({"version": VERSION, "made": made}).encode()
        try:
            files(place).write_if(place, content, loaded[1] if loaded else None, {})
            return
        except ChangedError:
            continue
    raise ChangedError(place)


def _place(output: str) -> str:
    return join(output, "state", "tables.json")


def _read(content: bytes, place: str) -> dict[str, str]:
    return form.read(content, place, "a list of tables that were made", VERSION, lambda d: dict(d["made"]))
