"""What follows the data sets of a run: their current rows, the tables made of them, and the exports; or none of it,
where the run leaves that for a later one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.documents.findings import Violation
from data_pipeline.etl.state import made_tables

from . import keyed, made
from .keyed import Newest
from .made import Made
from .target import Target


@dataclass(frozen=True)
class Following:
    """``back``: the names of what was not made, by which a later run finds it out of date; ``errors``: why."""

    newest: Sequence[Newest] = ()
    derived: Sequence[Made] = ()
    exports: Sequence[str] = ()
    errors: Sequence[str] = ()
    back: frozenset[str] = frozenset()
    deferred: bool = False

    @property
    def tables(self) -> dict[str, Any]:
        """Name → what is published of it."""
        found: dict[str, Any] = {}
        for each in self.newest:
            found |= each.published
        return found | {one.table.name: one.published for one in self.derived if one.published}

    @property
    def versions(self) -> dict[str, dict[str, int]]:
        """What the versions of each data set with a key are."""
        return {each.dataset.name: each.versions for each in self.newest if each.versions}


def make(
    definitions: Definitions,
    held: Collection[str],
    target: Target,
    accepted: Collection[Violation],
    summary: str,
) -> Following:
    """Make what is out of date, but of data sets that are ``held``. ``summary``: where the run's will be."""
    newest = keyed.make(definitions, held, target, summary)
    back = {*held, *(each.dataset.name for each in newest if each.error)}
    derived = made.make(definitions, back, target, accepted, summary)
    back |= {one.table.name for one in derived if one.held}
    exports, unwritten = made.write_exports(definitions, back, target)
    tried = [*(each.error for each in newest), *(one.error for one in derived), *unwritten.values()]
    errors = [error for error in tried if error]
    return Following(newest, derived, exports, errors, frozenset({*back, *unwritten}))


def deferred(definitions: Definitions) -> Following:
    """Make nothing; the next run that makes anything then makes what has changed."""
    names = frozenset(made_tables.wanted(definitions))
    return Following(back=names, deferred=bool(names))
