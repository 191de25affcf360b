"""Patterns of paths: what they claim and say, what they write, where two claim the same, and what is no pattern."""

from __future__ import annotations

import random

import pytest
from randomness import SEED, times

from data_pipeline.etl.documents.patterns import Match, Pattern, PatternError, nearest, overlap, parse

ORDERS = "orders/{year}/{month}/{day}/part-*.json.gz"


@pytest.mark.parametrize(
    ("pattern", "path", "period", "parts"),
    [
        (ORDERS, "orders/2024/1/5/part-.json.gz", "2024-01-05", {}),
        (ORDERS, "orders/2024/01/05/part-a.b.json.gz", "2024-01-05", {}),
        ("{kind:new|old}_{year}-{month}.csv", "old_2024-12.csv", "2024-12", {"kind": "old"}),
        ("{kind:a|ab}{rest:b|c}.csv", "abb.csv", "", {"kind": "ab", "rest": "b"}),
        ("{year}{month:02}{day:02}T{hour:02}.csv", "20240229T00.csv", "2024-02-29T00", {}),
        ("{year}-{month}-{day}T{hour}.csv", "2024-2-9T7.csv", "2024-02-09T07", {}),
        ("{month}-{year}.csv", "7-2024.csv", "2024-07", {}),
        ("*{month}-{year}.csv", "a12-2024.csv", "2024-12", {}),
        ("v2{month}-{year}.csv", "v212-2024.csv", "2024-12", {}),
        ("{year}/x", "2024/x", "2024", {}),
        ("stations.csv", "stations.csv", "", {}),
        ("day-?.csv", "day-é.csv", "", {}),
        ("{store}-{year}.csv", "new-york-2024.csv", "2024", {"store": "new-york"}),
        ("{a}-{b}.csv", "x-y-z.csv", "", {"a": "x", "b": "y-z"}),
        ("{store:04}.csv", "0017.csv", "", {"store": "0017"}),
        ("country={country}/*.parquet", "country=DE/a.parquet", "", {"country": "DE"}),
        ("a+b (1).{ext}", "a+b (1).csv", "", {"ext": "csv"}),
    ],
)
def test_what_a_path_says(pattern: str, path: str, period: str, parts: dict[str, str]) -> None:
    assert parse(pattern).match(path) == Match(period, parts)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (ORDERS, "unaltered/orders/2024/01/05/part-1.json.gz"),
        (ORDERS, "orders/2024/01/05/more/part-1.json.gz"),
        (ORDERS, "orders/2024/01/05/part-1.json.gz.tmp"),
        (ORDERS, "orders/2024/13/05/part-1.json.gz"),
        (ORDERS, "orders/2024/001/05/part-1.json.gz"),
        (ORDERS, "orders/2023/02/29/part-1.json.gz"),
        (ORDERS, "orders/1900/02/29/part-1.json.gz"),
        (ORDERS, "orders/2024/04/31/part-1.json.gz"),
        (ORDERS, "orders/0000/04/30/part-1.json.gz"),
        (ORDERS, "orders/२०२४/04/30/part-1.json.gz"),
        ("{year}-{month:02}.csv", "2024-4.csv"),
        ("{year}{month:02}5.csv", "202415.csv"),
        ("{year}-{month}-{day}T{hour}.csv", "2024-02-09T24.csv"),
        ("{kind:new|old}.csv", "newer.csv"),
        ("{store}.csv", ".csv"),
        ("{store}.csv", "a/b.csv"),
        ("day-?.csv", "day-.csv"),
        ("day-?.csv", "day-/.csv"),
        ("*.csv", "a/b.csv"),
        ("a.csv", "abcsv"),
        ("a.csv", "a.csv\n"),
        ("{store:04}.csv", "017.csv"),
    ],
)
def test_what_no_pattern_claims(pattern: str, path: str) -> None:
    assert parse(pattern).match(path) is None


