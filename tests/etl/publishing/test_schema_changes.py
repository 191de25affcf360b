"""Changes of columns: those that are made, by kind, and those that ask a question, by the question they ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import IntegerType, LongType, NestedField

from data_pipeline.etl import arrow_types
from data_pipeline.etl.documents import types
from data_pipeline.etl.documents.datasets import Column
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing import iceberg_types, schema_changes, tables
from data_pipeline.etl.publishing.definition import Definition
from data_pipeline.etl.publishing.schema_changes import Changes, anew, evolve
from data_pipeline.etl.rehearsal.catalog import connect

BEFORE = {
    "id": "int",
    "amount": "decimal(10,2)",
    "weight": "float",
    "day": "date",
    "place": "struct<city:string,zip:int>",
    "sizes": "list<int>",
    "_unit": "string",
}
ROW = {
    "id": 1,
    "amount": 2,
    "weight": 0.5,
    "day": None,
    "place": {"city": "Ulm", "zip": 7},
    "sizes": [1],
    "_unit": "u",
}
REBUILD = "run with --rebuild orders to make the table anew from its files"


def column(text: str, **more: Any) -> Column:
    """``id long?`` and so on."""
    name, _, type = text.partition(" ")
    return Column(name, type.rstrip("?"), type.endswith("?"), **more)


def columns(**changed: Any) -> list[Column]:
    """Those of before, some with another type or as another column, some left out as None; then others."""
    found = [changed.pop(name, name + " " + type) for name, type in BEFORE.items() if name != "_unit"]
    found += changed.values()
    return [each if isinstance(each, Column) else column(each) for each in found if each is not None]


@pytest.fixture
def at(tmp_path: Path) -> tables.Tables:
    """With a table ``orders`` of one row."""
    found = connect(tmp_path)
    schema = pa.schema([(name, arrow_types.to_arrow(types.parse(text))) for name, text in BEFORE.items()])
    table = found.load("orders", Definition(schema, "", {}, ("day(day)",)))
    tables.replace(table, [], [pa.Table.from_pylist([ROW], schema)], {})
    return found


def made(
    at: tables.Tables, changes: Changes, rows: list[dict[str, Any]] | None = None
) -> tuple[list[str], list[Any]]:
    """The columns after a commit that makes the changes and adds rows, or replaces all; and the rows."""
    table = at.find("orders")
    snapshots = len(table.metadata.snapshots)
    tables.replace(table, [], [], {}, changes.apply)
    table = at.find("orders")
    assert len(table.metadata.snapshots) == snapshots + 1
    named = [f"{f.name} {iceberg_types.of_iceberg(f.field_type)}" for f in table.schema().fields]
    return named, table.scan().to_arrow().to_pylist()


def before(**changed: str) -> list[str]:
    return [changed.get(name, f"{name} {of(text)!s}") for name, text in BEFORE.items()]


def of(text: str) -> types.Type:
    return arrow_types.of_arrow(arrow_types.to_arrow(types.parse(text)))


MADE = [
    (
        "a new column",
        columns(note="note string?"),
        [*before()[:-1], "note string", "_unit string"],
        {"note": None},
    ),
    ("int to long", columns(id="id long"), before(id="id long"), {}),
    ("float to double", columns(weight="weight double"), before(weight="weight double"), {}),
    ("more digits", columns(amount="amount decimal(12,2)"), before(amount="amount decimal(12,2)"), {}),
    ("may be null from now on", columns(id="id int?"), before(), {}),
    ("no longer null", columns(weight="weight float"), before(), {}),
    ("within a list", columns(sizes="sizes list<long>"), before(sizes="sizes list<long?>"), {}),
    (
        "within a struct",
        columns(place="place struct<city:string,zip:long,street:string?>"),
        before(place="place struct<city:string?,zip:long?,street:string?>"),
        {"place": {"city": "Ulm", "zip": 7, "street": None}},
    ),
]


@pytest.mark.parametrize(
    ("wanted", "named", "values"), [case[1:] for case in MADE], ids=[case[0] for case in MADE]
)
def test_what_is_made(at, wanted, named, values) -> None:
    """In one commit; the row that is there stays as it is."""
    found, (row,) = made(at, evolve("orders", at.find("orders"), wanted, ("day(day)",)))
    assert found == named
    assert row == {**ROW, **values}
    assert evolve("orders", at.find("orders"), wanted, ("day(day)",)) == Changes()


def test_nothing_changes(at) -> None:
    """A comment, a default and a name in the files are no change of a column that is there."""
    wanted = columns(id=column("id int", comment="its number", default="0", named=("ID",)))
    assert not evolve("orders", at.find("orders"), wanted, ("day(day)",))


def test_another_name(at) -> None:
    """``was`` renames once; afterwards, and for a name that never was, it says nothing."""
    wanted = columns(id=column("number long", was="id"), weight=column("weight float", was="mass"))
    found, (row,) = made(at, evolve("orders", at.find("orders"), wanted, ("day(day)",)))
    assert found == before(id="number long")
    assert row["number"] == 1
    assert evolve("orders", at.find("orders"), wanted, ("day(day)",)) == Changes()


def test_another_order(at) -> None:
    """Of old and new columns, in one commit; the tool's own columns stay last."""
    wanted = [column("note string?"), *reversed(columns())]
    changes = evolve("orders", at.find("orders"), wanted, ("day(day)",))
    found, (row,) = made(at, changes)
    assert [name.partition(" ")[0] for name in found] == [
        "note",
        "sizes",
        "place",
        "day",
        "weight",
        "amount",
        "id",
        "_unit",
    ]
    assert row == {**ROW, "note": None}


