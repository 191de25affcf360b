"""How long a run may take: by one run, by many, by odd ones, and what is not known."""

from __future__ import annotations

import random

import pytest
import randomness

from data_pipeline.core.progress import expected
from data_pipeline.core.progress.expected import Estimate, PastTimes


def test_without_a_run_before_nothing_is_known() -> None:
    """Which is said, and not guessed."""
    assert expected.estimate([], 100) is None
    assert expected.text(None, [], 100) == "not known yet: no run before has published"
    assert expected.as_json(None) is None


def test_one_run_tells_its_own_time() -> None:
    """Of no more bytes than it had; more may take as many times longer, and ten times as many are beyond it."""
    points = [(1000, 20.0)]
    assert expected.estimate(points, 10) == expected.estimate(points, 1000) == Estimate(20.0, 20.0, 20.0, 1)
    assert expected.estimate(points, 3000) == Estimate(20.0, 20.0, 60.0, 1)
    assert expected.estimate(points, 10_001) is None
    past = [PastTimes("r", 1000, 20.0)]
    assert expected.text(None, past, 20_000) == (
        "not known yet: 20.0 kB are to be read, and no run before had more than 1.0 kB"
    )


def test_the_median_of_slopes_bears_an_odd_run() -> None:
    """A run of ten seconds and one more for each 100 bytes; one of them waited an hour for a machine."""
    points = [(size, 10.0 + size / 100) for size in (100, 400, 900, 1600, 2500)] + [(500, 3600.0)]
    found = expected.estimate(points, 2000)
    assert found is not None
    assert found.seconds == pytest.approx(30.0, abs=1.0)
    assert (found.most > 3000, found.runs) == (True, 6)


@pytest.mark.parametrize("attempt", range(randomness.times("estimates")))
def test_what_lies_on_a_line_is_told_exactly(attempt: int) -> None:
    """Whatever base and slope; between the least and the most in any case."""
    chance = random.Random(f"{randomness.SEED}-estimates-{attempt}")
    base, slope = chance.uniform(0, 1000), chance.uniform(0, 1e-3)
    sizes = [chance.randrange(1, 10**9) for _ in range(chance.randrange(2, 12))]
    size = chance.randrange(0, max(sizes))
    found = expected.estimate([(each, base + slope * each) for each in sizes], size)
    assert found is not None
    assert found.seconds == pytest.approx(base + slope * size, rel=1e-6, abs=1e-3)
    assert found.least <= found.seconds <= found.most


def test_fewer_bytes_never_take_longer() -> None:
    """Where small runs happened to be slow, the slope is none, not less."""
    found = expected.estimate([(100, 30.0), (1000, 10.0)], 500)
    assert found == Estimate(20.0, 10.0, 30.0, 2)
    assert expected.text(found, [], 500) == "20 s (10 s to 30 s), by 2 runs before"


def test_states_have_their_own_times() -> None:
    """By size where that is known, else by their median; a state that no run had has none."""
    past = [
        PastTimes(str(size), size, 5 + size / 100, {"Prepare": 5.0, "Load": size / 100})
        for size in (100, 200, 1000)
    ]
    assert expected.of_states(past, 400) == {"Prepare": 5.0, "Load": 4.0}
    assert expected.of_states(past, None) == {"Prepare": 5.0, "Load": 2.0}
    assert expected.of_run(past, 400) == Estimate(9.0, 9.0, 9.0, 3)
    assert expected.of_states([], None) == {}
