"""Expressions that choose partitions.

What is taken: https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html
"""

from __future__ import annotations

import pytest

from data_pipeline.embedded_aws.catalog import filters
from data_pipeline.embedded_aws.dispatch import Refused

KEYS = {
    **{"day": "date", "n": "int", "name": "string", "price": "decimal(5,2)", "code": "varchar(3)"},
    **{"none": "int", "nobody": "string"},
}
VALUES = {
    **{"day": "2026-11-02", "n": "10", "name": "a_b", "price": "1.50", "code": "abc"},
    **dict.fromkeys(("none", "nobody"), "__HIVE_DEFAULT_PARTITION__"),
}
HOLD = [
    "",
    "n = 10",
    "N=10 and NAME='a_b'",
    "n > 9",
    "n >= 10 AND n <= 10",
    "n <> 9",
    "n != 9",
    "n between 2 and 10",
    "n in (2, 10)",
    "n IN ('2', '10')",
    "day > '2026-11-01'",
    "day = '2026-11-02' OR n = 1",
    "NOT n = 9",
    "not (n = 9 or n = 8)",
    "name like 'a%'",
    "name LIKE 'a_b'",
    "name NOT LIKE 'b%'",
    "price = 1.5",
    "n > -1",
    "name IS NOT NULL",
    "code = 'abc'",
    "code LIKE 'a%'",
    "none IS NULL",
    "nobody IS NULL AND name = 'a_b'",
    "none = 1 OR n = 10",
    "NOT (none = 1 AND n = 9)",
]
NOT = [
    "n = 1",
    "n < 9",
    "n in (1, 2)",
    "name like 'b'",
    "day < '2026-11-02'",
    "NOT n = 10",
    "name IS NULL",
    "n > 9 and n > 10",
    "code LIKE 'b%'",
    "none = 1 OR none > 1",
    "nobody LIKE '%'",
    "nobody IS NOT NULL",
    "NOT none = 1",
    "NOT (none > 1 AND n = 10)",
    "none NOT IN (1, 2)",
    "none NOT BETWEEN 1 AND 2",
    "nobody NOT LIKE 'x'",
]
REFUSED = [
    "n =",
    "n",
    "other = 1",
    "n = day",
    "n + 1 = 2",
    "lower(name) = 'a'",
    "n = 'x'",
    "day > 'yesterday'",
    "n like '1%'",
    "n in (SELECT 1)",
    "'10' = n",
]


@pytest.mark.parametrize("expression", HOLD)
def test_what_holds(expression: str) -> None:
    """Numbers are compared as numbers, dates as dates; names and words in any case of letters."""
    assert filters.chooser(expression, KEYS)(VALUES)


@pytest.mark.parametrize("expression", NOT)
def test_what_does_not_hold(expression: str) -> None:
    assert not filters.chooser(expression, KEYS)(VALUES)


@pytest.mark.parametrize("expression", REFUSED)
def test_what_is_refused(expression: str) -> None:
    """Also where there is no partition to hold it against."""
    with pytest.raises(Refused):
        filters.chooser(expression, KEYS)
