"""Why a row is refused: stable slugs, which reports, quality rules and the quarantine name. A project's own checks
add theirs. A row has one reason: the first of this list, then of its columns in the data set's order, then of its
checks.

``encoding``      the record's bytes are no text in the file's encoding
``malformed``     a quote that does not close, or is followed by other text; a line that is no JSON object
``field-count``   more or fewer fields than the header (or, without one, the columns)
``duplicate-key`` a JSON object has a key of the data set twice
``null``          no value, where the column has to have one
``not-TYPE``      no value of the type: ``not-int``, ``not-decimal``, ``not-timestamptz``, ``not-list``, …
``out-of-range``  a value of the kind that the type cannot hold: too large a number, a year before 1 or after 9999
``inexact``       a value that the type would have to alter: a fraction as int, excess scale, more than microseconds
``null-key``      no value in a column of the data set's key, which may be null otherwise
``null-latest``   the same of a column that says which version is the latest
``ambiguous-time``  a local time that the data set's time zone has twice, when clocks go back
"""

from __future__ import annotations

ENCODING = "encoding"
MALFORMED = "malformed"
FIELD_COUNT = "field-count"
DUPLICATE_KEY = "duplicate-key"
NULL = "null"
OUT_OF_RANGE = "out-of-range"
INEXACT = "inexact"
AMBIGUOUS_TIME = "ambiguous-time"


class WrongValueError(ValueError):
    """A value does not convert exactly; ``reason`` is its slug."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def not_a(name: str) -> WrongValueError:
    """No value of the type called ``name``."""
    return WrongValueError(f"not-{name}")
