"""Files as they come: compressed, damaged, encoded, with other headers; checks, personal data, readers of one's own."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import subprocess
import sys
from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pytest
import zstandard
from etl.reading import independent
from etl.reading.outcomes import dataset, outcome, written
from etl.reading.test_casts import plain
from etl.reading.test_json_random import alike
from paths import ROOT

from data_pipeline.etl.documents.datasets import Column
from data_pipeline.etl.errors import FileError, JobError
from data_pipeline.etl.reading import csv_blocks
from data_pipeline.etl.reading.files import reader
from data_pipeline.etl.reading.protocol import SourceFile

AB = {"a": "int", "b": "string?"}
COMPRESSED = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}
ROWS = "".join(f"{n},x{n * 7919 % 1000}\n" for n in range(2_000))


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_compressed_files_are_read_to_their_end(suffix, tmp_path):
    """Also where several were put together."""
    whole = COMPRESSED[suffix](b"a,b\n") + COMPRESSED[suffix](ROWS.encode())
    found = outcome(written(tmp_path / f"a.csv{suffix}", whole), dataset(AB))
    assert (found.rows.read, found.rows.accepted) == (2_000, 2_000)
    lines = COMPRESSED[suffix](b'{"a":1}\n{"a":2}\n')
    assert outcome(written(tmp_path / f"a.json{suffix}", lines), dataset(AB, "json")).rows.accepted == 2


@pytest.mark.parametrize("suffix", COMPRESSED)
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_damaged_or_cut_off_file_is_unreadable(suffix, kind, tmp_path):
    """Whatever of it could be read does not count."""
    content = f"a,b\n{ROWS}" if kind == "csv" else "".join(f'{{"a":{n}}}\n' for n in range(2_000))
    whole = COMPRESSED[suffix](content.encode())
    damaged = [whole[:size] for size in (1, 5, len(whole) // 2, len(whole) - 5, len(whole) - 1, 0)]
    damaged += [whole + b"more", whole[: len(whole) // 2] + b"\0\0\0\0" + whole[len(whole) // 2 + 4 :]]
    for each in damaged:
        with pytest.raises(FileError, match=r"damaged|cut off|it is empty"):
            outcome(written(tmp_path / f"a.{kind}{suffix}", each), dataset(AB, kind))


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_a_compressed_file_with_a_plain_name_is_named(suffix, tmp_path):
    """And a plain one with a compressed name, and another format."""
    with pytest.raises(FileError, match="which its name does not say"):
        outcome(written(tmp_path / "a.csv", COMPRESSED[suffix](b"a,b\n1,x\n")), dataset(AB))
    with pytest.raises(FileError, match="damaged"):
        outcome(written(tmp_path / f"a.csv{suffix}", "a,b\n1,x\n"), dataset(AB))
    twice = COMPRESSED[suffix](COMPRESSED[suffix](b"a,b\n1,x\n"))
    with pytest.raises(
        FileError, match=r"decompressed as .* it is a .* file, no text; it may be compressed once"
    ):
        outcome(written(tmp_path / f"a.csv{suffix}", twice), dataset(AB))
    with pytest.raises(FileError, match="not a Parquet file"):
        outcome(written(tmp_path / "a.parquet", "a,b\n1,x\n"), dataset(AB, "parquet"))


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "naïve €"),
        ("latin-1", "é"),
        ("utf-16", "né€😀"),
        ("utf-16-le", "é"),
        ("cp037", "plain"),
        ("utf-8-sig", "é"),
    ],
)
def test_encodings(encoding, text, tmp_path):
    """Of CSV and of JSON."""
    content = f"a,b\n1,{text}\r\n2,x\n".encode(encoding)
    found = outcome(written(tmp_path / "a.csv", content), dataset(AB, encoding=encoding))
    assert found.table["b"].to_pylist() == [text, "x"]
    lines = f'{{"a":1,"b":"{text}"}}\n'.encode(encoding)
    found = outcome(written(tmp_path / "a.json", lines), dataset(AB, "json", encoding=encoding))
    assert found.table["b"].to_pylist() == [text]


def test_utf16_without_a_byte_order_mark_makes_a_file_unreadable(tmp_path):
    """Nothing says which of the two it is."""
    content = "a,b\n1,x\n".encode("utf-16-be")
    with pytest.raises(FileError, match="no text in the data set's encoding"):
        outcome(written(tmp_path / "a.csv", content), dataset(AB, encoding="utf-16"))


def test_bytes_that_the_encoding_does_not_have_refuse_their_row(tmp_path, monkeypatch):
    """0x81 is none of cp1252, a lone surrogate none of UTF-16; a row that is cut at a block's end is one."""
    monkeypatch.setattr(csv_blocks, "BLOCK", 5)
    found = outcome(written(tmp_path / "a.csv", b"a,b\n1,\x81\n2,\xe9\n"), dataset(AB, encoding="cp1252"))
    assert found.reasons == {1: "encoding"}
    assert found.table["b"].to_pylist() == ["é"]
    content = "a,b\n1,".encode("utf-16") + b"\x00\xd8" + "\n2,é\n".encode("utf-16-le")
    found = outcome(written(tmp_path / "a.csv", content), dataset(AB))
    assert found.reasons == {1: "encoding"}
    assert found.table["b"].to_pylist() == ["é"]


