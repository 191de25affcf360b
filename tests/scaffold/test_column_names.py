"""What a file calls its columns → names of columns."""

from __future__ import annotations

import pytest

from data_pipeline.core.facts import dataset_limits
from data_pipeline.scaffold.column_names import column_names, dataset_name

NAMES = [
    "order_id",
    "Order Id",
    "VendorID",
    "größe",
    "€",
    "",
    "a",
    "A",
    "2024",
    "_row",
    "x" * 300,
    "Été (°C)",
]


def test_every_name_is_one_that_is_taken() -> None:
    """Each its own; a name that is right stays."""
    found = column_names(NAMES, taken=["a_2"])
    assert list(found) == NAMES
    assert len(set(found.values())) == len(NAMES)
    assert all(dataset_limits.column_name(name) == name for name in found.values())
    assert [found[name] for name in NAMES[:6]] == [
        "order_id",
        "order_id_2",
        "vendor_id",
        "grosse",
        "column_5",
        "column_6",
    ]
    assert (found["a"], found["A"], found["2024"], found["Été (°C)"]) == ("a", "a_3", "c_2024", "ete_c")


@pytest.mark.parametrize(
    ("pattern", "where", "expected"),
    [
        ("orders/{year}/{month}/{day}/part-*.json.gz", "/tmp/data", "orders"),
        ("weather_{year}-{month}.csv", "/tmp/data", "weather"),
        ("{year}-{month}-{day}.csv", "/tmp/My Readings/", "my_readings"),
        ("dt={year}-{month}-{day}/part-*.parquet", "s3://bucket/sales", "sales"),
        ("*.csv", "x.csv", "x"),
        ("item_versions.csv", "x", "item"),
        ("*.csv", "1_€/", "c_1"),
        ("*.csv", "/", "records"),
    ],
)
def test_a_data_set_is_called_as_its_files_are(pattern: str, where: str, expected: str) -> None:
    assert dataset_name(pattern, where) == expected
    assert dataset_limits.dataset_name(expected) == expected
