"""A value many times, and numbers without a copy, are what Arrow makes of them."""

import numpy as np
import pyarrow as pa
import pytest

from data_pipeline.etl.arrow_types import of_int64, repeated


@pytest.mark.parametrize("text", ["a", "née", "", None, "x" * 100])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_text_many_times(text, count):
    found = repeated(text, count)
    found.validate(full=True)
    assert found.equals(pa.array([text] * count, pa.string()))


def test_a_number_many_times():
    assert repeated(7, 2, pa.int64()).equals(pa.array([7, 7]))


@pytest.mark.parametrize("kind", [pa.int64(), pa.timestamp("us")])
@pytest.mark.parametrize(
    "values",
    [np.zeros(0, np.int64), np.array([-(1 << 63), 0, 1]), np.arange(6)[::2], np.array([1, 2], np.int32)],
)
def test_whole_numbers_and_times(values, kind):
    found = of_int64(values, kind)
    found.validate(full=True)
    assert found.equals(pa.array(values.tolist(), kind))
