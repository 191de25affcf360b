"""Each operator and function that is let through, at its edges: type and value as Trino has them.

The pages of Trino's documentation stand beside each name in the tables of data_pipeline/athena_sql; the values are
those of its examples, of its unit tests (TestDecimalOperators, TestDateTimeFunctions, TestMathFunctions,
TestStringFunctions, Test*Operators of trinodb/trino) and of the code that is named beside a group.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from athena_sql.engines import connected, values
from athena_sql.test_nested import EXPRESSIONS as NESTED

from data_pipeline.athena_sql import times
from data_pipeline.athena_sql.aggregates import AGGREGATES, WINDOWS
from data_pipeline.athena_sql.functions import SPECIAL
from data_pipeline.athena_sql.signatures import ALIASES, SIGNATURES
from data_pipeline.core.errors import UserError

INF, NAN = math.inf, math.nan
Row = tuple[str, str, Any]


def at(text: str) -> datetime:
    """A wall clock."""
    return datetime.fromisoformat(text)


def on(text: str) -> date:
    return date.fromisoformat(text)


D = Decimal
#: functions/math.html, functions/decimal.html: (expression, type, value)
OPERATORS: list[Row] = [
    ("7 / 2", "integer", 3),
    ("-7 / 2", "integer", -3),
    ("7 / -2", "integer", -3),
    ("-7 % 3", "integer", -1),
    ("7 % -3", "integer", 1),
    ("2147483647 + 0", "integer", 2**31 - 1),
    ("2147483648 + 0", "bigint", 2**31),
    ("-2147483648", "integer", -(2**31)),
    ("-9223372036854775808", "bigint", -(2**63)),
    ("9223372036854775807 - 1", "bigint", 2**63 - 2),
    ("7 / 2e0", "double", 3.5),
    ("1e0 / 0e0", "double", INF),
    ("-1e0 / 0e0", "double", -INF),
    ("0e0 / 0e0", "double", NAN),
    ("1e308 * 10", "double", INF),
    ("5e0 % 3", "double", 2.0),
    ("-5e0 % 3", "double", -2.0),
    ("1e0 % 0e0", "double", NAN),
    ("1 + 2e0", "double", 3.0),
    ("1.5 + 2e0", "double", 3.5),
    ("CAST(1 AS tinyint) + CAST(2 AS smallint)", "smallint", 3),
    ("CAST(0.1e0 AS real) + CAST(0.2e0 AS real)", "real", pytest.approx(0.3, rel=1e-6)),
    ("1 / 3.0", "decimal(12,1)", D("0.3")),
    ("1 / 3.000", "decimal(16,3)", D("0.333")),
    ("2 / 3.0", "decimal(12,1)", D("0.7")),
    ("-2 / 3.0", "decimal(12,1)", D("-0.7")),
    ("1 / -2.0", "decimal(12,1)", D("-0.5")),
    ("0.5 / 1", "decimal(1,1)", D("0.5")),
    ("500.00 / 0.1", "decimal(6,2)", D("5000.00")),
    ("100.00 / 0.3", "decimal(6,2)", D("333.33")),
    ("100.00 / -0.30", "decimal(7,2)", D("-333.33")),
    ("200.00000 / -0.3", "decimal(9,5)", D("-666.66667")),
    ("9.0 / 3.0", "decimal(3,1)", D("3.0")),
    ("137.7 + 17.1", "decimal(5,1)", D("154.8")),
    ("1 + 0.5", "decimal(12,1)", D("1.5")),
    ("DECIMAL '999999999999999999' + DECIMAL '.999999999999999999'", "decimal(37,18)", D("999999999999999999.999999999999999999")),
    ("DECIMAL '-99999999999999999999999999999999999999' + DECIMAL '99999999999999999999999999999999999999'", "decimal(38,0)", D(0)),
    ("DECIMAL '107.7' - DECIMAL '17.1'", "decimal(5,1)", D("90.6")),
    ("DECIMAL '.00000001' - DECIMAL '123456789012345678901234567890'", "decimal(38,8)", D("-123456789012345678901234567889.99999999")),
    ("DECIMAL '12' * DECIMAL '-3'", "decimal(3,0)", D(-36)),
    ("DECIMAL '-12345678901234567' * DECIMAL '-123456789012345670'", "decimal(35,0)", D("1524157875323883455265967556774890")),
    ("DECIMAL '.1234567890123456789' * DECIMAL '.1234567890123456789'", "decimal(38,38)", D(".01524157875323883675019051998750190521")),
    ("7.5 % 2", "decimal(2,1)", D("1.5")),
    ("-7.5 % 2.25", "decimal(3,2)", D("-0.75")),
    ("CAST(NULL AS integer) / 0", "integer", None),
    ("CAST(NULL AS decimal(3,1)) / 0.0", "decimal(4,1)", None),
    ("1.5 / CAST(NULL AS decimal(3,1))", "decimal(3,1)", None),
    ("- 5", "integer", -5),
    ("-(-5)", "integer", 5),
    ("+5.5", "decimal(2,1)", D("5.5")),
    ("-INTERVAL '1' DAY < INTERVAL '0' HOUR", "boolean", True),
]  # fmt: skip

#: functions/comparison.html, functions/logical.html, functions/conditional.html
COMPARISONS: list[Row] = [
    ("1 = 1.0", "boolean", True),
    ("1 <> 2", "boolean", True),
    ("1 != 1", "boolean", False),
    ("NULL = NULL", "boolean", None),
    ("1 < NULL", "boolean", None),
    ("nan() = nan()", "boolean", False),
    ("nan() <> nan()", "boolean", True),
    ("nan() > 1e0", "boolean", False),
    ("1e0 < nan()", "boolean", False),
    ("CAST(NULL AS double) = nan()", "boolean", None),
    ("infinity() > 1e308", "boolean", True),
    ("'a' < 'B'", "boolean", False),
    ("'é' > 'z'", "boolean", True),
    ("'a' = 'a '", "boolean", False),
    ("DATE '2024-01-01' < TIMESTAMP '2024-01-01 00:00:00.001'", "boolean", True),
    ("TIMESTAMP '2024-01-01 00:00:00 UTC' = TIMESTAMP '2024-01-01 00:00:00'", "boolean", True),
    ("2 BETWEEN 1 AND 3", "boolean", True),
    ("2 NOT BETWEEN 1 AND NULL", "boolean", None),
    ("4 BETWEEN 1 AND NULL", "boolean", None),
    ("0 BETWEEN 1 AND NULL", "boolean", False),
    ("1 IN (1, NULL)", "boolean", True),
    ("2 IN (1, NULL)", "boolean", None),
    ("2 NOT IN (1, 3)", "boolean", True),
    ("1 IN (1.0, 2.5)", "boolean", True),
    ("nan() IN (nan(), 1e0)", "boolean", False),
    ("NULL IS NULL", "boolean", True),
    ("1 IS NOT NULL", "boolean", True),
    ("1 IS DISTINCT FROM NULL", "boolean", True),
    ("NULL IS NOT DISTINCT FROM NULL", "boolean", True),
    ("nan() IS DISTINCT FROM nan()", "boolean", False),
    ("true AND NULL", "boolean", None),
    ("false AND NULL", "boolean", False),
    ("true OR NULL", "boolean", True),
    ("NOT NULL", "boolean", None),
    ("'abc' LIKE 'a%'", "boolean", True),
    ("'abc' LIKE 'a_'", "boolean", False),
    ("'aé' LIKE 'a_'", "boolean", True),
    ("'A' LIKE 'a'", "boolean", False),
    (r"'a\%' LIKE 'a\%'", "boolean", True),
    ("'10%' LIKE '10!%' ESCAPE '!'", "boolean", True),
    ("'100' LIKE '10!%' ESCAPE '!'", "boolean", False),
    ("'' LIKE ''", "boolean", True),
    ("'a' NOT LIKE 'b'", "boolean", True),
    ("CASE WHEN 1 > 2 THEN 3 END", "integer", None),
    ("CASE WHEN NULL THEN 1 ELSE 2.5 END", "decimal(11,1)", D("2.5")),
    ("CASE 1 WHEN 1.0 THEN 'a' ELSE 'bcd' END", "varchar(3)", "a"),
    ("CASE NULL WHEN NULL THEN 1 ELSE 2 END", "integer", 2),
    ("if(1 > 2, 3, 4)", "integer", 4),
    ("if(NULL, 3)", "integer", None),
    ("if(true, 1, 2e0)", "double", 1.0),
    ("coalesce(NULL, 2)", "integer", 2),
    ("coalesce(NULL, NULL, 'a')", "varchar(1)", "a"),
    ("coalesce(1, 2.5)", "decimal(11,1)", D("1.0")),
    ("coalesce(1, 1 / 0)", "integer", 1),
    ("nullif(2, 2)", "integer", None),
    ("nullif(2, 3)", "integer", 2),
    ("nullif(2, NULL)", "integer", 2),
    ("greatest(1, 3, 2)", "integer", 3),
    ("greatest(1, NULL)", "integer", None),
    ("greatest(1, 2.5)", "decimal(11,1)", D("2.5")),
    ("least('b', 'a')", "varchar(1)", "a"),
    ("least(DATE '2024-01-02', DATE '2024-01-01')", "date", on("2024-01-01")),
]  # fmt: skip

#: functions/conversion.html; io.trino.type (DoubleOperators, DecimalCasts, VarcharOperators), io.trino.spi.type.Timestamps
CASTS: list[Row] = [
    ("CAST(2.5e0 AS bigint)", "bigint", 3),
    ("CAST(-2.5e0 AS bigint)", "bigint", -3),
    ("CAST(0.49999999999999994e0 AS integer)", "integer", 0),
    ("CAST(2.5 AS integer)", "integer", 3),
    ("CAST(-2.5 AS tinyint)", "tinyint", -3),
    ("CAST(2.45 AS decimal(2,1))", "decimal(2,1)", D("2.5")),
    ("CAST(-2.45 AS decimal(2,1))", "decimal(2,1)", D("-2.5")),
    ("CAST(5 AS decimal(4,2))", "decimal(4,2)", D("5.00")),
    ("CAST(1.5 AS double)", "double", 1.5),
    ("CAST(DECIMAL '12345678901234567.89' AS double)", "double", 12345678901234567.89),
    ("CAST(DECIMAL '1234567890123456789012345678.9' AS double)", "double", 1234567890123456789012345678.9),
    ("CAST(1e300 AS real)", "real", INF),
    ("CAST(nan() AS real)", "real", NAN),
    ("CAST(9007199254740993 AS double)", "double", 9007199254740992.0),
    ("CAST(true AS integer)", "integer", 1),
    ("CAST(0e0 AS boolean)", "boolean", False),
    ("CAST(2 AS boolean)", "boolean", True),
    ("CAST(7 AS varchar)", "varchar", "7"),
    ("CAST(0.05 AS varchar)", "varchar", "0.05"),
    ("CAST(-0.50 AS varchar)", "varchar", "-0.50"),
    ("CAST(10.50 AS varchar)", "varchar", "10.50"),
    ("CAST(true AS varchar)", "varchar", "true"),
    ("CAST(DATE '2024-02-29' AS varchar)", "varchar", "2024-02-29"),
    ("CAST(TIMESTAMP '2024-02-29 01:02:03' AS varchar)", "varchar", "2024-02-29 01:02:03"),
    ("CAST(TIMESTAMP '2024-02-29 01:02:03.40' AS varchar)", "varchar", "2024-02-29 01:02:03.40"),
    ("CAST(TIMESTAMP '2024-02-29 01:02:03 UTC' AS varchar)", "varchar", "2024-02-29 01:02:03 UTC"),
    ("CAST('abc' AS varchar(2))", "varchar(2)", "ab"),
    ("CAST('日本語' AS varchar(2))", "varchar(2)", "日本"),
    ("CAST('a' AS varchar(0))", "varchar(0)", ""),
    ("CAST(12 AS varchar(2))", "varchar(2)", "12"),
    ("TRY_CAST(123 AS varchar(2))", "varchar(2)", None),
    ("CAST(NULL AS date)", "date", None),
    ("CAST('+12' AS bigint)", "bigint", 12),
    ("CAST('007' AS integer)", "integer", 7),
    ("CAST('-1.5e2' AS double)", "double", -150.0),
    ("TRY_CAST('x' AS double)", "double", None),
    ("TRY_CAST('12x' AS integer)", "integer", None),
    ("TRY_CAST('' AS integer)", "integer", None),
    ("TRY_CAST('99999999999' AS integer)", "integer", None),
    ("TRY_CAST(2147483648 AS integer)", "integer", None),
    ("TRY_CAST(9.99 AS decimal(2,1))", "decimal(2,1)", None),
    ("CAST('2024-01-05' AS date)", "date", on("2024-01-05")),
    ("TRY_CAST('2024-02-30' AS date)", "date", None),
    ("CAST('2024-01-05 10:20' AS timestamp)", "timestamp(3)", at("2024-01-05 10:20")),
    ("CAST(DATE '2024-01-05' AS timestamp)", "timestamp(3)", at("2024-01-05")),
    ("CAST(TIMESTAMP '1969-12-31 23:00:00' AS date)", "date", on("1969-12-31")),
    ("CAST(TIMESTAMP '2024-01-01 00:00:00.123500' AS timestamp)", "timestamp(3)", at("2024-01-01 00:00:00.124")),
    ("CAST(TIMESTAMP '1969-12-31 23:59:59.999500' AS timestamp)", "timestamp(3)", at("1970-01-01")),
    ("CAST(TIMESTAMP '2024-01-01 00:00:00.5' AS timestamp(0))", "timestamp(0)", at("2024-01-01 00:00:01")),
    ("CAST(TIMESTAMP '2024-01-01 00:00:00.5' AS timestamp(6))", "timestamp(6)", at("2024-01-01 00:00:00.5")),
]  # fmt: skip

#: functions/math.html
NUMBERS: list[Row] = [
    ("abs(-2)", "integer", 2),
    ("abs(-2.5)", "decimal(2,1)", D("2.5")),
    ("abs(-0e0)", "double", 0.0),
    ("abs(CAST(-1.5e0 AS real))", "real", 1.5),
    ("cbrt(27)", "double", pytest.approx(3.0)),
    ("ceil(1.2e0)", "double", 2.0),
    ("ceil(-1.2e0)", "double", -1.0),
    ("ceiling(1.2)", "decimal(2,0)", D(2)),
    ("ceil(-1.2)", "decimal(2,0)", D(-1)),
    ("ceil(9.9)", "decimal(2,0)", D(10)),
    ("floor(-1.2)", "decimal(2,0)", D(-2)),
    ("floor(1.9)", "decimal(2,0)", D(1)),
    ("floor(-1.5e0)", "double", -2.0),
    ("floor(5)", "integer", 5),
    ("floor(CAST(-1.5e0 AS real))", "real", -2.0),
    ("ceil(CAST(1.2e0 AS real))", "real", 2.0),
    ("round(CAST(-2.5e0 AS real))", "real", -3.0),
    ("round(CAST(nan() AS real))", "real", NAN),
    ("sign(CAST(-0.5e0 AS real))", "real", -1.0),
    ("1e0 / sign(-0e0)", "double", -INF),
    ("1e0 / round(-0e0)", "double", INF),
    ("1e0 / round(-0.4e0)", "double", -INF),
    ("1e0 / ceil(-0.4e0)", "double", -INF),
    ("exp(0)", "double", 1.0),
    ("exp(1000)", "double", INF),
    ("ln(1)", "double", 0.0),
    ("ln(0)", "double", -INF),
    ("ln(-1)", "double", NAN),
    ("log2(8)", "double", 3.0),
    ("log10(1000)", "double", pytest.approx(3.0)),
    ("power(2, 3)", "double", 8.0),
    ("pow(2, -1)", "double", 0.5),
    ("power(1, nan())", "double", NAN),
    ("power(-1, infinity())", "double", NAN),
    ("power(0, 0)", "double", 1.0),
    ("round(2.5e0)", "double", 3.0),
    ("round(-2.5e0)", "double", -3.0),
    ("round(-0.5e0)", "double", -1.0),
    ("round(2.345e0, 1)", "double", 2.3),
    ("round(-2.345e0, 2)", "double", -2.35),
    ("round(nan(), 2)", "double", NAN),
    ("round(infinity())", "double", INF),
    ("round(3, 1)", "integer", 3),
    ("round(3.55)", "decimal(2,0)", D(4)),
    ("round(-2.5)", "decimal(2,0)", D(-3)),
    ("round(99.9)", "decimal(3,0)", D(100)),
    ("sign(-3)", "integer", -1),
    ("sign(-3.5)", "decimal(1,0)", D(-1)),
    ("sign(0e0)", "double", 0.0),
    ("sign(nan())", "double", NAN),
    ("sqrt(9)", "double", 3.0),
    ("sqrt(-1)", "double", NAN),
    ("sqrt(CAST(NULL AS double))", "double", None),
    ("is_nan(nan())", "boolean", True),
    ("is_finite(1)", "boolean", True),
    ("is_finite(nan())", "boolean", False),
    ("is_infinite(-infinity())", "boolean", True),
    ("nan()", "double", NAN),
    ("infinity()", "double", INF),
    ("pi()", "double", math.pi),
]  # fmt: skip

#: functions/string.html; io.airlift.slice.SliceUtf8 for white space and the case of letters
STRINGS: list[Row] = [
    ("'it''s'", "varchar(4)", "it's"),
    ("''", "varchar(0)", ""),
    ("'a' || 'é'", "varchar", "aé"),
    ("'a' || NULL", "varchar", None),
    ("concat('a', 'b', 'c')", "varchar", "abc"),
    ("concat('a', NULL)", "varchar", None),
    ("length('日本')", "bigint", 2),
    ("length('')", "bigint", 0),
    ("lower('ÀB1')", "varchar", "àb1"),
    ("upper('àb×')", "varchar", "ÀB×"),
    ("upper('')", "varchar", ""),
    ("lower(CAST(NULL AS varchar))", "varchar", None),
    ("substr('abcd', 2)", "varchar", "bcd"),
    ("substr('abcd', 2, 2)", "varchar", "bc"),
    ("substring('abcd', 3)", "varchar", "cd"),
    ("substring('abcd' FROM 2 FOR 2)", "varchar", "bc"),
    ("substr('abcd', -2)", "varchar", "cd"),
    ("substr('abcd', -3, 2)", "varchar", "bc"),
    ("substr('abcd', 0)", "varchar", ""),
    ("substr('abcd', 0, 2)", "varchar", ""),
    ("substr('abcd', 5)", "varchar", ""),
    ("substr('abcd', -5)", "varchar", ""),
    ("substr('abcd', 2, 0)", "varchar", ""),
    ("substr('abcd', 2, -1)", "varchar", ""),
    ("substr('abcd', 2, 9223372036854775807)", "varchar", "bcd"),
    ("substr('日本語', 2, 1)", "varchar", "本"),
    ("substr('a', NULL)", "varchar", None),
    ("substr(CAST(NULL AS varchar), 0, 0)", "varchar", None),
    ("CAST(NULL AS varchar) || 'a'", "varchar", None),
    ("strpos('abcb', 'b')", "bigint", 2),
    ("strpos('abc', 'x')", "bigint", 0),
    ("strpos('abc', '')", "bigint", 1),
    ("strpos('日本', '本')", "bigint", 2),
    ("position('b' IN 'abc')", "bigint", 2),
    ("trim('\t a \n')", "varchar", "a"),
    ("trim('\u3000a\u2003')", "varchar", "a"),
    ("trim('\u00a0a')", "varchar", "\u00a0a"),
    ("ltrim('  a ')", "varchar", "a "),
    ("rtrim(' a  ')", "varchar", " a"),
    ("trim(LEADING FROM '  a ')", "varchar", "a "),
    ("trim(TRAILING FROM ' a  ')", "varchar", " a"),
    ("lpad('ab', 5, 'xy')", "varchar", "xyxab"),
    ("lpad('abc', 2, 'x')", "varchar", "ab"),
    ("rpad('ab', 5, 'xy')", "varchar", "abxyx"),
    ("rpad('é', 3, '日')", "varchar", "é日日"),
    ("lpad('ab', 0, 'x')", "varchar", ""),
    ("reverse('añb')", "varchar", "bña"),
    ("reverse('')", "varchar", ""),
    ("starts_with('abc', 'ab')", "boolean", True),
    ("starts_with('abc', '')", "boolean", True),
    ("starts_with('abc', 'b')", "boolean", False),
]  # fmt: skip

#: functions/datetime.html; differences: Joda-Time's BasicMonthOfYearDateTimeField and BasicGJChronology
TIMES: list[Row] = [
    ("DATE '2024-01-31' + INTERVAL '1' MONTH", "date", on("2024-02-29")),
    ("DATE '2024-03-31' - INTERVAL '1' MONTH", "date", on("2024-02-29")),
    ("DATE '2024-02-29' + INTERVAL '1' YEAR", "date", on("2025-02-28")),
    ("DATE '2024-01-31' + INTERVAL '2' DAY", "date", on("2024-02-02")),
    ("INTERVAL '24' HOUR + DATE '2024-01-31'", "date", on("2024-02-01")),
    ("TIMESTAMP '2024-01-31 10:00:00' + INTERVAL '1' MONTH", "timestamp(0)", at("2024-02-29 10:00")),
    ("TIMESTAMP '2024-01-31 10:00:00' - INTERVAL '1.5' SECOND", "timestamp(3)", at("2024-01-31 09:59:58.5")),
    ("TIMESTAMP '2024-01-31 10:00:00' + INTERVAL '2' DAY * 3", "timestamp(3)", at("2024-02-06 10:00")),
    ("DATE '2024-03-01' - DATE '2024-02-01' = INTERVAL '29' DAY", "boolean", True),
    ("TIMESTAMP '2024-01-02 00:00:00' - DATE '2024-01-01' > INTERVAL '23' HOUR", "boolean", True),
    ("current_date", "date", on("2026-01-02")),
    ("current_timestamp = now()", "boolean", True),
    ("localtimestamp", "timestamp(3)", at("2026-01-02 03:04:05.678")),
    ("date_add('month', 1, DATE '2024-01-31')", "date", on("2024-02-29")),
    ("date_add('month', -1, DATE '2024-03-31')", "date", on("2024-02-29")),
    ("date_add('quarter', 1, DATE '2023-11-30')", "date", on("2024-02-29")),
    ("date_add('year', -1, DATE '2024-02-29')", "date", on("2023-02-28")),
    ("date_add('week', 2, DATE '2024-02-20')", "date", on("2024-03-05")),
    ("date_add('day', 0, DATE '2024-02-20')", "date", on("2024-02-20")),
    ("date_add('hour', 25, TIMESTAMP '2024-02-28 23:00:00')", "timestamp(0)", at("2024-03-01 00:00")),
    ("date_add('millisecond', -1, TIMESTAMP '1970-01-01 00:00:00.000')", "timestamp(3)", at("1969-12-31 23:59:59.999")),
    ("date_add('day', CAST(NULL AS bigint), DATE '2024-02-20')", "date", None),
    ("date_diff('day', TIMESTAMP '2020-01-01 23:00:00', TIMESTAMP '2020-01-02 01:00:00')", "bigint", 0),
    ("date_diff('day', TIMESTAMP '2020-01-02 01:00:00', TIMESTAMP '2020-01-01 23:00:00')", "bigint", 0),
    ("date_diff('day', DATE '2020-03-01', DATE '2020-02-28')", "bigint", -2),
    ("date_diff('week', DATE '2024-01-01', DATE '2024-01-14')", "bigint", 1),
    ("date_diff('hour', DATE '2024-01-01', TIMESTAMP '2024-01-02 01:59:59')", "bigint", 25),
    ("date_diff('second', TIMESTAMP '2024-01-01 00:00:00.9999', TIMESTAMP '2024-01-01 00:00:01.999')", "bigint", 1),
    ("date_diff('millisecond', TIMESTAMP '1969-12-31 23:59:59.999999', TIMESTAMP '1970-01-01 00:00:00')", "bigint", 1),
    ("date_diff('minute', CAST(NULL AS date), now())", "bigint", None),
    ("date_diff('month', DATE '2024-01-31', DATE '2024-02-01')", "bigint", 0),
    ("date_diff('month', DATE '2024-01-31', DATE '2024-02-29')", "bigint", 1),
    ("date_diff('month', DATE '2024-01-31', DATE '2024-02-28')", "bigint", 0),
    ("date_diff('month', DATE '2024-02-29', DATE '2024-01-31')", "bigint", -1),
    ("date_diff('month', DATE '2023-01-31', DATE '2023-03-30')", "bigint", 1),
    ("date_diff('month', DATE '2024-01-15', DATE '2024-02-14')", "bigint", 0),
    ("date_diff('month', TIMESTAMP '2024-01-15 10:00:00', TIMESTAMP '2024-02-15 09:59:59')", "bigint", 0),
    ("date_diff('month', TIMESTAMP '2024-01-31 10:00:00', TIMESTAMP '2024-02-29 09:59:59')", "bigint", 0),
    ("date_diff('quarter', DATE '2024-01-01', DATE '2024-06-30')", "bigint", 1),
    ("date_diff('quarter', DATE '2024-07-01', DATE '2024-01-01')", "bigint", -2),
    ("date_diff('year', DATE '2020-02-29', DATE '2021-02-28')", "bigint", 1),
    ("date_diff('year', DATE '2020-02-28', DATE '2021-02-28')", "bigint", 1),
    ("date_diff('year', DATE '2021-02-28', DATE '2024-02-27')", "bigint", 2),
    ("date_diff('year', DATE '2020-12-31', DATE '2021-12-30')", "bigint", 0),
    ("date_diff('year', DATE '2021-12-30', DATE '2020-12-31')", "bigint", 0),
    ("date_format(TIMESTAMP '2019-01-07 13:45:06.123', '%Y-%m-%d %H:%i:%s.%f %y %j')", "varchar", "2019-01-07 13:45:06.123000 19 007"),
    ("date_format(TIMESTAMP '2019-01-07 13:45:06', '%a %W %b %M %h %I %p %T')", "varchar", "Mon Monday Jan January 01 01 PM 13:45:06"),
    ("date_format(DATE '2019-01-07', '100 x')", "varchar", "100 x"),
    ("date_trunc('hour', TIMESTAMP '2019-01-07 13:45:00')", "timestamp(0)", at("2019-01-07 13:00")),
    ("date_trunc('millisecond', TIMESTAMP '2019-01-07 13:45:00.123456')", "timestamp(6)", at("2019-01-07 13:45:00.123")),
    ("date_trunc('week', DATE '2024-01-07')", "date", on("2024-01-01")),
    ("date_trunc('month', DATE '2024-02-29')", "date", on("2024-02-01")),
    ("date_trunc('quarter', DATE '2024-06-30')", "date", on("2024-04-01")),
    ("date_trunc('YEAR', TIMESTAMP '1969-12-31 23:59:59')", "timestamp(0)", at("1969-01-01")),
    ("date(TIMESTAMP '2024-01-31 23:59:59.999')", "date", on("2024-01-31")),
    ("date('2024-01-31')", "date", on("2024-01-31")),
    ("year(DATE '2024-12-30')", "bigint", 2024),
    ("year_of_week(DATE '2024-12-30')", "bigint", 2025),
    ("yow(DATE '2023-01-01')", "bigint", 2022),
    ("week(DATE '2023-01-01')", "bigint", 52),
    ("week_of_year(DATE '2024-12-30')", "bigint", 1),
    ("quarter(DATE '2024-03-31')", "bigint", 1),
    ("month(DATE '2024-03-31')", "bigint", 3),
    ("day(DATE '2024-03-31')", "bigint", 31),
    ("day_of_month(DATE '2024-03-31')", "bigint", 31),
    ("day_of_week(DATE '2024-01-07')", "bigint", 7),
    ("dow(TIMESTAMP '2024-01-08 00:00:00')", "bigint", 1),
    ("day_of_year(DATE '2024-12-31')", "bigint", 366),
    ("doy(DATE '2023-12-31')", "bigint", 365),
    ("hour(TIMESTAMP '2024-01-01 23:59:58.999')", "bigint", 23),
    ("minute(TIMESTAMP '2024-01-01 23:59:58.999')", "bigint", 59),
    ("second(TIMESTAMP '2024-01-01 23:59:58.999')", "bigint", 58),
    ("millisecond(TIMESTAMP '2024-01-01 23:59:58.999')", "bigint", 999),
    ("extract(dow FROM DATE '2024-01-07')", "bigint", 7),
    ("extract(year FROM TIMESTAMP '1969-12-31 23:59:59')", "bigint", 1969),
    ("to_unixtime(TIMESTAMP '1970-01-01 00:00:01.5')", "double", 1.5),
    ("TIMESTAMP '2024-01-01 10:00:00 UTC' + INTERVAL '1' HOUR = TIMESTAMP '2024-01-01 11:00:00 UTC'", "boolean", True),
]  # fmt: skip

#: functions/aggregate.html, functions/window.html
AGGREGATED: list[Row] = [
    ("(SELECT count(*) FROM orders)", "bigint", 4),
    ("(SELECT count(name) FROM orders)", "bigint", 3),
    ("(SELECT count(DISTINCT big) FROM orders)", "bigint", 2),
    ("(SELECT count(*) FILTER (WHERE id > 2) FROM orders)", "bigint", 2),
    ("(SELECT count_if(open) FROM orders)", "bigint", 2),
    ("(SELECT sum(id) FROM orders)", "bigint", 10),
    ("(SELECT sum(id) FROM orders WHERE id > 9)", "bigint", None),
    ("(SELECT sum(amount) FROM orders)", "decimal(38,2)", D("10.05")),
    ("(SELECT sum(real) FROM orders)", "real", -0.5),
    ("(SELECT sum(ratio) FROM orders WHERE id <> 2)", "double", 0.0),
    ("(SELECT avg(big) FROM orders)", "double", 50 / 3),
    ("(SELECT avg(amount) FROM orders)", "decimal(12,2)", D("3.35")),
    ("(SELECT avg(x) FROM (VALUES 0.5, 0.6, 0.5) AS t(x))", "decimal(1,1)", D("0.5")),
    ("(SELECT avg(x) FROM (VALUES -0.5, -0.6) AS t(x))", "decimal(1,1)", D("-0.6")),
    ("(SELECT avg(amount) FROM orders WHERE id = 3)", "decimal(12,2)", None),
    ("(SELECT avg(DISTINCT big) FROM orders)", "double", 15.0),
    ("(SELECT avg(real) FROM orders)", "real", pytest.approx(-0.5 / 3)),
    ("(SELECT max(ratio) FROM orders)", "double", 1.5),
    ("(SELECT min(ratio) FROM orders)", "double", -1.5),
    ("(SELECT max(ratio) FROM orders WHERE id = 2)", "double", NAN),
    ("(SELECT max(name) FROM orders)", "varchar", "bøb"),
    ("(SELECT min(name) FROM orders)", "varchar", ""),
    ("(SELECT max(at) FROM orders)", "timestamp(6)", at("2024-02-29 23:59:59")),
    ("(SELECT bool_and(open) FROM orders)", "boolean", False),
    ("(SELECT bool_or(open) FROM orders)", "boolean", True),
    ("(SELECT every(open) FROM orders WHERE id = 3)", "boolean", None),
    ("(SELECT stddev(x) FROM (VALUES 1, 3) AS v(x))", "double", pytest.approx(2**0.5)),
    ("(SELECT stddev_samp(x) FROM (VALUES 1) AS v(x))", "double", None),
    ("(SELECT stddev_pop(x) FROM (VALUES 1, 3) AS v(x))", "double", pytest.approx(1.0)),
    ("(SELECT variance(x) FROM (VALUES 1, 3) AS v(x))", "double", pytest.approx(2.0)),
    ("(SELECT var_samp(x) FROM (VALUES 1, 3) AS v(x))", "double", pytest.approx(2.0)),
    ("(SELECT var_pop(x) FROM (VALUES 1.5, 3.5) AS v(x))", "double", pytest.approx(1.0)),
    ("(SELECT corr(x, -x) FROM (VALUES 1, 3) AS v(x))", "double", pytest.approx(-1.0)),
    ("(SELECT covar_pop(x, x) FROM (VALUES 1, 3) AS v(x))", "double", pytest.approx(1.0)),
    ("(SELECT covar_samp(x, x) FROM (VALUES 1, 3) AS v(x))", "double", pytest.approx(2.0)),
    ("(SELECT max(n) FROM (SELECT row_number() OVER (ORDER BY big) AS n FROM orders))", "bigint", 4),
    ("(SELECT max(n) FROM (SELECT rank() OVER (ORDER BY big) AS n FROM orders WHERE big = 20))", "bigint", 1),
    ("(SELECT max(n) FROM (SELECT dense_rank() OVER (ORDER BY big) AS n FROM orders))", "bigint", 3),
    ("(SELECT max(n) FROM (SELECT ntile(2) OVER (ORDER BY id) AS n FROM orders))", "bigint", 2),
    ("(SELECT max(n) FROM (SELECT percent_rank() OVER (ORDER BY id) AS n FROM orders))", "double", 1.0),
    ("(SELECT min(n) FROM (SELECT cume_dist() OVER (ORDER BY id) AS n FROM orders))", "double", 0.25),
    ("(SELECT sum(n) FROM (SELECT lag(id) OVER (ORDER BY id) AS n FROM orders))", "bigint", 6),
    ("(SELECT sum(n) FROM (SELECT lead(id, 2, 0) OVER (ORDER BY id) AS n FROM orders))", "bigint", 7),
    ("(SELECT max(n) FROM (SELECT first_value(id) OVER (ORDER BY id) AS n FROM orders))", "integer", 1),
    ("(SELECT min(n) FROM (SELECT last_value(id) OVER (ORDER BY id) AS n FROM orders))", "integer", 1),
    ("(SELECT max(n) FROM (SELECT sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n FROM orders))", "bigint", 7),
]  # fmt: skip
GROUPS = (OPERATORS, COMPARISONS, CASTS, NUMBERS, STRINGS, TIMES, AGGREGATED)
EVERYTHING = [row for rows in GROUPS for row in rows]


@pytest.mark.parametrize("group", GROUPS)
def test_each_means_what_trino_says(group: list[Row]) -> None:
    """All expressions of a group in one statement."""
    found = values([expression for expression, _, _ in group], connected())
    wrong = [
        f"{expression}: {kind} {value!r}, expected {wanted} {right!r}"
        for (expression, wanted, right), (kind, value) in zip(group, found, strict=True)
        if kind != wanted or not _same(value, right)
    ]
    assert not wrong, "\n".join(wrong)


def _same(value: Any, right: Any) -> bool:
    if isinstance(right, float) and math.isnan(right):
        return isinstance(value, float) and math.isnan(value)
    return bool(value == right) and (
        right is None or type(value) is type(right) or not isinstance(right, int)
    )


def test_every_function_that_is_let_through_is_tried() -> None:
    """No name of the tables is without an example."""
    text = " ".join([*(each[0] for each in EVERYTHING), *(each[1] for each in NESTED)]).lower()
    names = {*SIGNATURES, *ALIASES, *SPECIAL, *AGGREGATES, *WINDOWS, *times.FIELDS}
    assert {name for name in names if f"{name}(" not in text} == set()
    assert all(page.startswith("functions/") for page, _ in SIGNATURES.values())


def nulls() -> list[tuple[str, str]]:
    """A call of each function with each argument in turn null, the others not; expression and type."""
    samples = {"varchar": "'a日'", "boolean": "true", "timestamp": "TIMESTAMP '2024-02-29 23:59:59.999999'"}
    found = []
    for name, (_, signatures) in SIGNATURES.items():
        for signature in signatures:
            for at in range(len(signature.arguments)):
                values = [samples.get(kind.name, f"CAST(1 AS {kind})") for kind in signature.arguments]
                values[at] = f"CAST(NULL AS {signature.arguments[at]})"
                found.append((f"{name}({', '.join(values)})", str(signature.result)))
    for name in sorted(times.FIELDS):
        found.append((f"{name}(CAST(NULL AS timestamp))", "bigint"))
    return found


def test_null_gives_null() -> None:
    """In any place of any function that has a signature: functions/conditional.html has the exceptions."""
    calls = nulls()
    found = values([call for call, _ in calls], connected())
    wrong = [pair for pair, answer in zip(calls, found, strict=True) if answer != (pair[1], None)]
    assert wrong == []


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("1 / 0", "Division by zero"),
        ("1 % 0", "Division by zero"),
        ("1.5 / 0.0", "Division by zero"),
        ("1.5 % 0", "Division by zero"),
        ("2147483647 + 1", "Overflow in addition"),
        ("9223372036854775807 * 2", "Overflow in multiplication"),
        ("CAST(100 AS tinyint) + CAST(100 AS tinyint)", "Overflow in addition"),
        ("abs(-2147483648)", "Overflow"),
        ("-(-9223372036854775808)", "Overflow in negation"),
        ("-9223372036854775808 / -1", "Overflow in division"),
        ("DECIMAL '99999999999999999999999999999999999999' + DECIMAL '1'", "verflow"),
        ("DECIMAL '12345678901234567890123456789012345678' * DECIMAL '9'", "verflow"),
        ("CAST(1e19 AS bigint)", "out of range"),
        ("CAST(nan() AS integer)", "out of range"),
        ("CAST(300 AS tinyint)", "out of range"),
        ("CAST(1234 AS varchar(2))", "a value of integer cannot be represented as varchar(2)"),
        ("CAST('12x' AS bigint)", "does not cast such a text to bigint"),
        ("CAST('١٢' AS bigint)", "does not cast such a text to bigint"),
        ("TRY_CAST('١٢' AS bigint)", "does not cast such a text to bigint"),
        ("TRY_CAST(' 12 ' AS bigint)", "does not cast such a text to bigint"),
        ("TRY_CAST('1.5d' AS double)", "does not cast such a text to double"),
        ("DATE '2024-01-01' + INTERVAL '1' HOUR", "Cannot add hour, minutes or seconds to a date"),
        ("upper('straße')", "Latin-1 letters only"),
        ("upper('ж')", "Latin-1 letters only"),
        ("lpad('a', 5, '')", "padding"),
        ("round(1e300, 2)", "so large a double"),
        ("(SELECT sum(big * 400000000000000000) FROM orders)", "out of range"),
        ("(SELECT id FROM orders)", "ore than one row"),
    ],
)
def test_what_stops_a_query(expression: str, words: str) -> None:
    """Where Trino's answer is an error, and where a value is of a kind that is not translated: never another answer."""
    with pytest.raises(UserError, match="the query cannot be run: ") as raised:
        values([expression], connected())
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("x * 4611686018427387904 * 32", 0),
        ("x - 1 > -9223372036854775807 - 1", True),
        ("CAST(x AS integer) - 1 - 2147483647 < 0", True),
        ("x + 1e308 + 1e308 - 1e308", INF),
    ],
)
def test_operators_are_applied_in_their_order_to_a_column(expression: str, wanted: Any) -> None:
    """DuckDB would multiply the constants first, or put one on the other side of a comparison."""
    assert values([of_column(expression)], connected())[0][1] == wanted


