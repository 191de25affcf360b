"""Which months a table covers, and since when, as its snapshots and those that are made of it say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from data_pipeline.etl.documents.datasets import Table
from data_pipeline.etl.publishing import availability, coverage, tables
from data_pipeline.etl.publishing.definition import Definition
from data_pipeline.etl.publishing.derived import refresh
from data_pipeline.etl.rehearsal.catalog import connect

ROWS = pa.schema(
    [
        ("day", pa.timestamp("us")),
        ("shop", pa.string()),
        ("_period", pa.string()),
        ("_available_at", pa.timestamp("us", "UTC")),
    ]
)
DAYS = Table("days", "SELECT day, count(*) AS orders FROM orders GROUP BY day", ("orders",))


def row(shop: str | None, month: str | None, since: datetime | None) -> dict:
    return {"day": datetime(2024, 1, 1), "shop": shop, "_period": month, "_available_at": since}  # noqa: DTZ001


def made(folder: Path, rows: list[dict], partition: tuple[str, ...] = ("shop", "_period")) -> dict[str, str]:
    """What a snapshot says of a table that is made of ``rows``, each of which came in a commit of its own."""
    at = connect(folder)
    definition = Definition(ROWS, "", {}, partition)
    for each in rows:
        tables.replace(at.load("orders", definition), [], [pa.Table.from_pylist([each], ROWS)], {})
    refresh(at, DAYS, {})
    return tables.properties_of(at.find("days").current_snapshot())


def test_what_is_made_says_the_months_and_the_first_time_of_each(tmp_path) -> None:
    """Also of rows whose time is not known, and nothing of rows without a month or a series."""
    later, sooner = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        row("north", "2024-02", later),
        row("north", "2024-02", sooner),
        row("north", "2024-01", later),
        row("south", "2023-12", None),
        row(None, "2024-01", later),
        row("south", None, later),
        row("a b", "2024-01", later),
        row("south", "2024", later),
    ]
    said = made(tmp_path, rows)
    assert said[coverage.COVERED] == "north 2024-01..2024-02; south 2023-12"
    assert availability.parse(said[availability.AVAILABLE]) == {
        ("north", "2024-01"): "2026-01-02T03:04:05Z",
        ("north", "2024-02"): "2026-01-01T00:00:00Z",
    }


@pytest.mark.parametrize("partition", [(), ("shop",), ("_period",), ("shop", "month(day)")])
def test_a_table_that_is_partitioned_otherwise_says_nothing(tmp_path, partition) -> None:
    """Its data files do not tell."""
    said = made(tmp_path, [row("north", "2024-01", datetime(2026, 1, 1, tzinfo=UTC))], partition)
    assert coverage.COVERED not in said
    assert availability.AVAILABLE not in said
