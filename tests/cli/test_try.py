"""``try NAME DIR`` as a user types it, on the weather of the shared cases and on what is none."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from randomness import SOAK
from waiting import until

from data_pipeline.cli.main import status_of
from data_pipeline.etl.documents.rehearsal import (
    Check,
    File,
    Refused,
    Rehearsal,
    Rows,
    Rule,
    Table,
    Unclaimed,
)
from data_pipeline.project import rehearsals

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
WEATHER = """\
pipeline: weather
region: us-east-1
datasets:
  weather:
    files: weather_{year}-{month}.csv
    columns:
      station: string STATION
      day: date DATE
      high: int? TMAX
      low: int? TMIN
    checks: {upside-down: low <= high}
tables:
  months:
    sql: months.sql
"""

ORDERS = """\
datasets:
  orders:
    files: orders/{year}/{month}/{day}/part-*.json.gz
    columns:
      order_id: string
      ordered_at: timestamptz ts
      amount: decimal(12,2)
    rules: {"unique(order_id)": fail}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of weather, in which the command is typed."""
    place = tmp_path / "project"
    assert status_of("data-pipeline", ["init", str(place)]) == 0
    (place / "config" / "pipeline.yaml").write_text(WEATHER)
    (place / "jobs" / "months.sql").write_text(
        "SELECT date_trunc('month', day) AS month, max(high) AS hottest FROM weather GROUP BY date_trunc('month', day)"
    )
    monkeypatch.chdir(place)
    return place


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Status, output and errors."""
    capsys.readouterr()
    status = status_of("data-pipeline", ["try", *words])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_the_weather_of_the_shared_cases(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row of every month is accounted for; nothing stays on disk, and no AWS is known."""
    maker = SHARED / "cases" / "own-data" / "split_weather.py"
    source = SHARED / "tlc" / "side" / "central_park_weather.csv"
    if not maker.exists() or not source.exists():
        pytest.skip(f"{maker} or {source} is not here")
    data = tmp_path / "data"
    subprocess.run([sys.executable, str(maker), str(source), str(data)], check=True)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    before = set(project.rglob("*"))
    (data / "weather_2015-01.csv").write_text(
        "STATION,DATE,TMAX,TMIN\nx,2015-01-01,1,9\nx,soon,2,1\nx,2015-01-02,,1\n"
    )
    status, out, err = typed(capsys, "weather", str(data), "--json")
    assert (status, err) == (0, "")
    found: Rehearsal = json.loads(out)
    lines = {path.name: len(path.read_text().splitlines()) - 1 for path in data.iterdir()}
    assert {file["path"]: file["rows"]["read"] for file in found["files"]} == lines
    assert found["rows"]["refused"] == 2 == sum(found["reasons"].values())
    assert found["tables"][0]["rows"] == len(lines)
    assert set(project.rglob("*")) == before
    assert [*scratch.iterdir()] == []
    fields = (
        (found, Rehearsal),
        (found["rows"], Rows),
        (found["files"][0], File),
        (found["refused"][0], Refused),
        (found["checks"][0], Check),
        (found["rules"][0], Rule),
        (found["table"], Table),
    )
    assert all(given.keys() == kind.__annotations__.keys() for given, kind in fields)  # type: ignore[attr-defined]


def test_rows_that_look_like_changes_are_told(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the key that would make a table of the newest ones."""
    columns = "{order_id: string, updated_at: timestamptz}"
    config = project / "config" / "pipeline.yaml"
    config.write_text(
        f"pipeline: shop\nregion: us-east-1\ndatasets: {{orders: {{files: '*.csv', columns: {columns}}}}}\n"
    )
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.csv").write_text("order_id,updated_at\nA1,2026-01-01T10:00:00Z\nA1,2026-01-02T10:00:00Z\n")
    status, out, _ = typed(capsys, "orders", str(data))
    assert status == 0
    assert "1 of 1 order_id have several rows" in " ".join(out.split())


def test_what_a_run_would_fail_of_exits_1(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The orders of the shared cases, of which one file has another form: the report is printed, in 80 columns."""
    maker = SHARED / "cases" / "own-data" / "gen_orders.py"
    if not maker.exists():
        pytest.skip(f"{maker} is not here")
    subprocess.run([sys.executable, str(maker), str(tmp_path)], check=True)
    first = tmp_path / "orders" / "2024" / "03" / "01" / "part-0001.json.gz"
    first.write_bytes(gzip.compress(b'{"order_id": 1}\n{"order_id": 2}\n'))
    (project / "config" / "pipeline.yaml").write_text(f"pipeline: shop\nregion: us-east-1\n{ORDERS}")
    status, out, err = typed(capsys, "orders", str(tmp_path))
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[22].split() == ["40", "files", "2,984", "2,964", "20"]
    assert "  malformed: 6 rows" in lines
    assert "a run would fail: unreadable-files of orders is 1, the limit is 0" in lines
    rows = [
        line for path in tmp_path.rglob("*.gz") for line in gzip.decompress(path.read_bytes()).splitlines()
    ]
    ids = [json.loads(row)["order_id"] for row in rows if b'"ts": "2024-' in row]
    again = len(ids) - len(set(ids))
    assert f"a run would fail: unique(order_id) of orders is {again}, the limit is 0" in lines
    assert [line for line in lines if line.startswith("  such as order_id=")]
    assert lines[-1].endswith("--accept unique")


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="waits for processes: `make soak` does")
def test_a_command_that_is_ended_leaves_nothing_behind(project: Path, tmp_path: Path) -> None:
    """Neither its scratch folder nor the process that reads."""
    scratch, data = tmp_path / "scratch", tmp_path / "data"
    scratch.mkdir()
    data.mkdir()
    rows = "x,2015-01-01,2,1\n" * 3_000_000
    (data / "weather_2015-01.csv").write_text(f"STATION,DATE,TMAX,TMIN\n{rows}")
    environment = {**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "data_pipeline", "try", "weather", str(data)]
    with subprocess.Popen(command, env=environment, cwd=project, stderr=subprocess.PIPE) as started:
        until(lambda: any(scratch.rglob("warehouse")) or any(scratch.rglob("staged")))
        started.terminate()
    assert started.returncode == 128 + signal.SIGTERM
    assert [*scratch.iterdir()] == []


@pytest.mark.parametrize(
    ("name", "folder", "said"),
    [
        (
            "wether",
            ".",
            "there is no data set 'wether': the configuration has 'weather'; did you mean 'weather'?",
        ),
        ("months", ".", "months is a table, made of other rows; try a data set: 'weather'"),
        ("weather", "nowhere", "nowhere: does not exist; expected the folder that stands for the input"),
        (
            "weather",
            "requirements.txt",
            "requirements.txt: is not a folder; expected the folder that stands for the ",
        ),
    ],
)
def test_what_cannot_be_tried_is_one_line(
    project: Path, capsys: pytest.CaptureFixture[str], name: str, folder: str, said: str
) -> None:
    """A name that is no data set's, and a folder that is none."""
    status, out, err = typed(capsys, name, folder)
    assert (status, out) == (1, "")
    assert err.startswith(f"error: {said}")
    assert err.count("\n") == 1


def test_missing_packages_are_named(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what installs them."""
    monkeypatch.setattr(rehearsals, "_NEEDED", ("duckdb", "no_such_package"))
    status, _, err = typed(capsys, "weather", ".")
    assert status == 1
    assert err == (
        "error: data sets are tried with no_such_package, not installed here; install what the project names: "
        "pip install -r requirements.txt\n"
    )


def test_another_definition_elsewhere_is_known(project: Path) -> None:
    """It is tried as on this machine, and the environment that differs is named."""
    with (project / "config" / "prod.yaml").open("a") as prod:
        prod.write("datasets: {weather: {checks: {upside-down: low < high}}}\n")
    chosen = rehearsals.choose(project, "weather")
    assert (chosen.environment, chosen.differing) == ("local", ("prod",))


def test_the_fields_are_documented() -> None:
    """Each of the document's has its line in the reference."""
    page = (ROOT / "docs" / "reference" / "try.md").read_text()
    kinds = (Rehearsal, Rows, File, Refused, Check, Rule, Table, Unclaimed)
    fields = {name for kind in kinds for name in kind.__annotations__}
    assert [name for name in sorted(fields) if f"`{name}`" not in page] == []
