"""Dates and times in formats of strftime, against Python's own strptime where that is strict enough."""

# ruff: noqa: DTZ001, DTZ007 - times on the wall clock
from __future__ import annotations

import random
from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from etl.reading.test_casts import plain

from data_pipeline.etl.documents import types
from data_pipeline.etl.documents.datasets import Format
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.reading import casts

FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%m/%d/%y %I:%M:%S %p",
    "%Y%m%d%H%M%S",
    "%d %b %Y %H:%M:%S.%f",
    "%A, %d %B %Y",
    "%a %d-%b-%y",
    "%Y/%j",
    "%Y-%m-%dT%H:%M:%S%z",
    "%F %T",
    "100%% on %d.%m.%Y",
)


def found(texts: list[str], kind: str, **written) -> list:
    cast = casts.cast_of(types.parse(kind), Format("csv", **written))
    values, problems = casts.convert(pa.array(texts, pa.string()), cast)
    return [problems.get(at, value) for at, value in enumerate(plain(values))]


@pytest.mark.parametrize("form", FORMATS)
def test_times_come_back_as_they_were_written(form):
    """What strftime writes is read as Python's strptime reads it; with a character more or fewer it is none."""
    chance = random.Random(5)
    moments = [datetime(1970, 1, 1) + timedelta(seconds=chance.randrange(10**9)) for _ in range(300)]
    texts = [moment.strftime(form) + ("+00:00" if "%z" in form else "") for moment in moments]
    kind = "timestamptz" if "%z" in form else "timestamp"
    got = found(texts, kind, timestamp=form)
    python = form.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S")
    assert got == [datetime.strptime(text, python).replace(tzinfo=None) for text in texts]
    for wrong in (f"{texts[0]}x", f"x{texts[0]}", texts[0].replace("7", "x", 1) + "!", ""):
        assert found([texts[0], wrong], kind, timestamp=form) == [got[0], f"not-{kind}"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.2.2024", datetime(2024, 2, 1)),
        ("01.02.2024", datetime(2024, 2, 1)),
        (" 01.02.2024\t", datetime(2024, 2, 1)),
        ("29.2.2024", datetime(2024, 2, 29)),
        ("29.2.2023", "not-timestamp"),
        ("31.4.2024", "not-timestamp"),
        ("0.1.2024", "not-timestamp"),
        ("1.13.2024", "not-timestamp"),
        ("1.0.2024", "not-timestamp"),
        ("1.1.0000", "out-of-range"),
        ("1.1.24", "not-timestamp"),
        ("001.1.2024", "not-timestamp"),
        ("1 .1.2024", "not-timestamp"),
        ("1.1.2024 00:00", "not-timestamp"),
        ("١.1.2024", "not-timestamp"),
    ],
)
def test_a_date_is_exactly_in_its_format(text, value):
    """Alone and among good ones."""
    assert found([text], "timestamp", timestamp="%d.%m.%Y") == [value]
    assert found(["1.1.2024", text], "timestamp", timestamp="%d.%m.%Y") == [datetime(2024, 1, 1), value]


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        ("%d.%m.%Y %H:%M:%S.%f", "1.1.2024 0:0:0.1234567", "inexact"),
        ("%d.%m.%Y %H:%M:%S.%f", "1.1.2024 0:0:0.1234560", datetime(2024, 1, 1, 0, 0, 0, 123456)),
        ("%d.%m.%Y %H:%M:%S.%f", "1.1.2024 24:00:00.0", "not-timestamp"),
        ("%d.%m.%Y %I %p", "1.1.2024 12 am", datetime(2024, 1, 1)),
        ("%d.%m.%Y %I %p", "1.1.2024 12 PM", datetime(2024, 1, 1, 12)),
        ("%d.%m.%Y %I %p", "1.1.2024 13 PM", "not-timestamp"),
        ("%d.%m.%Y %I %p", "1.1.2024 0 AM", "not-timestamp"),
        ("%a %d.%m.%Y", "Mon 1.1.2024", datetime(2024, 1, 1)),
        ("%a %d.%m.%Y", "Tue 1.1.2024", "not-timestamp"),
        ("%d.%m.%y", "1.1.68", datetime(2068, 1, 1)),
        ("%d.%m.%y", "1.1.69", datetime(1969, 1, 1)),
        ("%Y/%j", "2023/366", "not-timestamp"),
        ("%Y/%j", "2024/366", datetime(2024, 12, 31)),
        ("%Y%m%d", "2024111", "not-timestamp"),
        ("%d.%m.%Y%z", "1.1.2024+01:00", "not-timestamp"),
    ],
)
def test_parts_of_a_format_are_strict(form, text, value):
    """Hours of two clocks, weekdays that are not the day's, digits that could be split in two ways."""
    assert found([text], "timestamp", timestamp=form) == [value]


def test_a_date_s_format_gives_days():
    """And refuses what is no day."""
    assert found(["1/31/2024", "2/30/2024"], "date", date="%m/%d/%Y") == [
        datetime(2024, 1, 31).date(),
        "not-date",
    ]


def test_a_zone_makes_instants_of_local_times():
    """In summer and in winter; an hour that the clock has twice, or not at all, is refused."""
    texts = ["1.7.2024 12:00", "1.1.2024 12:00", "27.10.2024 02:30", "31.3.2024 02:30"]
    got = found(texts, "timestamptz", timestamp="%d.%m.%Y %H:%M", timezone="Europe/Berlin")
    assert got == [datetime(2024, 7, 1, 10), datetime(2024, 1, 1, 11), "ambiguous-time", "not-timestamptz"]
    assert found(texts[:1], "timestamptz", timestamp="%d.%m.%Y %H:%M") == ["not-timestamptz"]


@pytest.mark.parametrize("form", ["%Y-%m", "%d.%m.%Y %q", "%H:%M", "%I %d.%m.%Y", "%Y-%m-%d %Y"])
def test_a_format_that_cannot_say_a_day_is_refused(form):
    """Before a file is read."""
    with pytest.raises(JobError, match="format "):
        casts.cast_of(types.parse("timestamp"), Format("csv", timestamp=form))
