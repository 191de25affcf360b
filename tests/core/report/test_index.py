"""The index: each run leads to its page, and periods to the run that loaded them last."""

from __future__ import annotations

from core.report import made
from core.report.test_page import Parsed

from data_pipeline.core.report import index


def entries() -> list:
    """Two runs, the later of which failed."""
    return [index.entry({**made.good(), "run": "a"}), index.entry({**made.gate(), "run": "b"})]


def test_each_run_leads_to_its_page():
    """The newest first, with how it ended, rows and rules."""
    drawn = Parsed(index.draw("shop", "dev", entries()))
    led = [each["href"] for each in drawn.all("a") if each["href"].endswith("report.html")]
    assert led[:2] == ["b/report.html", "a/report.html"]
    assert drawn.open == []
    assert "gate failed" in drawn.text
    assert "quarantined-share" in drawn.text


def test_coverage_is_of_what_was_published():
    """The failed run loaded the same period again, and published nothing of it."""
    drawn = Parsed(index.draw("shop", "dev", entries()))
    assert "1 period, 2024-02-09 to 2024-02-09, 139 rows" in drawn.text


def test_what_has_ended_is_kept():
    """Of a run under way the entry is made again."""
    kept = index.document(entries())
    assert index.entries(kept) == entries()
    assert index.entries({**kept, "version": 0}) == []
    assert index.entries(None) == []
    assert index.is_final(entries()[0])
    assert not index.is_final({**entries()[0], "outcome": "running"})


def test_an_environment_without_runs_has_an_index():
    """Which says so."""
    assert "No run has loaded files" in Parsed(index.draw("shop", "dev", [])).text


def test_hostile_names_stay_text():
    """In rules, states and data sets."""
    drawn = Parsed(index.draw(made.HOSTILE, made.HOSTILE, [index.entry(made.hostile())]))
    assert drawn.open == []
    assert not drawn.all("script")
