"""The worked example: its regression on data with known truth, and the whole script on a frozen training set."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cli.conftest import deployed, published
from cli.deployed import BUCKET, DATABASE, Deployed
from published import RIDE_COUNTS, TABLES
from randomness import SEED

from data_pipeline.cli.main import status_of
from data_pipeline.etl.publishing import tables

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))

import forecast  # noqa: E402 - a script, which is found in its folder
import make_notebook  # noqa: E402 - another

__all__ = ["deployed", "published"]


def rides(first: datetime, hours: int) -> pa.Table:
    """A window an hour: more rides by day and on Fridays, by chance."""
    chance = np.random.default_rng(SEED)
    starts = [first + timedelta(hours=n) for n in range(hours)]
    level = [20 + 15 * (7 <= s.hour < 22) + 10 * (s.isoweekday() == 5) for s in starts]
    green = chance.poisson(level)
    columns = {
        "timestamp": starts,
        "num_rides": green,
        "minutes": [60 * s.hour for s in starts],
        "dow": [s.isoweekday() % 7 + 1 for s in starts],
        "month": [s.month for s in starts],
        "doy": [s.timetuple().tm_yday for s in starts],
        "green": green,
        **{dataset: [0] * hours for dataset in ("yellow", "fhv", "fhvhv")},
    }
    return pa.table(columns).select(RIDE_COUNTS.names).cast(RIDE_COUNTS)


def test_the_weights_are_those_of_the_formula() -> None:
    """On a line without noise and next to no shrinkage, the predictions are the truth; much of it leaves the mean."""
    chance = np.random.default_rng(SEED)
    known = chance.normal(size=(500, 3))
    truth = 50 + known @ np.array([3.0, -2.0, 0.5])
    data = forecast.Part(known, truth, truth, np.arange(500), 0)
    assert forecast.fitted(data, 1e-9).predict(known) == pytest.approx(truth)
    assert forecast.score(truth + 2, data) == forecast.Score(pytest.approx(2), pytest.approx(2))
    flat = forecast.fitted(data, 1e9).predict(known)
    assert flat == pytest.approx(np.full(500, truth.mean()), abs=0.01)


def test_the_script_beats_last_year(
    published: Deployed, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Published, frozen, fitted and judged; counts are the table's, and chance is all that is left to miss."""
    at = tables.connect(f"glue:{DATABASE}", f"s3://{BUCKET}/output/warehouse", TABLES)
    table = at.load("ride_counts")
    old = [task.file for task in table.scan().plan_files()]
    noted = {"pipeline.run": "years", "pipeline.covered-months": "green 2016-01..2020-12"}
    rows = rides(datetime(2016, 1, 1), 24 * 1827)  # noqa: DTZ001 - a wall clock
    tables.replace(table, old, [rows], noted)
    assert forecast.main(["local", "next_window"]) == 1
    assert (
        "has no version; make one with: python -m data_pipeline training-set create local next_window"
        in capfd.readouterr().err
    )
    assert status_of("data_pipeline", ("training-set", "create", "local", "next_window")) == 0
    capfd.readouterr()
    arguments = ["local", "next_window"]
    drawn = tmp_path / "week.svg"
    if _matplotlib():
        arguments += ["--plot", str(drawn)]
    assert forecast.main(arguments) == 0
    out = capfd.readouterr().out
    assert ", 8,760 for the choice, 8,784 for the test" in out
    naive, ours = (float(line.split("mean error")[1].split()[0]) for line in out.splitlines()[1:3])
    assert ours < 0.8 * naive
    assert drawn.is_file() == _matplotlib()
    assert forecast.main(["local", "next_window", "--version", "none"]) == 1
    assert "has no version 'none', it has " in capfd.readouterr().err


def _matplotlib() -> bool:
    try:
        import matplotlib  # noqa: F401 - whether it is there
    except ModuleNotFoundError:
        return False
    return True


def test_the_notebook_is_the_one_that_is_written() -> None:
    """Its cells are those of make_notebook.py, it was run whole, and its output is small."""
    content = make_notebook.NOTEBOOK.read_text(encoding="utf-8")
    cells = json.loads(content)["cells"]
    written = [("does" if c["cell_type"] == "code" else "says", "".join(c["source"])) for c in cells]
    assert written == [*make_notebook.CELLS]
    assert all(cell["outputs"] for cell in cells if cell["cell_type"] == "code")
    assert "Traceback" not in content
    assert len(content) < 200_000
