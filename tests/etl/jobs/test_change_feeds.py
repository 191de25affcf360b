"""The blocks of the page about change feeds make the source's table again, of a snapshot and the changes behind it."""

from __future__ import annotations

import json
import re

import pytest
from paths import ROOT

from data_pipeline.core.loading.load import load_environment
from data_pipeline.etl.documents import datasets
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.jobs import load, prepare_datasets
from data_pipeline.etl.publishing import tables
from data_pipeline.etl.rehearsal import catalog
from data_pipeline.project.definitions import load_definitions
from tests.core.loading.dataset_project import shop

PAGE = (ROOT / "docs" / "how-to" / "change-feeds.md").read_text(encoding="utf-8")
DEBEZIUM, DMS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
(SQL,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
LINES = {
    "json": re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0],
    "csv": PAGE.split("```\nOp,")[1].split("```")[0],
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs of a project with the block ``dev``; its tables."""
    at = catalog.connect(tmp_path / "out")
    monkeypatch.setattr(tables, "connect", lambda *_: at)

    def run(dev: str, number: int, **files: str) -> tuple[dict, dict]:
        root = tmp_path / "project"
        made = shop(root, dev, orders=SQL) if not root.exists() else root
        definitions = load_definitions(made, load_environment(made, "dev"))
        place = tmp_path / "datasets.json"
        place.write_text(datasets.write(definitions))
        for path, text in files.items():
            target = tmp_path / "in" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        out = [f"--output={tmp_path}/out", f"--definitions={place}", f"--run=r{number}"]
        prepare_datasets.main([f"--input={tmp_path}/in", *out])
        runs = tmp_path / "out" / "runs" / f"r{number}"
        load.main([f"--input={tmp_path}/in", *out, f"--plan={runs}/plan.json", "--catalog=glue:db"])
        summary = json.loads((runs / "summary.json").read_text())
        names = definitions.datasets["orders"].tables
        return summary, {name: at.find(name).scan().to_arrow().to_pylist() for name in names}

    return run


def event(op: str, lsn: int, before: dict | None = None, after: dict | None = None) -> str:
    source = {"version": "2.7", "ts_ms": 1_767_604_200_000 + lsn * 1000, "lsn": lsn, "snapshot": "false"}
    return json.dumps({"before": before, "after": after, "source": source, "op": op, "ts_ms": 1})


def order(number: int, customer: str, amount: str) -> dict:
    return {"order_id": number, "customer": customer, "amount": amount}


def current(rows: list[dict]) -> list[tuple]:
    return sorted((row["order_id"], row["customer"], str(row["amount"])) for row in rows)


def test_debezium(run):
    """A snapshot, changes that come out of order and twice in one file, deletes, and events that are no rows."""
    snapshot = [event("r", 1, None, order(n, "ann", "1.00")) for n in (1, 2, 3)]
    first = [
        event("u", 5, order(1, "ann", "1.00"), order(1, "bob", "2.50")),
        event("d", 6, order(2, "ann", "1.00")),
    ]
    first += [event("c", 7, None, order(4, "cy", "4.00")), event("c", 7, None, order(4, "cy", "4.01"))]
    first += [event("t", 8), "null", event("u", 9)]
    summary, made = run(
        DEBEZIUM,
        1,
        **{
            "debezium/orders/2026/01/05/a.json": "\n".join(snapshot),
            "debezium/orders/2026/01/05/b.json": "\n".join([LINES["json"].strip(), *first]),
        },
    )
    assert summary["datasets"]["orders"]["reasons"] == {"malformed": 1, "no-key": 2}
    assert current(made["orders"]) == [
        (1, "bob", "2.50"),
        (3, "ann", "1.00"),
        (4, "cy", "4.01"),
        (7, "ann", "12.50"),
    ]
    later = [event("u", 4, order(1, "ann", "1.00"), order(1, "late", "0.00"))]
    later += [event("c", 20, None, order(2, "again", "9.00")), event("d", 21, order(3, "ann", "1.00"))]
    summary, made = run(DEBEZIUM, 2, **{"debezium/orders/2026/01/06/a.json": "\n".join(later)})
    assert current(made["orders"]) == [
        (1, "bob", "2.50"),
        (2, "again", "9.00"),
        (4, "cy", "4.01"),
        (7, "ann", "12.50"),
    ]
    assert summary["versions"]["orders"] == {"accepted": 11, "current": 4, "superseded": 6, "deleted": 1}
    one = sorted(
        (row["valid_from"], row["customer"]) for row in made["orders_history"] if row["order_id"] == 1
    )
    assert [customer for _, customer in one] == ["ann", "late", "bob"]


def test_dms(run):
    """A full load without the position, whose rows were read after a change was committed; then changes."""
    header = "Op,ts,seq,order_id,customer,amount\n"
    full = "ts,order_id,customer,amount\n"
    full += "".join(f"2026-01-05 09:20:00.000000,{n},ann,1.00\n" for n in (1, 2, 7))
    summary, made = run(
        DMS,
        1,
        **{
            "dms/shop/orders/LOAD00000001.csv": full,
            "dms/shop/orders/20260105-091500000.csv": "Op," + LINES["csv"],
        },
    )
    assert current(made["orders"]) == [(1, "ann", "1.00"), (2, "ann", "1.00"), (7, "ann", "12.50")]
    changes = header + "D,2026-01-06 09:00:00.000000,20260106090000000000000000000000003,1,,\n"
    changes += "I,2026-01-06 09:00:00.000000,20260106090000000000000000000000004,8,bob,2.00\n"
    changes += "U,2026-01-06 09:00:00.000000,20260106090000000000000000000000005,8,bob,3.00\n"
    summary, made = run(DMS, 2, **{"dms/shop/orders/20260106-090000000.csv": changes})
    assert current(made["orders"]) == [(2, "ann", "1.00"), (7, "ann", "12.50"), (8, "bob", "3.00")]
    assert summary["versions"]["orders"] == {"accepted": 7, "current": 3, "superseded": 3, "deleted": 1}


@pytest.mark.parametrize(("pii", "said"), [("", 'format: "paid"'), (", pii: hash", "format: '…'")])
def test_a_condition_that_fails_says_why(run, pii, said):
    """Of personal data without the value."""
    columns = f"{{id: string, who: {{type: string{pii}}}, status: string}}"
    dev = f"datasets:\n  orders:\n    files: orders.csv\n    columns: {columns}\n    key: id\n"
    dev += "    deleted: CAST(status AS DATE) > '2026-01-01'\n"
    with pytest.raises(JobError, match=f"orders: it cannot be made of its versions: .*{said}"):
        run(dev, 1, **{"orders.csv": "id,who,status\n1,a,paid\n"})


def test_sql_that_gives_no_key_is_not_published(run, tmp_path):
    """Without the check, the event of a truncated table would be a row without a key."""
    without = "\n".join(
        line for line in DEBEZIUM.split("\n") if "no-key" not in line and "checks:" not in line
    )
    with pytest.raises(Exception, match="its SQL gives rows whose order_id is null, which is of the key"):
        run(without, 1, **{"debezium/orders/2026/01/05/a.json": event("u", 5)})
