"""Texts of a column → its type, its file's conventions, and what is unsure."""

from __future__ import annotations

from collections import Counter

import pytest

from data_pipeline.scaffold import texts
from data_pipeline.scaffold.guesses import Conventions, Texts


def column(values: list[str], name: str = "x", period: str = "") -> Texts:
    return Texts(name, Counter(values), {period: Counter(values)} if period else {})


def guess(values: list[str], name: str = "x", delimiter: str = ";") -> tuple[str, Conventions, str]:
    """The type with its ``?``, the conventions, and all that is unsure."""
    one = column(values, name)
    written = texts.conventions([one], delimiter)
    found = texts.guess(texts.looked_at(one, written.nulls), written)
    unsure = "; ".join((*written.unsure, *found.unsure))
    return f"{found.type}{'?' if found.nullable else ''}", written, unsure


TYPES = {
    "int": (["1", "-20", "300"], "x", "int"),
    "plus": (["+1", "+2"], "x", "int"),
    "long": (["1", "20000000000"], "x", "long"),
    "beyond 64 bits": (["1", "99999999999999999999"], "x", "string"),
    "leading zeros": (["007", "123"], "x", "string"),
    "a zero": (["0", "10"], "x", "int"),
    "two digits": (["1.50", "2.00", "10.25"], "x", "decimal(12,2)"),
    "measured": (["1.5", "2.25", "10"], "x", "double"),
    "money by name": (["1.5", "2.25", "10"], "unit_price", "decimal(12,2)"),
    "exponent": (["1e-5", "2.5"], "x", "double"),
    "infinite": (["inf", "2.5"], "x", "double"),
    "written doubles": (["21.300000000000001", "-73.98164600000001"], "x", "double"),
    "many digits": (["123456789012345678.25", "1.50"], "x", "decimal(22,2)"),
    "comma": (["1,5", "1234,75"], "x", "double"),
    "thousands": (["1.234,50", "2.000,00"], "x", "string"),
    "either": (["1,234", "2,500"], "x", "string"),
    "boolean": (["true", "FALSE"], "x", "boolean"),
    "yes": (["yes", "no"], "x", "string"),
    "date": (["2024-01-31", "2024-02-01"], "x", "date"),
    "no calendar day": (["2024-02-30", "2024-02-31"], "x", "string"),
    "timestamp": (["2024-01-31 05:06:07", "2024-02-01"], "x", "timestamp"),
    "with offset": (["2024-01-31T05:06:07Z", "2024-02-01T00:00:00+01:00"], "x", "timestamptz"),
    "time of day": (["12:30", "13:45"], "x", "string"),
    "empty": (["", ""], "x", "string?"),
    "some empty": (["1", "", "2"], "x", "int?"),
    "text": (["a", "b"], "x", "string"),
    "one fault": (["1", "2", "3", "4", "oops"], "x", "int"),
    "two faults of few": (["1", "2", "3", "oops", "no"], "x", "string"),
    "eight digits": (["20240131", "20240201", "20240202"], "order_date", "date"),
    "eight digits of another name": (["20240131", "20240201", "20240202"], "x", "int"),
}


@pytest.mark.parametrize("case", TYPES)
def test_the_type_of_a_column(case: str) -> None:
    values, name, expected = TYPES[case]
    assert guess(values, name)[0] == expected


FORMATS = {
    "%d.%m.%Y": ["31.01.2024", "1.2.2024"],
    "%m/%d/%Y": ["01/31/2024", "12/24/2024"],
    "%d/%m/%Y": ["31/01/2024", "24/12/2024"],
    "%d-%b-%Y": ["31-Jan-2024", "01-FEB-2024"],
    "%B %d, %Y": ["January 31, 2024", "May 1, 2024"],
    "%Y/%m/%d": ["2024/01/31", "2024/02/01"],
    "%d.%m.%y": ["31.01.24", "01.02.24"],
}
CLOCKS = {
    "%d.%m.%Y %H:%M": ["31.01.2024 05:06", "01.02.2024 23:59"],
    "%m/%d/%Y %I:%M:%S %p": ["01/31/2024 05:06:07 AM", "02/01/2024 11:59:00 PM"],
    "%a, %d %b %Y %H:%M:%S %z": ["Wed, 31 Jan 2024 05:06:07 +0000", "Thu, 01 Feb 2024 05:06:07 +0100"],
}


