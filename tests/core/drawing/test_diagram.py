"""The picture: every state and transition is drawn, none upon another; the chart shows what a table holds."""

# ruff: noqa: DTZ001 - the windows are on a wall clock without zone

from __future__ import annotations

import copy
import re
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from environments import CLUSTER, environment

from data_pipeline.core.drawing import chart
from data_pipeline.core.drawing import state_machine as drawn
from data_pipeline.core.drawing.diagram import draw
from data_pipeline.core.drawing.graph import Cell, lost_states, main_path, place, transitions
from data_pipeline.core.machine.state_machine import state_machine

SVG = "{http://www.w3.org/2000/svg}"


def _task(following: str, failure: str, resource: str = "glue:startJobRun.sync") -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:${{PartitionName}}:states:::{resource}",
        "Next": following,
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": failure}],
    }


def _choice(default: str, *others: str) -> dict[str, Any]:
    return {"Type": "Choice", "Choices": [{"Next": name} for name in others], "Default": default}


SMALL = {
    "Comment": "prepare, then count",
    "StartAt": "CheckInput",
    "States": {
        "CheckInput": _choice("Failed", "Prepare"),
        "Prepare": _task("Read", "PrepareFailure"),
        "PrepareFailure": _choice("Failed", "PrepareBackoff"),
        "PrepareBackoff": {"Type": "Wait", "Seconds": 60, "Next": "Prepare"},
        "Read": _task("Published", "Failed", "aws-sdk:s3:getObject"),
        "Published": {"Type": "Succeed"},
        "Failed": {"Type": "Fail"},
    },
}
LARGE = {
    "Comment": "two engines, a gate, notifications",
    "StartAt": "CheckInput",
    "States": {
        "CheckInput": _choice("NotifyFailure", "Prepare"),
        "Prepare": _task("New", "NotifyFailure"),
        "New": _choice("NothingNew", "OneNode", "Cluster"),
        "NothingNew": {"Type": "Succeed"},
        "OneNode": _task("Gate", "NotifyFailure", "sagemaker:createProcessingJob.sync"),
        "Cluster": _task("Gate", "NotifyFailure"),
        "Gate": _choice("GateFailed", "Published"),
        "GateFailed": {"Type": "Fail"},
        "Published": {"Type": "Pass", "End": True},
        "NotifyFailure": _task("Failed", "Failed", "sns:publish"),
        "Failed": {"Type": "Fail"},
    },
}
LONE = {"StartAt": "Only", "States": {"Only": {"Type": "Succeed"}}}
HOPELESS = {"StartAt": "Never", "States": {"Never": {"Type": "Fail"}}}
DEFINITIONS = {
    "ours": state_machine(environment()),
    "ours with a cluster": state_machine(environment(CLUSTER)),
    "small": SMALL,
    "large": LARGE,
    "one state": LONE,
    "nothing but a failure": HOPELESS,
}

MONDAY = datetime(2019, 6, 3)


QUARTER = timedelta(minutes=15)


def _rows(days: int, first: datetime = MONDAY, step: timedelta = QUARTER, **numbers: float) -> chart.Rows:
    """The same numbers in each window of some days."""
    return [(first + n * step, dict(numbers)) for n in range(days * (timedelta(days=1) // step))]


def _series(*rows: chart.Rows, step: timedelta = QUARTER, measure: str = "orders") -> chart.TableSeries:
    every = [row for part in rows for row in part]
    areas = tuple(dict.fromkeys(area for _, numbers in every for area in numbers))
    return chart.TableSeries("shop_orders", measure, step, areas, every)


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)
def test_every_state_has_a_box_and_every_transition_an_arrow(definition: dict[str, Any]) -> None:
    """No state is left out and none drawn twice; from each an arrow leads to each that follows."""
    root = ElementTree.fromstring(draw(definition))
    names = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "name"]
    arrows = [
        path for path in root.iter(f"{SVG}path") if path.get("marker-end") and "h18" not in str(path.get("d"))
    ]
    assert sorted(map(str, names)) == sorted(definition["States"])
    assert len(arrows) == len(list(transitions(definition["States"])))


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)
def test_no_two_states_share_a_cell(definition: dict[str, Any]) -> None:
    """Every state has a cell of its own, inside the drawing."""
    states = definition["States"]
    edges = list(transitions(states))
    cells = place(main_path(definition["StartAt"], states, edges), states, edges)
    assert set(cells) == set(states)
    assert len(set(cells.values())) == len(cells)
    assert all(cell.column >= 0 and cell.row >= 0 for cell in cells.values())


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)
def test_no_arrow_crosses_a_box(definition: dict[str, Any]) -> None:
    """Every straight piece of every arrow stays a unit away from every box, but where it begins or ends."""
    svg = drawn.draw(definition).svg
    boxes = [(float(x), float(y)) for x, y in re.findall(r"translate\(([-\d.]+) ([-\d.]+)\)", svg)]
    assert len(boxes) == len(definition["States"])
    for path in re.findall(r' d="M([^"]+)" marker-end', svg):
        corners = [tuple(map(float, pair.split())) for pair in re.findall(r"-?[\d.]+ -?[\d.]+", path)]
        for (x1, y1), (x2, y2) in pairwise(corners):
            for left, top in boxes:
                right, bottom = left + drawn.BOX_WIDTH, top + drawn.BOX_HEIGHT
                across = min(max(x1, x2), right + 1) - max(min(x1, x2), left - 1)
                down = min(max(y1, y2), bottom + 1) - max(min(y1, y2), top - 1)
                assert min(across, down) < 0 or max(across, down) <= 1, (path, (left, top))


