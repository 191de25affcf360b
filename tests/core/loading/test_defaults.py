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
#: type → texts that are values of it, texts that are none, and what the data set says of its files: what Python's own
#: readers take otherwise, what a zone's clocks show twice or never, and what is just within a type or just outside
UNUSUAL = [
    ("date", ["20240131"], ["2024131", "202413"], {"date_format": "%Y%m%d"}),
    ("date", ["Wed 31.01.2024", "wed 31.1.2024"], ["Mon 31.01.2024"], {"date_format": "%a %d.%m.%Y"}),
    ("date", ["2024-366", "2024-005"], ["2023-366", "2024-5", "9999-366"], {"date_format": "%Y-%j"}),
    ("date", ["31 01 2024", "31 01 2024 "], ["31  01 2024"], {"date_format": "%d %m %Y"}),
    (
        "timestamptz",
        ["2024-01-31 05:06 +01", "2024-01-31 05:06 +01:00", "2024-01-31 05:06 Z"],
        ["2024-01-31 05:06 +01:00:30", "2024-01-31 05:06"],
        {"timestamp_format": "%Y-%m-%d %H:%M %z"},
    ),
    (
        "timestamp",
        ["2024-01-31 05:06:07.1234560", "2024-01-31 05:06:07.1"],
        ["2024-01-31 05:06:07.1234567"],
        {"timestamp_format": "%Y-%m-%d %H:%M:%S.%f"},
    ),
    ("timestamp", ["2024-01-31T05:06:07.1234560"], ["2024-01-31T05:06:07.1234567"], {}),
    (
        "timestamptz",
        ["2024-10-27T02:30+01:00", "9999-12-31T23:59"],
        ["2024-03-31T02:30", "2024-10-27T02:30", "0001-01-01T00:00", "9999-12-31T23:59-01"],
        {"timezone": "Europe/Berlin"},
    ),
    ("timestamp", ["2024-03-31T02:30", "2024-10-27T02:30"], [], {"timezone": "Europe/Berlin"}),
    ("decimal(38,2)", ["1234567890123456789012345678.12"], ["1234567890123456789012345678.123"], {}),
    ("decimal(38,0)", ["9" * 38, "-" + "9" * 38, "9" * 38 + ".0", "0." + "0" * 50], ["9" * 39], {}),
    ("float", ["340282356779733661637539395458142568447"], ["340282356779733661637539395458142568448"], {}),
    (
        "float",
        ["7.006492321624085354619e-46", "0e99999999999999999999"],
        ["7.006492321624085354618e-46", "1e-99999999999999999999"],
        {},
    ),
    ("double", ["1.7976931348623158e308", "3e-324"], ["1.7976931348623159e308", "2e-324"], {}),
]
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
    *((kind, [*right, *wrong], said) for kind, right, wrong, said in UNUSUAL),
]


def given(kind, text, said):
    """A data set whose column has this default."""
    told = {key: value for key, value in said.items() if value is not None}
    column = {"type": kind, "default": text}
    return Dataset.model_validate({"files": ["a.csv"], "columns": {"a": column}, **told})


def is_taken(dataset):
    return not [*dataset_columns.check(("datasets", "orders"), dataset)]


@pytest.mark.parametrize(("kind", "texts", "said"), CASES)
def test_a_default_that_is_taken_can_be_used(kind, texts, said):
    taken, used = set(), set()
    for text in texts:
        dataset = given(kind, text, said)
        if is_taken(dataset):
            taken.add(text)
        read = documents.Column("a", kind, default=text)
        format = definitions.definition_of_format(dataset)
        try:
            columns.plans(documents.Dataset("orders", ("a.csv",), format, (read,)))
        except JobError:
            continue
        used.add(text)
    assert taken == used


@pytest.mark.parametrize(("kind", "right", "wrong", "said"), UNUSUAL)
def test_what_is_a_value_is_taken_and_nothing_else(kind, right, wrong, said):
    assert [text for text in (*right, *wrong) if is_taken(given(kind, text, said))] == right
