"""The quality gate: each rule at its limit, severities, acceptance, and what its arguments spell."""

from datetime import datetime, timedelta

import pytest
from taxi import gate
from taxi.processed import Entry

from data_pipeline.etl.errors import JobError

NOW = datetime(2026, 1, 1)  # noqa: DTZ001 - a wall clock


def file(month="2020-06", read=100, counted=100, source=None, dataset="fhv", windows=()):
    source = source or f"{dataset}_tripdata_{month}.csv"
    return gate.Counted(source, dataset, month, read, counted, dict.fromkeys(windows, 1))


def starts(month: str, n: int) -> list[datetime]:
    first = datetime.fromisoformat(f"{month}-01")
    return [first + timedelta(minutes=15 * i) for i in range(n)]


def broken(name: str, limit: float, *files, history=None) -> list[tuple[str, float]]:
    rules = {name: gate.Rule("fail", limit)}
    judgement = gate.judge(rules, files, history or {}, NOW, ())
    return [(breach.source, breach.value) for breach in judgement.failed]


def noted(rows: int) -> Entry:
    return Entry("e", 1, rows, "before")


@pytest.mark.parametrize(("counted", "value"), [(95, None), (94, 0.06), (0, 1.0)])
def test_quarantined_share(counted, value):
    """More than the limit breaks the rule, the limit itself does not; a file without rows has no share."""
    found = broken("quarantined-share", 0.05, file(counted=counted), file("2020-07", 0, 0))
    assert [v for _, v in found] == ([] if value is None else [value])


@pytest.mark.parametrize(("rows", "value"), [(50, None), (49, 0.49), (200, None), (201, 2.01), (0, 0)])
def test_rows_of_the_earlier_issue(rows, value):
    """Fewer rows than the limit, or more than its inverse, of what was processed before; unreadable is 0."""
    history = {"fhv_tripdata_2020-06.csv": noted(100), "fhv_tripdata_2020-07.csv": noted(0)}
    files = (file(read=rows, counted=rows), file("2020-07"), file("2020-08"))
    found = broken("rows-of-earlier-issue", 0.5, *files, history=history)
    assert [v for _, v in found] == ([] if value is None else [value])


def test_rows_of_the_median():
    """The median is of the data set's last twelve months, whether noted or of this run, each file once."""
    months = [f"2019-{m:02}" for m in range(6, 13)] + [f"2020-{m:02}" for m in range(1, 6)]
    history = {f"fhv_tripdata_{month}.csv": noted(100) for month in months}
    history |= {"fhv_tripdata_2019-05.csv": noted(10**6), "yellow_tripdata_2020-05.csv": noted(10**6)}
    history |= {"old/fhv_tripdata_2020-05.csv": noted(10**6), "fhv_tripdata_2020-06.csv": noted(10**6)}
    assert broken("rows-of-median", 0.2, file(counted=20), history=history) == []
    assert broken("rows-of-median", 0.2, file(counted=19), history=history) == [("fhv 2020-06", 0.19)]
    assert broken("rows-of-median", 0.2, file(counted=501), history=history) == [("fhv 2020-06", 5.01)]
    two = {path: history[path] for path in ("fhv_tripdata_2020-05.csv", "fhv_tripdata_2020-04.csv")}
    assert broken("rows-of-median", 0.2, file(counted=1), history=two) == []
    three = [file(month) for month in ("2020-03", "2020-04", "2020-05")]
    assert broken("rows-of-median", 0.2, file(counted=1), *three) == [("fhv 2020-06", 0.01)]


@pytest.mark.parametrize(
    ("limit", "counted", "value"),
    [
        (0.2, 500, None),
        (0.2, 501, 5.01),
        (0.5, 200, None),
        (0.5, 201, 2.01),
        (0, 10**6, None),
        (1, 101, 1.01),
    ],
)
def test_a_month_has_at_most_the_inverse_of_the_limit_against_the_median(limit, counted, value):
    """The bound itself is let through; without a least ratio there is no most one."""
    history = {f"fhv_tripdata_2020-{month:02}.csv": noted(100) for month in range(1, 6)}
    found = broken("rows-of-median", limit, file(read=counted, counted=counted), history=history)
    assert found == ([] if value is None else [("fhv 2020-06", value)])


