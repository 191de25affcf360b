"""Results of Athena: every type, nulls beside empty texts, and two columns of one name."""

from __future__ import annotations

from datetime import UTC, date, datetime

from data_pipeline.features.athena_rows import rows


def test_types_and_nulls() -> None:
    """As in Athena's files: everything quoted, a null bare."""
    columns = [
        ("n", "bigint"),
        ("x", "double"),
        ("b", "boolean"),
        ("d", "date"),
        ("t", "timestamp"),
        ("s", "varchar"),
    ]
    content = (
        b'"n","x","b","d","t","s"\n'
        b'"12","1.5","true","2019-01-07","2019-01-07 13:45:00.000","a ""b"", c\nd"\n'
        b',,,,,""\n"-1","1.0E10","false","2019-01-08","2019-01-07 13:45:00.250001",\n'
    )
    found = rows(columns, content).to_pylist()
    first = datetime(2019, 1, 7, 13, 45)  # noqa: DTZ001 - a wall clock
    assert found[0] == {"n": 12, "x": 1.5, "b": True, "d": date(2019, 1, 7), "t": first, "s": 'a "b", c\nd'}
    assert found[1] == {"n": None, "x": None, "b": None, "d": None, "t": None, "s": ""}
    assert found[2]["x"] == 1e10
    assert found[2]["s"] is None


def test_zones_texts_and_equal_names() -> None:
    """A time in UTC is one; in another zone, as an array, it stays the text; two columns may be called the same."""
    kind = "timestamp with time zone"
    found = rows(
        [("t", kind), ("t", kind), ("a", "array")],
        b'"t","t","a"\n"2019-01-07 13:45:00.000 UTC","x Y","[1]"\n',
    )
    assert found.column(0).to_pylist() == [datetime(2019, 1, 7, 13, 45, tzinfo=UTC)]
    assert found.column(1).to_pylist() == ["x Y"]
    assert found.column(2).to_pylist() == ["[1]"]


def test_no_rows() -> None:
    """The columns are there."""
    assert rows([("n", "bigint")], b'"n"\n').schema.names == ["n"]


def test_nulls_of_a_single_column() -> None:
    """An empty line is a row, not nothing: Athena writes no quotes for a null."""
    found = rows([("n", "bigint")], b'"n"\n"1"\n\n"3"\n')
    assert found["n"].to_pylist() == [1, None, 3]
