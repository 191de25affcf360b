"""JSON lines and Parquet files → their columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.core.errors import UserError
from data_pipeline.scaffold import csv_columns, json_columns, parquet_columns, samples
from data_pipeline.scaffold.folder import Folder
from data_pipeline.scaffold.proposal import Columns
from data_pipeline.scaffold.samples import Head


def types(found: Columns) -> dict[str, str]:
    return {each.name: f"{each.type}{'?' if each.nullable else ''}" for each in found.columns}


def of_json(*rows: Any) -> Columns:
    return json_columns.columns([Head("a.json", "\n".join(map(json.dumps, rows)).encode(), True)])


JSON = {
    "leaves": (
        [{"a": 1, "b": 1.5, "c": True, "d": "x"}],
        {"a": "int", "b": "double", "c": "boolean", "d": "string"},
    ),
    "null": ([{"a": 1, "b": None}, {"a": None, "b": None}, {"b": None}], {"a": "int?", "b": "string?"}),
    "texts of numbers": ([{"a": "1"}, {"a": "2"}], {"a": "string"}),
    "numbers and their texts": ([{"a": "1"}, {"a": 2}], {"a": "int"}),
    "beyond 64 bits": ([{"a": 10**25}], {"a": "decimal(38,0)"}),
    "times": ([{"a": "2024-01-31T05:06:07Z", "b": "2024-01-31"}], {"a": "timestamptz", "b": "date"}),
    "struct": (
        [{"a": {"b": 1, "c": {"d": "x"}}}, {"a": {"b": None, "c": {"d": "y"}}}, {}],
        {"a": "struct<b:int?,c:struct<d:string>>?"},
    ),
    "list": ([{"a": [1, None]}, {"a": []}], {"a": "list<int?>"}),
    "empty lists": ([{"a": []}], {"a": "list<string?>"}),
    "list of structs": ([{"a": [{"b": 1}, {"b": 2, "c": "x"}]}], {"a": "list<struct<b:int,c:string?>>"}),
    "list of lists": ([{"a": [[1.5], [2]]}], {"a": "list<list<double>>"}),
    "money": ([{"amount": 1.5}, {"amount": 2}], {"amount": "decimal(12,2)"}),
}


@pytest.mark.parametrize("case", JSON)
def test_json_lines(case: str) -> None:
    rows, expected = JSON[case]
    assert types(of_json(*rows)) == expected


def test_what_json_cannot_be_a_column_is_left_out() -> None:
    """Maps, empty objects, values of several kinds; fields that Athena cannot tell apart."""
    rows = [
        {
            "id": n,
            "map": {f"k{n}": 1},
            "no": {},
            "mixed": n if n % 2 else [n],
            "s": {"A": 1, "a": 2, "b c": 3, "d": 4},
        }
        for n in range(40)
    ]
    found = of_json(*rows)
    assert types(found) == {"id": "int", "s": "struct<d:int>"}
    assert found.left_out == (
        "map: objects whose keys are data; a map is not read",
        "no: empty objects in the rows looked at",
        "mixed: its values are of several kinds: number, list",
    )
    assert sum("is left out: no name that Athena can tell apart" in each for each in found.unsure) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'[{"a": 1}]', "one JSON array"),
        (b'{\n"a": 1\n}', "JSON over several lines"),
        (b"x", "no JSON object"),
    ],
)
def test_other_json_is_refused_with_what_mends_it(text: bytes, said: str) -> None:
    with pytest.raises(UserError, match=f"^a.json: found {said}.*nothing was changed"):
        json_columns.columns([Head("a.json", text, True)])


def of_parquet(folder: Path, *tables: pa.Table) -> Columns:
    for at, table in enumerate(tables):
        pq.write_table(table, folder / f"{at}.parquet")
    source = Folder(folder, str(folder))
    return parquet_columns.columns([parquet_columns.head(source, path, "", {}) for path in source.paths()])


PARQUET = {
    "int": (pa.array([1], pa.int8()), "int"),
    "uint16": (pa.array([1], pa.uint16()), "int"),
    "uint32": (pa.array([1], pa.uint32()), "long"),
    "uint64": (pa.array([1], pa.uint64()), "decimal(20,0)"),
    "float": (pa.array([1], pa.float32()), "float"),
    "decimal": (pa.array([1], pa.decimal128(9, 2)), "decimal(9,2)"),
    "date": (pa.array([1], pa.date32()), "date"),
    "timestamp": (pa.array([1], pa.timestamp("ns")), "timestamp"),
    "timestamptz": (pa.array([1], pa.timestamp("ms", "UTC")), "timestamptz"),
    "dictionary": (pa.array(["a"]).dictionary_encode(), "string"),
    "bytes": (pa.array([b"a"]), "string"),
    "list": (pa.array([[1]]), "list<long?>"),
    "struct": (pa.array([{"a": 1, "b": None}]), "struct<a:long?,b:string?>"),
    "null": (pa.nulls(1), "string"),
}


@pytest.mark.parametrize("case", PARQUET)
def test_the_types_of_parquet(case: str, tmp_path: Path) -> None:
    """They may be null, as the schema says."""
    array, expected = PARQUET[case]
    assert types(of_parquet(tmp_path, pa.table({"x": array}))) == {"x": f"{expected}?"}


def test_a_required_column_of_parquet_is_required(tmp_path: Path) -> None:
    schema = pa.schema([pa.field("x", pa.int32(), nullable=False)])
    assert types(of_parquet(tmp_path, pa.table({"x": [1]}, schema))) == {"x": "int"}


def test_what_is_stored_otherwise_is_left_out(tmp_path: Path) -> None:
    table = pa.table(
        {
            "x": [1],
            "t": pa.array([1], pa.time64("us")),
            "m": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())),
            "b": pa.array([b"\xff\xfe"]),
        }
    )
    found = of_parquet(tmp_path, table)
    assert types(found) == {"x": "long?"}
    assert [each.partition(":")[0] for each in found.left_out] == ["t", "m", "b"]


def test_columns_of_several_parquet_files(tmp_path: Path) -> None:
    """The type that reads both; what is missing in one of them is null there; cases alone make no other column."""
    found = of_parquet(
        tmp_path,
        pa.table({"Id": pa.array([1], pa.int32()), "old": ["a"], "n": [1], "m": pa.nulls(1)}),
        pa.table({"id": pa.array([1], pa.int64()), "n": [1.5], "m": ["x"]}),
    )
    assert types(found) == {"id": "long?", "n": "double?", "m": "string?", "old": "string?"}
    by_name = {each.name: each for each in found.columns}
    assert by_name["id"].named == ("id", "Id")
    assert by_name["old"].default == ""


def test_a_damaged_parquet_file_is_refused_if_it_is_the_only_one(tmp_path: Path) -> None:
    (tmp_path / "0.parquet").write_bytes(b"PAR1 no PAR1")
    source = Folder(tmp_path, "x")
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        parquet_columns.columns([parquet_columns.head(source, "0.parquet", "", {})])


def of_csv(*files: bytes) -> Columns:
    return csv_columns.columns([Head(f"{at}.csv", text, True) for at, text in enumerate(files)], tabs=False)


def test_columns_of_several_csv_files() -> None:
    """Of a column that some lack, of names that differ in case, of one that stands twice."""
    found = of_csv(b"Id,x,x,gone\n1,2,3,a\n", b"id,x,x,new\n1,2,3,4\n", b"id,x,x,new\n5,6,7,\n")
    assert types(found) == {"id": "int", "new": "int?", "gone": "string?"}
    assert {each.name: each.named for each in found.columns} == {"id": ("id", "Id"), "new": (), "gone": ()}
    assert {each.name: each.default for each in found.columns} == {"id": None, "new": "", "gone": ""}
    assert found.left_out == ("'x' stands more than once in a header",)


def test_the_options_of_csv_files() -> None:
    found = of_csv("Tag;Größe;n\n31.01.2024;1,5;NA\n01.02.2024;2,25;3\n".encode("cp1252"))
    assert found.options == {
        "delimiter": ";",
        "nulls": ["", "NA"],
        "encoding": "windows-1252",
        "decimal": ",",
        "date_format": "%d.%m.%Y",
    }
    assert types(found) == {"tag": "date", "grosse": "double", "n": "int?"}


def test_files_of_other_columns_are_strange_ones() -> None:
    """They go by the newest file."""
    found = of_csv(b"a,b,c\n1,2,3\n", b"x,y,z\n1,2,3\n", b"")
    assert list(types(found)) == ["x", "y", "z"]
    assert found.strange == ("0.csv",)


def test_rows_of_a_header_that_is_shorter_are_no_rows() -> None:
    """What they hold is left to who looks at the accounting."""
    assert types(of_csv(b"a,b\n1,2,\n3,4,\n")) == {"a": "string?", "b": "string?"}


def test_utf16_without_a_mark_is_refused() -> None:
    """What reads the files would take it for no text."""
    with pytest.raises(UserError, match=r"^0[.]csv: found bytes that are no text"):
        samples.refuse_what_is_no_text([Head("0.csv", "a,b\n1,2\n".encode("utf-16-le"), True)])
