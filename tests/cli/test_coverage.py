"""`coverage show` on an embedded AWS: the ledger, and the input beside it."""

from __future__ import annotations

import json

import pytest
from cli.deployed import Deployed, publishing

from data_pipeline.cli.main import status_of
from data_pipeline.etl.state import entries
from data_pipeline.etl.state.entries import Entry


def coverage(*words: str) -> int:
    """Exit status of `coverage show local …`."""
    return status_of("coverage", ["show", "local", *words], "coverage")


def _ledger(deployed: Deployed, year: str, *months: str) -> None:
    """A shard of the data set trip_counts, as the job writes it; files have the ETag that S3 gives them."""
    etags = deployed.keys()
    files = []
    for month in months:
        path = f"green_tripdata_{year}-{month}.csv"
        etag = etags[f"input/{path}"].strip('"')
        told = ("d", "2024-01-02T06:00:00Z", "2024-01-02T06:00:00Z", "r1", 10, 9, 1, 1)
        files.append((path, Entry(etag, 1, f"{year}-{month}", {"dataset": "green"}, "u", *told)))
    body = "".join(entries.lines("t", {}, files))
    deployed.put(f"output/state/datasets/trip_counts/{year}.json", body)


def test_the_grid_is_read_from_the_ledger_and_the_input(
    deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Over several shards; what is in the input and in no ledger waits."""
    deployed.deploy(publishing())
    for month in ("2019-11", "2019-12", "2020-02", "2020-03"):
        deployed.put(f"input/green_tripdata_{month}.csv", month)
    _ledger(deployed, "2019", "11", "12")
    _ledger(deployed, "2020", "02")
    assert coverage("--dataset", "trip_counts") == 0
    out = capfd.readouterr().out
    assert out.startswith(
        "trip_counts, by month: 3 published, 3 much quarantined, 1 waiting, 1 missing\n"
        "  dataset=green\n        JFMAMJJASOND\n  2019            qq\n  2020  .q!\n"
        "  waits: green_tripdata_2020-03.csv\n"
    )
    assert max(map(len, out.splitlines())) <= 80
    assert coverage("--no-input", "--json") == 0
    told = json.loads(capfd.readouterr().out)["datasets"]
    assert told[0]["series"][0]["periods"] == {
        "2019-11": "quarantined",
        "2019-12": "quarantined",
        "2020-01": "missing",
        "2020-02": "quarantined",
    }
    assert [each["files"] for each in told] == [3, 0, 0, 0]


def test_what_cannot_be_read_is_named(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """A ledger of another form, and a data set that is none."""
    deployed.deploy(publishing())
    deployed.put("output/state/datasets/trip_counts/2019.json", "{}")
    assert coverage() == 1
    assert "output/state/datasets/trip_counts/2019.json" in capfd.readouterr().err
    assert coverage("--dataset", "trip_count") == 1
    assert "found no data set 'trip_count'" in capfd.readouterr().err
