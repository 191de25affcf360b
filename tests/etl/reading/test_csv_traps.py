"""The CSV files that readers get wrong, where the folder of shared cases is there."""

import json
import subprocess
import sys

import pytest
from etl.reading.outcomes import dataset, outcome
from paths import ROOT

from data_pipeline.etl.errors import FileError

MAKER = ROOT.parent / "shared" / "cases" / "own-data" / "traps.py"
ORDERS = {
    "order_id": "string",
    "customer_id": "string?",
    "ts": "timestamp",
    "amount": "decimal(12,2)",
    "status": "string?",
}
KINDS = {
    "cast": {"not-decimal", "not-timestamp"},
    "fields": {"field-count"},
    "null": {"null"},
    "quote": {"malformed"},
    "utf8": {"encoding"},
}


def test_each_trap_is_read_as_its_truth_says(tmp_path):
    """The rows, the bad ones among them and why: but for the file that lacks columns, which is refused whole."""
    if not MAKER.exists():
        pytest.skip(f"{MAKER} is not here")
    subprocess.run([sys.executable, str(MAKER), str(tmp_path)], check=True)
    truth = json.loads((tmp_path / "truth.json").read_text())
    assert len(truth) == 33
    wrong = {}
    for name, (rows, bad) in truth.items():
        path = tmp_path / f"{name}.csv"
        if name == "missing":
            with pytest.raises(FileError, match="no column customer_id"):
                outcome(path, dataset(ORDERS))
            continue
        found = outcome(path, dataset(ORDERS))
        right = (
            found.rows.read == rows and found.adds_up() and found.reasons.keys() == {int(row) for row in bad}
        )
        if not right or any(found.reasons[int(row)] not in KINDS[kind] for row, kind in bad.items()):
            wrong[name] = (found.rows, found.refused)
    assert not wrong
