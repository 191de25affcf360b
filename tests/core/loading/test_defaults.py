"""A default is taken when the configuration is read if, and only if, the job that reads files can use it."""

from __future__ import annotations

import pytest

from data_pipeline.core.config import definitions
from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.loading import dataset_columns
from data_pipeline.etl.documents import datasets as documents
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.reading import columns

DAYS = (
    "2024-02-29",
    "2023-02-29",
    "2024-2-1",
    "0000-01-01",
    " 2024-01-31 ",
    "20240131",
    "31.01.2024",
    "31.02.2024",
)
TIMES = (
    *(
        "2024-01-31T05",
        "2024-01-31 05:06",
        "2024-01-31T05:06:07.123456",
        "2024-01-31T24:00",
        "2024-01-31T05:60",
    ),
    *("2024-01-31T05Z", "2024-01-31T05:06:07+0100", "2024-01-31T05:06:07-01:30", "2024-01-31T05:06:07+01:75"),
    *("5.3.2024 07:08", "31.01.2024 7:08 +0100", "Jan 31 2024", "2024-01-31 05:06:07"),
)
NUMBERS = (
    *("0", "-0", "+5", " 1 ", "1e3", "1.0", "1.5", ".5", "5.", "1_000", "0x1", "٣", "--1", "", "1,5", "1.25"),
    *("nan", "inf", "-Infinity", "1e400", "1e39", "1e-400", "1e-46", "1e99999999", "1e-99999999"),
    *(
        "2147483647",
        "2147483648",
        "-9223372036854775808",
        "9223372036854775808",
        "12345.6",
        "true",
        "FALSE",
        "yes",
    ),
)
TIMESTAMPS = (None, "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M %z", "%F %T", "%b %d %Y")
CASES = [
    *(("date", DAYS, {"date_format": format}) for format in (None, "%d.%m.%Y")),
    *(
        (kind, (*DAYS, *TIMES), {"timestamp_format": format, "timezone": zone})
        for kind in ("timestamp", "timestamptz")
        for format in TIMESTAMPS
        for zone in (None, "Europe/Berlin")
    ),
    *((kind, NUMBERS, {}) for kind in ("boolean", "int", "long", "float", "double", "decimal(5,1)")),
    ("decimal(5,1)", ("1,5", "1.5", "1,25"), {"decimal": ",", "delimiter": ";"}),
]


@pytest.mark.parametrize(("kind", "texts", "said"), CASES)
def test_a_default_that_is_taken_can_be_used(kind, texts, said):
    taken, used = set(), set()
    for text in texts:
        told = {key: value for key, value in said.items() if value is not None}
        column = {"type": kind, "default": text}
        given = Dataset.model_validate({"files": ["a.csv"], "columns": {"a": column}, **told})
        if not [*dataset_columns.check(("datasets", "orders"), given)]:
            taken.add(text)
        read = documents.Column("a", kind, default=text)
        format = definitions.definition_of_format(given)
        try:
            columns.plans(documents.Dataset("orders", ("a.csv",), format, (read,)))
        except JobError:
            continue
        used.add(text)
    assert taken == used
