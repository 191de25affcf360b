"""What is a readable pickup time, as SQL for DuckDB: ``YYYY-MM-DD HH:MM:SS`` on the wall clock, without zone.

``T`` may stand for the space, a fraction of a second may follow, and spaces around it are dropped. Days and
hours that no calendar has are not readable, nor is a time that is cut short. Windows are 15 minutes, counted
on the wall clock.
"""

# ruff: noqa: S608 - SQL is put together from this package's own expressions and quoted names

from __future__ import annotations

WINDOW = 15 * 60 * 1_000_000
"""The length of a window in microseconds."""

_SHAPE = r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?"
_CLOCK = r"\d{4}-\d{2}-\d{2}[ T](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?"
_YEAR_1 = -62_135_596_800_000_000  # microseconds; a whole number of windows before 1970
_YEAR_10000 = 253_402_300_800_000_000

NO_COLUMN = "the row ends before the pickup time"
EMPTY = "the pickup time is empty"
NO_DATE = "the pickup time is no date and time of the calendar"
NO_TIME = "the pickup time is not of the form YYYY-MM-DD HH:MM:SS"


def read_texts(query: str) -> str:
    """SQL: the rows of ``query`` with, beside its VARCHAR column ``text``, the column ``time``: microseconds
    since 1970-01-01 on the wall clock (BIGINT), NULL if ``text`` is no readable time.

    A text that DuckDB writes back unchanged is the common case and quick to prove; others are looked at
    closely.
    """
    close = "TRY_CAST(substr(trim(text), 1, 26) AS TIMESTAMP)"
    return (
        "SELECT * EXCLUDE (quick), "
        "CASE WHEN length(text) = 19 AND CAST(quick AS VARCHAR) = text THEN epoch_us(quick) "
        f"WHEN regexp_full_match(trim(text), '{_CLOCK}') AND {close} >= TIMESTAMP '0001-01-01' "
        f"THEN epoch_us({close}) END AS time "
        f"FROM (SELECT *, TRY_CAST(text AS TIMESTAMP) AS quick FROM ({query}))"
    )


def of_timestamp(timestamp: str) -> str:
    """SQL: the TIMESTAMP expression in microseconds since 1970-01-01 on the wall clock, or NULL if its year
    is not 1 to 9999 (what every reader of the tables can hold).
    """
    time = f"epoch_us({timestamp})"
    return f"CASE WHEN {time} >= {_YEAR_1} AND {time} < {_YEAR_10000} THEN {time} END"


def count_windows(query: str) -> str:
    """SQL: rows (start of the window in microseconds, trips) for the column ``time`` of ``query``, in which
    NULL makes a group of its own.
    """
    start = f"(time - ({_YEAR_1})) // {WINDOW} * {WINDOW} + ({_YEAR_1})"
    return f"SELECT {start} AS start, count(*) AS trips FROM ({query}) GROUP BY ALL"


def reason(text: str) -> str:
    """SQL: why the VARCHAR expression ``text`` is no readable time; NULL stands for a column that is not
    there.
    """
    return (
        f"CASE WHEN {text} IS NULL THEN '{NO_COLUMN}' WHEN trim({text}) = '' THEN '{EMPTY}' "
        f"WHEN regexp_full_match(trim({text}), '{_SHAPE}') THEN '{NO_DATE}' ELSE '{NO_TIME}' END"
    )
