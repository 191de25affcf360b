"""Of which periods and series coverage says that somebody let something through."""

from __future__ import annotations

import pytest

from data_pipeline.core.progress import coverage_text
from data_pipeline.core.progress.coverage import ACCEPTED, Acceptance, PublishedFile, coverage
from data_pipeline.etl.documents import patterns

MONTHLY = [patterns.parse("orders/{country}/{year}-{month}.csv")]
DE = (("country", "de"),)


@pytest.mark.parametrize(
    ("source", "version", "periods"),
    [
        ("orders/de/2024-01.csv", "1", ["2024-01"]),
        ("orders/de/2024-01.csv", "0", ["2024-01"]),
        ("orders 2024-02 country=de", "d1", ["2024-02"]),
        ("orders", "", ["2024-01", "2024-02"]),
    ],
)
def test_let_through_is_what_the_run_that_did_has_published(
    source: str, version: str, periods: list[str]
) -> None:
    """A file, a period, or all that the run has read; not what a later run has read again."""
    files = [
        PublishedFile(f"orders/de/2024-0{n}.csv", f"2024-0{n}", DE, "1", 100, 0, 10, run)
        for n, run in ((1, "r1"), (2, "r1"), (3, "r2"))
    ]
    through = [Acceptance("r1", "ann", "orders", "unique(id)", source, version)]
    found = coverage("orders", MONTHLY, files, None, accepted=through)
    assert [each.period for each in found.accepted] == periods
    assert found.count(ACCEPTED) == len(periods)
    assert f"  {periods[0]} country=de let through by ann: unique(id) (run r1)" in [
        *coverage_text.lines(found)
    ]
    assert coverage("orders", MONTHLY, files[2:], None, accepted=through).accepted == ()


@pytest.mark.parametrize(
    ("source", "rule", "paths"),
    [
        ("orders 2024-02 country=de, kind=a", "missing-windows", ["de/a/2024-02"]),
        ("orders 2024-02 country=de", "missing-windows", ["de/a/2024-02", "de/b/2024-02"]),
        ("orders 2024-02 country=de, kind=b amount", "drift", ["de/b/2024-02"]),
        ("orders 2024-02 amount", "drift", ["de/a/2024-02", "de/b/2024-02", "d/a/2024-02"]),
        ("orders 2024-02 shop=1", "missing-windows", ["de/a/2024-02", "de/b/2024-02", "d/a/2024-02"]),
        ("orders 2024 country=de, kind=a", "missing-windows", ["de/a/2024-01", "de/a/2024-02"]),
        ("orders country=d, kind=a", "freshness", ["d/a/2024-02"]),
        ("fr/a/2024-02", "quarantined-share", []),
        ("orders 2024-02.csv", "quarantined-share", []),
        ("de/a/2024-02", "quarantined-share", ["de/a/2024-02"]),
        ("orders", "unique(id)", ["de/a/2024-01", "de/a/2024-02", "de/b/2024-02", "d/a/2024-02"]),
    ],
)
def test_what_was_let_through_of_one_series_is_said_of_no_other(
    source: str, rule: str, paths: list[str]
) -> None:
    """Nor of another file of the same period; what a source does not name may be any."""
    files = {}
    for path in ("de/a/2024-01", "de/a/2024-02", "de/b/2024-02", "d/a/2024-02"):
        country, kind, period = path.split("/")
        parts = (("country", country), ("kind", kind))
        files[path] = PublishedFile(path, period, parts, "1", 100, 0, 10, "r1")
    pattern = [patterns.parse("{country}/{kind}/{year}-{month}")]
    through = [Acceptance("r1", "ann", "orders", rule, source, "")]
    found = coverage("orders", pattern, files.values(), None, accepted=through).accepted
    assert [(each.period, each.parts) for each in found] == sorted(
        (files[path].period, files[path].parts) for path in paths
    )
