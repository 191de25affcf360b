"""summary.json → the rows of its table."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.core.progress.summary import DatasetRow, Row, locations, noticed, of_datasets, table


def file(source: str, read: int = 10, quarantined: int = 0, error: str | None = None) -> dict[str, Any]:
    return {
        "source": source,
        "rows_read": read,
        "rows_counted": read - quarantined,
        "rows_quarantined": quarantined,
        "error": error,
    }


def summary(*files: dict[str, Any]) -> dict[str, Any]:
    rows = {
        "read": sum(f["rows_read"] for f in files),
        "counted": sum(f["rows_counted"] for f in files),
        "quarantined": sum(f["rows_quarantined"] for f in files),
    }
    return {
        "rows": rows,
        "files": list(files),
        "windows": 3,
        "tables": {},
        "export": None,
        "quarantine": None,
    }


def test_every_file_has_a_row_and_the_total_is_the_jobs_own() -> None:
    """Rows are in the order of their names, whatever the order of the summary."""
    shown = table(summary(file("b.csv", 5, 1), file("a.csv")))
    assert shown.rows == (Row("a.csv", 10, 10, 0), Row("b.csv", 5, 4, 1))
    assert (shown.total, shown.left_out, shown.failed) == (Row("2 files", 15, 14, 1), None, 0)


def test_a_long_list_keeps_what_went_wrong_and_adds_up_the_rest() -> None:
    """Failed files first, then those with quarantined rows; what is shown and left out is the total."""
    good = [file(f"{n:03}.csv") for n in range(500)]
    bad = file("zz.csv", 0, error="is an HTML page")
    shown = table(summary(*good, file("z.csv", 7, 2), bad), shown=3)
    assert [row.label for row in shown.rows] == ["000.csv", "z.csv", "zz.csv"]
    assert shown.rows[-1].note == "is an HTML page"
    assert shown.left_out == Row("… 499 more", 4990, 4990, 0)
    assert shown.failed == 1
    assert shown.total.read == sum(row.read for row in shown.rows) + shown.left_out.read


def test_failed_files_that_are_left_out_are_counted() -> None:
    """More failures than rows to show: the row of the rest says how many."""
    shown = table(summary(*(file(f"{n}.csv", 0, error="bad") for n in range(5))), shown=2)
    assert shown.left_out == Row("… 3 more", note="3 of them failed")
    assert shown.failed == 5


def test_nothing_read_is_a_table_too() -> None:
    """A run over no rows has zeros, and over one file says so in the singular."""
    assert table(summary()).total == Row("0 files")
    assert table(summary(file("a.csv", 0))).total == Row("1 file")


@pytest.mark.parametrize("quarantined", [0, 2])
def test_locations(quarantined: int) -> None:
    """Features first, then tables with their snapshots; quarantine only where there is something in it."""
    document = summary(file("a.csv", 5, quarantined)) | {
        "export": "s3://b/output/export/X.parquet",
        "quarantine": "s3://b/output/quarantine/run=r/",
        "tables": {"trip_counts": {"snapshot": "1", "rows": 4}, "ride_counts": {"snapshot": "2", "rows": 3}},
    }
    found = locations(document, "nyc_tlc_dev", "s3://b/s.json")
    assert [entry for entry in found if entry[0] != "quarantine"] == [
        ("features", "s3://b/output/export/X.parquet"),
        ("table", "nyc_tlc_dev.ride_counts, 3 rows, snapshot 2"),
        ("table", "nyc_tlc_dev.trip_counts, 4 rows, snapshot 1"),
        ("summary", "s3://b/s.json"),
    ]
    assert (("quarantine", "s3://b/output/quarantine/run=r/") in found) == bool(quarantined)


def dataset(read: int, quarantined: int = 0, **reasons: int) -> dict[str, Any]:
    rows = {"read": read, "accepted": read - quarantined, "quarantined": quarantined}
    return {
        "rows": rows,
        "files": {"read": 2, "failed": 0},
        "reasons": {k.replace("_", "-"): n for k, n in reasons.items()},
    }


def test_data_sets_have_a_row_each_and_one_of_all() -> None:
    """With why rows are in quarantine, the most frequent reason first."""
    many = dict(zip("abcdef", range(6, 0, -1), strict=True))
    given = {
        **summary(),
        "datasets": {"orders": dataset(10, 3, not_int=1, null=2), "weather": dataset(30, 21, **many)},
    }
    rows, total = of_datasets(given)
    assert rows == (
        DatasetRow("orders", 2, 10, 7, 3, "null 2, not-int 1"),
        DatasetRow("weather", 2, 30, 9, 21, "a 6, b 5, c 4, d 3, e 2, 1 other reason"),
    )
    assert total == DatasetRow("2 data sets", 4, 40, 16, 24)


def test_what_a_reader_should_know_of_data_sets() -> None:
    """Files that could not be read, one for each reason, and the rules that warn."""
    bad = [file(f"{n:02}.csv", 0, error=f"no column {'amount' if n < 3 else n}") for n in range(14)]
    warning = {"rule": "rows-of-median", "source": "orders: 2024-01", "value": 0.1, "limit": 2.0}
    found = noticed({**summary(*bad, file("z.csv")), "quality": {"warnings": [warning]}})
    assert found[0] == ("unreadable", "00.csv and 2 more: no column amount")
    assert found[1] == ("unreadable", "03.csv: no column 3")
    refused = noticed(summary(file("a.csv", 2, 2), file("b.csv", 1, 1), file("c.csv", 3, 2)))
    assert refused == [("unreadable", "a.csv: all of its rows are refused")]
    assert found[10:] == [
        ("", "and 2 more"),
        ("warning", "rows-of-median of orders: 2024-01: 0.1, limit 2"),
    ]


def test_of_many_warnings_of_one_rule_a_few_are_told() -> None:
    """And how many more there are; other rules behind them are told as before."""
    many = [{"rule": "drift", "source": f"orders {n}", "value": 0.5, "limit": 0.25} for n in range(8)]
    other = {"rule": "freshness", "source": "orders", "value": 50.0, "limit": 48.0}
    found = noticed({**summary(file("a.csv")), "quality": {"warnings": [*many[:6], other, *many[6:]]}})
    assert found == [
        *(("warning", f"drift of orders {n}: 0.5, limit 0.25") for n in range(5)),
        ("", "and 3 more of drift; all: --json"),
        ("warning", "freshness of orders: 50 hours, limit 48 hours"),
    ]


def test_where_the_exports_and_tables_of_data_sets_are() -> None:
    """A table without a commit is unchanged."""
    given = {
        **summary(file("a.csv")),
        "export": "s3://b/x.parquet",
        "exports": ["s3://b/x.parquet"],
        "tables": {
            "orders": {"snapshot": "7", "committed": True},
            "weather": {"snapshot": "8", "committed": False},
        },
    }
    assert locations(given, "shop_dev", "s3://b/summary.json") == [
        ("export", "s3://b/x.parquet"),
        ("table", "shop_dev.orders, snapshot 7"),
        ("table", "shop_dev.weather, snapshot 8, unchanged"),
        ("summary", "s3://b/summary.json"),
    ]


@pytest.mark.parametrize(
    ("pruned", "said"), [(0, ""), (1, "rows of 1 file pruned"), (1200, "rows of 1,200 files pruned")]
)
def test_what_was_pruned_is_told(pruned: int, said: str) -> None:
    """A run that only prunes reads nothing, and is not for nothing."""
    given: Any = {"datasets": {"orders": {"pruned": pruned}}}
    assert of_datasets(given)[0] == (DatasetRow("orders", 0, 0, 0, 0, said),)


def test_what_was_erased_is_told() -> None:
    """Rows that were left out beside the reasons, and what became of the keys; a file of these alone is usable."""
    done = {
        "rows": {"orders": 1, "orders_versions": 3},
        "snapshots": {"orders": 2, "orders_versions": 2},
        "files": 9,
        "texts": 1,
        "kept": [{"table": "orders", "snapshot": "7", "refs": ["dataset.next.0"]}],
        "waits": [],
        "ingests": ["orders"],
        "error": None,
    }
    summary = {
        "files": [
            {
                "source": "a.csv",
                "rows_read": 2,
                "rows_counted": 0,
                "rows_quarantined": 0,
                "rows_erased": 2,
                "error": None,
            }
        ],
        "datasets": {"orders": {"rows": {"read": 2, "accepted": 0, "quarantined": 0, "erased": 2}}},
        "erasures": {"orders": done, "people": {**done, "waits": ["counted"]}},
    }
    rows, _ = of_datasets(summary)  # type: ignore[arg-type]
    assert rows[0].reasons == "2 erased"
    assert noticed(summary) == [  # type: ignore[arg-type]
        ("erased", "orders: rows 1 of orders, 3 of orders_versions; snapshots 4, files 9, raw texts 1"),
        ("erased", "orders: the snapshots of orders that feature stores have go with the next run"),
        ("erased", "orders: kept in snapshot 7 of orders by dataset.next.0"),
        ("erased", "people: not done: it waits for counted"),
    ]
