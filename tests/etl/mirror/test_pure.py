"""The mirror's pure parts: periods, patience, what answers mean, what refusals mean, a Parquet footer."""

from __future__ import annotations

import io
import random
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.etl.documents import sources as source_list
from data_pipeline.etl.documents.datasets import Dataset, Definitions, Format
from data_pipeline.etl.documents.sources import MirrorSource, SourceList
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.mirror import footer, periods, refusals, retry_policy, verdicts, wanted
from data_pipeline.etl.mirror.record import Entry
from data_pipeline.etl.mirror.refusals import Evidence
from data_pipeline.etl.mirror.retry_policy import RetryPolicy
from data_pipeline.etl.mirror.transfer import REFUSED, Outcome
from data_pipeline.etl.mirror.verdicts import Head, Meaning
from data_pipeline.etl.mirror.wanted import Ask

MONTHLY = "https://x.org/{dataset}_{year}-{month:02}.parquet"
DAILY = "https://x.org/{year}/{month}/{dataset}-{year}{month:02}{day:02}.csv"
HOURLY = "https://x.org/{year}-{month}-{day}/{station}-{hour}.csv"


@pytest.mark.parametrize(
    ("pattern", "period", "url"),
    [
        (MONTHLY, "2019-01", "https://x.org/orders_2019-01.parquet"),
        (DAILY, "2019-01-31", "https://x.org/2019/1/orders-20190131.csv"),
        (HOURLY, "2019-01-31T05", "https://x.org/2019-1-31/orders-5.csv"),
        ("https://x.org/{year}.csv", "2019", "https://x.org/2019.csv"),
    ],
)
def test_a_pattern_names_a_period(pattern, period, url):
    """Without a width a month has the digits that it needs; the one other name is the data set."""
    assert periods.expand(pattern, "orders", periods.parse(period)) == url
    assert periods.unit(pattern) == periods.unit_of(period)


@pytest.mark.parametrize(
    ("first", "today", "labels"),
    [
        ("2023-11", date(2024, 2, 1), ["2023-11", "2023-12", "2024-01"]),
        ("2023-11", date(2024, 1, 31), ["2023-11", "2023-12"]),
        ("2024-02", date(2024, 2, 29), []),
        ("2024-02-28", date(2024, 3, 1), ["2024-02-28", "2024-02-29"]),
        ("2022", datetime(2024, 1, 1, tzinfo=UTC), ["2022", "2023"]),
        ("2022", datetime(2023, 12, 31, 23, tzinfo=UTC), ["2022"]),
        ("2024-02-29T22", datetime(2024, 3, 1, 0, 59, tzinfo=UTC), ["2024-02-29T22", "2024-02-29T23"]),
    ],
)
def test_only_periods_that_are_over(first, today, labels):
    """A month is asked for from the first day after it, whatever the year and the length of February."""
    unit = periods.unit_of(first)
    found = [periods.label(each, unit) for each in periods.through(periods.parse(first), today, unit)]
    assert found == labels


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("orders_2019-01.csv", "2019-01"),
        ("a-2019-01-31.csv", "2019-01-31"),
        ("a-2019-01-01-2019-01-31.csv", "2019-01"),
        ("a-2019-01-2019-02.csv", ""),
        ("zones.csv", ""),
        ("120190-01.csv", ""),
    ],
)
def test_the_period_in_a_name(name, period):
    assert periods.in_name(name) == period


@pytest.mark.parametrize(
    ("period", "first", "last", "shares"),
    [
        ("2024-01", "2024-01-15", "2024-02", True),
        ("2024-01", "2024-02-01", "2024-02-01", False),
        ("2024-01-31T23", "2024", "2024-01", True),
        ("2024-02-01", "2023", "2024-01", False),
        ("2024", "2024-06", "2024-06", True),
    ],
)
def test_periods_of_different_lengths_share_time(period, first, last, shares):
    assert periods.overlaps(period, first, last) is shares


def test_what_lies_below_the_first_placeholder_is_kept():
    """The documentation's own example: a folder a month, and the same name in each."""
    pattern = "https://x.org/exports/{year}/{month:02}/{dataset}-{day:02}.csv"
    source = MirrorSource("daily", "url", pattern, {"weather": "2024-01-31"}, to="side/")
    asks = wanted.of_pattern(source, {}, date(2024, 2, 3))["weather"]
    assert [ask.path for ask in asks] == [
        "side/2024/01/weather-31.csv",
        "side/2024/02/weather-01.csv",
        "side/2024/02/weather-02.csv",
    ]
    assert [ask.period for ask in asks] == ["2024-01-31", "2024-02-01", "2024-02-02"]


def test_a_file_that_was_stored_by_its_name_keeps_its_place():
    """A record from before folders were kept still tells what is there: nothing is brought a second time."""
    pattern = "https://x.org/{year}/{dataset}-{year}-{month:02}.csv"
    source = MirrorSource("trips", "url", pattern, {"a": "2023-12"})
    known = Entry("https://x.org/2023/a-2023-12.csv", '"e"', "", 1, "", 1)
    before, after = wanted.of_pattern(source, {"a-2023-12.csv": known}, date(2024, 2, 1))["a"]
    assert (before.path, before.known) == ("a-2023-12.csv", known)
    assert (after.path, after.known) == ("2024/a-2024-01.csv", None)


