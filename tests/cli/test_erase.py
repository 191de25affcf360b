"""`erase` on an embedded AWS: what it shows, refuses and puts on record, by exactly the policy of its page."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from cli.deployed import BUCKET, DATABASE, Deployed, act_as, filled, machine_name, publishing
from clients import client
from randomness import SOAK

from data_pipeline.cli.commands import erase as command
from data_pipeline.cli.main import status_of
from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_environment
from data_pipeline.etl.documents import datasets, erasures
from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.jobs import load, prepare_datasets
from data_pipeline.etl.publishing import tables
from data_pipeline.etl.publishing.definition import Definition
from data_pipeline.etl.rehearsal import catalog
from data_pipeline.etl.storage import filesystem
from data_pipeline.project import erasing
from data_pipeline.project.definitions import load_definitions

POLICY = Path(__file__).resolve().parents[2] / "docs" / "reference" / "eraser-policy.json"
OUTPUT, INPUT = f"s3://{BUCKET}/output", f"s3://{BUCKET}/input"
CONFIG = """\
pipeline: nyc-tlc
region: us-east-1
datasets:
  orders:
    files: orders/{year}-{month}.csv
    columns: {id: long, line: int, status: string}
    key: [id, line]
  people:
    files: people/{year}.csv
    columns: {mail: {type: string, pii: hash}, city: string}
    key: mail
  days:
    files: days/{year}.csv
    columns: {day: date}
tables: {counted: {sql: counted.sql}}
"""


def erase(*words: str) -> int:
    """Exit status of `erase local …`."""
    return status_of("erase", ["local", *words], "erase")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two data sets that have a key, and one that has none."""
    root = tmp_path / "project"
    (root / "config").mkdir(parents=True)
    (root / "jobs").mkdir()
    (root / "config" / "pipeline.yaml").write_text(CONFIG, encoding="utf-8")
    (root / "config" / "local.yaml").write_text("endpoint: embedded\n", encoding="utf-8")
    (root / "jobs" / "counted.sql").write_text("SELECT count(*) AS n FROM orders", encoding="utf-8")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def shop(project: Path, deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """The stack, with what a run has published of it."""
    states = publishing()
    states["Publish"]["Output"]["summary"] = f"{OUTPUT}/runs/first/summary.json"
    deployed.deploy(states)
    at = deployed.endpoint
    told = {"ENDPOINT_URL": at.url, "ACCESS_KEY_ID": at.access_key, "DEFAULT_REGION": at.region}
    for name, value in {**told, "SECRET_ACCESS_KEY": at.secret_key}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    filesystem._s3.cache_clear()  # clients of an earlier test's settings
    deployed.client("glue").create_database(DatabaseInput={"Name": DATABASE})
    deployed.put("input/orders/2026-01.csv", "id,line,status\n17,1,new\n17,2,new\n18,1,new\n")
    deployed.put("input/people/2026.csv", "mail,city\nann@example.com,Oslo\n")
    made = load_definitions(project, load_environment(project, "local"))
    run(made, "first")
    return deployed


def run(made: Definitions, name: str) -> None:
    """What the steps of a run do."""
    place = f"{OUTPUT}/datasets.json"
    filesystem.files(place).write(place, datasets.write(made).encode())
    where = [f"--input={INPUT}", f"--output={OUTPUT}", f"--definitions={place}", f"--run={name}"]
    prepare_datasets.main(where)
    load.main([*where, f"--plan={OUTPUT}/runs/{name}/plan.json", f"--catalog=glue:{DATABASE}"])


NOT_HIS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("s3", "put_object", {"Bucket": BUCKET, "Key": "output/warehouse/orders/data/x", "Body": b""}),
    ("s3", "put_object", {"Bucket": BUCKET, "Key": "output/state/datasets/orders.json", "Body": b""}),
    ("s3", "delete_object", {"Bucket": BUCKET, "Key": "output/state/erased/orders.json"}),
    ("s3", "get_object", {"Bucket": BUCKET, "Key": "input/orders/2026-01.csv"}),
    ("glue", "delete_table", {"DatabaseName": DATABASE, "Name": "orders"}),
)