def test_the_way_to_success_is_the_longest_one_without_a_failure() -> None:
    """Neither a Catch nor a short cut to another success is taken for it."""
    edges = list(transitions(LARGE["States"]))
    assert main_path("CheckInput", LARGE["States"], edges) == [
        "CheckInput", "Prepare", "New", "OneNode", "Gate", "Published",
    ]  # fmt: skip


def test_of_two_long_ways_the_one_by_default_is_taken() -> None:
    """What a Choice does when none of its rules holds is what usually happens."""
    states = {
        "Judge": _choice("Published", "NothingNew"),
        "NothingNew": {"Type": "Succeed"},
        "Published": {"Type": "Succeed"},
    }
    assert main_path("Judge", states, list(transitions(states))) == ["Judge", "Published"]


def test_states_after_which_all_is_lost_stand_in_the_last_rows() -> None:
    """A notification of failure stands before the failure, and no such state between those of the way."""
    states = LARGE["States"]
    edges = list(transitions(states))
    cells = place(main_path("CheckInput", states, edges), states, edges)
    assert lost_states(states, edges) == ["GateFailed", "NotifyFailure", "Failed"]
    assert cells["Cluster"] == Cell(3, 1)
    assert cells["GateFailed"] == Cell(5, 2)
    assert (cells["NotifyFailure"], cells["Failed"]) == (Cell(4, 3), Cell(5, 3))


def test_arrows_tell_going_on_from_trying_again_and_failing() -> None:
    """In the small machine three steps lead on, two back to the step that is tried again, four to failure."""
    svg = drawn.draw(SMALL).svg
    kinds = re.findall(r'class="(go|back|fail)"', svg)
    assert {kind: kinds.count(kind) for kind in kinds} == {"go": 3, "back": 2, "fail": 4}


def test_what_a_task_does_is_said_in_words() -> None:
    """The integration names the service; one that is not known is called by its action."""
    svg = draw(LARGE)
    for words in ("Glue job", "SageMaker job", "notify", "choice", "failed"):
        assert f">{words}</text>" in svg
    other = copy.deepcopy(SMALL)
    other["States"]["Read"]["Resource"] = "arn:aws:states:::aws-sdk:athena:getQueryResults"  # type: ignore[index]
    assert ">getQueryResults</text>" in draw(other)


def test_the_same_arguments_give_the_same_text() -> None:
    """Neither the order of the rows nor a second call changes a byte."""
    rows = _rows(7, web=30, till=2)
    first = draw(SMALL, _series(rows))
    back = replace(_series(rows), rows=rows[::-1])
    assert draw(copy.deepcopy(SMALL), back) == first
    assert first.endswith("</svg>\n")


def test_a_name_that_is_not_xml() -> None:
    """Names and comments are escaped, not trusted."""
    definition = {"Comment": "a < b & c", "StartAt": "A<&>", "States": {"A<&>": {"Type": "Succeed"}}}
    root = ElementTree.fromstring(draw(definition, _series([(MONDAY, {"<i>": 1})], measure="<m>")))
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert "A<&>" in texts
    assert "<i>" in texts
    assert "1 <m>" in texts


def test_it_speaks_to_those_who_do_not_see_it() -> None:
    """The SVG is an image with a title and a description of both halves, and loads nothing from elsewhere."""
    svg = draw(SMALL, _series(_rows(7, web=30, till=2)))
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"
    described = str(root.findtext(f"{SVG}desc"))
    assert "CheckInput, Prepare, Read, Published. A failure ends in Failed." in described
    chart_of = "Below, a stacked area chart of orders of shop_orders, per 15 minutes, 3 to 9 June 2019; 21,504 in all."
    assert chart_of in described
    assert root.findtext(f"{SVG}title") == "The state machine, and the table shop_orders that it published"
    assert ElementTree.fromstring(draw(SMALL)).findtext(f"{SVG}title") == "The state machine"
    assert re.findall(r"(?:href|src|url)\W+https?:|<script|@import", svg) == []


@pytest.mark.parametrize(
    ("step", "measure", "words"),
    [
        (QUARTER, "orders", "orders of shop_orders, per 15 minutes"),
        (timedelta(hours=1), "", "shop_orders, per hour"),
        (timedelta(days=1), "rows", "rows of shop_orders, per day"),
    ],
)
def test_the_heading_says_what_is_drawn(step: timedelta, measure: str, words: str) -> None:
    """What is added up, of which table, and the length of a window."""
    series = _series(_rows(1, step=step, web=1), step=step, measure=measure)
    assert f">Published: {words}<" in draw(SMALL, series)


