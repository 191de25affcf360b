"""A folder as its users keep it: trip files of every era, the weather, the bases, and copies in a folder of it."""

import csv
from datetime import date
from decimal import Decimal

from independent_count import count_file, features

COPIES = ("yellow_tripdata_2009-01.csv", "green_tripdata_2013-08.csv", "fhvhv_tripdata_2019-02.csv")


def test_everything_is_published_or_named(account, shared_tlc):
    """Trips are counted once, though copies of three files lie in unaltered/, which are named as nobody's; the weather
    and the bases are tables of their own; rows add up in each file.
    """
    for name in ("fhv_tripdata_2015-01.csv", "fhv_tripdata_2015-02.csv"):
        account.delete(name)
    heads = sorted((shared_tlc / "heads").glob("*.csv"))[::4]
    heads += [shared_tlc / "heads" / name for name in COPIES if shared_tlc / "heads" / name not in heads]
    for path in heads:
        account.put(path.name, path.read_bytes())
    for name in COPIES:
        account.put(f"unaltered/{name}", (shared_tlc / "heads" / name).read_bytes())
    for name in ("central_park_weather.csv", "fhv_bases.csv"):
        account.put(name, (shared_tlc / "side" / name).read_bytes())
    decision = account.prepare("run")
    assert (decision["objects"], decision["ignored"]) == (len(heads) + 2, len(COPIES))
    named = [text.split(": no data set claims")[0] for text in decision["messages"] if "unaltered/" in text]
    assert named == sorted(f"unaltered/{name}" for name in COPIES)
    summary = account.count("run")
    counts = {path.name: count_file(path) for path in heads}
    assert {path.name.split("_")[0] for path in heads} == {"yellow", "green", "fhv", "fhvhv"}
    assert account.rides() == features(counts)
    assert len({entry["source"] for entry in summary["files"]}) == len(heads) + 2
    for entry in summary["files"]:
        assert entry["error"] is None
        assert entry["rows_read"] == entry["rows_counted"] + entry["rows_quarantined"]
    read = {entry["source"]: entry["rows_read"] for entry in summary["files"]}
    assert {name: read[name] for name in counts} == {name: count.rows for name, count in counts.items()}
    _check_weather(account, shared_tlc)
    _check_bases(account, shared_tlc)


def _check_weather(account, shared_tlc) -> None:
    with (shared_tlc / "side" / "central_park_weather.csv").open(newline="") as file:
        truth = [
            (date.fromisoformat(row["DATE"]), Decimal(row["PRCP"]) if row["PRCP"] else None, int(row["TMAX"]))
            for row in csv.DictReader(file)
        ]
    rows = account.tables().find("weather").scan().to_arrow().sort_by("day").to_pylist()
    assert [(row["day"], row["rain"], row["warmest"]) for row in rows] == sorted(truth)


def _check_bases(account, shared_tlc) -> None:
    with (shared_tlc / "side" / "fhv_bases.csv").open(newline="", encoding="utf-8") as file:
        truth = sorted(row["base_number"] for row in csv.DictReader(file))
    rows = account.tables().find("bases").scan().to_arrow().to_pylist()
    assert sorted(row["base_number"] for row in rows) == truth
