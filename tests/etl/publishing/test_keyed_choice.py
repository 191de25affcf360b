"""Whether keys are looked up, or the table is made anew."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from data_pipeline.etl.publishing import keyed, tables

MILLION = 1_000_000


def work(buckets: Any) -> Any:
    """Of a table that there is, with versions that nobody reads."""
    versions = SimpleNamespace(current_snapshot=lambda: SimpleNamespace(snapshot_id=2))
    given: list[Any] = [None, SimpleNamespace(name="orders"), object(), versions, None, None, buckets]
    return keyed._Work(*given)


@pytest.mark.parametrize(
    ("changed", "versions", "cluster", "anew"),
    [
        (1_300_000, 100 * MILLION, True, False),
        (keyed.MOST_ROWS, 100 * MILLION, True, False),
        (keyed.MOST_ROWS + 1, 100 * MILLION, True, True),
        (keyed.MOST_ROWS + 1, 100 * MILLION, False, False),
        (1_300_000, 5 * MILLION, False, True),
        (1_300_000, 6 * MILLION, False, False),
        (900_000, 900_000, True, False),
    ],
)
def test_a_table_is_made_anew_where_that_takes_less(changed, versions, cluster, anew):
    assert work(object() if cluster else None).too_many(changed, versions) is anew


def test_a_snapshot_that_does_not_tell_its_rows_has_not_expired(monkeypatch):
    """It is an error, and not a reason to make the table anew."""
    monkeypatch.setattr(tables, "properties_of", lambda _: {})
    monkeypatch.setattr(tables, "difference", lambda *_: ([], []))
    with pytest.raises(KeyError, match="total-records"):
        work(None).by_keys(1)
