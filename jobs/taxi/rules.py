"""What a row is, and which rows are counted: the rules that the reader follows to the letter.

**Rows.** A CSV file is UTF-8 text (a byte order mark at its start is dropped). A line ends in LF, CRLF or CR,
mixed as they come, or with the file. A line without any character is blank and is no row; a line of spaces is
one. The first line that is not blank is the header, every later one is a row, numbered from 1. A quote that
is never closed ends with its line. A Parquet file's rows are numbered from 1 in the file's order. Equal rows
are different trips.

**Fields.** Those that Python's csv module reads from the one line: separated by commas; a field that starts
with a double quote runs to the next double quote that is not doubled, and then on, as plain text, to the next
comma; an unclosed one runs to the end of the line. A line has at least one field.

**Reasons.** A row is counted in the window of its pickup time, or else refused (put into quarantine) with the
first of these that applies; all but the third and fourth are for CSV alone:

1. ``CUT_OFF``: it is the file's last line, that line has no line end, and it has fewer fields than the header.
2. ``FIELDS``: it has fewer fields than the header; or more than two more; or one or two more of which one is
   not empty (no character in it, once its quotes are gone).
3. Its pickup time cannot be read. Spaces (U+0020 only) around it are dropped, then it is:
   ``EMPTY`` without a character, or null (a Parquet column of the null type has nothing else); ``NO_TIME`` if
   the regular expression ``TIME`` does not match all of it; ``NO_DATE`` if year, month and day are no date of
   the Gregorian calendar from year 1 to 9999, the hour is above 23, or the minute or second above 59. Digits of
   the fraction after the sixth are cut off.
   A Parquet timestamp of any unit is the wall clock as stored, whatever zone it is marked with, cut to whole
   microseconds; null is ``EMPTY``, and a year outside 1 to 9999 is ``NO_TIME``.
4. ``OUTSIDE``: the time is before the midnight that begins the file's month less the tolerance, or at or after
   the midnight that begins the following month plus the tolerance (``limits``). The file's name says its
   month. With ``outside-month: keep`` this rule is left out.

**Quarantine.** One Parquet schema: source (path below the input), row (its number), reason (the text below),
raw. Raw is the CSV line without its line end; of a Parquet row all its columns as one line of JSON, timestamps
as ``YYYY-MM-DD HH:MM:SS`` (if another column is damaged, the pickup time alone: text as it stands, null for
null, a timestamp of a year outside 1 to 9999 as the microseconds since 1970-01-01). The first
``quarantine_limit`` refused rows of a file are kept, in order of their number; the rest are only counted.

For every file rows read = rows counted + rows refused, and ``reasons`` (reason → rows) sums to the refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from data_pipeline.etl.documents import reasons

CUT_OFF = "cut-off"
FIELDS = reasons.FIELD_COUNT
EMPTY = reasons.NULL
NO_DATE = "no-date"
NO_TIME = "not-timestamp"
OUTSIDE = "outside-month"

TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
SPARE_FIELDS = 2
"""As many fields more than the header has are fine, if they are empty: TLC ended lines of some years so."""

YEAR_1 = -62_135_596_800_000_000
YEAR_10000 = 253_402_300_800_000_000
"""The readable times in microseconds since 1970-01-01: from the first on, and before the second."""

DIGITS = 9
"""Of a whole number that an option may have."""

DAY = 24 * 60 * 60 * 1_000_000


@dataclass(frozen=True)
class Policy:
    """What a run may choose. ``keep_outside`` leaves out the rule on the file's month."""

    tolerance_days: int = 1
    keep_outside: bool = False
    quarantine_limit: int = 100_000

    def limits(self, month: str) -> tuple[int, int]:
        """The times that a file of ``month`` (``YYYY-MM``) may hold, in microseconds since 1970-01-01: from
        the first on, and before the second. Never wider than the readable times.
        """
        if self.keep_outside:
            return YEAR_1, YEAR_10000
        year, number = int(month[:4]), int(month[5:])
        tolerance = self.tolerance_days * DAY
        first = _midnight(year, number) - tolerance
        end = _midnight(year + number // 12, number % 12 + 1) + tolerance
        return max(first, YEAR_1), min(end, YEAR_10000)


def _midnight(year: int, month: int) -> int:
    """The start of a month, also in the years 0 and 10000, which Python's calendar lacks."""
    in_cycle = date(year % 400 + 400, month, 1).toordinal() - date(1970, 1, 1).toordinal()
    return (in_cycle + (year // 400 - 1) * 146_097) * DAY
