"""After the data sets: the tables that are made of them, and what is exported of either.

What is held back holds back the tables that are made of it; the others are made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from data_pipeline.etl.documents.datasets import Definitions, Table
from data_pipeline.etl.documents.findings import Violation
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.quality.facts import Judgement

from .target import Target

if TYPE_CHECKING:
    from data_pipeline.etl.publishing.derived import Refreshed

_HOW = {
    "unchanged": "unchanged",
    "equal": "made anew, and unchanged",
    "whole": "published, made anew as a whole",
    "partitions": "published, made anew where its inputs have changed",
    "held": "not published: a quality rule failed",
    "waiting": "not made: not all that it is made of has rows yet",
}


@dataclass(frozen=True)
class Made:
    """What became of a table. ``refreshed``: None where it was not tried; ``error``: why it could not be made;
    ``because``: the data sets and tables that hold it back.
    """

    table: Table
    refreshed: Refreshed | None = None
    error: str = ""
    because: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        return self.refreshed is None or bool(self.refreshed.judgement.failed)

    @property
    def judgement(self) -> Judgement:
        return self.refreshed.judgement if self.refreshed else Judgement()

    @property
    def published(self) -> dict[str, Any] | None:
        """For the summary; None where there is nothing."""
        found = self.refreshed
        if found is None or not found.snapshot:
            return None
        return {"snapshot": found.snapshot, "rows": found.rows, "committed": found.committed}

    def __str__(self) -> str:
        if self.refreshed:
            return f"{self.table.name}: {_HOW[self.refreshed.how]}"
        held = f"held back with {', '.join(self.because)}"
        return f"{self.table.name}: not made: {self.error or held}"


def make(
    definitions: Definitions,
    held: Collection[str],
    target: Target,
    accepted: Collection[Violation],
    summary: str,
) -> list[Made]:
    """Make every table that is out of date and of which nothing is ``held``. ``summary``: where the run's will be."""
    from data_pipeline.etl.publishing import derived
    from data_pipeline.etl.publishing.engine import Engine

    assert target.at is not None
    lineage = {
        "pipeline.run": target.run,
        "pipeline.code-version": target.code_version,
        "pipeline.summary": summary,
    }
    engine, back = Engine(scratch=target.work), set(held)
    refresh = partial(derived.refresh, target.at, lineage=lineage, accepted=accepted, engine=engine)
    private = {name for name, each in definitions.datasets.items() if each.private}
    found: list[Made] = []
    for table in definitions.tables.values():
        because = tuple(
            dict.fromkeys(name for name in map(definitions.made_by, table.inputs) if name in back)
        )
        if private & {*map(definitions.made_by, table.inputs)}:
            private.add(table.name)
        if because:
            made = Made(table, because=because)
        else:
            made = _attempt(table, partial(refresh, table, private=table.name in private))
        if made.held:
            back.add(table.name)
        found.append(made)
    return found


def _attempt(table: Table, refresh: Callable[[], Refreshed]) -> Made:
    try:
        return Made(table, refresh())
    except JobError as error:
        return Made(table, error=str(error))


def write_exports(
    definitions: Definitions, held: Collection[str], target: Target
) -> tuple[Sequence[str], Mapping[str, str]]:
    """Bring the export of each data set and table up to date that has rows and is not ``held``. Where the exports are
    that there are, and why others could not be written, by name.
    """
    from data_pipeline.etl.publishing import export as exporting
    from data_pipeline.etl.publishing.engine import Engine

    assert target.at is not None
    engine = Engine(scratch=target.work)
    places: list[str] = []
    errors: dict[str, str] = {}
    wanted = {name: each.export for name, each in definitions.datasets.items()}
    wanted |= {name: each.export for name, each in definitions.tables.items()}
    for name, export in wanted.items():
        if not export or name in held:
            continue
        table = target.at.find(name)
        if table is None or table.current_snapshot() is None:
            continue
        place = exporting.place(target.output, export)
        try:
            exporting.publish(target.at, name, place, engine)
            places.append(place)
        except JobError as error:
            errors[name] = str(error)
    return places, errors
