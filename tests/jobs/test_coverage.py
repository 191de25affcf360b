"""Covered months as text, and back."""

import random

import pytest
from randomness import SEED

from data_pipeline.etl.publishing import coverage


@pytest.mark.parametrize(
    ("covered", "text"),
    [
        ([], ""),
        ([("fhv", "2015-01")], "fhv 2015-01"),
        ([("fhv", "2015-12"), ("fhv", "2016-01"), ("fhv", "2016-03")], "fhv 2015-12..2016-01 2016-03"),
        ([("fhv", f"2015-{month:02}") for month in (1, 2, 3)], "fhv 2015-01..2015-03"),
        (
            [
                ("fhv", "2014-11"),
                ("fhv", "2014-12"),
                *(("fhv", f"2015-{month:02}") for month in range(1, 13)),
            ],
            "fhv 2014-11..2015-12",
        ),
        (
            [("green", "2013-08"), ("fhv", "2015-02"), ("fhv", "2015-01")],
            "fhv 2015-01..2015-02; green 2013-08",
        ),
    ],
)
def test_spans(covered, text):
    """Consecutive months are one span, over the end of a year too."""
    assert coverage.text(covered) == text
    assert coverage.parse(text) == frozenset(covered)


def test_any_months_come_back():
    """The text of any set of months is read as that set."""
    choice = random.Random(f"{SEED}-coverage")
    months = [(d, f"{y}-{m:02}") for d in ("fhv", "yellow") for y in range(2009, 2012) for m in range(1, 13)]
    for _ in range(200):
        covered = frozenset(choice.sample(months, choice.randrange(len(months))))
        assert coverage.parse(coverage.text(covered)) == covered
