"""Drift: the index against a plain calculation, what is compared with what, and what a run says and stops on."""

import math
import random
from collections import Counter

import numpy as np
import pytest
from account import HEADER
from randomness import SEED
from taxi import drift, gate

from data_pipeline.etl.errors import JobError


def month(windows=1000, rides=7):
    """A month with so many rides in each of its windows, which all are at midnight on a Sunday."""
    return np.tile([0, 1, rides], (windows, 1))


def months(dataset="fhv", first=1, last=12, year=2019, **observed):
    return {(dataset, f"{year}-{m:02}"): month(**observed) for m in range(first, last + 1)}


def index(expected: dict, actual: dict) -> float:
    """Of two histograms."""
    sides = ((np.array([*side]), np.array([*side.values()])) for side in (expected, actual))
    return drift.stability_index(*sides)


def test_the_index_of_ten_equal_bins():
    """Deciles of 1..100 are 10, 20, …; the sum is what the formula says, by hand."""
    expected = dict.fromkeys(range(1, 101), 1)
    actual = {5: 30, 15: 10, 25: 10, 35: 10, 45: 10, 55: 10, 65: 10, 75: 10}
    by_hand = 0.2 * math.log(3) + 2 * (1e-4 - 0.1) * math.log(1e-4 / 0.1)
    assert index(expected, actual) == pytest.approx(by_hand)
    assert index(expected, expected) == 0


def test_the_index_against_a_plain_calculation():
    """Random histograms, binned and summed by the letter of the formula."""
    chosen = random.Random(SEED)
    for _ in range(20):
        expected, actual = ([chosen.randint(0, 40) for _ in range(300)] for _ in range(2))
        edges = sorted({sorted(expected)[30 * k - 1] for k in range(1, 10)})
        bins = [(low, high) for low, high in zip([-1, *edges], [*edges, 10**9], strict=True)]
        by_hand = 0.0
        for low, high in bins:
            e, a = (max(sum(low < v <= high for v in side) / 300, 1e-4) for side in (expected, actual))
            by_hand += (a - e) * math.log(a / e)
        sides = ((np.array(side), np.ones(300, np.int64)) for side in (expected, actual))
        assert drift.stability_index(*sides) == pytest.approx(by_hand)


def test_the_index_of_the_same_distribution_is_small_and_of_another_is_not():
    """Two samples of one distribution are far under 0.1; one that is shifted by a deviation is far over 0.25."""
    chosen = random.Random(SEED)

    def sample(mean):
        return Counter(round(chosen.gauss(mean, 20)) for _ in range(3000))

    assert index(sample(200), sample(200)) < 0.03
    assert index(sample(200), sample(220)) > 0.5


def test_more_than_there_ever_was_is_a_bin_of_its_own():
    """Where all of the past is one value, a higher one still is another bin."""
    assert index({7: 50}, {7: 1}) == 0
    assert index({7: 50}, {8: 50}) > 5


def test_a_month_is_compared_with_the_published_ones_of_the_year_before():
    """The twelve months before, of the same data set, whichever are published; not the month itself."""
    published = months(year=2018, rides=9) | months(windows=1488) | months("yellow", rides=9)
    published |= {("fhv", "2020-01"): month(rides=9)}
    del published["fhv", "2019-05"]
    (found,) = drift.compare({("fhv", "2020-01"): month(1488)}, published)
    assert found.before == tuple(f"2019-{m:02}" for m in range(1, 13) if m != 5)
    assert found.psi == {"rides": 0, "minutes": 0, "dow": 0}
    assert found.missing == 0.5
    assert found.missing_before == round(1 - 11 * 1488 / ((365 - 31) * 96), 6)


@pytest.mark.parametrize(("windows", "before", "compared"), [(96, 3, 1), (95, 3, 0), (96, 2, 0)])
def test_too_little_is_not_compared(windows, before, compared):
    """A month needs a day's windows with rides, and three months before it."""
    published = months(first=1, last=before)
    assert len(drift.compare({("fhv", "2019-04"): month(windows)}, published)) == compared


