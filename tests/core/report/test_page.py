"""The page of a run: well formed, without a script or a request, small, and with the numbers of the documents."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from core.report import made

from data_pipeline.core.report import page

_VOID = {"meta", "link", "br", "hr"}


class Parsed(HTMLParser):
    """Elements, their attributes and the text of a page; ``open`` is empty if every element is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


EVERY = {"good": made.good, "gate": made.gate, "killed": made.killed, "hostile": made.hostile}


@pytest.mark.parametrize("name", EVERY)
def test_a_page_is_well_formed_and_asks_nobody(name):
    """No script, no event, no address of anything but pages beside it and places in itself."""
    found = Parsed(page.draw(EVERY[name]()))
    assert found.open == []
    names = {tag for tag, _ in found.elements}
    assert not names & {"script", "img", "iframe", "object", "embed", "form", "base", "use", "image"}
    for tag, attributes in found.elements:
        assert not [
            each for each in attributes if each.startswith("on") or each in ("src", "srcset", "action")
        ]
        if "href" in attributes:
            assert (
                attributes["href"] == "data:,"
                if tag == "link"
                else attributes["href"].startswith(("#", "../index.html"))
            )
    assert "url(" not in page.draw(EVERY[name]())


@pytest.mark.parametrize("name", EVERY)
def test_every_image_and_landmark_has_a_name(name):
    """For who listens to the page; each place that is led to is there once."""
    found = Parsed(page.draw(EVERY[name]()))
    assert all(each.get("aria-label") for each in found.all("svg"))
    assert all(each.get("role") == "img" for each in found.all("svg"))
    assert all(
        each.get("aria-label") or each.get("aria-labelledby")
        for each in (*found.all("section"), *found.all("nav"))
    )
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    led = {each["href"][1:] for each in found.all("a") if each["href"].startswith("#")}
    assert led <= {*ids}
    assert {each["aria-labelledby"] for each in found.all("section")} <= {*ids}


def test_markup_in_data_stays_text():
    """As it was written, wherever it stands, the direction of writing made visible."""
    found = Parsed(page.draw(made.hostile()))
    shown = made.HOSTILE.replace("\u202e", "\\u202e")
    assert found.text.count(shown) > 20
    assert "\u202e" not in page.draw(made.hostile())


def test_the_numbers_are_those_of_the_documents():
    """Rows, shares, times, values of rules, periods, columns."""
    words = Parsed(page.draw(made.good())).text
    assert "Deployment 12" in words
    assert "Commit 3f2a9c1, and changes that were not committed" in words
    for number in (
        "300",
        "295",
        "3 min 20 s",
        "expected 2 min 9 s; usually 2 min",
        "negative-amount 5",
        "median 50, mean 50.5",
        "10 %",
    ):
        assert number in words
    assert "139 (139 new)" in words  # the last day
    assert "960 rows in the table" in words
    assert "Load took longest: 3 min of 3 min 20 s" in words


def test_a_failure_says_what_to_do():
    """First the rule with its value and limit, then the commands."""
    words = Parsed(page.draw(made.gate())).text
    assert "quarantined-share of b.csv: 25 %, the limit is 5 %" in words
    assert words.index("What to do") < words.index("States in the order")
    assert f"--accept quarantined-share@{made.RUN}" in words
    assert "50 (25 %)" in words
    killed = Parsed(page.draw(made.killed())).text
    assert "out of memory" in killed
    assert "Killed" in killed


def test_numbers_below_zero_are_drawn_as_nothing():
    """Of a rule of one's own, and of a weight; their tables have them as they are."""
    report = made.good()
    report["rules"][0]["history"] = [{"run": "a", "value": -2.5}, {"run": "b", "value": -1}]
    report["rules"][0]["limit"] = -3
    report["tables"][0]["profile"]["timeline"]["points"] = [
        ["2024-01-01", "", -5, -5],
        ["2024-01-02", "", 3, 3],
    ]
    drawn = page.draw(report)
    assert not re.search(r'd="[^"]*v-', drawn)
    assert "-5 (-5 new)" in Parsed(drawn).text


def test_a_run_under_way_is_drawn_as_far_as_it_has_come():
    """States that are not left, no end, and how to look again."""
    history = made.History()
    history.enter(0, "Prepare")
    report = made.good(progress=made.Progress().after(history.events), results={}, summary=None, profile=None)
    words = Parsed(page.draw(report)).text
    assert "Running . The run is under way" in words
    assert "not left" in words
    assert "runs list dev" in words


def test_a_busy_run_has_a_small_page():
    """Less is drawn of each where there is much, and what is left out is counted."""
    drawn = page.draw(made.busy(60, 12), 250_000)
    assert len(drawn.encode()) <= 250_000
    words = Parsed(drawn).text
    assert "more columns: profile.json" in words
    assert all(f"dataset_{n}" in words for n in range(12))
