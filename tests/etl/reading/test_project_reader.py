"""A reader that is a function of the project's own: its rows are judged as objects of JSON lines are."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from etl.reading.outcomes import dataset, outcome, written

from data_pipeline.etl.documents.datasets import Column
from data_pipeline.etl.errors import FileError, JobError
from data_pipeline.etl.reading import project_reader
from data_pipeline.etl.reading.files import reader

COLUMNS = {
    "id": "int",
    "at": "timestamptz",
    "price": "decimal(6,2)?",
    "tags": Column("tags", "list<string>", True),
}
LINES = """\
from data_pipeline.etl.custom.reader import FileError, JobError, Refuse

def rows(file, options):
    text = file.path.read_text()
    if text == "nothing":
        raise FileError("it has nothing")
    for line in text.splitlines():
        if line.startswith("#"):
            yield Refuse("comment", line)
        elif line == "broken":
            yield Refuse("broken", column="a")
        else:
            a, b = line.split(options["sign"])
            yield {"a": a, "b": b, "c": 1}

def wrong(file, options):
    yield from [{"a": 1, "b": "x"}, ["a"]]

def reason(file, options):
    yield Refuse("Not so: x")

class Reader:
    def __init__(self, dataset): ...
"""


@pytest.fixture(autouse=True)
def _module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lines_reader.py").write_text(LINES)
    (tmp_path / "lacking_reader.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(str(tmp_path))


def lines(text: str, tmp_path: Path, name: str = "rows", b: str | Column = "string"):
    data = dataset({"a": "int", "b": b}, reader=f"lines_reader:{name}", options={"sign": "="})
    return outcome(written(tmp_path / "a.txt", text), data)


@pytest.mark.parametrize("limit", ["ROWS", "BYTES"])
def test_rows_are_accepted_or_refused_with_their_numbers(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the data set's types, or by the function itself; over several blocks, too."""
    monkeypatch.setattr(project_reader, limit, 2)
    found = lines("1=x\n# y\nz=é\nbroken\n5=\n", tmp_path)
    assert found.adds_up()
    assert found.table.to_pylist() == [{"a": 1, "b": "x", "_row": 1}, {"a": 5, "b": "", "_row": 5}]
    assert [tuple(row.values()) for row in found.refused] == [
        ("a.txt", 2, "comment", "# y", None),
        ("a.txt", 3, "not-int", '{"a": "z", "b": "é", "c": 1}', "a"),
        ("a.txt", 4, "broken", None, "a"),
    ]
    assert found.rows.columns_ignored == ("c",)


def test_no_text_of_personal_data_is_kept(tmp_path: Path) -> None:
    found = lines("# y\nz=x\n1=x\n", tmp_path, b=Column("b", "string", pii="drop"))
    assert found.table.to_pylist() == [{"a": 1, "_row": 3}]
    assert [row["raw"] for row in found.refused] == [None, None]


def test_values_of_python(tmp_path: Path) -> None:
    """As they are, or as the texts that write them: exact, or refused."""
    noon = dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC)
    given = [
        {"id": 1, "at": noon, "price": Decimal("1.50"), "tags": ("x",)},
        {"id": "2", "at": "2026-01-02T12:00:00Z", "price": None, "tags": []},
        {"id": 3.5, "at": noon, "price": 1, "tags": None},
        {"id": 4, "at": dt.date(2026, 1, 2), "price": 1.125},
        {"id": 2**40, "at": noon},
        {"id": None, "at": noon},
        {"id": 7, "at": "\ud800"},
    ]
    data = dataset(COLUMNS, reader="lines_reader:rows")
    made = project_reader.RowsReader(data, lambda *_: iter(given))
    kept: list = []

    class Quarantine:
        source, keeps_text = "a.txt", True
        add = staticmethod(kept.extend)

    tables: list = []
    made.read(project_reader.SourceFile(tmp_path, tmp_path), Quarantine, tables.append)
    assert tables[0].to_pylist() == [
        {"id": 1, "at": noon, "price": Decimal("1.50"), "tags": ["x"], "_row": 1},
        {"id": 2, "at": noon, "price": None, "tags": [], "_row": 2},
    ]
    assert [(row.row, row.reason) for row in kept] == [
        (3, "inexact"),
        (4, "not-timestamptz"),
        (5, "out-of-range"),
        (6, "null"),
        (7, "encoding"),
    ]


def test_nan_and_infinity_are_doubles(tmp_path: Path) -> None:
    assert [project_reader.plain(value) for value in (float("nan"), float("-inf"), 1.5)] == [
        "nan",
        "-inf",
        1.5,
    ]
    assert project_reader.plain(np.int8(3)) == 3
    with pytest.raises(TypeError, match="a value that is longdouble"):
        project_reader.plain(np.longdouble(1))
    with pytest.raises(TypeError, match="a value that is bytes, expected a text"):
        project_reader.plain({"a": [b"x"]})


@pytest.mark.parametrize(
    ("name", "text", "error", "said"),
    [
        ("rows", "nothing", FileError, "^it has nothing$"),
        (
            "rows",
            "1=2=3",
            JobError,
            r"failed at lines_reader.py:13 on a.txt: ValueError: too many values .*FileError",
        ),
        (
            "wrong",
            "",
            JobError,
            "yields list, expected a map of values or Refuse, as row 2 of a.txt; see docs",
        ),
        (
            "reason",
            "",
            JobError,
            "yields the reason 'Not so: x', expected lower-case words joined by '-' as row 1",
        ),
        ("Reader", "", JobError, "is neither a function nor a class with a method read"),
        ("nowhere", "", JobError, "is neither a function nor a class"),
    ],
)
def test_what_goes_wrong(tmp_path: Path, name: str, text: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        lines(text, tmp_path, name)


def test_the_message_of_an_error_may_be_personal_data(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"a.txt: ValueError; a file"):
        lines("1=2=3", tmp_path, b=Column("b", "string", pii="hash"))


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("lacking_reader", "there is no package no_such_package here; name it in jobs/requirements.txt"),
        ("no_such_reader", "there is no no_such_reader in jobs/"),
        ("no_such.reader", "there is no no_such.reader in jobs/"),
    ],
)
def test_what_is_missing(module: str, said: str) -> None:
    with pytest.raises(JobError, match=said):
        reader(dataset({"a": "int"}, reader=f"{module}:rows"))