def test_drift_as_quality_rules():
    """Each feature's index, and how much the share of missing windows has risen, at the limit and beyond."""
    found = [drift.Drift("fhv", "2020-04", ("2020-03",), {"rides": 0.25, "dow": 0.26}, 0.31, 0.2)]
    rules = {"drift": gate.Rule("fail", 0.25), "more-missing-windows": gate.Rule("warn", 0.1)}
    judgement = gate.judge(rules, [], {}, None, (), found)
    assert [str(b) for b in judgement.failed] == ["fhv 2020-04 dow: drift is 0.26, the limit is 0.25"]
    assert [(b.source, b.value) for b in judgement.warnings] == [("fhv 2020-04", 0.11)]
    assert [b.rule for b in gate.judge(rules, [], {}, None, ("drift",), found).accepted] == ["drift"]


def day_by_day(month: str, each: int, hours=range(24)) -> bytes:
    """Trips of the first days of a month: ``each`` of them in every quarter of these hours."""
    rows = (
        f"B1,{month}-{day:02} {hour:02}:{minute:02}:{second:02},\r\n"
        for day in range(1, 15)
        for hour in hours
        for minute in (0, 15, 30, 45)
        for second in range(each + day % 3)
    )
    return (HEADER + "".join(rows)).encode()


def _by_feature(summary: dict) -> dict:
    return {(one["dataset"], one["feature"]): one for one in summary["statistics"]["features"]}


def test_a_month_that_drifted_stops_a_run_until_it_is_accepted(account):
    """The first run has nothing to compare with; a later month like those before passes, one with three times the
    rides, in the afternoons only, does not, and nothing of it is published; the summary tells by how much.
    """
    for number in (1, 2, 3):
        account.put(f"fhv_tripdata_2015-{number:02}.csv", day_by_day(f"2015-{number:02}", 2))
    first = account.run("first", "--rule-drift", "fail 0.25")
    assert first["drift"] == {"ride_counts_snapshot": None, "months": []}
    snapshot = first["tables"]["ride_counts"]["snapshot"]
    assert (first["statistics"]["snapshot"], first["statistics"]["before"]) == (snapshot, None)
    account.put("fhv_tripdata_2015-04.csv", day_by_day("2015-04", 2))
    second = account.run("second", "--rule-drift", "fail 0.25")
    (april,) = second["drift"]["months"]
    assert second["drift"]["ride_counts_snapshot"] == snapshot
    assert april["before"] == "fhv 2015-01..2015-03"
    assert max(april["psi"].values()) < 0.05
    told = {name: _by_feature(run) for name, run in (("first", first), ("second", second))}
    assert second["statistics"]["before"] == snapshot
    assert {about: one["before"] for about, one in told["second"].items()} == {
        about: one["now"] for about, one in told["first"].items()
    }
    assert told["second"]["all", "rides"]["now"]["rows"] == 4 * 14 * 96
    assert account.verdict("second")["statistics"] == told["second"]["all", "rides"]
    assert april["missing"] == round(1 - 14 / 30, 6)
    account.put("fhv_tripdata_2015-05.csv", day_by_day("2015-05", 6, range(12, 18)))
    third = account.run("third", "--rule-drift", "fail 0.25", "--rule-more-missing-windows", "warn 0.1")
    assert (third["export"], third["quality"]["passed"]) == (None, False)
    failed = {breach["source"]: breach["value"] for breach in third["quality"]["failed_rules"]}
    assert set(failed) == {"fhv 2015-05 rides", "fhv 2015-05 minutes"}
    (may,) = third["drift"]["months"]
    assert failed["fhv 2015-05 rides"] == may["psi"]["rides"] > 2
    verdict = account.verdict("third")
    assert ("statistics" in third, verdict["statistics"]) == (False, None)
    assert verdict["drift"]["months"] == 1
    assert verdict["drift"]["furthest"]["month"] == "2015-05"
    assert any("fhv 2015-05: more-missing-windows is" in text for text in verdict["messages"])
    assert account.run("fourth", "--rule-drift", "fail 0.25", "--accept", "drift")["export"]


def test_the_rules_are_named_where_a_name_is_wrong():
    """A near miss of a rule's name is told."""
    with pytest.raises(JobError, match="did you mean drift"):
        gate.accepted("drifts")
