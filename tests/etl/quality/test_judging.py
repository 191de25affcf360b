"""The quality gate: each rule with a value just inside and just outside its limit, and what a run may let through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from data_pipeline.etl.documents import findings, rules
from data_pipeline.etl.documents.findings import Violation
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.quality.facts import Earlier, Facts, FileFacts, Judgement, Measured
from data_pipeline.etl.quality.judging import finding, judge

NOW = datetime(2024, 3, 3, 12, tzinfo=UTC).timestamp()


def file(path: str = "a.csv", read: int = 100, accepted: int = 100, **more: str) -> FileFacts:
    return FileFacts(
        path,
        more.pop("etag", f"etag of {path}"),
        more.pop("period", ""),
        more.pop("series", ""),
        read,
        accepted,
        **more,
    )


def judged(
    key: str,
    text: str,
    *files: FileFacts,
    history: dict[str, Earlier] | None = None,
    accepted=(),
    measured=(),
) -> Judgement:
    return judge([rules.parse(key, text)], Facts("orders", NOW, files, measured), history or {}, accepted)


def said(judgement: Judgement) -> list[str]:
    return [str(breach) for breach in judgement.failed]


def days(rows: dict[int, int], series: str = "") -> dict[str, Earlier]:
    """Files of February 2024 by day."""
    return {f"{series}{day}.csv": Earlier(f"2024-02-{day:02}", series, count) for day, count in rows.items()}


USUAL = days({1: 90, 2: 100, 3: 110})
FOURTH = {"path": "4.csv", "period": "2024-02-04"}

LIMITS = [
    # (rule, limit, files inside, files outside, history, what is said)
    (
        "unreadable-files",
        "0",
        [file(read=100, accepted=1), file("b.csv", 1, 0), file("c.csv", 0, 0)],
        [file(read=2, accepted=0)],
        {},
        "a.csv: unreadable-files is 1, the limit is 0: all of its rows are refused",
    ),
    (
        "quarantined-share",
        "0.05",
        [file(accepted=95)],
        [file(accepted=94)],
        {},
        "a.csv: quarantined-share is 0.06, the limit is 0.05",
    ),
    (
        "unreadable-files",
        "0",
        [file()],
        [file(error="no header")],
        {},
        "a.csv: unreadable-files is 1, the limit is 0: no header",
    ),
    (
        "unreadable-files",
        "1",
        [file(error="no header"), file("b.csv")],
        [file(error="no header"), file("b.csv", error="cut")],
        {},
        "a.csv: unreadable-files is 2, the limit is 1: no header",
    ),
    (
        "rows-of-earlier-issue",
        "0.5",
        [file(accepted=50)],
        [file(accepted=49)],
        {"a.csv": Earlier("", "", 100)},
        "a.csv: rows-of-earlier-issue is 0.49, the limit is 0.5",
    ),
    (
        "rows-of-earlier-issue",
        "0.5",
        [file(accepted=0, error="no header")],
        [file(accepted=0)],
        {"a.csv": Earlier("", "", 100)},
        "a.csv: rows-of-earlier-issue is 0, the limit is 0.5",
    ),
    (
        "rows-of-earlier-issue",
        "0.5",
        [file(accepted=200)],
        [file(accepted=201)],
        {"a.csv": Earlier("", "", 100)},
        "a.csv: rows-of-earlier-issue is 2.01, the limit is 2",
    ),
    (
        "rows-of-median",
        "0.2",
        [file(accepted=20, **FOURTH)],
        [file(accepted=19, **FOURTH)],
        USUAL,
        "orders 2024-02-04: rows-of-median is 0.19, the limit is 0.2",
    ),
    (
        "rows-of-median",
        "0.2",
        [file(accepted=500, **FOURTH)],
        [file(accepted=501, **FOURTH)],
        USUAL,
        "orders 2024-02-04: rows-of-median is 5.01, the limit is 5",
    ),
    (
        "freshness",
        "36 hours",
        [file(period="2024-03-01")],
        [file(period="2024-02-29")],
        {},
        "orders: freshness is 60 hours, the limit is 36 hours",
    ),
]


@pytest.mark.parametrize(("key", "limit", "inside", "outside", "history", "expected"), LIMITS)
def test_a_value_inside_and_one_outside_the_limit(key, limit, inside, outside, history, expected) -> None:
    """A breach of ``fail`` fails and one of ``warn`` warns; what is inside leaves nothing."""
    assert judged(key, f"fail {limit}", *inside, history=history) == Judgement()
    found = judged(key, f"fail {limit}", *outside, history=history)
    assert said(found)[0] == expected
    assert f"the limit is {found.failed[0].limit:g}" in expected  # documents and mails say it as it is
    warned = judged(key, f"warn {limit}", *outside, history=history)
    assert (warned.failed, str(warned.warnings[0])) == ((), expected)


MEASURED = [
    "missing-windows",
    "more-missing-windows",
    "drift",
    "null-share(amount)",
    "unique(id)",
    "accepted(status, [new])",
    "future-times(at)",
]


@pytest.mark.parametrize("key", MEASURED)
def test_a_measured_value_inside_and_outside(key: str) -> None:
    """Whatever was measured of another rule does not count."""
    values = [
        Measured(key, "orders", 0.5),
        Measured(key, "orders x", 0.500002),
        Measured("drift(other)", "orders", 9),
    ]
    assert said(judged(key, "fail 0.5", measured=values)) == [
        f"orders x: {key} is 0.500002, the limit is 0.5"
    ]


def test_a_rule_of_ones_own() -> None:
    values = [Measured("late", "orders", 3)]
    assert judged("late", "fail 3 SELECT 1", measured=values) == Judgement()
    assert said(judged("late", "fail 2 SELECT 1", measured=values)) == ["orders: late is 3, the limit is 2"]


def test_a_file_without_rows_has_no_quarantined_share() -> None:
    assert judged("quarantined-share", "fail 0", file(read=0, accepted=0)) == Judgement()


def test_the_median_is_of_at_least_three_periods_of_the_same_series() -> None:
    """Two periods say nothing, nor do those of another series; a period of several files has the rows of all."""
    few = days({1: 100, 2: 100}) | days({3: 100}, series="b")
    assert judged("rows-of-median", "fail 0.2", file(accepted=0, **FOURTH), history=few) == Judgement()
    both = [
        file("4a.csv", accepted=15, period="2024-02-04"),
        file("4b.csv", accepted=15, period="2024-02-04"),
    ]
    assert judged("rows-of-median", "fail 0.2", *both, history=USUAL) == Judgement()
    assert said(judged("rows-of-median", "fail 0.31", *both, history=USUAL)) == [
        "orders 2024-02-04: rows-of-median is 0.3, the limit is 0.31"
    ]


def test_the_median_leaves_out_periods_without_rows_and_later_ones() -> None:
    """And what is loaded again counts with its new rows alone."""
    history = days({1: 0, 2: 100, 3: 100, 5: 1, 6: 1})
    fourth = file(accepted=50, **FOURTH)
    assert judged("rows-of-median", "fail 0.6", fourth, history=history) == Judgement()
    third = file("1.csv", accepted=1000, period="2024-02-01")
    found = judged("rows-of-median", "fail 0.6", third, fourth, history=history)
    assert said(found) == ["orders 2024-02-04: rows-of-median is 0.5, the limit is 0.6"]


def test_the_age_is_that_of_each_series_and_an_unreadable_file_makes_none_newer() -> None:
    history = {"x": Earlier("2024-02-01", "country=de", 1), "y": Earlier("2024-03-02", "country=fr", 1)}
    unreadable = file("z", 0, 0, period="2024-03-02", series="country=de", error="cut")
    found = judged("freshness", "fail 2 days", unreadable, history=history)
    assert said(found) == ["orders country=de: freshness is 732 hours, the limit is 48 hours"]


def test_accepting_lets_through_exactly_what_was_found() -> None:
    """The same file, ETag and value pass; another value, ETag, file, rule or data set does not."""
    failed = judged("quarantined-share", "fail 0.05", file(accepted=50)).failed
    known = [finding(breach) for breach in failed]
    again = judged("quarantined-share", "fail 0.05", file(accepted=50), accepted=known)
    assert (again.failed, again.accepted) == ((), failed)
    for other in (file(accepted=49), file(accepted=50, etag="new"), file("b.csv", accepted=50)):
        assert len(judged("quarantined-share", "fail 0.05", other, accepted=known).failed) == 1
    for change in ({"rule": "unique(a)"}, {"of": "customers"}):
        wrong = [replace(known[0], **change)]
        assert len(judged("quarantined-share", "fail 0.05", file(accepted=50), accepted=wrong).failed) == 1


def test_accepted_unreadable_files_do_not_count_and_others_do() -> None:
    """However many there are now: a file is known by its ETag."""
    one, two, three = (file(f"{n}.csv", 0, 0, error="cut") for n in (1, 2, 3))
    known = [finding(breach) for breach in judged("unreadable-files", "fail", one, two).failed]
    only = judged("unreadable-files", "fail", one, accepted=known)
    assert (len(only.failed), len(only.accepted)) == (0, 1)
    more = judged("unreadable-files", "fail", one, two, three, accepted=known)
    assert ([b.source for b in more.failed], [b.source for b in more.accepted]) == (
        ["3.csv"],
        ["1.csv", "2.csv"],
    )
    within = judged("unreadable-files", "fail 1", one, two, three, accepted=known)
    assert (len(within.failed), len(within.accepted)) == (0, 2)


def test_an_accepted_age_may_grow_but_not_of_something_newer() -> None:
    value = Measured("freshness(at)", "orders", 50, "2024-03-01T10:00:00")
    known = [finding(breach) for breach in judged("freshness(at)", "fail 1 day", measured=[value]).failed]
    later = judged("freshness(at)", "fail 1 day", measured=[replace(value, value=51)], accepted=known)
    assert (len(later.failed), len(later.accepted)) == (0, 1)
    newer = replace(value, version="2024-03-01T11:00:00")
    assert len(judged("freshness(at)", "fail 1 day", measured=[newer], accepted=known).failed) == 1


def test_an_accepted_median_is_of_the_same_issues() -> None:
    """A period with the same number of rows of another issue still fails."""
    one = file(accepted=1, **FOURTH)
    known = [finding(breach) for breach in judged("rows-of-median", "fail", one, history=USUAL).failed]
    assert judged("rows-of-median", "fail", one, history=USUAL, accepted=known).failed == ()
    assert (
        len(judged("rows-of-median", "fail", replace(one, etag="x"), history=USUAL, accepted=known).failed)
        == 1
    )


def test_findings_come_back_from_their_document() -> None:
    found = (Violation("orders", "unique(id)", "orders", "e", 3.0),)
    assert findings.read(findings.form.text(findings.document("r", found)), "place") == found
    with pytest.raises(JobError, match="place: this is not a list of findings"):
        findings.read("{}", "place")