@pytest.mark.parametrize("expected", FORMATS)
def test_the_format_of_dates(expected: str) -> None:
    kind, written, _ = guess(FORMATS[expected])
    assert (kind, written.date, written.timestamp) == ("date", expected, "")


@pytest.mark.parametrize("expected", CLOCKS)
def test_the_format_of_times(expected: str) -> None:
    kind, written, _ = guess(CLOCKS[expected])
    assert (kind, written.timestamp) == ("timestamptz" if "%z" in expected else "timestamp", expected)


def test_days_and_months_that_could_change_places_go_by_the_files_period_or_are_unsure() -> None:
    """In files of March, 03/04 is the 4th of March where the year stands last with the month first."""
    values = ["03/04/2024", "03/05/2024"]
    assert 'could be "%d/%m/%Y" as well as "%m/%d/%Y"' in guess(values)[2]
    march = texts.conventions([column(values, period="2024-03")])
    assert (march.date, march.unsure) == ("%m/%d/%Y", ())
    april = texts.conventions([column(["03/04/2024", "01/04/2024"], period="2024-04")])
    assert (april.date, april.unsure) == ("%d/%m/%Y", ())


def test_null_words_count_among_values_of_another_kind_alone() -> None:
    assert guess(["1", "2", "NA", "3"])[1].nulls == ("", "NA")
    assert guess(["north", "NA", "south"])[1].nulls == ("",)
    assert "'NA' is taken as null, as in x" in guess(["1", "2", "NA", "3"])[2]


UNSURE = {
    "leading zeros": (["007", "123"], "x", "leading zeros, as ids have them"),
    "64 bits": (["1", "99999999999999999999"], "x", "more than 64 bits, as ids have them"),
    "beyond doubles": (["1", "9007199254740995"], "x", "beyond 2^53 may be ids"),
    "measured or money": (["1.5", "2.25"], "x", "if it is money, write decimal(12,2)"),
    "0 and 1": (["0", "1"], "x", "0 and 1 alone may be false and true"),
    "seconds": (["1700000000", "1700000100"], "created_at", "may be seconds since 1970"),
    "fault": (["1", "2", "3", "4", "oops"], "x", "1 row with no int, such as 'oops'; such rows are refused"),
    "empty": ([""], "x", "no value in the rows looked at"),
    "thousands": (["1.234,50", "2.000,00"], "x", "a sign between thousands"),
    "money": (["$5.00", "$1,200.50"], "x", "a sign of money or per cent"),
    "no offset": (["2024-01-31 05:06:07"], "x", "for instants write timestamptz"),
    "personal": (["a@b.de", "c@d.de"], "email", "if it is personal data, add pii"),
    "few missing": (
        ["a", *map(str, range(200)), ""],
        "x",
        "1 row of 202 without a value; without ? such rows are refused",
    ),
}


@pytest.mark.parametrize("case", UNSURE)
def test_what_is_unsure_is_said(case: str) -> None:
    values, name, expected = UNSURE[case]
    assert expected in guess(values, name)[2]


def test_one_format_of_a_data_set_is_that_of_most_columns() -> None:
    """The others are strings, and said."""
    days, other = column(["31.01.2024", "15.02.2024"], "a"), column(["31.01.2024", "20.02.2024"], "b")
    iso = column(["2024-01-31"], "c")
    written = texts.conventions([days, other, iso])
    found = texts.guess(texts.looked_at(iso, written.nulls), written)
    assert (written.date, str(found.type)) == ("%d.%m.%Y", "string")
    assert 'dates as ISO 8601, and other columns have "%d.%m.%Y"' in found.unsure[0]
