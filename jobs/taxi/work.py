"""What a run brings to its publication: what became of each of its files, and what lies in the input now."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from data_pipeline.etl.storage.filesystem import files, join
from data_pipeline.etl.storage.objects import MISSING
from taxi.reading import Result
from taxi.sources import list_sources, named, with_etags

MOST_ASKED = 20
"""Of how many sources it is quicker to ask for each than to list the whole input."""


@dataclass(frozen=True)
class Work:
    """What a run brings: the counts of its files in ``db``'s table ``trip_counts``, what became of each file,
    and the paths whose rows are to go if they still are not in ``input``.
    """

    db: duckdb.DuckDBPyConnection
    results: list[Result]
    input: str
    removed: frozenset[str] = frozenset()

    def partitions(self) -> set[tuple[str, str]]:
        """The data sets and months that may change."""
        pruned = (named(path) for path in self.removed)
        return {(r.source.dataset, r.source.month) for r in self.results} | {p for p in pruned if p}

    def counted(self) -> dict[str, str]:
        """Source → ETag of the files that were counted."""
        return {result.source.path: result.etag for result in self.results if not result.error}

    def unreadable(self) -> dict[str, str]:
        """Source → ETag of the files that cannot be read, however often one tries."""
        return {r.source.path: r.etag for r in self.results if r.error and r.error not in MISSING}

    def now(self) -> dict[str, str]:
        """Source → ETag of what lies in the input now, for the sources that this run has read or is to
        remove.
        """
        about = self.counted().keys() | self.unreadable().keys() | self.removed
        if len(about) > MOST_ASKED or any(path.endswith("/") for path in about):  # a folder is no object
            listed = (s for s in list_sources(self.input).sources if s.path in about)
            return {source.path: source.etag for source in with_etags(listed)}
        heads = {path: files(self.input).head(join(self.input, path)) for path in about}
        return {path: head.etag for path, head in heads.items() if head is not None}
