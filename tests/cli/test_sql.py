"""`sql` on published tables: forms, files, named queries, and what a user sees when something is wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cli.deployed import Deployed

from data_pipeline.cli.main import status_of

BY_DAY = (
    "SELECT dow, sum(fhv) AS rides, max(timestamp) AS last FROM ride_counts GROUP BY dow ORDER BY dow LIMIT 2"
)


def command(*words: str) -> int:
    return status_of("data_pipeline", ("sql", *words))


def test_every_form(
    published: Deployed,
    tmp_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same rows as CSV, JSON, Parquet in a file, and a table; what was scanned is said."""
    assert command("local", BY_DAY) == 0
    out, err = capfdbinary.readouterr()
    assert out.decode().splitlines()[:2] == ['"dow","rides","last"', "1,72,2019-01-20 23:00:00.000000"]
    assert b"2 rows; " in err
    assert err.rstrip().endswith(b" scanned")
    assert command("local", BY_DAY, "--format", "json") == 0
    rows = json.loads(capfdbinary.readouterr().out)
    assert rows[0] == {"dow": 1, "rides": 72, "last": "2019-01-20T23:00:00"}
    target = tmp_path / "days.parquet"
    assert command("local", BY_DAY, "--format", "parquet", "-o", str(target)) == 0
    assert [row["rides"] for row in pq.read_table(target).to_pylist()] == [row["rides"] for row in rows]
    monkeypatch.setattr(
        "sys.stdin", io.StringIO("SELECT 'x' AS word, 10 AS n UNION ALL SELECT 'longer', 9 ORDER BY 2")
    )
    capfdbinary.readouterr()
    assert command("local", "-", "--format", "table") == 0
    assert capfdbinary.readouterr().out.decode() == "word     n\nlonger   9\nx       10\n"


def test_a_named_query(published: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """By its name in the configuration; a wrong one is told with its nearest."""
    assert command("local", "--named", "rides_by_month") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == '"month","rides","yellow","green","fhv","fhvhv"'
    assert lines[1].startswith("2019-01-01 ")
    assert command("local", "--named", "rides_by_moth") == 1
    assert "there is no query 'rides_by_moth'" in capfd.readouterr().err


MENDABLE: tuple[tuple[tuple[str, ...], str], ...] = (
    ((), 'error: expected a query or the name of one: sql ENV "SELECT …" or sql ENV --named NAME'),
    (("SELECT 1", "--named", "x"), "error: expected a query or the name of one"),
    (("DELETE FROM ride_counts",), "error: found 'DELETE', expected one statement that only reads"),
    (("SELECT * FROM ride_cuonts",), "did you mean 'ride_counts'?"),
    (
        ("SELECT a.dow FROM ride_counts", "--format", "csv"),
        "error: line 1, column 8, at 'a.dow': there is no a here",
    ),
    (("SELECT 1", "-o", "/nowhere/x"), "error: /nowhere/x cannot be written"),
)


def test_what_a_user_can_mend(published: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Exit status 1, the reason, no traceback, nothing on stdout."""
    for words, message in MENDABLE:
        assert command("local", *words) == 1, words
        out, err = capfd.readouterr()
        assert message in err
        assert (out, "Traceback" in err) == ("", False)
