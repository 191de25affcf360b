"""Files that come day by day, loaded by the jobs as runs load them, each at a time of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from etl.jobs.shop import Shop

from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.etl.jobs import load
from data_pipeline.features.snapshots import Tables
from data_pipeline.features.store import Store

Rows = Sequence[tuple[str, ...]]


@dataclass
class Runs:
    """``files``: path → its rows as they are now, and when that version was first published."""

    shop: Shop
    header: Mapping[str, tuple[str, ...]]
    files: dict[str, tuple[Rows, datetime]] = field(default_factory=dict)

    def run(self, at: datetime, issued: Mapping[str, Rows], *options: str) -> None:
        """Put files into the input and load what is new, as a run at ``at`` (UTC)."""
        for path, rows in issued.items():
            text = io.StringIO()
            csv.writer(text).writerows([self.header[path.partition("/")[0]], *rows])
            self.shop.put_bytes(path, text.getvalue().encode())
            self.files[path] = (rows, at)
        with clock(at):
            self.shop.run(*options)

    def published(self, dataset: str) -> Iterator[tuple[tuple[str, ...], datetime]]:
        """Each row of a data set's files as they are now, and since when it could be known, in UTC without a zone."""
        for path, (rows, at) in self.files.items():
            if path.startswith(f"{dataset}/"):
                for row in rows:
                    yield row, at.replace(tzinfo=None)

    def store(self, groups: Mapping[str, FeatureGroup], periods: Mapping[str, str]) -> Store:
        at = self.shop.at
        return Store(Tables(at.catalog, at.database), groups, periods=periods)


@contextmanager
def clock(at: datetime) -> Iterator[None]:
    """The job that loads sees this time."""

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return at.astimezone(tz)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "datetime", Stopped)
        yield


def day(number: int, hour: int = 0) -> datetime:
    """That hour of a day of 2024, the first of which is 0."""
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number, hours=hour)
