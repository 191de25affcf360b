"""Checks of single values of ``datasets`` and ``tables``: each returns its value or raises ``RefusedError``."""

from __future__ import annotations

import re
from datetime import timedelta

from data_pipeline.core.problems import RefusedError, did_you_mean, one_of, quoted

from . import limits

# The documents' modules are imported where they are used: a project without data sets needs none of them.

#: encodings of CSV and JSON files that are read.
ENCODINGS = (
    "utf-8",
    "utf-16",
    "ascii",
    *(f"iso-8859-{part}" for part in (1, 2, 5, 7, 9, 15)),
    *(f"windows-{page}" for page in (1250, 1251, 1252, 1253, 1254)),
    "shift_jis",
    "euc_jp",
    "euc_kr",
    "gb18030",
    "big5",
    "koi8-r",
)
_OTHER_NAMES = {
    "utf8": "utf-8",
    "latin1": "iso-8859-1",
    "latin-1": "iso-8859-1",
    "cp1252": "windows-1252",
    "utf16": "utf-16",
    "us-ascii": "ascii",
}

#: reasons for which reading itself refuses rows; those of types begin with "not-".
REASONS = (
    "encoding",
    "malformed",
    "field-count",
    "duplicate-key",
    "null",
    "out-of-range",
    "inexact",
    "ambiguous-time",
    "null-key",
    "null-latest",
)

_UNITS = {"minute": 1, "hour": 60, "day": 24 * 60}
_DIRECTIVES = frozenset("YymdHIMSfjbBaApz") | frozenset("FTDR")
_OF_DAY = (frozenset("Ymd"), frozenset("Yj"))
_LONGEST_SQL = 100_000


def dataset_name(value: str) -> str:
    """A data set, and the table that it becomes."""
    limits.table_name(value)
    if value.endswith("_versions"):
        raise RefusedError("a name that does not end in '_versions'", "the tool keeps such names for itself")
    return value


def published_column(value: str) -> str:
    """A column of a published table, those that the tool adds among them."""
    from data_pipeline.etl.documents.datasets import RESERVED

    return value if value in RESERVED else column_name(value)


def column_name(value: str) -> str:
    """A column of a table: what Iceberg takes, and Athena can name without quotes."""
    from data_pipeline.etl.documents.datasets import RESERVED

    if value in RESERVED:
        raise RefusedError("another name", "the tool adds a column of this name to each data set's table")
    if value.endswith(")") and "(" not in value:
        raise RefusedError(
            "a column's name", "put quotes around the text before it: a comma ends it inside { }"
        )
    if not re.fullmatch("[a-z][a-z0-9_]{0,254}", value):
        near = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", value).lower()).strip("_")
        mended = bool(re.fullmatch("[a-z][a-z0-9_]{0,254}", near))
        advice = f"name it {quoted(near)}, and write the file's name behind its type" if mended else ""
        raise RefusedError("1 to 255 lower-case letters, digits and '_', a letter first", advice)
    return value


def file_pattern(value: str) -> str:
    """A pattern of paths below the input."""
    from data_pipeline.etl.documents import patterns

    try:
        return patterns.parse(value).text
    except patterns.PatternError as error:
        raise RefusedError(error.expected, error.advice, error.found) from error


def partition(value: str) -> str:
    """One of Iceberg's transforms of a column, or a column, in canonical spelling."""
    from data_pipeline.etl.documents import partitions

    try:
        return str(partitions.parse(value))
    except partitions.PartitionError as error:
        cut = value.count("(") != value.count(")")
        advice = "put quotes around it: a comma ends it inside [ ]" if cut else error.advice
        raise RefusedError(error.expected, advice) from error


def reason(value: str) -> str:
    """The name of a check, which is the reason of the rows that it refuses."""
    if value.endswith(")") and "(" not in value:
        raise RefusedError(
            "a check's name", "put quotes around the check before it: a comma ends it inside { }"
        )
    if not re.fullmatch("[a-z][a-z0-9]*(-[a-z0-9]+)*", value) or len(value) > 64:
        raise RefusedError(
            "lower-case letters and digits in words joined by single '-', at most 64", _slug(value)
        )
    if value in REASONS or value.startswith("not-"):
        raise RefusedError("another name", "reading itself refuses rows for this reason")
    return value


