"""The reader of the data set trip_counts: trip files of TLC, as the trips in each window of 15 minutes.

``rules`` says what a row is and which rows count. Options: ``outside-month`` (``quarantine`` or ``keep``) and
``month-tolerance-days``.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data_pipeline.etl.arrow_types import of_int64, repeated
from data_pipeline.etl.custom.reader import (
    ROW,
    Dataset,
    FileRows,
    JobError,
    Quarantine,
    SourceFile,
    Staged,
    arrow_schema,
)
from taxi import counting, csvrows, rules
from taxi.sources import as_trip_file

OUTSIDE, TOLERANCE = "outside-month", "month-tolerance-days"
MONTH, WINDOW, TRIPS = "month", "window_start", "trips"
_COLUMNS = {MONTH: "string", WINDOW: "timestamp", TRIPS: "long"}


class Reader:
    """Reads files of ``dataset``, which has the columns ``month: string``, ``window_start: timestamp`` and
    ``trips: long`` and the named part ``dataset``. JobError for others, and for an option that is not known.
    """

    def __init__(self, dataset: Dataset) -> None:
        columns = {column.name: column.type for column in dataset.columns}
        if columns != _COLUMNS:
            wanted = ", ".join(f"{name}: {kind}" for name, kind in _COLUMNS.items())
            found = ", ".join(f"{name}: {kind}" for name, kind in columns.items())
            raise JobError(f"data set {dataset.name}: its reader has the columns {wanted}, not {found}")
        self.dataset = dataset
        self.policy = policy(dataset)

    def read(self, file: SourceFile, quarantine: Quarantine, staged: Staged) -> FileRows:
        """Hand on the windows that have trips, in order; ``accepted`` counts the trips. See ``protocol.Reader``."""
        source = as_trip_file(quarantine.source)
        if source.form.startswith("csv"):
            csvrows.slow_path_budget.expect(file.path.stat().st_size, file.bytes_of_run)
        counters = counting.Counters()
        counted = counting.count(counters, source, file.path, self.policy, quarantine)
        starts, trips = counted.windows
        if len(starts):
            values = {**file.parts, MONTH: file.period}
            texts = {name: repeated(value, len(starts)) for name, value in values.items()}
            columns = {WINDOW: of_int64(starts, pa.timestamp("us")), TRIPS: of_int64(trips), **texts}
            columns[ROW] = of_int64(np.arange(1, len(starts) + 1))
            staged(pa.table(columns, schema=arrow_schema(self.dataset, tuple(file.parts))))
        reasons = dict(sorted(counted.reasons.items()))
        return FileRows(counted.rows, counted.trips, counted.refused, reasons, warnings=counted.warnings)


def policy(dataset: Dataset) -> rules.Policy:
    """What the options of ``dataset`` say. JobError for one that is not known."""
    options = {OUTSIDE: "quarantine", TOLERANCE: "1", **dataset.options}
    strange = sorted(options.keys() - {OUTSIDE, TOLERANCE})
    if strange:
        raise JobError(
            f"data set {dataset.name}: its reader has no option {strange[0]}, only {OUTSIDE} and {TOLERANCE}"
        )
    if options[OUTSIDE] not in ("quarantine", "keep"):
        raise JobError(
            f"data set {dataset.name}: {OUTSIDE} is {options[OUTSIDE]!r}, neither quarantine nor keep"
        )
    days = options[TOLERANCE]
    if not (days.isascii() and days.isdecimal()) or len(days) > rules.DIGITS:
        raise JobError(
            f"data set {dataset.name}: {TOLERANCE} is {days!r}, no whole number from 0 to 999999999"
        )
    return rules.Policy(int(days), options[OUTSIDE] == "keep", dataset.quarantine_limit)
