"""When each month was first published: noted once, carried on by every later snapshot."""

from datetime import UTC, datetime

from account import trips

from data_pipeline.etl.publishing import availability

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_text_and_back():
    """What is parsed is what was written, earliest first."""
    available = {
        ("fhv", "2015-02"): "2026-12-01T00:00:00Z",
        ("fhv", "2015-01"): "2026-11-25T12:00:00Z",
        ("green", "2013-08"): "2026-11-25T12:00:00Z",
    }
    text = availability.text(available)
    assert text == "2026-11-25T12:00:00Z fhv 2015-01; green 2013-08 | 2026-12-01T00:00:00Z fhv 2015-02"
    assert availability.parse(text) == available
    assert availability.parse("") == {}


def test_a_month_keeps_its_time_while_it_is_there():
    """New months get the time, known ones keep theirs, gone ones lose it, unknown ones stay unknown."""
    first, second, third = (("fhv", f"2015-0{n}") for n in (1, 2, 3))
    before = {first: "2020-01-01T00:00:00Z", second: "2020-01-01T00:00:00Z"}
    old = frozenset({first, second, ("green", "2013-08")})
    now = availability.carried(before, old, frozenset({first, third, ("green", "2013-08")}), NOON)
    assert now == {first: "2020-01-01T00:00:00Z", third: "2026-11-25T12:00:00Z"}


def test_every_snapshot_carries_it(account):
    """A month that comes later has its own time; a re-issue changes none."""
    account.run("first")
    account.put("fhv_tripdata_2015-03.csv", trips("2015-03", 7))
    account.run("second")
    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", 9))
    account.run("third")
    snapshots = account.tables().find("ride_counts").snapshots()
    texts = [s.summary.additional_properties[availability.AVAILABLE] for s in snapshots]
    first, second, third = (availability.parse(text) for text in texts)
    assert set(first) == {("fhv", "2015-01"), ("fhv", "2015-02")}
    assert second == third == first | {("fhv", "2015-03"): second["fhv", "2015-03"]}
