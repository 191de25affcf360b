"""Lines of a result's file, wherever the pieces that it is read in end."""

from __future__ import annotations

import pytest

from data_pipeline.embedded_aws.athena import pages

CONTENT = b'"a","b"\n"1","x\n""y"""\n,\n"",\n"5","z"\n'
LINES = [b'"a","b"', b'"1","x\n""y"""', b",", b'"",', b'"5","z"']


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("most", [1, 2, 5, 9])
def test_every_line_comes_once(size: int, most: int) -> None:
    """A value with a line's end, quotes or nothing in it is cut nowhere."""
    found, at = [], 0
    while at < len(CONTENT):
        lines, at = pages.lines_from(lambda start: CONTENT[start : start + size], at, most)
        assert 1 <= len(lines) <= most
        found += lines
    assert found == LINES


def test_values_of_a_line() -> None:
    """A null has no value, an empty text has one."""
    rows = [pages._row(line)["Data"] for line in LINES]
    assert rows[1] == [{"VarCharValue": "1"}, {"VarCharValue": 'x\n"y"'}]
    assert rows[2] == [{}, {}]
    assert rows[3] == [{"VarCharValue": ""}, {}]