def test_a_file_without_a_byte_or_a_row_has_no_rows(tmp_path):
    """It is no fault."""
    for content in ("", "\n\r\n", "\ufeff", "a,b", "a,b\n", "a,b\n\n\n"):
        assert outcome(written(tmp_path / "a.csv", content), dataset(AB)).rows.read == 0
    for content in ("", "\n \n", "\ufeff"):
        assert outcome(written(tmp_path / "a.json", content), dataset(AB, "json")).rows.read == 0


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (
            "A,b",
            r"no column a, the nearest is A \(if it is meant, write a: \S+ A\); found: A, b; expected: a, b",
        ),
        ("b", "no column a; found: b; expected: a, b"),
        ("a,b,a", "column a is there more than once, as a, a"),
        ('"a,b', "a quote that does not close"),
        ("\xff", None),
        ("a;b", "no column a; found: a;b; expected: a, b"),
    ],
)
def test_another_header_makes_the_file_unreadable(header, said, tmp_path):
    """Both headers are named, and the nearest column."""
    content = header.encode("latin-1") + b"\n1,x\n"
    with pytest.raises(FileError, match=said or "no text in the data set's encoding"):
        outcome(written(tmp_path / "a.csv", content), dataset(AB))


def test_columns_go_by_any_of_their_names(tmp_path):
    """In any order; the others are named, and a column with a default may be missing."""
    columns = {
        "order": Column("order", "int", False, ("order", "Order No")),
        "shop": Column("shop", "string", False, default="web"),
        "gift": Column("gift", "boolean", True, default=""),
    }
    found = outcome(written(tmp_path / "a.csv", "x, Order No ,y,x\n1,2,3,4\n"), dataset(columns))
    assert found.table.drop(["_row"]).to_pylist() == [{"order": 2, "shop": "web", "gift": None}]
    assert found.rows.columns_ignored == ("x", "y")
    with pytest.raises(FileError, match="more than once, as order, Order No"):
        outcome(written(tmp_path / "a.csv", "order,Order No\n1,2\n"), dataset(columns))
    with pytest.raises(FileError, match="no column order or Order No, the nearest is order_no"):
        outcome(written(tmp_path / "a.csv", "order_no\n1\n"), dataset(columns))
    columns["gift"] = Column("gift", "boolean", True)
    with pytest.raises(FileError, match=r"no column gift.*if files may lack it, give it a default"):
        outcome(written(tmp_path / "a.csv", "order\n1\n"), dataset(columns))


def test_a_default_stands_for_null(tmp_path):
    """Written as the file's values are."""
    columns = {"a": Column("a", "decimal(4,2)", False, default="1,5"), "b": "string?"}
    found = outcome(
        written(tmp_path / "a.csv", "a;b\n;x\n2,25;\n"), dataset(columns, delimiter=";", decimal=",")
    )
    assert found.table["a"].to_pylist() == [Decimal("1.50"), Decimal("2.25")]
    assert found.table["b"].to_pylist() == ["x", None]
    with pytest.raises(JobError, match="its default 'x' is no int"):
        reader(dataset({"a": Column("a", "int", default="x")}))


