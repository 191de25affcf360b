"""Every cast, type by value at its edges, against an independent reader."""

from __future__ import annotations

import gc
import itertools
import random
import weakref

import pyarrow as pa
import pytest
from etl.reading import independent
from etl.reading.independent import RefusedError, same
from etl.reading.outcomes import dataset, outcome

from data_pipeline.etl.documents import types
from data_pipeline.etl.documents.datasets import Format
from data_pipeline.etl.reading import casts


def words(text: str) -> list[str]:
    return text.split(" ") if "\n" not in text else text.split()


TYPES = words(
    "boolean int long float double decimal(4,2) decimal(12,2) decimal(2,2) decimal(38,0) decimal(38,10) "
    "date timestamp timestamptz"
)
NUMBERS = [
    *words("""
0 -0 +0 00 007 1 +1 -1 1.0 1. .5 5. . - + e 1e 1e3 1E3 1e+3 1e-3 1.5 -1.5 1.005 1.00 1.000 12.345 12.34 99.99
99.995 100 0.99 1.50e1 123e-2 1234e-2 12345e-2 1_000 1,000 1.000,5 1,5 0x10 0X1F 0b1 1e400 -1e400 1e-400 1e38
1e39 4e38 3.4028235e38 3.4028236e38 1e-45 1e-46 5e-324 2e-324 1.7976931348623157e308 1.7976931348623159e308 0.1
0.30000000000000004 16777217 9007199254740993 2147483647 2147483648 -2147483648 -2147483649 2147483647.5
9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809
99999999999999999999999999999999999999 100000000000000000000000000000000000000
9999999999999999999999999999.9999999999 0.00000000000000000000000000000000000001 nan NaN NAN inf -inf +Infinity
INF infinite 1e99999999999 1e-99999999999 0e99999999999 1.1.1 1-1 --1 ++1 1f 1d ١ ½ 1e1.5 1e5e5 5000e-3 12e0
-0.0 -.0 1e-0005 ,5 5, 1
"""),
    "1\u00a0",
]
BOOLEANS = words("true false TRUE True fAlse t f yes no on y null é tru")
TIMES = words("""
2024-01-31 2024-02-29 2023-02-29 2024-02-30 2024-13-01 2024-00-10 2024-1-1 20240131 24-01-31 0000-01-01
0001-01-01 9999-12-31 10000-01-01 -0001-01-01 2024-01-31T05 2024-01-31T05:06 2024-01-31T05:06:07
2024-01-31T05:06:07.1 2024-01-31T05:06:07.123456 2024-01-31T05:06:07.1234560 2024-01-31T05:06:07.1234567
2024-01-31T05:06:07. 2024-01-31T24:00:00 2024-01-31T23:60 2024-01-31T23:59:60 2024-01-31T05Z 2024-01-31T05:06Z
2024-01-31T05:06:07Z 2024-01-31T05:06:07z 2024-01-31t05:06:07 2024-01-31T05:06:07+01 2024-01-31T05:06:07+0130
2024-01-31T05:06:07-01:30 2024-01-31T05:06:07+24:00 2024-01-31T05:06:07+00:60 2024-01-31T05:06:07+1
2024-01-31T05:06:07.5-12:00 2024-01-31Z 2024-01-31+01:00 2024-01-31T 2024-01-31T5:06 2024-01-31T0506
9999-12-31T23:00:00-05:00 0001-01-01T00:00:00+05:00 0001-01-01T00:00:00Z 9999-12-31T23:59:59.999999Z infinity
-infinity now epoch today 2024-03-31T02:30:00 2024-10-27T02:30:00 2024-10-27T01:59:59 2024-10-27T03:00:00
2024-03-31T01:59:59 2024-03-31T03:00:00 1706677567 2024-W05-3 2024-031 2024-01-31BC 1893-03-31T23:55:00
1893-04-01T00:00:00 1700-01-01T00:00:00 2200-07-01T12:00:00+02:00 2024/01/31 31.01.2024 44-03-15
""")
ODD = [
    "2024-01-31 05:06:07",
    "2024-01-31 05:06:07.5+02",
    "2024-01-31  05:06",
    "2024-01-31 05:06:07 Z",
    "2024-01-31 BC",
    "",
    " ",
    "\x00",
]
VALUES = sorted({*NUMBERS, *BOOLEANS, *TIMES, *ODD})
BLANKS = [
    f"{before}{text}{after}"
    for text in ("1", "1.5", "true", "2024-01-31", "2024-01-31T05:06:07Z")
    for before, after in [(" ", ""), ("", " "), ("\t", "  "), ("\n", ""), ("", "\r"), ("\u00a0", "")]
]
SETTINGS = [{}, {"timezone": "Europe/Berlin"}, {"timezone": "America/New_York"}, {"decimal": ","}]


