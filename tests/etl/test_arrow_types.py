"""A value many times is what Arrow makes of it."""

import pyarrow as pa
import pytest

from data_pipeline.etl.arrow_types import repeated


@pytest.mark.parametrize("text", ["a", "née", "", None, "x" * 100])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_text_many_times(text, count):
    found = repeated(text, count)
    found.validate(full=True)
    assert found.equals(pa.array([text] * count, pa.string()))


def test_a_number_many_times():
    assert repeated(7, 2, pa.int64()).equals(pa.array([7, 7]))
