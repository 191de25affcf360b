"""Very many known files are planned in bounded time and memory."""

import pytest
from bench import planning
from randomness import SOAK


@pytest.mark.soak
@pytest.mark.parametrize(
    ("a_day", "replaces"), [(planning.A_DAY, "file"), (4_000, "file"), (planning.A_DAY, "period")]
)
def test_a_million_known_files_are_planned(a_day, replaces):
    """Within half a minute of the processor and 500 MB, also where all are of one year; a slice of them otherwise."""
    number = planning.FILES if SOAK else 10_000
    found = planning.measure(number, a_day, replaces)
    assert found["of the processor"] < planning.SECONDS
    assert found["megabytes"] < planning.MEGABYTES