def test_an_eraser_erases_and_takes_back(
    shop: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """By exactly this policy, which allows nothing else; the value itself is nowhere."""
    made = act_as(shop, "eraser", filled(POLICY, shop, machine_name(shop)), tmp_path, monkeypatch)
    two = ("orders", "--key", "id=17", "--key", "line=2")
    assert erase(*two) == 1
    shown = capfd.readouterr().err
    assert "table       orders: 1 row; 0 of 0 older snapshots" in shown
    assert "table       counted: made anew; 0 older snapshots may hold it" in shown
    assert "stays       originals orders/2026-01.csv: their rows are left out" in shown
    assert "nothing was erased; say --yes where nobody can be asked" in shown
    assert erase(*two, "--yes", "--json") == 1  # this machine only says that it has published
    said = capfd.readouterr()
    assert (
        "orders: the run ended well and has not taken id=17 line=2 out; is the deployed code as" in said.err
    )
    told = json.loads(said.out)
    assert (told["status"], told["error"]) == ("FAILED", "NotErased")
    assert told["input"]["datasets"] == ["orders"]
    assert told["found"]["orders_versions"]["rows"] == 1
    record = shop.client("s3").get_object(Bucket=BUCKET, Key="output/state/erased/orders.json")["Body"].read()
    (key,) = erasures.read(record, "record").keys
    assert (key.columns, key.done, key.kinds) == (("id", "line"), "", ("long", "int"))
    assert erase("orders") == 0
    known = capfd.readouterr().out
    assert "orders: 1 erased key in local, 1 not yet taken out: the next run does it" in known
    assert erase("people", "--key", "mail=ann@example.com", "--yes", "--no-run") == 0
    noted = capfd.readouterr()
    assert "noted: the next run takes mail=ann@example.com out" in noted.out
    assert "quarantine  all texts of refused rows of before it had `pii`" in noted.err
    assert erase(*two, "--lift") == 0
    assert "id=17 line=2 is no longer left out" in capfd.readouterr().out
    for service, call, arguments in NOT_HIS:
        his = client(shop.endpoint, service, **made)
        with pytest.raises(his.exceptions.ClientError, match=r"AccessDenied|not authorized"):
            getattr(his, call)(**arguments)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="it is two runs")