def test_a_prefix_keeps_its_folders_and_a_list_does_not():
    prefix = MirrorSource("theirs", "s3", "s3://their-bucket/out/")
    (ask,) = wanted.of_urls(prefix, ["s3://their-bucket/out/de/2024-01.csv"], {})["theirs"]
    assert (ask.path, ask.period) == ("de/2024-01.csv", "2024-01")
    listed = MirrorSource("listed", "files", files=("https://x.org/a/b.csv",), to="side/")
    (ask,) = wanted.of_urls(listed, listed.files, {})["listed"]
    assert ask.path == "side/b.csv"


def test_a_path_that_no_object_can_have():
    with pytest.raises(JobError, match=r"a part of it, 'a b', is no name for a file"):
        wanted.path_of("s3://their-bucket/out/a b/c.csv", "s3://their-bucket/out/")
    with pytest.raises(JobError, match=r"a part of it, '', is no name for a file"):
        wanted.path_of("s3://their-bucket/out/a//c.csv", "s3://their-bucket/out/")


CLAIMS = wanted.claims(
    Definitions(
        {
            "orders": Dataset("orders", ("orders/{country}/{year}-{month}-{day}.csv",), Format("csv"), ()),
            "weather": Dataset("weather", ("weather-{year}.csv",), Format("csv"), ()),
        }
    )
)


@pytest.mark.parametrize(
    ("datasets", "span", "parts", "paths"),
    [
        ("all", "all", "all", ["de 30", "de 31", "fr 31", "weather", "other"]),
        ("orders", "all", "all", ["de 30", "de 31", "fr 31"]),
        ("all", "all", "country=de", ["de 30", "de 31"]),
        ("all", "all", "country=de,country=fr", ["de 30", "de 31", "fr 31"]),
        ("all", "2024-01-31..2024-02", "all", ["de 31", "fr 31", "weather"]),
        ("weather", "2023", "all", []),
        ("theirs", "all", "all", ["de 30", "de 31", "fr 31", "weather", "other"]),
    ],
)
def test_a_scope_is_what_data_sets_say_of_a_path(datasets, span, parts, paths):
    """A file's data set, parts and period are read from its path, whatever source it comes from."""
    files = {
        "de 30": "orders/de/2024-01-30.csv",
        "de 31": "orders/de/2024-01-31.csv",
        "fr 31": "orders/fr/2024-01-31.csv",
        "weather": "weather-2024.csv",
        "other": "notes.txt",
    }
    sources = SourceList((MirrorSource("theirs", "s3", "s3://their-bucket/"),))
    found = wanted.scope(datasets, span, sources, parts=parts, claims=CLAIMS)
    assert [name for name, path in files.items() if found.has("theirs", path)] == paths


def test_pauses_double_and_differ_and_end():
    """Between half and all of 1, 2, 4, 8 … seconds up to a minute; the server's own wish is never cut."""
    chance = random.Random(1)
    calm = RetryPolicy(attempts=9)
    pauses = [calm.pause(n, chance) for n in range(1, 9)]
    assert all(min(60, 2 ** (n - 1)) / 2 <= p <= min(60, 2 ** (n - 1)) for n, p in enumerate(pauses, 1))
    assert calm.pause(9, chance) is None
    assert calm.pause(1, chance, 120.0) == 120.0
    assert calm.pause(1, chance, 3600.0) is None
    assert calm.pause(3, chance) != calm.pause(3, chance)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120.0), ("Thu, 01 Jan 1970 00:02:00 GMT", 20.0), ("soon", None), (None, None), ("", None)],
)
def test_retry_after(text, seconds):
    assert retry_policy.retry_after(text, now=100.0) == seconds


KNOWN = Entry("u", '"a-1"', "then", 10, "", 8)


@pytest.mark.parametrize(
    ("head", "known", "pinned", "position", "meaning"),
    [
        (Head(200, '"b-1"', total=10), KNOWN, "", 0, Meaning.BODY),
        (Head(304), KNOWN, "", 0, Meaning.SAME),
        (Head(304), None, "", 0, Meaning.WRONG),
        (Head(200, '"a-1"', total=10), KNOWN, "", 0, Meaning.SAME),
        (Head(200, '"a-1"', total=11), KNOWN, "", 0, Meaning.BODY),
        (Head(403), None, "", 0, Meaning.REFUSED),
        (Head(404), KNOWN, "", 0, Meaning.REFUSED),
        (Head(429), None, "", 0, Meaning.AGAIN),
        (Head(503), None, '"a-1"', 5, Meaning.AGAIN),
        (Head(206, '"a-1"', total=10, begins=5), None, '"a-1"', 5, Meaning.BODY),
        (Head(206, '"a-1"', total=10, begins=4), None, '"a-1"', 5, Meaning.OTHER),
        (Head(206, '"b-1"', total=10, begins=5), None, '"a-1"', 5, Meaning.OTHER),
        (Head(200, '"b-1"', total=10), None, '"a-1"', 5, Meaning.OTHER),
        (Head(412), None, '"a-1"', 5, Meaning.OTHER),
        (Head(416), None, '"a-1"', 5, Meaning.OTHER),
        (Head(416), None, "", 0, Meaning.WRONG),
        (Head(200, type="text/html"), None, "", 0, Meaning.WRONG),
        (Head(200, encoding="gzip"), None, "", 0, Meaning.WRONG),
        (Head(200, framed=False), None, "", 0, Meaning.WRONG),
        (Head(401), None, "", 0, Meaning.WRONG),
    ],
)
def test_what_an_answer_means(head, known, pinned, position, meaning):
    assert verdicts.meaning(head, "a.csv", known, pinned, position) is meaning