def test_without_a_header_columns_go_by_position(tmp_path):
    """A row has as many fields as the data set has columns."""
    found = outcome(written(tmp_path / "a.csv", "1,x\n2\n3,y,z\n"), dataset(AB, header=False))
    assert found.table.to_pylist() == [{"a": 1, "b": "x", "_row": 1}]
    assert found.reasons == {2: "field-count", 3: "field-count"}


@pytest.mark.parametrize(
    ("delimiter", "quote"), [("§", '"'), (";", "«"), ("|", ""), ("\t", "'"), ("::", '"')]
)
def test_any_delimiter_and_quote(delimiter, quote, tmp_path):
    """Those of several bytes are taken apart record by record."""
    content = f"a{delimiter}b\n1{delimiter}{quote}x{delimiter if quote else ''}y{quote}\n2{delimiter}\n"
    found = outcome(written(tmp_path / "a.csv", content), dataset(AB, delimiter=delimiter, quote=quote))
    assert found.table["b"].to_pylist() == [f"x{delimiter if quote else ''}y", None]


def test_a_check_refuses_what_is_false(tmp_path):
    """Null passes; what cannot be evaluated does not; a named part can be checked."""
    data = dataset(
        {"a": "int?", "b": "string?"},
        checks={
            "negative": "a >= 0",
            "no-number": "b IS NULL OR CAST(b AS INTEGER) > 0",
            "place": "shop <> 'x'",
        },
    )
    content = "a,b\n1,1\n-1,x\n,\n2,x\n3,-3\n4,4\n"
    found = outcome(written(tmp_path / "a.csv", content), data, shop="y")
    assert found.reasons == {2: "negative", 4: "no-number", 5: "no-number"}
    assert found.table.to_pylist()[0] == {"a": 1, "b": "1", "shop": "y", "_row": 1}
    assert found.rows.accepted == 3
    assert outcome(tmp_path / "a.csv", data, shop="x").reasons == {
        2: "negative", 4: "no-number", 5: "no-number", 1: "place", 3: "place", 6: "place"
    }  # fmt: skip
    with pytest.raises(JobError, match="check wrong cannot be run"):
        outcome(tmp_path / "a.csv", dataset(AB, checks={"wrong": "c > 0"}))


def test_checks_keep_to_utc(tmp_path):
    """A timestamptz is shown in UTC, whatever this machine's zone is."""
    data = dataset({"t": "timestamptz"}, checks={"day": "CAST(t AS DATE) = DATE '2024-01-31'"})
    content = "t\n2024-01-31T23:30:00Z\n2024-01-31T00:30:00Z\n2024-02-01T00:30:00Z\n"
    assert outcome(written(tmp_path / "a.csv", content), data).reasons == {3: "day"}


def test_personal_data_is_dropped_or_hashed(tmp_path):
    """Checks see it, the table and the quarantine do not."""
    columns = {
        "a": "int",
        "name": Column("name", "string", pii="drop"),
        "mail": Column("mail", "string", True, pii="hash"),
        "born": Column("born", "date", True, pii="hash"),
    }
    data = dataset(columns, checks={"no-mail": "mail LIKE '%@%'"})
    content = "a,name,mail,born\n1,Ann,ann@x,2000-01-31\n2,Bob,,\n3,Eve,eve,\nx,Zoe,zoe@x,\n"
    found = outcome(written(tmp_path / "a.csv", content), data)
    digest = [hashlib.sha256(text.encode()).hexdigest() for text in ("ann@x", "2000-01-31")]
    assert found.table.to_pylist() == [
        {"a": 1, "mail": digest[0], "born": digest[1], "_row": 1},
        {"a": 2, "mail": None, "born": None, "_row": 2},
    ]
    assert found.reasons == {3: "no-mail", 4: "not-int"}
    assert [row["raw"] for row in found.refused] == [None, None]


