"""What days and options cost: computed from dated prices, on the paths and sizes that are really deployed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from environments import environment

from data_pipeline.core.facts import costs
from data_pipeline.core.machine.state_machine import state_machine
from data_pipeline.stacks.notifications import alarms

PROD = environment({"notify": {}}, "prod")
BILLS = {"quiet": costs.quiet_day(), "busy": costs.busy_day(), **costs.options()}


def successors(state: dict[str, Any]) -> set[str]:
    """Where a state may go next when nothing fails."""
    return {state.get("Next", ""), state.get("Default", "")} | {
        rule["Next"] for rule in state.get("Choices", [])
    }


@pytest.mark.parametrize("path", [costs.QUIET, costs.BUSY])
def test_the_paths_are_those_of_the_state_machine(path: tuple[str, ...]) -> None:
    """From its first state to an end, each state a successor of the one before."""
    machine = state_machine(environment({}, "prod"))
    states = machine["States"]
    assert machine["StartAt"] == path[0]
    for state, following in pairwise(path):
        assert following in successors(states[state])
    assert states[path[-1]]["Type"] == "Succeed"


def test_the_sizes_are_those_of_the_example() -> None:
    """The jobs of prod are what is priced, and so is the number of its alarms."""
    assert PROD.steps["prepare"].glue.max_capacity == costs.SHELL_DPU
    machine = PROD.steps["load"].sagemaker
    assert (machine.instance_type, machine.volume_gb) == ("ml.m5.xlarge", costs.DISK_GB)
    (priced,) = costs.options()["`notify`: four alarms"]
    assert priced.amount == len(alarms(PROD))


def test_a_day_by_hand() -> None:
    """8 transitions, a start, 2 minutes of 1/16 DPU at 0.44, requests and a MB of logs."""
    by_hand = 8 * 0.000025 + 0.000001 + 0.44 / 16 * 2 / 60 + 20 * 0.000005 + 50 * 0.0000004 + 0.0005
    assert costs.usd(costs.quiet_day()) == pytest.approx(by_hand)
    assert costs.usd(costs.quiet_day()) < 0.01 < costs.usd(costs.busy_day()) < 0.1


def test_every_price_counts() -> None:
    """A price that is ten times as high makes a bill higher; only the comparison with Ireland is in none."""
    for price in costs.table().values():
        dearer = {**costs.table(), price.id: replace(price, usd=price.usd * 10)}
        felt = any(costs.usd(bill, dearer) > costs.usd(bill) for bill in BILLS.values())
        assert felt != (price.id == "processing-hour-ireland"), price.id


def test_a_price_says_where_it_was_read() -> None:
    """With AWS's own page; a figure that nobody has confirmed has no date, and the page says so."""
    page = costs.page("a command")
    for price in costs.table().values():
        assert price.page.startswith("https://aws.amazon.com/"), price.id
        assert bool(price.seen) == bool(price.date), price.id
        row = next(line for line in page.splitlines() if line.startswith(f"| {price.what} |"))
        assert ("not confirmed" in row) == (not price.seen)