def expected(text: str, kind: str, written: Format):
    try:
        return independent.value(text, kind, written.timezone, written.decimal)
    except RefusedError as refused:
        return refused


def found(texts: list[str], kind: str, written: Format) -> list:
    """The values and reasons that ``convert`` gives them all at once."""
    cast = casts.cast_of(types.parse(kind), written)
    values, problems = casts.convert(pa.array(texts, pa.string()), cast)
    assert len(values) == len(texts)
    return [problems.get(at, value) for at, value in enumerate(plain(values))]


def plain(values: pa.Array) -> list:
    """Python's values; times without their zone, which is UTC."""
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.timestamp("us"))
    return values.to_pylist()


def differing(texts: list[str], kind: str, written: Format) -> list:
    wrong = []
    for text, got in zip(texts, found(texts, kind, written), strict=True):
        want = expected(text, kind, written)
        fine = got == str(want) if isinstance(want, RefusedError) else same(want, got)
        if not fine:
            wrong.append((text, got, want))
    return wrong


@pytest.mark.parametrize("written", SETTINGS, ids=str)
@pytest.mark.parametrize("kind", TYPES)
def test_every_value_is_cast_as_the_independent_reader_does(kind, written):
    """All values in one column, in which many are refused."""
    assert not differing([*VALUES, *BLANKS], kind, Format("csv", **written))


@pytest.mark.parametrize("kind", TYPES)
def test_a_value_means_the_same_alone_and_among_good_ones(kind):
    """The cast that Arrow makes of a column at once, and what is judged text by text, agree."""
    written = Format("csv", timezone="Europe/Berlin")
    good = [text for text in VALUES if not isinstance(expected(text, kind, written), RefusedError)]
    assert len(good) >= 2
    assert not differing(good, kind, written)
    for text in VALUES:
        assert not differing([text], kind, written)
        assert not differing([good[0], text, good[-1]], kind, written)


@pytest.mark.parametrize("kind", ["int", "decimal(4,2)", "double", "float"])
def test_every_short_text_of_a_number_s_characters(kind):
    """All texts of up to four of these characters."""
    texts = ["".join(signs) for size in range(1, 5) for signs in itertools.product("01+-.e", repeat=size)]
    assert not differing(texts, kind, Format("csv"))
    good = [text for text in texts if not isinstance(expected(text, kind, Format("csv")), RefusedError)]
    assert not differing(good, kind, Format("csv"))


#: 2**128 and more: what Arrow has room for is 5, or 0, or anything
LARGE = [
    str(2**128 + 5),
    f"{2**128 * 3 + 1}.25",
    "9" * 45,
    "9" * 50 + ".00",
    "9" * 30,
    str(2**118),
    *(str(7 * 10**n) for n in range(26, 45)),
    *("-" + "8" * n for n in range(26, 45)),
]


@pytest.mark.parametrize(
    "kind", ["decimal(4,0)", "decimal(12,2)", "decimal(38,0)", "decimal(38,10)", "decimal(38,37)"]
)
def test_a_number_too_large_for_a_decimal_is_no_other_number(kind):
    """Alone, among others, and as a number or a text of JSON."""
    for texts in (LARGE, *([text] for text in LARGE), *(["1", text, "1"] for text in LARGE)):
        assert not differing(texts, kind, Format("csv"))


def test_every_digit_of_random_numbers_counts():
    """Doubles and floats are the nearest ones, decimals exact."""
    chance = random.Random(7)
    texts = []
    for _ in range(600):
        digits = "".join(chance.choice("0123456789") for _ in range(chance.randrange(1, 25)))
        point = chance.randrange(len(digits) + 1)
        texts.append(f"{digits[:point]}.{digits[point:]}e{chance.randrange(-50, 50)}")
    for kind in ("double", "float", "decimal(38,10)"):
        assert not differing(texts, kind, Format("csv"))


def test_refused_values_hold_nothing():
    """An exception that is kept would hold its callers' columns until Python looks for garbage: a job rarely does."""
    cast = casts.cast_of(types.parse("long"), Format("csv"))
    gc.collect()
    gc.disable()
    try:
        texts = pa.array(["1", "x"] * 1000)
        seen = weakref.ref(texts)
        casts.convert(texts, cast)
        del texts
        assert seen() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", TYPES)
def test_digits_that_are_not_ascii_are_none(kind, tmp_path):
    """Python and its regular expressions take them for digits where they are not told otherwise."""
    texts = [
        "\u0667",
        "\uff17",
        "\u00b2",
        "2024-01-3\uff11",
        "\uff12024-01-31",
        "2024-01-31T0\u0665:06:07",
        "1e\uff12",
    ]
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "".join(f"{text}\n" for text in texts), encoding="utf-8")
    found = outcome(path, dataset({"a": kind}))
    assert set(found.reasons) == set(range(1, len(texts) + 1))
