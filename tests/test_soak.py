"""The record of the soak says only what tests did that there still are."""

from __future__ import annotations

from xml.etree import ElementTree

import soak

LOADS = "tests.etl.jobs.test_load_killed"
INGESTIONS = "tests.features.test_ingestion_killed"


def case(module: str, name: str, *killed: str) -> ElementTree.Element:
    """A test as pytest writes it into its report, with the writes at which it killed."""
    made = ElementTree.Element("testcase", classname=module, name=name)
    for point in killed:
        ElementTree.SubElement(made, "property", name="killed", value=point)
    return made


def test_a_kill_is_kept_as_long_as_its_test_is_there() -> None:
    """And is counted anew once that test runs; that of a test that has gone, or of none, is not kept."""
    before = "\n".join(
        [
            "# Soak",
            "",
            "| plan.json | 2 | 2 |",
            "| quarantine | 3 | 2 | `tests.etl.jobs.test_load_killed.test_that_has_gone` |",
            f"| BatchWriteRecord | 7 | 7 | `{INGESTIONS}.test_killed_at_a_write` |",
            f"| tables.json | 4 | 4 | `{LOADS}.test_killed_at_a_write` |",
        ]
    )
    again = [
        case(LOADS, f"test_killed_at_a_write[{attempt}]", f"{moment} summary.json")
        for attempt, moment in enumerate(("before", "after", "after"))
    ]
    lines = soak.page(again, 60, before).splitlines()
    assert f"| BatchWriteRecord | 7 | 7 | `{INGESTIONS}.test_killed_at_a_write` |" in lines
    assert f"| summary.json | 1 | 2 | `{LOADS}.test_killed_at_a_write` |" in lines
    assert "| plan.json | 0 | 0 | |" in lines
    assert "| quarantine | 0 | 0 | |" in lines
    assert "| tables.json | 0 | 0 | |" in lines


def test_two_tests_that_kill_at_one_write_have_a_line_each() -> None:
    here = [case(module, "test_killed_at_a_write", "before plan.json") for module in (LOADS, INGESTIONS)]
    lines = [line for line in soak.page(here, 60).splitlines() if line.startswith("| plan.json ")]
    assert lines == [
        f"| plan.json | 1 | 0 | `{module}.test_killed_at_a_write` |" for module in (LOADS, INGESTIONS)
    ]
