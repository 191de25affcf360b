"""What is no markup is escaped, wherever it stands."""

from __future__ import annotations

import pytest
from core.report.made import HOSTILE

from data_pipeline.core.report.markup import Html, join, tag, text


def test_text_and_attributes_are_escaped():
    """Between tags and in quotes."""
    made = tag("p", HOSTILE, title=HOSTILE)
    assert "<script" not in made
    assert "<img" not in made
    assert made.count('"') == 2
    assert "&lt;script&gt;" in made


def test_markup_is_taken_as_it_is():
    """Of tags, in lists, too; numbers are text, None and False are nothing."""
    assert tag("p", [tag("b", "x"), 3, None, [Html("<i>")]]) == "<p><b>x</b>3<i></p>"
    assert (
        tag("a", open=True, hidden=False, class_="k", aria_label="l")
        == '<a open class="k" aria-label="l"></a>'
    )
    assert join(["a<", Html("<br/>")]) == "a&lt;<br/>"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("\x07", "\\x07"),
        ("\x00", "\\x00"),
        ("é–ü\n\t", "é–ü\n\t"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_controls_the_screen_is_shown(given, shown):
    """Text that would turn the direction of writing, ring, or be no UTF-8."""
    assert text(given) == shown


def test_svg_has_its_own_spelling():
    """Names that are not in small letters."""
    assert tag("svg", viewbox="0 0 1 1", preserveaspectratio="none") == (
        '<svg viewBox="0 0 1 1" preserveAspectRatio="none"></svg>'
    )