def test_another_partition(at) -> None:
    """Holds for what is written from now on; also of a renamed column, by which the table stays parted."""
    renamed = columns(day=column("date date", was="day"))
    assert evolve("orders", at.find("orders"), renamed, ("day(date)",)).partition is None
    changes = evolve("orders", at.find("orders"), renamed, ("month(date)", "id"))
    made(at, changes)
    table = at.find("orders")
    assert [(field.name, str(field.transform)) for field in table.spec().fields] == [
        ("date_month", "month"),
        ("id", "identity"),
    ]
    assert evolve("orders", table, renamed, ()).partition == ()
    made(at, evolve("orders", table, renamed, ()))
    assert at.find("orders").spec().fields == ()


def test_a_column_goes_only_if_the_run_is_told_so(at) -> None:
    wanted = columns(weight=None, sizes=None)
    with pytest.raises(JobError) as caught:
        evolve("orders", at.find("orders"), wanted, ("day(day)",), ["orders.sizes", "other.weight"])
    assert str(caught.value) == (
        "orders.weight is in the table and no longer among its columns: run with --drop-column orders.weight to drop "
        "it, or, if it has another name now, give that one was: weight"
    )
    dropped = ["orders.sizes", "orders.weight"]
    found, (row,) = made(at, evolve("orders", at.find("orders"), wanted, ("day(day)",), dropped))
    assert found == [text for text in before() if not text.startswith(("weight", "sizes"))]
    assert "weight" not in row


def test_a_column_that_never_was_cannot_go(at) -> None:
    """A misspelt name is no success; one that has gone already is none to complain of."""
    table = at.find("orders")
    with pytest.raises(JobError, match=r"^--drop-column orders\.wieght: .*; did you mean orders\.weight\?$"):
        evolve("orders", table, columns(), ("day(day)",), ["orders.wieght"])
    with pytest.raises(
        JobError, match=r"^--drop-column orders\.weight: it is still among the columns of orders"
    ):
        evolve("orders", table, columns(), ("day(day)",), ["orders.weight"])
    left = columns(weight=None)
    made(at, evolve("orders", table, left, ("day(day)",), ["orders.weight"]))
    assert not evolve("orders", at.find("orders"), left, ("day(day)",), ["orders.weight"])


def test_a_dropped_name_may_return_with_its_type(at) -> None:
    """Without its values; with another type it asks."""
    made(at, evolve("orders", at.find("orders"), columns(weight=None), ("day(day)",), ["orders.weight"]))
    with pytest.raises(
        JobError,
        match=r"^orders\.weight was dropped as float and returns as string: run with --rebuild orders",
    ):
        evolve("orders", at.find("orders"), columns(weight="weight string?"), ("day(day)",))
    _, (row,) = made(at, evolve("orders", at.find("orders"), columns(weight="weight float?"), ("day(day)",)))
    assert row["weight"] is None


OTHERS = "which Iceberg does not do to values that are there"
REFUSED = [
    ("amount", "decimal(10,2)", "amount decimal(12,3)", "decimal(12,3)", "it has another scale"),
    ("amount", "decimal(10,2)", "amount decimal(10,1)", "decimal(10,1)", "it has another scale"),
    ("amount", "decimal(10,2)", "amount decimal(9,2)", "decimal(9,2)", "it has fewer digits"),
    ("weight", "float", "weight int", "int", OTHERS),
    ("id", "int", "id string", "string", OTHERS),
    ("id", "int", "id double", "double", OTHERS),
    ("day", "date", "day timestamp", "timestamp", OTHERS),
    ("sizes", "list<int?>", "sizes list<string>", "list<string?>", OTHERS),
    ("sizes", "list<int?>", "sizes int", "int", OTHERS),
    ("place", "struct<city:string?,zip:int?>", "place struct<zip:int>", "struct<zip:int?>", OTHERS),
]


@pytest.mark.parametrize(("name", "old", "text", "new", "why"), REFUSED)
def test_what_asks_for_a_rebuild(at, name, old, text, new, why) -> None:
    """And the rebuild gives the table just these columns; but for that of the partition."""
    wanted = columns(**{name: text})
    with pytest.raises(JobError) as caught:
        evolve("orders", at.find("orders"), wanted, ("day(day)",))
    assert (
        str(caught.value) == f"orders.{name} is {old} in the table and cannot become {new}, {why}: {REBUILD}"
    )
    if name != "day":
        assert_anew(at, wanted)


