"""Names of files → the pattern that they follow."""

from __future__ import annotations

import pytest

from data_pipeline.etl.documents import patterns
from data_pipeline.scaffold.names import naming

UUID = "9b2f8c1e-1b2c-4d5e-8f90-123456789abc"
CASES = {
    "months": (["weather_2024-01.csv", "weather_2024-12.csv"], "weather_{year}-{month}.csv"),
    "folders": (
        [f"orders/2024/{month:02}/{day:02}/part-0001.json.gz" for month in (3, 4) for day in range(1, 28)],
        "orders/{year}/{month}/{day}/part-*.json.gz",
    ),
    "short": (
        [f"o/2024/{month}/{day}/x.csv" for month in (3, 12) for day in (1, 28)],
        "o/{year}/{month}/{day}/x.csv",
    ),
    "tight": (["x20240131.csv", "x20240201.csv"], "x{year}{month:02}{day:02}.csv"),
    "hive": (
        [
            f"year=2024/month={month}/country={country}/part-0000{piece}-{UUID}.c000.snappy.parquet"
            for month in (3, 12)
            for country in ("de", "fr")
            for piece in (0, 1)
        ],
        "year={year}/month={month}/country={country}/part-*-*.c000.snappy.parquet",
    ),
    "one country": (
        ["dt=2024-01-01/country=de/a.csv", "dt=2024-01-02/country=de/a.csv"],
        "dt={year}-{month}-{day}/country={country}/a.csv",
    ),
    "day first": ([f"e_{day:02}.03.2024.csv" for day in (1, 27)], "e_{day}.{month}.{year}.csv"),
    "month first": ([f"e_03-{day:02}-2024.csv" for day in (1, 27)], "e_{month}-{day}-{year}.csv"),
    "clock": (
        ["l-20240131T031500.json", "l-20240131T041500.json"],
        "l-{year}{month:02}{day:02}T{hour:02}*.json",
    ),
    "kinds": (
        [f"{kind}_{year}-01.csv" for kind in ("new", "old") for year in (2023, 2024)],
        "{kind}_{year}-{month}.csv",
    ),
    "stations": (
        [f"s{n}/20240{m}.csv" for n in (17, 23, 99) for m in range(1, 8)],
        "s{folder}/{year}{month:02}.csv",
    ),
    "pieces": (
        [f"dt=2024-01-0{day}/00000{n}_0" for day in (1, 2) for n in (0, 1)],
        "dt={year}-{month}-{day}/*_0",
    ),
    "one": (["customers.csv"], "customers.csv"),
    "no time": (["batch-17.csv", "batch-29.csv", "batch-31.csv"], "batch-*.csv"),
    "two dates": (
        [
            f"2024/01/0{day}/12/hose-2024-01-0{day}-12-33-{second}-{UUID}.gz"
            for day in (1, 2)
            for second in (11, 12)
        ],
        "{year}/{month}/{day}/{hour}/hose-2024-01-*-12-33-*-*.gz",
    ),
    "version, not a month": (["r_2024_3.csv", "r_2024_13.csv", "r_2023_40.csv"], "r_{year}_*.csv"),
    "signs of patterns": (["a [1] {x}.csv", "a [2] {x}.csv"], "a ?*? ?x?.csv"),
    "text after the ending's dot": (["a.v1.csv", "b.v1.csv"], "*.v1.csv"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_pattern_of_names(case: str) -> None:
    """And it claims all of them."""
    paths, expected = CASES[case]
    found = naming(paths)
    assert found.patterns == (expected,)
    assert found.covered == tuple(sorted(paths))
    assert not found.others


def test_files_that_end_otherwise_have_a_pattern_of_their_own() -> None:
    """Of the same period; what has another period is left over, and named."""
    found = naming(["a/2024-01-01.csv", "a/2024-01-02.csv", "a/2024-01-03.csv.gz", "a/readme.csv", "b.csv"])
    assert found.patterns == ("a/{year}-{month}-{day}.csv", "a/{year}-{month}-{day}.csv.gz")
    assert found.others == ("a/readme.csv", "b.csv")


def test_a_part_is_no_column_of_the_file() -> None:
    """A part that the layout names gives way, one that the tool names gets another name."""
    paths = [f"country={c}/{k}_{y}.csv" for c in ("de", "fr") for k in ("new", "old") for y in (2023, 2024)]
    assert naming(paths, frozenset(["country", "kind"])).patterns == ("country=*/{kind_2}_{year}.csv",)


def test_what_is_unsure_is_said() -> None:
    """Day and month that could change places; a name that the tool made up."""
    assert naming(["e_01.03.2024.csv", "e_02.03.2024.csv"]).unsure == (
        "day and month in names such as e_01.03.2024.csv could be the other way round",
    )
    (said,) = naming([f"{kind}_{year}.csv" for kind in ("new", "old") for year in (2023, 2024)]).unsure
    assert said == "the part {kind} of the names (new, old) is named by the tool: name it as you like"


@pytest.mark.parametrize(
    "path", ["ünïcode 2024.csv", "a" * 900 + ".csv", "x\x07y.csv", "{year}.csv", "2024-02-30.csv"]
)
def test_any_name_has_a_pattern_that_claims_it(path: str) -> None:
    (pattern,) = naming([path]).patterns
    assert patterns.parse(pattern).match(path)