def test_what_is_hashed_at_reading_is_erased_by_its_value(
    shop: Deployed, project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run takes the row out, and the command says so of the next attempt."""
    follow = command.follow_to_its_end

    def run_and_follow(*arguments: Any) -> None:
        run(load_definitions(project, load_environment(project, "local")), "second")
        follow(*arguments)

    monkeypatch.setattr(command, "follow_to_its_end", run_and_follow)
    assert erase("people", "--key", "mail=ann@example.com", "--yes") == 0
    summary = json.loads(
        shop.client("s3").get_object(Bucket=BUCKET, Key="output/runs/second/summary.json")["Body"].read()
    )
    assert summary["erasures"]["people"]["rows"] == {"people": 1, "people_versions": 1}
    assert erase("people", "--key", "mail=ann@example.com", "--yes") == 1
    assert "and is out of every table: nothing to do; if you have" in capfd.readouterr().err
    assert erase("people", "--key", "mail=ann@example.com", "--yes", "--always", "--no-run") == 0


#: type → its Arrow type, a value, and the text that names it
TYPED: dict[str, tuple[pa.DataType, Any, str]] = {
    "timestamptz": (pa.timestamp("us", "UTC"), datetime(2026, 1, 5, 10, tzinfo=UTC), "2026-01-05T10:00:00Z"),
    "timestamp": (
        pa.timestamp("us"),
        datetime.fromisoformat("2026-01-05T10:00:00.000005"),
        "2026-01-05 10:00:00.000005",
    ),
    "date": (pa.date32(), date(2026, 1, 5), "2026-01-05"),
    "decimal(12,2)": (pa.decimal128(12, 2), Decimal("7.00"), "7"),
    "boolean": (pa.bool_(), True, "true"),
    "string": (pa.string(), "a'b", "a'b"),
    "long": (pa.int64(), 5, "5"),
}


@pytest.mark.parametrize("kind", TYPED)
def test_a_key_of_any_type_is_looked_for(kind: str, tmp_path: Path) -> None:
    """In a table with that value and a null."""
    arrow, value, text = TYPED[kind]
    at = catalog.connect(tmp_path)
    table = at.load("orders", Definition(pa.schema([("id", arrow)]), "", {}, ()))
    tables.replace(table, [], [pa.table({"id": pa.array([value, None], arrow)})], {})
    configured = Dataset.model_validate({"files": "*.csv", "columns": {"id": kind}, "key": "id"})
    keys = erasing.keys_of("orders", configured, {"id": kind}, [f"id={text}"])
    made = Definitions({"orders": datasets.Dataset("orders", ("*.csv",), datasets.Format("csv"), ())})
    found = erasing.look(at, made, keys)["orders"]  # type: ignore[arg-type]
    assert (found.rows, found.older, found.there) == (1, 0, {0})


@pytest.mark.parametrize("kind", ["", "long"])
def test_a_table_of_before_the_key_is_told(kind: str, tmp_path: Path) -> None:
    """It has no such column, or one of another type."""
    at = catalog.connect(tmp_path)
    columns = [("at", pa.int64()), *([("id", pa.int64())] if kind else [])]
    table = at.load("orders", Definition(pa.schema(columns), "", {}, ()))
    tables.replace(table, [], [pa.table({name: pa.array([1], of) for name, of in columns})], {})
    configured = Dataset.model_validate({"files": "*.csv", "columns": {"id": "string"}, "key": "id"})
    keys = erasing.keys_of("orders", configured, {"id": "string"}, ["id=A17"])
    made = Definitions({"orders": datasets.Dataset("orders", ("*.csv",), datasets.Format("csv"), ())})
    with pytest.raises(
        UserError, match="its table orders has no column id of the type string, by which a key"
    ):
        erasing.look(at, made, keys)  # type: ignore[arg-type]


REFUSED = (
    (("order", "--key", "id=1"), "found no data set 'order'"),
    (
        ("days", "--key", "day=2026-01-01"),
        "the data set days has no key, so nothing says which rows are whose",
    ),
    (("orders", "--key", "17"), "--key 17: found no COLUMN=VALUE, expected id=VALUE and line=VALUE"),
    (
        ("orders", "--key", "lines=17"),
        "found no column of the key, expected id=VALUE and line=VALUE; did you mean",
    ),
    (("orders", "--key", "id=17"), "found id 1 times, line 0 times, expected each as often"),
    (("orders", "--key", "id=x", "--key", "line=1"), "--key id=x: found no long, which the column is"),
    (
        ("orders", "--key", "id=99", "--key", "line=1"),
        "no table has the key id=99 line=1, now or in a snapshot",
    ),
    (("orders", "--key", "id=99", "--key", "line=1", "--lift"), "the key id=99 line=1 is not erased"),
)


def test_what_is_no_key_is_said(shop: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """And a key that is nowhere may be meant for later."""
    for words, said in REFUSED:
        assert erase(*words) == 1
        assert said in capfd.readouterr().err
    assert erase("orders", "--key", "id=99", "--key", "line=1", "--always", "--yes", "--no-run") == 0
    assert "noted: the next run takes id=99 line=1 out" in capfd.readouterr().out


def test_every_statement_says_what_for() -> None:
    """The page names each statement."""
    page = POLICY.with_suffix(".md").read_text(encoding="utf-8")
    statements = json.loads(POLICY.read_text())["Statement"]
    assert [s["Sid"] for s in statements if f"`{s['Sid']}`" not in page] == []