def _slug(value: str) -> str:
    near = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
    return f"did you mean {quoted(near)}?" if re.fullmatch("[a-z][a-z0-9-]{0,63}", near) else ""


def check(value: str) -> str:
    """A check: SQL, one expression. Whether it holds together is for the SQL engine."""
    if not value.strip() or len(value) > _LONGEST_SQL:
        raise RefusedError("an expression in SQL, as in 'amount >= 0'")
    if value.count("(") > value.count(")"):
        raise RefusedError("brackets in pairs", "put quotes around it: a comma ends it inside { }")
    return value


def sql_file(value: str) -> str:
    """A file of the project's own SQL, below jobs/."""
    if re.match(r"\s*(select|with|from)\b", value, re.IGNORECASE):
        raise RefusedError("the name of a file in jobs/, as in 'orders.sql'", "write the SQL into that file")
    bare = value.removeprefix("jobs/")
    if not re.fullmatch(r"([A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+\.sql", bare):
        raise RefusedError("the name of a file in jobs/ that ends in '.sql', as in 'orders.sql'")
    if bare != value:
        raise RefusedError("the name of a file in jobs/", f"write {quoted(bare)}")
    return value


def columns_file(value: str) -> str:
    """A file of columns: in a folder of config/, for each file directly in it is an environment."""
    if not re.fullmatch(r"([A-Za-z0-9_-]+/)*[A-Za-z0-9_.-]+\.yaml", value):
        raise RefusedError("a map of columns, or the name of a file as in 'columns/orders.yaml'")
    if "/" not in value:
        found = f"{quoted(value)}, directly in config/, where each file is an environment"
        raise RefusedError("a file in a folder of config/", f"move it, and write 'columns/{value}'", found)
    return value


def export(value: str) -> str:
    """The file's name of a table that is written out whole."""
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,200}\.parquet", value):
        mended = f"{value.rpartition('.')[0] or value}.parquet".rpartition("/")[2]
        raise RefusedError("the name of a Parquet file, without a folder", f"write {quoted(mended)}")
    return value


def marker(value: str) -> str:
    """The name of the file that says that a period is complete."""
    if not re.fullmatch(r"[A-Za-z0-9_.=-]{1,200}", value):
        raise RefusedError("the name of a file in the period's folder, as in '_SUCCESS'")
    return value


def reader(value: str) -> str:
    """A function or class of the project's own: ``module:name``."""
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", value, re.ASCII):
        module, _, name = value.removesuffix(".py").replace("/", ".").rpartition(".")
        guess = f"{module}:{name}" if re.fullmatch(r"[A-Z]\w*", name) and module else ""
        raise RefusedError(
            "a module in jobs/ and a name in it, as in 'shop.reader:rows'",
            f"write {quoted(guess)}" if guess else "",
        )
    return value


def one_character(value: str) -> str:
    if len(value) != 1 or value in "\r\n":
        advice = 'write "\\t", in double quotes' if value in ("\\t", "tab", "TAB") else ""
        raise RefusedError("one character", advice)
    return value


def quote_character(value: str) -> str:
    """What quotes a field, or nothing where nothing does."""
    return value if not value else one_character(value)


def encoding(value: str) -> str:
    if value in ENCODINGS:
        return value
    meant = _OTHER_NAMES.get(value.lower().replace("_", "-")) or next(
        (known for known in ENCODINGS if known == value.lower().replace("_", "-")), None
    )
    advice = f"did you mean {quoted(meant)}?" if meant else did_you_mean(value, ENCODINGS)
    raise RefusedError(f"an encoding that is read: {one_of(ENCODINGS)}", advice)


