"""The compiled scan: what it needs of a system, and how it reads on in a file."""

import os
import re
from importlib import resources

import pytest
from taxi import csvfiles, csvrows, rules
from taxi.monthly import Month
from taxi.rules import Policy

HEADER = b"vendor,pickup,note\n"
SHAPE = csvrows.Shape(3, 1, Month.of("2014-01"), Policy().limits("2014-01"))


def row(note: str = "") -> bytes:
    return f"1,2014-01-02 00:15:00,{note}\n".encode()


@pytest.fixture(autouse=True)
def _compiled(monkeypatch):
    """Few bytes are enough to be read by compiled code."""
    monkeypatch.setattr(csvrows.slow_path_budget, "left", 0)


@pytest.fixture
def opened(tmp_path):
    """A function that makes a trip file of some rows and opens it."""
    files = []

    def of(content: bytes) -> csvfiles.Opened:
        path = tmp_path / "yellow_tripdata_2014-01.csv"
        path.write_bytes(HEADER + content)
        files.append(csvfiles.opened(path, gzipped=False))
        return files[-1].__enter__()

    yield of
    for file in files:
        file.__exit__(None, None, None)


def test_the_compiled_code_needs_nothing_but_to_read_files():
    """No function of Numba or Python, which would not be there when it is loaded."""
    text = resources.files("taxi").joinpath("scan.ll").read_text()
    needed = set(re.findall(r"^declare .*?@([\w.]+)\(", text, re.MULTILINE))
    assert {name for name in needed if not name.startswith("llvm.")} == {"pread"}
    assert "external" not in text
    assert not re.search(r"^target|target-cpu|target-features", text, re.MULTILINE)


def test_one_call_reads_a_plain_file_to_its_end(opened):
    from taxi import scan

    lines = opened(row() * 1000).lines(4096)
    assert lines.more()
    doubted, trips = csvrows._Doubted(), csvrows.np.zeros(csvrows.MOST_WINDOWS, "int64")
    assert scan.rows(lines, 3, 1, SHAPE.month, trips, doubted.positions, doubted.text) == (1000, 0, False)
    assert trips.sum() == trips[97] == 1000
    assert not lines.more()


@pytest.mark.parametrize("size", [20, 64, 100, 1 << 20])
def test_lines_longer_than_a_chunk_are_read_whole(opened, size):
    content = (row() * 3 + row("x" * 700) + b"1,never," + b"y" * 300 + b"\n") * 3 + row("z" * 90)
    tally = csvrows.tally(opened(content).lines(size), SHAPE)
    assert (tally.rows, int(tally.month.sum())) == (16, 13)
    assert [(refused.row, len(refused.raw)) for refused in tally.refused] == [(5, 308), (10, 308), (15, 308)]


def test_a_file_that_is_cut_while_it_is_read_ends_there(opened):
    csv = opened(row() * 1000)
    lines = csv.lines(4096)
    os.truncate(csv.file.name, len(HEADER) + len(row()) * 700 + 5)
    tally = csvrows.tally(lines, SHAPE)
    assert (tally.rows, int(tally.month.sum())) == (701, 700)
    assert tally.refused == [(701, rules.CUT_OFF, "1,201", None)]


def test_what_compiled_code_cannot_read_is_read_by_python(opened):
    """So that an error has a name; here there is none."""
    lines = opened(row() * 1000).lines(4096)
    lines.descriptor = 1 << 30
    tally = csvrows.tally(lines, SHAPE)
    assert (tally.rows, int(tally.month.sum()), tally.refused) == (1000, 1000, [])


def test_only_the_chunk_that_may_have_other_characters_is_asked_for_them(opened):
    """A call ends with that chunk, so that bytes that are no UTF-8 are found wherever they stand."""
    good = opened(row() * 300 + row("é" * 50) + row() * 300).lines(1000)
    assert csvrows.tally(good, SHAPE).rows == 601
    bad = opened(row() * 300 + b"1,2014-01-02 00:15:00,\xff\n" + row() * 300).lines(1000)
    with pytest.raises(csvfiles.FileError, match="not UTF-8"):
        csvrows.tally(bad, SHAPE)


@pytest.mark.parametrize(("sizes", "left"), [((9, 1), True), ((9, 2), False), ((11,), False)])
def test_python_reads_what_is_short_as_long_as_little_is_announced(sizes, left):
    """What two threads are about to read counts together, before either has read a byte."""
    budget = csvrows.SlowPathBudget(left=10)
    for size in sizes:
        budget.expect(size)
    assert budget.lasts(1) is left


def test_no_file_is_read_so_where_all_of_them_are_too_many():
    budget = csvrows.SlowPathBudget(left=10)
    budget.expect(1, of=11)
    assert not budget.lasts(1)


def test_what_has_been_read_is_no_longer_expected():
    budget = csvrows.SlowPathBudget(left=10)
    budget.expect(4)
    assert budget.lasts(4)
    budget.expect(6)
    assert budget.lasts(6)
    budget.expect(1)
    assert not budget.lasts(1)