@pytest.mark.parametrize(
    "headers",
    [
        {"content-range": "bytes 5-9/10", "content-length": "4"},
        {"content-range": "five", "content-length": "5"},
        {"content-length": "5"},
    ],
)
def test_a_part_that_contradicts_itself_is_no_answer(headers):
    with pytest.raises(ValueError, match="Content-"):
        verdicts.head(206, headers)


def refused(period: str, status: int = 403, known: Entry | None = None) -> Outcome:
    return Outcome(Ask("https://x.org/f", "f", "yellow", period, known), REFUSED, status=status)


THERE, GONE = Evidence("https://x.org/g", True), Evidence("https://x.org/g", False)


@pytest.mark.parametrize(
    ("outcome", "evidence", "kind", "words"),
    [
        (refused("2024-05"), THERE, "unpublished", "not published (403)"),
        (refused("2024-05", 404), THERE, "unpublished", "not published (404)"),
        (refused("2024-05"), GONE, "failed", "blocked: the source answers 403"),
        (refused("2024-05"), None, "failed", "nothing of it is known"),
        (refused("2024-01"), THERE, "failed", "refused twice (403)"),
        (refused("2024-01", 404), THERE, "unpublished", "not published (404)"),
        (refused("2024-01", 403, KNOWN), THERE, "failed", "the source has it no more (403)"),
        (refused("", 404), THERE, "failed", "the source does not have it (404)"),
    ],
)
def test_what_a_refusal_means(outcome, evidence, kind, words):
    """Held against a file that the source is known to have, and the newest month that is there."""
    found = refusals.judged(outcome, {"yellow": "2024-03"}, evidence)
    assert found.kind == kind
    assert words in found.reason


@pytest.mark.parametrize(
    "url", ["https://x.org/", "https://x.org/.hidden", "https://x.org/a%2Fb", "https://x.org/%2e%2e"]
)
def test_a_name_that_no_object_should_have_is_refused(url):
    with pytest.raises(JobError, match="is no name for a file"):
        wanted.name_of(url)


def test_a_scope_with_a_name_that_no_source_has():
    known = SourceList((MirrorSource("trips", "url", MONTHLY, {"yellow": "2019-01"}),))
    with pytest.raises(
        JobError, match="--dataset yelow: no source has it; there are: yellow; did you mean yellow"
    ):
        wanted.scope("yelow", "all", known)
    assert wanted.scope("green", "all", known, strict=False).names == {"green"}
    with pytest.raises(JobError, match=r"2019-02\.\.2019-01: this is no period"):
        wanted.scope("all", "2019-02..2019-01", known)


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'{"version": 2}', b'{"version": 1, "sources": [{"name": "x"}]}']
)
def test_a_list_of_sources_that_is_none(content):
    with pytest.raises(JobError, match=r"^place: "):
        source_list.read(content, "place")


def written(**options: object) -> bytes:
    table = pa.table(
        {"n": list(range(100)), "t": ["x" * n for n in range(100)], "d": [n / 7 for n in range(100)]}
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=30, **options)
    return buffer.getvalue()


def rows(content: bytes) -> int:
    return footer.rows(len(content), lambda start, length: content[start : start + length])


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("version", ["1.0", "2.6"])
def test_rows_of_a_footer(compression, version):
    """The rows that PyArrow wrote, whatever else it wrote."""
    assert rows(written(compression=compression, version=version, store_schema=version != "1.0")) == 100


def test_a_file_without_rows_is_refused():
    buffer = io.BytesIO()
    pq.write_table(pa.table({"n": pa.array([], pa.int64())}), buffer)
    with pytest.raises(footer.FooterError, match="holds no rows"):
        rows(buffer.getvalue())


def test_every_cut_and_most_damage_is_found():
    """No prefix of a file passes, nor one with bytes missing in the middle; damage never raises anything else."""
    content = written()
    for end in range(len(content)):
        with pytest.raises(footer.FooterError):
            rows(content[:end])
    for gap in (1, 100, 500):
        with pytest.raises(footer.FooterError):
            rows(content[:50] + content[50 + gap :])
    chance = random.Random(5)
    for _ in range(2000):
        damaged = bytearray(content)
        damaged[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        try:
            rows(bytes(damaged))
        except footer.FooterError:
            continue
