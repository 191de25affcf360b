"""What the accepted rows of samples show."""

from __future__ import annotations

import pyarrow as pa
import pytest

from data_pipeline.scaffold import trial

COUNT = 12
ROWS = {
    "id": [*range(COUNT)],
    "half": [n // 2 for n in range(COUNT)],
    "parity": [n % 2 for n in range(COUNT)],
    "measured": [n / 2 for n in range(COUNT)],
    "seldom": [None, *range(1, COUNT)],
    "same": [1] * COUNT,
}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["half", "id", "parity"], [("id",)]),
        (["half", "parity", "same"], [("half", "parity")]),
        (["measured", "seldom", "same"], []),
    ],
)
def test_keys_tell_all_rows_apart(columns: list[str], expected: list[tuple[str, ...]]) -> None:
    """Single columns before pairs; no fractions, and none that is null somewhere."""
    assert trial.keys(pa.table(ROWS), columns) == expected


def test_few_rows_say_nothing_of_keys() -> None:
    assert trial.keys(pa.table(ROWS).slice(0, trial.FEWEST_ROWS - 1), ["id"]) == []