@pytest.mark.parametrize(
    "expression",
    [
        "5 + (x + 9223372036854775807) - 9223372036854775807",
        "x + 1 + 9223372036854775807",
        "x - 2 - 9223372036854775807 > 1",
        "9223372036854775807 - (x - 1) > 1",
        "(x + 9223372036854775807) * 2 > 1",
        "CAST(x AS integer) - 2 - 2147483647 < 0",
    ],
)
def test_an_overflow_of_a_column_is_not_passed_over(expression: str) -> None:
    """Though the constants by themselves would not overflow."""
    with pytest.raises(UserError, match="Overflow"):
        values([of_column(expression)], connected())


def test_a_branch_that_is_not_taken_is_not_computed() -> None:
    """Neither of constants nor of a column: an overflow in it stops nothing."""
    branches = ("(7 + 2147483647) < 2.5e0", "x + 1 + 9223372036854775807 > 1e0")
    for branch in branches:
        text = f"CASE WHEN 'a' LIKE 'b' THEN CASE WHEN {branch} THEN 1 ELSE 2 END ELSE 3 END"
        assert values([of_column(text)], connected()) == [("integer", 3)]


def of_column(expression: str) -> str:
    """The expression over a column x of one row, which is 0."""
    return f"(SELECT {expression} FROM (VALUES CAST(0 AS bigint)) AS t(x))"