def test_a_reader_of_one_s_own(tmp_path, monkeypatch):
    """A class that takes the data set and has the same contract."""
    (tmp_path / "shop_reader.py").write_text(
        "import pyarrow as pa\n"
        "from data_pipeline.etl.reading.protocol import FileRows\n"
        "from data_pipeline.etl.reading.schemas import arrow_schema\n"
        "from data_pipeline.etl.reading.quarantine import Refused\n"
        "class Reader:\n"
        "    def __init__(self, dataset):\n"
        "        self.dataset = dataset\n"
        "    def read(self, file, quarantine, staged):\n"
        "        schema = arrow_schema(self.dataset, tuple(file.parts))\n"
        "        staged(pa.table({'a': [1], 'b': ['x'], '_row': [1]}, schema=schema))\n"
        "        quarantine.add([Refused(2, 'odd', file.path.read_text())])\n"
        "        return FileRows(2, 1, 1, {'odd': 1})\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    found = outcome(written(tmp_path / "a.txt", "raw"), dataset(AB, reader="shop_reader:Reader"))
    assert found.adds_up()
    assert found.refused == [{"source": "a.txt", "row": 2, "reason": "odd", "raw": "raw", "column": None}]
    private = dataset({"a": "int", "b": Column("b", "string", pii="hash")}, reader="shop_reader:Reader")
    assert [row["raw"] for row in outcome(tmp_path / "a.txt", private).refused] == [None]
    for name in ("shop_reader:None_", "no_such_reader:Reader", "shop_reader", "shop_reader:pa"):
        with pytest.raises(JobError, match=f"its reader {name}"):
            reader(dataset(AB, reader=name))


@pytest.mark.parametrize(
    ("zone", "said"), [("Europe/Nowhere", "timezone Europe/Nowhere is not known"), ("../x", "not known")]
)
def test_an_unknown_zone_is_the_definition_s_fault(zone, said, tmp_path):
    """Not the file's."""
    with pytest.raises(JobError, match=said):
        outcome(written(tmp_path / "a.csv", "t\n2024-01-31\n"), dataset({"t": "timestamptz"}, timezone=zone))


def test_an_unknown_encoding_is_the_definition_s_fault(tmp_path):
    """Not the file's."""
    with pytest.raises(JobError, match="encoding utf-9 is not known"):
        outcome(written(tmp_path / "a.csv", "a,b\n"), dataset(AB, encoding="utf-9"))


def test_the_limit_of_the_quarantine_keeps_counting(tmp_path):
    """Rows beyond it are counted, not kept."""
    from data_pipeline.etl.reading.quarantine import Quarantine

    path = written(tmp_path / "a.csv", "a,b\n" + "x,y\n" * 100)
    with Quarantine(tmp_path / "q", "a", 10) as quarantine:
        rows = reader(dataset(AB)).read(SourceFile(path, tmp_path), quarantine, lambda _: None)
    assert rows.reasons == {"not-int": 100} == dict(quarantine.reasons)
    assert pa.parquet.read_table(tmp_path / "q").num_rows == 10


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_quarantine_names_the_column(tmp_path, kind):
    """The first that is wrong, as the data set calls it; none where the reason is about the row or is a check's."""
    columns = {"id": "int", "at": Column("at", "date", False, ("day",)), "note": "string?"}
    data = dataset(columns, kind, checks={"small": "id < 9"})
    rows = [("1", "2024-01-01"), ("x", "soon"), ("2", "soon"), ("9", "2024-01-01"), ("3", None)]
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        path.write_text("id,day,note\n" + "".join(f"{id},{day or ''},\n" for id, day in rows) + "4\n")
    elif kind == "json":
        lines = [json.dumps({"id": int(id) if id != "x" else id, "day": day}) for id, day in rows]
        path.write_text("\n".join([*lines, "{"]) + "\n")
    else:
        days = [None if day is None else day for _, day in rows]
        pa.parquet.write_table(pa.table({"id": [id for id, _ in rows], "day": days, "note": [""] * 5}), path)
    found = outcome(path, data)
    told = [(row["row"], row["reason"], row["column"]) for row in found.refused]
    assert told[:4] == [(2, "not-int", "id"), (3, "not-date", "at"), (4, "small", None), (5, "null", "at")]
    more = {"csv": [(6, "field-count", None)], "json": [(6, "malformed", None)], "parquet": []}
    assert told[4:] == more[kind]


CASES = ROOT.parent / "shared" / "cases" / "own-data"
ORDER = {
    "order_id": "string",
    "customer_id": "string",
    "ordered_at": Column("ordered_at", "timestamptz", False, ("ts",)),
    "amount": "decimal(12,2)",
    "status": "string?",
}


def test_the_orders_of_the_shared_cases(tmp_path):
    """Forty days of gzipped JSON lines, with lines that are broken, wrong and short of a key."""
    maker = CASES / "gen_orders.py"
    if not maker.exists():
        pytest.skip(f"{maker} is not here")
    subprocess.run([sys.executable, str(maker), str(tmp_path)], check=True)
    paths = sorted((tmp_path / "orders").rglob("*.json.gz"))
    assert len(paths) == 40
    data, read = dataset(ORDER, "json"), 0
    for number, path in enumerate(paths):
        content = gzip.decompress(path.read_bytes())
        rows, refused, _ = independent.json_rows(content, data)
        found = outcome(path, data)
        assert found.adds_up()
        assert found.reasons == refused
        assert found.rows.columns_ignored == (("channel",) if number >= 20 else ())
        got = list(zip(*(plain(found.table[name].combine_chunks()) for name in ORDER), strict=True))
        assert all(alike(list(one), other) for one, (_, other) in zip(got, rows, strict=True))
        read += found.rows.read
    assert read == 40 * 76 + 6 * 3


def test_the_weather_of_the_shared_cases(tmp_path):
    """A CSV file a month, every value as the independent reader has it."""
    maker, weather = (
        CASES / "split_weather.py",
        CASES.parents[1] / "tlc" / "side" / "central_park_weather.csv",
    )
    if not maker.exists() or not weather.exists():
        pytest.skip(f"{maker} or {weather} is not here")
    subprocess.run([sys.executable, str(maker), str(weather), str(tmp_path / "out")], check=True)
    header = weather.read_text().splitlines()[0].replace('"', "").split(",")
    kinds = dict.fromkeys(header[3:], "decimal(8,2)?") | {
        "STATION": "string",
        "NAME": "string",
        "DATE": "date",
    }
    data = dataset({name: kinds[name] for name in header if name in kinds})
    paths = sorted((tmp_path / "out").iterdir())
    assert len(paths) > 12
    for path in paths[:: max(len(paths) // 12, 1)]:
        rows, refused = independent.csv_rows(path.read_bytes(), data)
        found = outcome(path, data)
        assert found.adds_up()
        assert found.reasons == refused
        assert found.rows.accepted > 20
        got = list(
            zip(*(plain(found.table[column.name].combine_chunks()) for column in data.columns), strict=True)
        )
        assert all(alike(list(one), other) for one, (_, other) in zip(got, rows, strict=True))


def test_the_day_of_a_row_is_the_one_that_its_text_says(tmp_path):
    """A timestamp with an offset in a data set with a zone is on that zone's clock."""
    data = dataset({"t": "timestamp"}, timezone="America/New_York")
    found = outcome(written(tmp_path / "a.csv", "t\n2024-01-31T03:00:00Z\n2024-01-31T03:00\n"), data)
    assert found.table["t"].to_pylist() == [datetime(2024, 1, 30, 22), datetime(2024, 1, 31, 3)]  # noqa: DTZ001


@pytest.mark.parametrize("first", ["7,Ann Doe,ann@example.org", '"7,Ann Doe,ann@example.org'])
def test_a_row_of_personal_data_in_place_of_the_header_is_not_shown(first, tmp_path):
    """Neither in the message nor among the columns that are ignored; a header of which one name is known is."""
    columns = {"id": Column("id", "int", default="1"), "mail": Column("mail", "string", True, pii="hash")}
    path = written(tmp_path / "orders.csv", f"{first}\n8,Bob Roe,bob@example.org\n")
    with pytest.raises(FileError) as refused:
        outcome(path, dataset(columns))
    assert "Ann" not in str(refused.value)
    columns["mail"] = Column("mail", "string", True, default="", pii="hash")
    if first.startswith("7"):
        assert outcome(path, dataset(columns)).rows.columns_ignored == ()
    columns["mail"] = Column("mail", "string", True, pii="hash")
    written(path, "id,email\n8,bob@example.org\n")
    with pytest.raises(FileError, match=r"no column mail, the nearest is email.*; found: id, email"):
        outcome(path, dataset(columns))
