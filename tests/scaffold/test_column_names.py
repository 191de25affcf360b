"""What a file calls its columns → names of columns."""

from __future__ import annotations

from data_pipeline.core.facts import dataset_limits
from data_pipeline.scaffold.column_names import column_names

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
