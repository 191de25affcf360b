"""Data sets and tables as what changed in them, and what the next run makes of that."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from data_pipeline.etl.documents.datasets import Dataset, Definitions, Table

from .entries import ADDED, CHANGED, REMOVED, SAID, Entry
from .values import differences, entry

_ANEW = "the next run makes it anew"


def entries(before: Definitions, after: Definitions, environment: str) -> Iterator[Entry]:
    """Data sets, then tables."""
    for name, found in _changed("data set", before.datasets, after.datasets):
        yield replace(found, details=(*found.details, *_of_dataset(name, before, after, environment)))
    for name, found in _changed("table", before.tables, after.tables):
        old, new = before.tables.get(name), after.tables.get(name)
        anew = old and new and old.definition != new.definition
        yield replace(found, details=(*found.details, *([Entry(SAID, _ANEW)] if anew else [])))


def _changed(
    kind: str, before: Mapping[str, Dataset | Table], after: Mapping[str, Dataset | Table]
) -> Iterator[tuple[str, Entry]]:
    """Name and entry of what is new, gone or changed."""
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if new is None:
            yield name, Entry(REMOVED, f"{kind} {name}", (Entry(SAID, "its table stays as it is"),))
        elif old is None:
            yield name, Entry(ADDED, f"{kind} {name}", (Entry(SAID, "the next run makes its table"),))
        elif old != new:
            found = tuple(map(entry, differences(_plain(old), _plain(new))))
            yield name, Entry(CHANGED, f"{kind} {name}", found)


def _of_dataset(name: str, before: Definitions, after: Definitions, environment: str) -> Iterator[Entry]:
    """What a changed definition of a data set means for the next run."""
    old, new = before.datasets.get(name), after.datasets.get(name)
    if old is None or new is None or old.definition == new.definition:
        return
    yield Entry(SAID, "decides other rows now: the next run holds it back until it is told")
    yield Entry(SAID, f"run {environment} --rebuild {name}, or --from-now-on {name}")
    made = _made_of({name, *new.tables}, after.tables)
    if made:
        yield Entry(SAID, f"a rebuild makes these tables anew, too: {', '.join(made)}")


def _made_of(names: Collection[str], tables: Mapping[str, Table]) -> list[str]:
    """The tables that are made of these, directly or not, each after those that it is made of."""
    known, found = set(names), []
    for name, table in tables.items():
        if known.intersection(table.inputs):
            known.add(name)
            found.append(name)
    return found


def _plain(each: Dataset | Table) -> Any:
    return {key: value for key, value in json.loads(json.dumps(asdict(each))).items() if key != "name"}
