"""`new NAME --from …` in a project: what it says, what it writes, and what it leaves."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from data_pipeline.cli.commands import init
from data_pipeline.cli.main import status_of


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new project, in which commands run, with orders of ten days in ``data``."""
    made = tmp_path / "shop"
    init.write(made, "daily-data-pipeline[local]")
    for day in range(1, 11):
        orders = [
            {
                "order_id": f"o{day}-{n}",
                "ts": f"2024-03-{day:02}T05:00:00Z",
                "amount": 1.5 + n,
                "to": {"zip": "53111"},
            }
            for n in range(10)
        ]
        lines = [*map(json.dumps, orders), *(['{"order_id": "cut'] if day == 1 else [])]
        path = made / "data" / "orders" / f"2024/03/{day:02}" / "part-0001.json.gz"
        path.parent.mkdir(parents=True)
        path.write_bytes(gzip.compress("\n".join(lines).encode()))
    (made / "data" / "customers.csv").write_text("id,name\n007,Ann\n008,Bob\n", encoding="utf-8")
    monkeypatch.chdir(made)
    return made


def new(*arguments: str) -> int:
    return status_of("data-pipeline", ["new", *arguments])


def test_what_is_unsure_of_several_columns_is_said_once(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the columns in the files' order."""
    text = "price,weight,cost\n" + "".join(f"{n}.50,{n}.5,{n}.25\n1.5,2,3.0\n" for n in range(5))
    (project / "data" / "sales.csv").write_text(text, encoding="utf-8")
    assert new("sales", "--from", "data", "--match", "sales.csv") == 0
    lines = capsys.readouterr().out.splitlines()
    money = "decimal(12,2), since its name is that of money; a measured value is a double"
    assert [line for line in lines if money in line] == [f"unsure      price, cost: {money}"]


def test_a_data_set_is_written_and_all_else_stays(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what it looked at, refuses and is unsure of; what it wrote is what `create` takes."""
    path = project / "config" / "pipeline.yaml"
    before = path.read_text(encoding="utf-8")
    assert new("orders", "--from", "data", "--match", "orders/*") == 0
    said = capsys.readouterr().out
    assert "looked at   10 of 10 files" in said
    assert "files       orders/{year}/{month}/{day}/part-*.json.gz\n" in said
    assert "refused     1 row: malformed 1\n" in said
    assert 'orders/2024/03/01/part-0001.json.gz row 11: malformed: {"order_id": "cut' in said
    assert "unsure      amount: decimal(12,2), since its name is that of money" in said
    assert said.endswith("lines; look at it\nnext        data-pipeline try orders data\n")
    assert said.count("next") == 1
    after = path.read_text(encoding="utf-8")
    block = after[before.index("\ntables:") : -len(before[before.index("\ntables:") :])]
    assert after.replace(block, "") == before
    assert [line.split("   #")[0].rstrip() for line in block.splitlines() if "# " not in line[:8]] == [
        "  orders:",
        "    files: orders/{year}/{month}/{day}/part-*.json.gz",
        "    columns:",
        "      order_id: string",
        "      ts: timestamptz",
        "      amount: decimal(12,2)",
        "      to: struct<zip:string>",
    ]
    assert '    # rules: {"unique(order_id)": fail}   # tells all rows looked at apart\n' in block
    assert status_of("data-pipeline", ["create", "local"]) == 0


REFUSED = {
    "taken": (("readings", "--from", "data"), "readings: the project has a data set or table of this name"),
    "a table": (
        ("station_days", "--from", "data"),
        "station_days: the project has a data set or table of this name",
    ),
    "no name": (("Orders", "--from", "data"), "Orders: no name of a data set, expected 1 to 255 lower-case"),
    "nothing there": (
        ("x", "--from", "nowhere"),
        "nowhere: found nothing, expected a file, a folder or s3://",
    ),
    "several kinds": (
        ("x", "--from", "data"),
        "data: found files of several kinds: 1 csv (customers.csv), 10 json",
    ),
    "none like it": (
        ("x", "--from", "data", "--match", "*.tsv"),
        "data: found no file of 11 that is like '*.tsv'",
    ),
    "no address": (("x", "--from", "s3:bucket"), "s3:bucket: expected s3://BUCKET/PREFIX"),
    "no row": (("x", "--from", "data/empty.csv"), "empty.csv: found no row, expected a header and rows"),
    "an archive": (
        ("x", "--from", "data/a.bin"),
        "data/a.bin: a.bin is no text, expected CSV, JSON lines or Parquet",
    ),
    "no way": (
        ("x", "--from", "sample", "--match", "r*"),
        "datasets.x.files: found a pattern of paths that 'readings'",
    ),
}


def test_changes_are_proposed_a_key(project: Path) -> None:
    """Where an id comes again with a newer time of change; only the user knows whether it is meant."""
    lines = [f"A{n % 7},2026-01-{n + 1:02}T10:00:00Z,new" for n in range(20)]
    (project / "data" / "changes.csv").write_text("\n".join(["order_id,updated_at,status", *lines, ""]))
    assert new("changes", "--from", "data", "--match", "changes.csv") == 0
    text = (project / "config" / "pipeline.yaml").read_text(encoding="utf-8")
    assert "# key: order_id   # 7 of 7 order_id have several rows, told apart by updated_at" in text
    assert "# latest: updated_at" in text


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_and_nothing_changes(
    case: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last one is what `create` would say."""
    (project / "data" / "empty.csv").touch() if case == "no row" else None
    (project / "data" / "a.bin").write_bytes(bytes(99)) if case == "an archive" else None
    path = project / "config" / "pipeline.yaml"
    before = path.read_bytes()
    arguments, expected = REFUSED[case]
    assert new(*arguments) == 1
    said = capsys.readouterr()
    assert expected in said.err
    assert "nothing was changed" in said.err
    assert said.out == ""
    assert path.read_bytes() == before
    assert sorted(each.name for each in path.parent.iterdir() if each.name.startswith(".")) == []


def test_a_project_that_does_not_load_is_left_as_it_is(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project / "config" / "pipeline.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "unknown: 1\n", encoding="utf-8")
    before = path.read_bytes()
    assert new("orders", "--from", "data", "--match", "orders/*") == 1
    assert "config/pipeline.yaml" in capsys.readouterr().err
    assert path.read_bytes() == before
