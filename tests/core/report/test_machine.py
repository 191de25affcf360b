"""The drawing of a state machine: every state and transition once, narrow, and the way of a run in it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from core.report import made

from data_pipeline.core.report.machine import Visit, alone, draw

ORDER = ("Prepare", "Load", "Failed")


def test_every_state_and_transition_is_drawn_once() -> None:
    """Those of the run's way stronger; the state at fault stands out."""
    drawn = draw(made.MACHINE, {name: Visit("3 s", name == "Load") for name in ORDER}, ORDER, "title")
    assert sorted(re.findall(r'class="name"[^>]*>(\w+)<', drawn)) == sorted(made.MACHINE["States"])
    assert len(re.findall(r'class="edge', drawn)) == 6
    assert len(re.findall(r'class="edge[ \w]* taken"', drawn)) == 2
    assert drawn.count('<g class="fault"') == 1
    assert drawn.count('<g class="taken"') == 2


def test_a_file_of_its_own_is_xml_and_narrow() -> None:
    """With its names escaped, and for light and dark pages."""
    states = dict(made.MACHINE["States"])
    states[made.HOSTILE] = {"Type": "Succeed"}
    states["Load"] = {**states["Load"], "Catch": [{"Next": made.HOSTILE}]}
    drawn = alone({**made.MACHINE, "States": states}, made.HOSTILE)
    root = ElementTree.fromstring(drawn)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert float(root.get("width", "0")) < 640
    assert "prefers-color-scheme" in drawn
    assert len(root.findall(".//{http://www.w3.org/2000/svg}script")) == 0


@pytest.mark.parametrize("order", [(), ORDER])
def test_no_box_lies_on_another(order: tuple[str, ...]) -> None:
    """Each has a place of its own."""
    drawn = draw(made.MACHINE, {}, order, "title")
    places = re.findall(r'transform="translate\((\d+ \d+)\)"', drawn)[1:]
    assert len(places) == len(set(places)) == len(made.MACHINE["States"])
