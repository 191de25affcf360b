"""Which periods a backfill reads, in which runs, and what it says of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from data_pipeline.core.progress import backfill_text
from data_pipeline.core.progress.backfill import (
    Done,
    Piece,
    Wish,
    done,
    made_of,
    not_made,
    pieces,
    published,
    unmade,
    without_periods,
)
from data_pipeline.core.progress.coverage import (
    ACCEPTED,
    HELD,
    MISSING,
    PUBLISHED,
    UNREADABLE,
    WAITING,
    DatasetCoverage,
    Unpublished,
)
from data_pipeline.core.progress.coverage import Held as Totals
from data_pipeline.core.progress.past_runs import PastRun

KINDS = {
    "2024-01": PUBLISHED,
    "2024-02": UNREADABLE,
    "2024-03": HELD,
    "2024-04": WAITING,
    "2024-05": ACCEPTED,
    "2024-06": MISSING,
    "2024-07": WAITING,
}
OLD, NEW = "2024-08-01T06-00-00Z-aaaaaa", "2024-09-01T06-00-00Z-bbbbbb"


def _covered(name: str, kinds: dict[str, str], unit: str = "month") -> DatasetCoverage:
    """Each file has 10 bytes."""
    there = (PUBLISHED, ACCEPTED)
    return DatasetCoverage(
        name,
        unit,
        {(): kinds},
        tuple(
            Unpublished(f"{name}/{period}", period, (), 10, kind)
            for period, kind in kinds.items()
            if kind not in (*there, MISSING)
        ),
        (),
        {period: Totals(2, 20, frozenset([OLD])) for period, kind in kinds.items() if kind in there},
        9,
    )


def _spans(wish: Wish, *every: DatasetCoverage) -> list[str]:
    return [each.span for each in pieces(every or [_covered("orders", KINDS)], wish)]


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (Wish(), ["2024-04", "2024-07", "2024-02", "2024-03"]),
        (Wish(only="missing"), ["2024-04", "2024-07"]),
        (Wish(only="failed"), ["2024-02", "2024-03"]),
        (Wish(only="accepted"), ["2024-05"]),
        (Wish(only="all"), ["2024-01", "2024-04", "2024-05", "2024-07", "2024-02", "2024-03"]),
        (Wish("2024-02", "2024-04"), ["2024-04", "2024-02", "2024-03"]),
        (Wish("2024", "2024"), ["2024-04", "2024-07", "2024-02", "2024-03"]),
        (Wish("2025", "2025"), []),
        (Wish(mirrors=True), ["2024-04", "2024-06", "2024-07", "2024-02", "2024-03"]),
        (Wish("2024-06", "2024-09", mirrors=True), ["2024-06", "2024-07", "2024-08", "2024-09"]),
        (Wish(together=9), ["2024-04", "2024-07", "2024-02..2024-03"]),
        (Wish(together=9, only="all"), ["2024-01", "2024-04..2024-05", "2024-07", "2024-02..2024-03"]),
    ],
)
def test_periods_are_chosen_by_what_they_are(wish: Wish, expected: list[str]) -> None:
    """What no run has tried comes first; only adjacent periods are read together."""
    assert _spans(wish) == expected


def test_data_sets_share_a_run() -> None:
    """Where they have the same period to be read; those of another unit have their own. Files are counted."""
    orders, weather = _covered("orders", KINDS), _covered("weather", {"2024-04": WAITING, "2024-05": WAITING})
    years = _covered("years", {"2024": WAITING}, "year")
    plain = _covered("plain", {"": WAITING}, "")
    found = pieces([orders, weather, years, plain], Wish(only="missing"))
    assert [(each.span, each.datasets, each.files, each.bytes) for each in found] == [
        ("2024-04", ("orders", "weather"), 2, 20),
        ("2024-05", ("weather",), 1, 10),
        ("2024-07", ("orders",), 1, 10),
        ("2024", ("years",), 1, 10),
    ]
    again = pieces([orders], Wish("2024-01", "2024-01", only="all"))
    assert (again[0].files, again[0].bytes) == (2, 20)


def test_data_sets_without_periods_are_named_with_what_reads_them() -> None:
    """Where they have anything to be read."""
    shops, places = _covered("shops", {"": WAITING}, ""), _covered("places", {"": PUBLISHED}, "")
    every = [_covered("orders", KINDS), shops, places]
    assert without_periods(every, Wish()) == ["shops"]
    assert without_periods(every, Wish(only="all")) == ["shops", "places"]
    assert without_periods([replace(places, files=0)], Wish(only="all")) == []
    said = backfill_text.left_out("dev", ["shops", "places"], again=True)
    assert said.startswith("files of shops, places have no periods, so")
    assert said.endswith(": python -m data_pipeline run dev --dataset shops --dataset places --reprocess")


def test_what_was_read_since_is_not_read_again() -> None:
    """By all of its runs, as their names tell; what is not published as it is there is read all the same."""
    found = _covered("orders", KINDS)
    assert _spans(Wish(only="all", before=OLD[:19]), found) == ["2024-04", "2024-07", "2024-02", "2024-03"]
    assert "2024-01" in _spans(Wish(only="all", before=NEW[:19]), found)


def test_a_run_that_aws_named_does_not_count_as_a_later_one() -> None:
    """Names of runs of the schedule say no time, whatever they begin with."""
    scheduled = Totals(1, 10, frozenset(["7f3c2a11-1111-2222-3333-444455556666"]))
    found = replace(_covered("orders", KINDS), published={"2024-01": scheduled})
    assert "2024-01" in _spans(Wish(only="all", before=NEW[:20]), found)
    assert "2024-01" in _spans(Wish(only="all", before=OLD[:20]), found)


def test_a_run_that_failed_is_made_again_in_halves() -> None:
    """Three periods are one and two."""
    halves = Piece("month", ("2024-01", "2024-02", "2024-03"), ("orders",), 3, 30).halves()
    assert [each.span for each in halves] == ["2024-01", "2024-02..2024-03"]


def test_the_last_run_reads_nothing() -> None:
    """It is narrowed to a period that is published in all series, within what was asked for if there is one."""
    found = _covered("orders", KINDS | {"2024-08": PUBLISHED})
    mixed = replace(found, series={**found.series, (("a", "1"),): {"2024-08": WAITING}})
    for given, wish, span in (
        (found, Wish(), "2024-08"),
        (found, Wish("2024-01", "2024-02"), "2024-01"),
        (found, Wish("2025", "2025"), "2024-08"),
        (mixed, Wish(), "2024-05"),
    ):
        piece = published([given], wish)
        assert piece is not None
        assert (piece.span, piece.datasets) == (span, ("orders",))
    assert published([_covered("orders", {"2024-01": WAITING})], Wish()) is None


def test_what_was_left_for_it_is_known() -> None:
    """By the document of the tables that were made; without one nothing was loaded yet."""
    assert unmade({"version": 1, "made": {"a": "x"}}, ["a", "b"]) == ["b"]
    assert unmade({}, ["a"]) == []


def test_what_cannot_be_made_names_the_run_that_makes_it() -> None:
    """It is no run, and failed."""
    found = not_made("dev", ["totals"])
    assert not found.good
    assert found.reason.startswith("totals: no period is published whole")
    assert found.reason.endswith(": python -m data_pipeline run dev")
    told = backfill_text.as_json(found)
    assert (told["ended"], told["execution"], told["periods"]) == ("not made", None, None)


def test_a_source_that_is_away_is_no_matter_where_everything_was_made() -> None:
    """It is, where something is left."""
    partial = Done(Piece("month", ("2024-01",), ("orders",)), NEW, "partial", 3, None, "1 failed")
    assert made_of(partial, []) == replace(partial, ended="published", reason="")
    assert made_of(partial, ["totals"]) == partial
    failed = replace(partial, ended="failed")
    assert made_of(failed, []) == failed


def test_the_preview_says_periods_files_bytes_and_time() -> None:
    """Time by the runs of the past that published; without one it says so."""
    found = pieces([_covered("orders", KINDS)], Wish())
    assert [*backfill_text.preview(found, ["totals"], 90.0)] == [
        "orders: 4 periods, 2024-02 to 2024-07",
        "4 files, 40 bytes, in 4 runs, one after the other",
        "on 2 periods of these a run has failed before; they come last",
        "at the end, once: totals",
        "about 1 min 30 s a run, as the last ones took, so 6 min in all",
    ]
    assert "not known" in [*backfill_text.preview(found, [], None)][-1]
    start = datetime(2024, 1, 1, tzinfo=UTC)
    past = [
        PastRun("r", "SUCCEEDED", start, start + timedelta(seconds=n), results={"v": {"passed": True}})
        for n in (10, 30, 50)
    ]
    past += [replace(past[0], results={"d": {"proceed": False}}), replace(past[0], status="FAILED")]
    assert backfill_text.usual(past) == 30
    assert backfill_text.usual([]) is None


def test_the_end_says_what_became_of_each() -> None:
    """A table, a line that counts, and the reasons of those that failed; of very many runs only those."""
    piece = Piece("month", ("2024-01",), ("orders",), 1, 10)
    good = Done(piece, OLD, "published", 12.3, (1000, 2))
    bad = Done(replace(piece, periods=("2024-02",)), NEW, "gate failed", 5, None, "unreadable-files of …")
    assert backfill_text.rows([good, bad]) == [
        ("2024-01", "orders", "published", "00:12", "1,000", "2", "aaaaaa"),
        ("2024-02", "orders", "gate failed", "00:05", "-", "-", "bbbbbb"),
    ]
    assert backfill_text.one(1, 2, good) == "1/2 2024-01 published after 12 s, 1,000 rows"
    assert backfill_text.result([good, bad]) == "1 of 2 periods read, 1 failed"
    assert [*backfill_text.failures([good, bad])] == ["2024-02 gate failed: unreadable-files of …"]
    assert len(backfill_text.rows([good] * 100 + [bad])) == 1
    assert backfill_text.as_json(bad)["good"] is False


def test_a_source_that_is_away_or_empty_is_told_from_a_period_that_was_read() -> None:
    """What could not be fetched failed, whatever else the run did; what the source lacks did neither."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    away = {"proceed": False, "partial": True, "messages": ["the mirror is partial: 1 failed", "x: 503", "y"]}
    piece = Piece("month", ("2024-01",), ("orders",))
    ends = []
    for results in (
        {"d": {"proceed": False, "partial": False}},
        {"d": away},
        {"d": {**away, "proceed": True}, "v": {}},
        {"d": {"proceed": True}, "v": {}},
    ):
        past = PastRun(NEW, "SUCCEEDED", start, start + timedelta(seconds=3), results=results)
        ends.append(done(piece, past, "", start))
    assert [(each.ended, each.good, each.read) for each in ends] == [
        ("nothing new", True, False),
        ("partial", False, False),
        ("partial", False, False),
        ("published", True, True),
    ]
    assert backfill_text.result(ends[:1]) == "0 of 1 period read, 1 with nothing to read"
    assert backfill_text.result(ends) == "1 of 4 periods read, 1 with nothing to read, 2 failed"
    assert (
        next(iter(backfill_text.failures(ends))) == "2024-01 partial: the mirror is partial: 1 failed; x: 503"
    )
    failed = PastRun(NEW, "FAILED", start, results={"d": away})
    assert done(piece, failed, "the disk is full", start).reason == "the disk is full"


def test_the_command_to_go_on_with_says_the_same() -> None:
    """With the time from which on what was read counts."""
    wish = Wish("2024-01", "2024-06", "all", 3, "2024-08-01T06-00-00Z")
    assert backfill_text.command("dev", wish, ["orders"]) == (
        "python -m data_pipeline backfill dev --periods 2024-01..2024-06 --dataset orders --only all --at-a-time 3 "
        "--read-before 2024-08-01T06:00:00Z"
    )
    assert backfill_text.command("dev", Wish("2024", "2024"), []).endswith("backfill dev --periods 2024")
