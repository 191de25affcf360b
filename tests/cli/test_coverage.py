"""`coverage show` on an embedded AWS: the ledger, and the input beside it."""

from __future__ import annotations

import json

import pytest
from cli.deployed import Deployed, publishing

from data_pipeline.cli.main import status_of
from data_pipeline.etl.documents import acceptances
from data_pipeline.etl.documents.findings import Violation
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
        "trip_counts, by month: 3 published, 3 much quarantined, 1 not yet read, 1\n  missing\n"
        "  dataset=green\n        JFMAMJJASOND\n  2019            qq\n  2020  .q!\n"
        "  not yet read: green_tripdata_2020-03.csv\n"
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


def test_what_runs_say_of_files_is_told(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """The last one that has read this version of a file; and who let something through."""
    deployed.deploy(publishing())
    for month in ("02", "03", "04"):
        deployed.put(f"input/green_tripdata_2020-{month}.csv", month)
    etags = {name: etag.strip('"') for name, etag in deployed.keys().items()}
    _ledger(deployed, "2020", "02")
    for run, errors in (("old", {"03": "an earlier reason"}), ("new", {"03": "it is empty", "04": None})):
        deployed.put(f"output/runs/{run}/summary.json", json.dumps(_summary(etags, errors)))
    found = [Violation("trip_counts", "unique(a)", "trip_counts", "", 3.0)]
    noted = acceptances.document("r1", "arn:aws:iam::1:user/ann", found)
    deployed.put("output/state/accepted/r1.json", json.dumps(noted))
    assert coverage("--dataset", "trip_counts") == 0
    out = capfd.readouterr().out
    assert "  2020   aux\n" in out
    assert "  2020-02 dataset=green let through by ann: unique(a) (run r1)\n" in out
    assert "unreadable: green_tripdata_2020-03.csv: it is empty (run new)" in " ".join(out.split())
    assert "green_tripdata_2020-04.csv: unique(a) of trip_counts: 3, limit 0 (run new)" in " ".join(
        out.split()
    )
    assert max(map(len, out.splitlines())) <= 80
    deployed.put("output/state/accepted/r1.json", "{}")
    assert coverage() == 1
    assert (
        "output/state/accepted/r1.json: this is not a list of what was let through" in capfd.readouterr().err
    )


def _summary(etags: dict[str, str], errors: dict[str, str | None]) -> dict[str, object]:
    """Of a run that was held back by a rule, with why files were unreadable, by month."""
    return {
        "datasets": {"trip_counts": {"held": True}},
        "files": [
            {
                "source": f"green_tripdata_2020-{month}.csv",
                "etag": etags[f"input/green_tripdata_2020-{month}.csv"],
                "dataset": "trip_counts",
                "error": error,
                "rows_read": 1,
                "rows_counted": 1,
            }
            for month, error in errors.items()
        ],
        "quality": {
            "failed_rules": [
                {"of": "trip_counts", "rule": "unique(a)", "source": "trip_counts", "value": 3, "limit": 0}
            ]
        },
    }