def test_the_chart_shows_the_days_with_most_areas() -> None:
    """A week of two areas is shown rather than a busier one of one, from its Monday."""
    busy = _rows(14, first=datetime(2018, 1, 1), web=900)
    both = _rows(14, first=datetime(2019, 6, 1), web=30, till=2)
    assert chart.fullest_days(_series(busy, both)) == (MONDAY, 7)


def test_fewer_days_than_a_week() -> None:
    """One day is a chart of one day."""
    day = _series(_rows(1, web=1))
    assert chart.fullest_days(day) == (MONDAY, 1)
    assert ">3 June 2019</tspan>" in draw(SMALL, day)


def test_daily_rows_fill_a_quarter_of_a_year() -> None:
    """From a Monday, with a line and a date for each week."""
    day = timedelta(days=1)
    series = _series(_rows(200, first=datetime(2019, 1, 1), step=day, web=5), step=day)
    assert chart.fullest_days(series) == (datetime(2019, 1, 7), 91)
    weeks = re.findall(r'class="day"[^>]*>([^<]+)<', chart.draw(series, width=800, height=200))
    assert (weeks[:2], weeks[-1], len(weeks)) == (["7 Jan", "14 Jan"], "1 Apr", 13)


@pytest.mark.parametrize(
    ("first", "days", "title"),
    [
        (datetime(2019, 6, 3), 7, "3 to 9 June 2019"),
        (datetime(2019, 6, 28), 7, "28 June to 4 July 2019"),
        (datetime(2018, 12, 28), 7, "28 December 2018 to 3 January 2019"),
        (datetime(2019, 6, 3), 1, "3 June 2019"),
    ],
)
def test_days_in_words(first: datetime, days: int, title: str) -> None:
    """A range names month and year once where they are the same."""
    assert chart.title_of(first, days) == title


def test_areas_are_stacked_in_proportion() -> None:
    """The lower area ends where the upper one begins; the peak is as high as its number."""
    svg = chart.draw(_series(_rows(1, web=30, till=10)), width=274, height=122)  # a plot of 96 by 100
    lower, upper = re.findall(r'<path fill="[^"]+" d="M([^"]+)Z"', svg)
    assert [point.split()[1] for point in lower.split("L")] == ["25.0"] * 96 + ["100.0"] * 96
    assert [point.split()[1] for point in upper.split("L")] == ["0.0"] * 96 + ["25.0"] * 96
    assert lower.split("L")[0].split()[0] == "46.5"
    assert '<text class="tick" x="38" y="3.5">40</text>' in svg


def test_a_window_without_a_row_has_nothing() -> None:
    """A gap in the rows is drawn as none, not bridged."""
    svg = chart.draw(
        _series([(start, by) for start, by in _rows(1, web=10) if start.hour != 12]), width=274, height=122
    )
    (area,) = re.findall(r'<path fill="[^"]+" d="M([^"]+)Z"', svg)
    heights = [point.split()[1] for point in area.split("L")][:96]
    assert [n for n, height in enumerate(heights) if height == "100.0"] == [48, 49, 50, 51]


def _key(series: chart.TableSeries) -> list[tuple[str, str]]:
    """The legend: (name, sum) from the top down."""
    svg = chart.draw(series, width=800, height=200)
    colours = re.findall(r'rx="2" fill="([^"]+)"', svg)
    assert len(set(colours)) == len(colours)
    names = re.findall(r'class="key"[^>]*>([^<]+)<', svg)
    return [*zip(names, re.findall(r'class="sum"[^>]*>([^<]+)<', svg), strict=True)]


def test_the_key_names_every_area_with_its_sum() -> None:
    """Sums are of the days shown; an area without any is not named; two have never one colour."""
    assert _key(_series(_rows(7, web=30, post=0, till=2, fair=5, gift=1))) == [
        ("gift", "672 orders"),
        ("fair", "3,360 orders"),
        ("till", "1,344 orders"),
        ("web", "20,160 orders"),
    ]


def test_the_smallest_of_many_areas_are_one() -> None:
    """The key has room for five: the four largest keep their names and their order, nothing is lost."""
    many = _series(_rows(1, a=1, b=7, c=2, d=9, e=8, f=6), measure="")
    assert _key(many) == [("the others", "288"), ("f", "576"), ("e", "768"), ("d", "864"), ("b", "672")]


@pytest.mark.parametrize(
    ("value", "ticks"),
    [
        (0.031, ["0", "0.02", "0.04"]),
        (0.9, ["0", "1"]),
        (7.5, ["0", "2", "4", "6", "8"]),
        (1_234.5, ["0", "500", "1,000", "1,500", "2,000"]),
    ],
)
def test_the_axis_fits_fractions_too(value: float, ticks: list[str]) -> None:
    """Its end is the next round number, below one as well."""
    svg = chart.draw(_series(_rows(1, web=value)), width=274, height=122)
    assert re.findall(r'class="tick"[^>]*>([^<]+)<', svg) == ticks