def test_missing_windows():
    """A month's windows are those of all its files together; only those inside the month count."""
    half = starts("2020-02", 29 * 48)
    assert broken("missing-windows", 0.5, file("2020-02", windows=half)) == []
    assert broken("missing-windows", 0.5, file("2020-02", windows=half[1:])) == [
        ("fhv 2020-02", round((29 * 48 + 1) / (29 * 96), 6))
    ]
    other = file("2020-02", source="b/fhv_tripdata_2020-02.csv", windows=half[:1])
    assert broken("missing-windows", 0.5, file("2020-02", windows=half[1:]), other) == []
    outside = half[1:] + starts("2020-03", 3)
    assert len(broken("missing-windows", 0.5, file("2020-02", windows=outside))) == 1


def test_future_time():
    """Trips after the latest time are counted; a window that starts at it is not later."""
    windows = {NOW: 5, NOW + timedelta(minutes=15): 2, NOW + timedelta(days=900): 1}
    late = gate.Counted("fhv_tripdata_2025-12.csv", "fhv", "2025-12", 8, 8, windows)
    assert broken("future-time", 0, late) == [("fhv_tripdata_2025-12.csv", 3)]
    assert broken("future-time", 3, late) == []


def test_a_failed_rule_may_be_accepted_and_a_warning_does_not_stop():
    """The same breach is failed, accepted or a warning; a rule that is off finds nothing."""
    bad = [file(counted=10)]
    name = "quarantined-share"
    for severity, accept, where in (
        ("fail", (), "failed"),
        ("fail", ("future-time",), "failed"),
        ("fail", (name,), "accepted"),
        ("warn", (), "warnings"),
        ("warn", (name,), "warnings"),
    ):
        judgement = gate.judge({name: gate.Rule(severity, 0.05)}, bad, {}, NOW, accept)
        found = {kind for kind in ("failed", "accepted", "warnings") if getattr(judgement, kind)}
        assert found == {where}
    assert gate.judge({name: None}, bad, {}, NOW, ()) == gate.Judgement((), (), ())


def test_a_breach_in_words():
    """A breach names file, rule, value and limit."""
    judgement = gate.judge({"quarantined-share": gate.Rule("fail", 0.05)}, [file(counted=10)], {}, NOW, ())
    said = "fhv_tripdata_2020-06.csv: quarantined-share is 0.9, the limit is 0.05"
    assert [str(breach) for breach in judgement.failed] == [said]


def test_the_defaults_are_rules():
    """Each default is a rule; only trips in the future stop a run."""
    rules = {name: gate.rule(name, default) for name, (default, _) in gate.RULES.items()}
    assert [name for name, rule in rules.items() if rule and rule.severity == "fail"] == ["future-time"]


@pytest.mark.parametrize(
    "text", ["", "fail", "fail x", "stop 1", "warn -1", "fail nan", "fail inf", "FAIL 1"]
)
def test_a_rule_that_is_none(text):
    """What does not spell a rule is refused, with what would."""
    with pytest.raises(JobError, match="this is not fail LIMIT, warn LIMIT or off, with a LIMIT from 0"):
        gate.rule("future-time", text)
    assert gate.rule("future-time", "fail 1e-3") == gate.Rule("fail", 0.001)
    assert gate.rule("future-time", "off") is None


def test_accept_names_rules():
    """--accept takes none or rules; another name is an error that names the nearest."""
    assert gate.accepted("none") == frozenset()
    assert gate.accepted("future-time,rows-of-median") == {"future-time", "rows-of-median"}
    with pytest.raises(JobError, match="there is no rule 'future-times', only"):
        gate.accepted("future-times")