@pytest.mark.parametrize("type", ["string?", "string"])
def test_a_new_column_with_a_default_asks_for_a_rebuild(at, type) -> None:
    wanted = columns(note=column(f"note {type}", default="x"))
    with pytest.raises(JobError) as caught:
        evolve("orders", at.find("orders"), wanted, ("day(day)",))
    assert str(caught.value) == f"orders.note is new, and rows that are there lack its default 'x': {REBUILD}"
    assert_anew(at, wanted)


def assert_anew(at: tables.Tables, wanted: list[Column]) -> None:
    table = at.find("orders")
    schema = pa.schema([(c.name, arrow_types.to_arrow(types.parse(c.type))) for c in wanted])
    files = tables.files_in(table, table.current_snapshot())
    rows = pa.Table.from_pylist([{c.name: None for c in wanted}], schema)
    tables.replace(table, files, [rows], {}, anew("orders", table, wanted, ("day(day)",)).apply)
    table = at.find("orders")
    assert [f"{f.name} {iceberg_types.of_iceberg(f.field_type)}" for f in table.schema().fields] == [
        f"{c.name} {of(c.type)}" for c in wanted
    ]
    assert table.scan().to_arrow().to_pylist() == rows.to_pylist()
    assert anew("orders", table, wanted, ("day(day)",)) == Changes()


def test_narrower_types(at) -> None:
    """long → int, double → float, timestamptz ↔ timestamp."""
    wider = columns(id="id long", weight="weight double", at=column("at timestamptz?"))
    made(at, evolve("orders", at.find("orders"), wider, ("day(day)",)))
    for changed in ({"id": "id int"}, {"weight": "weight float"}, {"at": "at timestamp?"}):
        wanted = {"id": "id long", "weight": "weight double", "at": "at timestamptz?", **changed}
        with pytest.raises(JobError, match="and cannot become"):
            evolve("orders", at.find("orders"), columns(**wanted), ("day(day)",))


def test_a_column_that_may_not_be_null(at) -> None:
    """Is new only in a table without rows."""
    wanted = columns(note="note string")
    with pytest.raises(JobError) as caught:
        evolve("orders", at.find("orders"), wanted, ("day(day)",))
    assert str(caught.value) == (
        f"orders.note is new and may not be null, and rows that are there have none: write string? or {REBUILD}"
    )
    schema = pa.schema([("id", pa.int32())])
    empty = at.load("empty", Definition(schema, "", {}))
    assert evolve("empty", empty, [column("id int"), column("note string")], ()).added


def test_a_former_name_that_is_still_a_column(at) -> None:
    wanted = columns(number=column("number int?", was="id"))
    with pytest.raises(JobError, match=r"^orders\.id: it is the former name of number, and still a column$"):
        evolve("orders", at.find("orders"), wanted, ("day(day)",))


def test_the_column_of_the_partition_stays(at) -> None:
    """Also after the table is no longer parted by it."""
    wanted = columns(day=None)
    message = (
        r"^orders\.day cannot be dropped, because the table is or was parted by it: keep it as a column$"
    )
    with pytest.raises(JobError, match=message):
        evolve("orders", at.find("orders"), wanted, (), ["orders.day"])
    made(at, evolve("orders", at.find("orders"), columns(), ()))
    with pytest.raises(JobError, match=message):
        evolve("orders", at.find("orders"), wanted, (), ["orders.day"])
    assert anew("orders", at.find("orders"), [column("id int")], ()).dropped == (
        "amount",
        "weight",
        "place",
        "sizes",
        "_unit",
    )


def test_all_questions_are_asked_at_once(at) -> None:
    wanted = columns(id="id string", weight=None, note="note string")
    with pytest.raises(JobError) as caught:
        evolve("orders", at.find("orders"), wanted, ("day(day)",))
    assert [text.split(" ")[0] for text in str(caught.value).split("; ")] == [
        "orders.id",
        "orders.note",
        "orders.weight",
    ]


def test_a_required_column_becomes_optional(at) -> None:
    """Tables that others made have such; rows with a null can follow."""
    table = at.catalog.create_table(
        (at.database, "theirs"),
        Schema(NestedField(1, "id", IntegerType(), required=True)),
        at.warehouse + "/theirs",
    )
    changes = evolve("theirs", table, [column("id long")], ())
    assert changes.optional == ("id",)
    schema = pa.schema([("id", pa.int64())])
    tables.replace(table, [], [pa.Table.from_pylist([{"id": None}], schema)], {}, changes.apply)
    field = at.find("theirs").schema().find_field("id")
    assert (field.required, field.field_type) == (False, LongType())
    assert schema_changes.evolve("theirs", at.find("theirs"), [column("id long")], ()) == Changes()
