"""What Python and the compiled scan of CSV tell each other in arrays of numbers."""

from __future__ import annotations

AT, LINES, FILLED, NEXT, LAST = range(5)
"""Of ``csvfiles.Lines``. In its buffer: where the lines begin that are not yet taken, where whole lines end, and where
what was read ends; in the file: where what is not yet read begins and ends.
"""
NO_FILE = -1
"""The descriptor of what only Python can read."""
PADDING = 64
"""Bytes behind the lines that may be read, so that nothing need ask for their end at every byte."""

ROW, START, STOP, BEGIN, END = range(5)
"""Of a row that the scan leaves to slower code: its number, from 0; where its text starts and stops among the texts of
such rows, without line end; where its pickup time begins and ends there, without quotes. BEGIN is UNPROVED if the
fields may not be those of the header.
"""
UNPROVED = -1
"""In place of BEGIN."""
COLUMNS = 5
"""Numbers for each such row."""
