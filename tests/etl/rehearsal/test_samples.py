"""Rows to look at: few of many, and values as JSON has them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from data_pipeline.etl.documents.rehearsal import LONGEST
from data_pipeline.etl.reading.quarantine import Quarantine, Refused
from data_pipeline.etl.rehearsal import samples


def test_few_refused_rows_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of each reason, the most frequent reason first, also where whole batches have none that is wanted."""
    monkeypatch.setattr(samples, "BATCH", 10)
    rows = {"a.csv": [*["null"] * 95, "odd"], "b.csv": ["rare", "null", "odd", "odd"]}
    for path, reasons in rows.items():
        with Quarantine(tmp_path / f"{path}.parquet", path, 1000) as quarantine:
            quarantine.add(Refused(n, reason, f"{path} {n}", "id") for n, reason in enumerate(reasons, 1))
    counted = {path: {reason: reasons.count(reason) for reason in reasons} for path, reasons in rows.items()}
    found = samples.refused(str(tmp_path), counted, 2)
    assert [(row["reason"], row["path"], row["row"], row["raw"], row["column"]) for row in found] == [
        ("null", "a.csv", 1, "a.csv 1", "id"),
        ("null", "a.csv", 2, "a.csv 2", "id"),
        ("odd", "a.csv", 96, "a.csv 96", "id"),
        ("odd", "b.csv", 3, "b.csv 3", "id"),
        ("rare", "b.csv", 1, "b.csv 1", "id"),
    ]
    assert samples.refused(str(tmp_path), counted, 0) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (0.5, 0.5),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (Decimal("1.50"), "1.50"),
        (date(2024, 1, 2), "2024-01-02"),
        (datetime(2024, 1, 2, 3, tzinfo=UTC), "2024-01-02T03:00:00+00:00"),
        (b"\x00\xff", "00ff"),
        ([{"a": Decimal(1)}, None], [{"a": "1"}, None]),
        ("x" * LONGEST, "x" * LONGEST),
        ("x" * 3000, "x" * (LONGEST - 1) + "…"),
    ],
)
def test_values_as_json_has_them(value: Any, said: Any) -> None:
    """Nothing that JSON does not know, and no text of any length."""
    assert samples.plain(value) == said
