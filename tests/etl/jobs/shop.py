"""A shop whose orders come as CSV files: its input and output on S3, and runs as the state machine makes them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from data_pipeline.etl.documents import datasets
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format, Table
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.jobs import load, prepare_datasets
from data_pipeline.etl.publishing import tables
from data_pipeline.etl.state.ledger import Ledger
from data_pipeline.etl.storage.filesystem import files

HEADER = ("id", "ts", "amount", "status")
COLUMNS = (
    Column("id", "long"),
    Column("ordered_at", "timestamptz", named=("ts",)),
    Column("amount", "decimal(12,2)"),
    Column("status", "string", nullable=True),
)
Row = tuple[str, str, str, str]


def orders(**more: object) -> Dataset:
    """Orders by region and month."""
    fields = {
        "name": "orders",
        "patterns": ("orders/{region}/{year}-{month}.csv",),
        "format": Format("csv", timezone="UTC"),
        "columns": COLUMNS,
        "checks": {"negative-amount": "amount >= 0"},
        "rules": {"quarantined-share": "off"},
    }
    return Dataset(**{**fields, **more})  # type: ignore[arg-type]


def written(rows: list[Row]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *rows])
    return text.getvalue().encode()


def right(row: Row) -> dict[str, object] | None:
    """A row as the table has it; None where it is refused: read by Python alone."""
    try:
        amount = Decimal(row[2])
        moment = datetime.strptime(row[1], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if not row[0].isdigit() or amount < 0 or amount != round(amount, 2):
            return None
    except (ValueError, ArithmeticError):
        return None
    return {"id": int(row[0]), "ordered_at": moment, "amount": amount, "status": row[3] or None}


@dataclass
class Shop:
    """``output``: on S3; ``contents``: path → the rows of each file that lies in the input."""

    output: str
    definitions: Definitions
    contents: dict[str, list[Row]] = field(default_factory=dict)
    runs: int = 0

    @property
    def input(self) -> str:
        return self.output.replace("/out", "/in")

    @property
    def database(self) -> str:
        return self.output.split("/")[2]

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.output)

    def define(self, *every: Dataset, made: tuple[Table, ...] = ()) -> None:
        self.definitions = Definitions(
            {each.name: each for each in every}, {each.name: each for each in made}
        )

    def put(self, path: str, rows: list[Row]) -> None:
        self.contents[path] = rows
        self.put_bytes(path, written(rows))

    def put_bytes(self, path: str, content: bytes) -> None:
        files(self.input).write(f"{self.input}/{path}", content)

    def delete(self, path: str) -> None:
        self.contents.pop(path, None)
        files(self.input).delete(f"{self.input}/{path}")

    def prepare(self, *options: str) -> dict:
        self.runs += 1
        place = f"{self.output}/datasets.json"
        files(place).write(place, datasets.write(self.definitions).encode())
        where = [f"--input={self.input}", f"--output={self.output}", f"--definitions={place}"]
        prepare_datasets.main([*where, f"--run=run-{self.runs}", *options])
        return self.document("decision.json")

    def load_arguments(self, *options: str) -> list[str]:
        return [
            f"--input={self.input}",
            f"--output={self.output}",
            f"--definitions={self.output}/datasets.json",
            f"--plan={self.output}/runs/run-{self.runs}/plan.json",
            f"--catalog=glue:{self.database}",
            f"--run=run-{self.runs}",
            "--code-version=c0de",
            *options,
        ]

    def load(self, *options: str) -> dict:
        load.main(self.load_arguments(*options))
        return self.document("summary.json")

    def run(self, *options: str, accept: str = "none") -> dict:
        """Prepare and load; the summary. JobError where there is nothing to do."""
        if not self.prepare(*options)["proceed"]:
            raise JobError("nothing to do")
        return self.load(f"--accept={accept}")

    def document(self, name: str) -> dict:
        place = f"{self.output}/runs/run-{self.runs}/{name}"
        return json.loads(files(place).read(place))

    @property
    def at(self) -> tables.Tables:
        return tables.connect(f"glue:{self.database}", f"{self.output}/warehouse")

    def rows(self, name: str = "orders") -> list[dict]:
        table = self.at.find(name)
        return [] if table is None else table.scan().to_arrow().to_pylist()

    def snapshots(self, name: str = "orders") -> int:
        table = self.at.find(name)
        return 0 if table is None else len(table.snapshots())


def identities(rows: list[dict]) -> list[tuple]:
    """What tells rows apart that were published: their values, file and number."""
    return sorted(
        (row["_file"], row["_row"], row["id"], row["ordered_at"], row["amount"], row["status"] or "")
        for row in rows
    )


def expected(contents: Mapping[str, list[Row]]) -> list[tuple]:
    """The same of what files have."""
    found = []
    for path, rows in contents.items():
        for number, row in enumerate(rows, 1):
            read = right(row)
            if read is not None:
                values = (read["id"], read["ordered_at"], read["amount"], read["status"] or "")
                found.append((path, number, *values))
    return sorted(found)