def test_a_pattern_names_its_unit_parts_and_values() -> None:
    pattern = parse("{country}/{kind:new|old}_{year}-{month}-*.csv")
    assert (pattern.unit, pattern.names, pattern.values) == (
        "month",
        ("country", "kind"),
        {"kind": ("new", "old")},
    )
    assert [parse(text).unit for text in ("a", "{year}", "{year}{month:02}{day:02}-{hour}")] == [
        "",
        "year",
        "hour",
    ]
    assert str(pattern) == pattern.text
    assert len({parse(ORDERS), parse(ORDERS)}) == 1


@pytest.mark.parametrize(
    ("pattern", "period", "parts", "path"),
    [
        ("{year}/{month}/{day}.csv", "2024-04-05", {}, "2024/4/5.csv"),
        ("{year}/{month:02}/{kind}.csv", "2024-04", {"kind": "new"}, "2024/04/new.csv"),
        ("{hour}-{day:02}-{month}-{year}", "2024-10-01T05", {}, "5-01-10-2024"),
        ("a.csv", "", {}, "a.csv"),
    ],
)
def test_what_a_pattern_writes(pattern: str, period: str, parts: dict[str, str], path: str) -> None:
    assert parse(pattern).fill(period, parts) == path


@pytest.mark.parametrize(
    ("pattern", "period", "parts", "said"),
    [
        (
            "{year}-{month}.csv",
            "2024",
            {},
            "found the period '2024', expected a month, as '{year}-{month}.csv' has it",
        ),
        (
            "{year}.csv",
            "2024-01",
            {},
            "found period 2024-01 and parts none, expected what '{year}.csv' tells apart",
        ),
        ("{year}.csv", "", {}, "found the period '', expected a year, as '{year}.csv' has it"),
        (
            "{k:a|b}.csv",
            "",
            {"k": "c"},
            "found period none and parts {'k': 'c'}, expected what '{k:a|b}.csv' tells apart",
        ),
        ("{k}.csv", "", {}, "found period none and parts none, expected what '{k}.csv' tells apart"),
        ("{k}.csv", "", {"k": "a", "l": "b"}, "found period none and parts {'k': 'a', 'l': 'b'}, expected"),
        ("{a}-{b}.csv", "", {"a": "x-y", "b": "z"}, "found period none and parts"),
        ("*.csv", "", {}, "found a wildcard in '*.csv', expected a pattern of one path"),
    ],
)
def test_what_it_cannot_write(pattern: str, period: str, parts: dict[str, str], said: str) -> None:
    with pytest.raises(PatternError) as refused:
        parse(pattern).fill(period, parts)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "found '', expected a path below the input, of 1 to 1024 printable characters"),
        ("a\tb", "found 'a\\tb', expected a path below the input, of 1 to 1024 printable characters"),
        (
            "s3://b/a.csv",
            "found 's3://b/a.csv', expected a path below the input; leave out the scheme and the bucket",
        ),
        ("/a.csv", "found '/a.csv', expected a path below the input, without '/' first; write 'a.csv'"),
        ("a/", "found 'a/', expected a pattern of files; write 'a/*'"),
        ("a/../b", "found 'a/../b', expected a path below the input, without '.', '..' or '//'"),
        ("a//b", "found 'a//b', expected a path below the input, without '.', '..' or '//'"),
        ("a\\b", "found a '\\', expected '/' between folders; write 'a/b'"),
        (
            "**/a.csv",
            "found '**', expected '*', which stays inside a folder; write one pattern for each depth",
        ),
        (
            "a[0-9].csv",
            "found brackets, expected '?', '*' or a part with its values; write '?', or as in {kind:new|old}",
        ),
        ("{month}.csv", "found {month} without {year}, expected a month with its year"),
        ("{year}-{day}.csv", "found {day} without {month}, expected a day with its month"),
        ("{year}{month:02}T{hour}", "found {hour} without {day}, expected an hour with its day"),
        ("{year}/{year}.csv", "found {year} twice, expected each name once; write '*' the second time"),
        ("{k}/{k:a|b}.csv", "found {k} twice, expected each name once; write '*' the second time"),
        (
            "{year}-{months}.csv",
            "found '{months}', expected {year}, {month}, {day} or {hour}; did you mean {month}?",
        ),
        ("{Year}.csv", "found '{Year}', expected {year}, {month}, {day} or {hour}; did you mean {year}?"),
        ("{yyyy}.csv", "found '{yyyy}', expected {year}, {month}, {day} or {hour}; did you mean {year}?"),
        ("{year}-{MM}.csv", "found '{MM}', expected {year}, {month}, {day} or {hour}; did you mean {month}?"),
        (
            "{date}.csv",
            "found '{date}', expected year, month and day; write {year}-{month}-{day}, as the files are named",
        ),
        ("{year.csv", "found a single '{' in '{year.csv', expected braces in pairs, around a name"),
        ("{{year}}.csv", "found a single '{' in '{{year}}.csv', expected braces in pairs, around a name"),
        ("year}.csv", "found a single '}' in 'year}.csv', expected braces in pairs, around a name"),
        ("{k:a||b}", "found an empty value in '{k:a||b}', expected values between single '|'"),
        ("{k:}", "found '{k:}', expected a width or values after ':'; write {k}"),
        ("{k:a/b|c}", "found a '/' in a value of '{k:a/b|c}', expected values inside one folder's name"),
        ("{k:a*|c}", "found a wildcard in a value of '{k:a*|c}', expected plain values"),
        ("{k:a,b}", "found '{k:a,b}', expected values between '|'; write {k:a|b}"),
        ("{k:a|b|a}", "found the value 'a' twice in '{k:a|b|a}', expected each value once"),
        ("{a,b}.csv", "found '{a,b}', expected values behind a name; write {kind:a|b}, with a better name"),
        ("{}.csv", "found '{}', expected a name of lower-case letters, digits and '_', a letter first"),
        (
            "{Store-Id}.csv",
            "found '{Store-Id}', expected a name of lower-case letters, digits and '_', a letter first; "
            "did you mean {store_id}?",
        ),
        ("{year:02}.csv", "found '{year:02}', expected a year of 4 digits; write {year:04}"),
        ("{year}-{month:3}.csv", "found '{month:3}', expected a month of 2 digits; write {month:02}"),
        (
            "{year}-{month:jan|feb}.csv",
            "found '{month:jan|feb}', expected {month}: a time has no values; write {month}",
        ),
        ("{k:99}", "found '{k:99}', expected a width of 1 to 18 digits"),
        (
            "{year}{month}{day}.csv",
            "found {month} directly before {day}, expected a month of two digits there; write {month:02}",
        ),
        (
            "{year}-{month}1",
            "found {month} directly before '1', expected a month of two digits there; write {month:02}",
        ),
        ("{a}{b}", "found {a} directly before {b}, expected something between them that tells them apart"),
        ("{a}*.csv", "found {a} directly before '*', expected something between them that tells them apart"),
        ("*{a}.csv", "found '*' directly before {a}, expected something between them that tells them apart"),
    ],
)
def test_what_is_no_pattern(pattern: str, said: str) -> None:
    with pytest.raises(PatternError) as refused:
        parse(pattern)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        ("a.csv", "a.csv", "a.csv"),
        ("*.csv", "a.*", "a.csv"),
        ("*", "?", "x"),
        ("{kind:new|old}.csv", "{kind:old|odd}.csv", "old.csv"),
        ("{year}-{month}.csv", "2024-1.csv", "2024-1.csv"),
        ("{year}-{month:02}.csv", "2024-1.csv", None),
        ("{year}-{month}.csv", "*-13.csv", None),
        ("{year}-{month}.csv", "{store}.csv", "2024-1.csv"),
        ("{year}-{month}-{day}.csv", "*-31.csv", "2024-1-31.csv"),
        ("{year}-{month}-{day}.csv", "*-04-30.csv", "2024-04-30.csv"),
        ("{year}-{month}-{day}.csv", "*-02-29.csv", "2024-02-29.csv"),
        ("{year}-{month}-{day}.csv", "*-02-30.csv", None),
        ("{year}-{month}-{day}.csv", "2023-02-29.csv", None),
        ("a/*.csv", "*.csv", None),
        ("{a}/x.csv", "y/*.csv", "y/x.csv"),
        ("a*b", "ab", "ab"),
        ("{a}b", "b", None),
        ("orders_*.csv", "orders_{year}.csv.gz", None),
        ("{store:02}.csv", "{year}.csv", None),
        ("{store:04}.csv", "{year}.csv", "0004.csv"),
    ],
)
def test_a_path_that_two_patterns_claim(one: str, other: str, path: str | None) -> None:
    assert overlap(parse(one), parse(other)) == path
    back = overlap(parse(other), parse(one))
    assert (back is None) == (path is None)
    assert back is None or (parse(one).match(back) and parse(other).match(back))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("unaltered/orders_2024-01.csv", "orders_{year}-{month}.csv"),
        ("2024/weather.csv", "weather.csv"),
        ("order_2024-01.csv", "orders_{year}-{month}.csv"),
        ("orders_2024_01.csv", "orders_{year}-{month}.csv"),
        ("Orders_2024-01.CSV", "orders_{year}-{month}.csv"),
        ("orders_2024-13.csv", "orders_{year}-{month}.csv"),
        ("sensors_2024-01-05.parquet", "sensors/{year}/{month}/{day}.parquet"),
        ("README.md", None),
        ("img/logo.png", None),
    ],
)
def test_the_nearest_pattern_of_a_path_that_none_claims(path: str, found: str | None) -> None:
    texts = ("orders_{year}-{month}.csv", "weather.csv", "sensors/{year}/{month}/{day}.parquet")
    near = nearest(path, [parse(text) for text in texts])
    assert (near.text if near else None) == found
    assert nearest(path, []) is None


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("patterns")))
def test_what_is_written_is_read_and_overlaps_are_found(attempt: int) -> None:
    """Random patterns: they read what they write, and a path that a second one claims too is an overlap."""
    chosen = random.Random(f"{SEED}-patterns-{attempt}")
    one = _random_pattern(chosen)
    period = f"2024-{chosen.randint(1, 12):02}-{chosen.randint(1, 28):02}"[
        : {"": 0, "year": 4, "month": 7}.get(one.unit, 10)
    ]
    parts = {name: chosen.choice(one.values.get(name) or ("x", "y1", "z-z")) for name in one.names}
    try:
        path = one.fill(period, parts)
    except PatternError:  # 'z-z' beside another part: it would be read otherwise
        assert "z-z" in parts.values()
        return
    assert one.match(path) == Match(period, parts)
    loose = "".join("*" if letter not in "/" and chosen.random() < 0.4 else letter for letter in path)
    while "**" in loose:
        loose = loose.replace("**", "*")
    both = overlap(one, parse(loose))
    assert both is not None, (one, loose)
    assert one.match(both), (one, both)
    assert parse(loose).match(both), (loose, both)


def _random_pattern(chosen: random.Random) -> Pattern:
    times_ = ["", "{year}", "{year}-{month}", "{year}/{month:02}/{day}", "{year}{month:02}{day:02}"]
    pieces = [
        chosen.choice(times_),
        chosen.choice(["", "a", "9"]),
        chosen.choice(["", "{part}", "{kind:new|old|x}"]),
    ]
    chosen.shuffle(pieces)
    return parse(chosen.choice(["-", "_", "/x/"]).join(filter(None, pieces)) + ".csv")


def test_an_overlap_of_digits_that_run_into_each_other() -> None:
    """A month of one digit ends where no digit follows, also where the other pattern would read one there."""
    one = parse("{a}-{b}/*x*{year}-{month}-{day}*.csv")
    other = parse("*-*/{d}z*q*-{year}{month:02}{day:02}.csv")
    both = overlap(one, other)
    assert both is not None
    assert one.match(both)
    assert other.match(both)
    assert overlap(parse("x{year}-{month}*"), parse("x2024-3?")) == "x2024-3x"
    assert overlap(parse("a*{month}-{year}"), parse("a?1-2024"))
    assert overlap(parse("*{month}-{year}"), parse("41-2024")) is None