def time_format(value: str) -> str:
    """A format of strftime that says which day a text means."""
    directives = re.findall(r"%-?(.)", value.replace("%%", ""), re.DOTALL)
    if not directives:
        near = _strftime(value)
        raise RefusedError(
            "a format of strftime, as in '%d.%m.%Y'", f"did you mean {quoted(near)}?" if "%" in near else ""
        )
    if unknown := [each for each in directives if each not in _DIRECTIVES]:
        raise RefusedError(
            "directives of strftime that are read: " + _known_directives(), f"it has '%{unknown[0]}'"
        )
    long = "".join(
        {"F": "Ymd", "T": "HMS", "D": "mdY", "R": "HM", "y": "Y", "b": "m", "B": "m"}.get(d, d)
        for d in directives
    )
    if twice := [each for each in long if long.count(each) > 1]:
        raise RefusedError("each part of a time once", f"it has '%{twice[0]}' twice")
    if not any(day <= set(long) for day in _OF_DAY):
        raise RefusedError("a format with year, month and day, as in '%d.%m.%Y'")
    if ("I" in long) != ("p" in long):
        raise RefusedError("'%I' and '%p' together, or '%H'")
    return value


def _strftime(written: str) -> str:
    """What ``dd.MM.yyyy HH:mm`` and the like mean; ``mm`` before an hour is a month."""
    near = re.sub("yyyy", "%Y", written, flags=re.IGNORECASE).replace("MM", "%m")
    near = re.sub("dd", "%d", near, flags=re.IGNORECASE)
    day, hour, time = re.sub("hh", "%H", near, flags=re.IGNORECASE).partition("%H")
    return day.replace("mm", "%m") + hour + time.replace("mm", "%M").replace("ss", "%S")


def _known_directives() -> str:
    return " ".join(f"%{each}" for each in sorted(_DIRECTIVES, key=lambda each: (each.lower(), each)))


def date_format(value: str) -> str:
    time_format(value)
    if times := re.findall(r"%-?([HIMSfpzTR])", value.replace("%%", "")):
        raise RefusedError("a format of a day without a time", f"it has '%{times[0]}'; a time is a timestamp")
    return value


def duration(value: str) -> str:
    """``15 minutes``, ``1 hour``, ``29 days``."""
    minutes(value)
    return value


def window(value: str) -> str:
    """``15 minutes``, ``1 day``: a day is so many of them, so that each day's begin at midnight."""
    length, day = minutes(value), _UNITS["day"]
    if day % length:
        shorter = max(each for each in range(1, min(length, day) + 1) if day % each == 0)
        unit = max((unit for unit in _UNITS if shorter % _UNITS[unit] == 0), key=_UNITS.__getitem__)
        number = shorter // _UNITS[unit]
        near = f"{number} {unit}{'s' * (number > 1)}"
        raise RefusedError("a length of windows that divides a day", f"write {quoted(near)}")
    return value


def minutes(text: str) -> int:
    """The minutes that ``15 minutes``, ``1 hour`` or ``29 days`` are. RefusedError if it is no duration."""
    found = re.fullmatch(r"([1-9][0-9]{0,5}) (minute|hour|day)s?", text)
    if found is None:
        number = re.match(r"\s*([1-9][0-9]{0,5})\s*([a-z]?)", text)
        word = {"m": "minutes", "h": "hours", "d": "days"}.get(number[2] if number else "", "days")
        several = 7 if number and number[2] == "w" else 1
        advice = f"write '{several * int(number[1])} {word}'" if number else ""
        raise RefusedError("a number of minutes, hours or days, as in '15 minutes'", advice)
    return int(found[1]) * _UNITS[found[2]]


def lag(value: str) -> str:
    """``3 days``, ``6 hours``, ``0 days``."""
    lag_minutes(value)
    return value


def lag_minutes(text: str) -> int:
    """The minutes of a lag, which may be none."""
    return 0 if re.fullmatch("0 (minute|hour|day)s?", text) else minutes(text)


def days(value: str) -> str:
    """``29 days``: whole days."""
    length = timedelta(minutes=minutes(value))
    if length != timedelta(length.days):
        raise RefusedError("whole days, as in '29 days'")
    return value


def of_rule(value: str) -> str:
    """A rule's severity and limit; what they mean together with its name is for the rules of data sets."""
    if not value.strip() or len(value) > _LONGEST_SQL:
        raise RefusedError("'fail LIMIT', 'warn LIMIT' or 'off'")
    return value


def option_name(value: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9]*(-[a-z0-9]+)*", value):
        raise RefusedError("lower-case letters and digits in words joined by single '-', a letter first")
    return value
