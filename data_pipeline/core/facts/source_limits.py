"""Checks of single values of ``sources``: each returns its value or raises ``RefusedError``."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit

from data_pipeline.core.problems import RefusedError, did_you_mean, quoted
from data_pipeline.etl.documents import patterns
from data_pipeline.etl.documents.patterns import PatternError

from . import limits

#: what a URL pattern may hold, as the mirror fills it: a name of one's own, for the data sets, and a time.
PLACEHOLDERS = ("dataset", *patterns.UNITS[1:])
_BRACED = re.compile(r"\{([^{}]*)\}")
_NAMED = re.compile(r"\{([a-z0-9_]*)(:[^{}]*)?\}")
_LONGEST = 1000


def url(value: str) -> str:
    """A URL that can be asked for, and that keeps no secret."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if (
        not host
        or parts.scheme not in ("https", "http")
        or re.search(r"[^!-~]", value)
        or len(value) > _LONGEST
    ):
        raise RefusedError("a URL, as in 'https://example.org/orders/shops.csv'")
    if parts.username or parts.password:
        raise RefusedError("a URL without a user and a password", found="a URL with credentials in it")
    if parts.fragment:
        raise RefusedError("a URL without '#'", f"write {quoted(value.partition('#')[0])}")
    return value


def file_url(value: str) -> str:
    """The URL of a file, whose last part is the file's name."""
    name = urlsplit(url(value)).path.rpartition("/")[2]
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.=%-]*", name):
        raise RefusedError("a URL whose last part is the name of a file: letters, digits and _ . = -")
    return value


def pattern(value: str) -> str:
    """A URL with placeholders for a time and for one name, in its path alone; their grammar is that of data sets."""
    plain = _BRACED.sub("0", value)
    if "{" in plain or "}" in plain:
        raise RefusedError("braces in pairs, around a placeholder's name")
    file_url(plain)
    host, sign, path = value.partition("://")[2].partition("/")
    if "{" in host or not sign:
        raise RefusedError("a URL with placeholders in its path alone")
    names = [name for name, _ in _NAMED.findall(path) if name not in PLACEHOLDERS]
    near = next((hint for name in names if (hint := did_you_mean(name, PLACEHOLDERS))), "")
    try:
        found = patterns.parse(path.partition("?")[0].replace("*", "_"))
    except PatternError as error:
        raise RefusedError(error.expected, near or error.advice, error.found) from error
    if not found.unit:
        raise RefusedError(
            "a pattern with {year}, for the dates of the files", near or "one file goes to 'files'"
        )
    if len(found.names) > 1:
        words = " and ".join(f"{{{name}}}" for name in found.names)
        raise RefusedError("one name beside the time", near, words)
    return value


def s3_prefix(value: str) -> str:
    """``s3://bucket/prefix/``."""
    if not value.startswith("s3://"):
        raise RefusedError("'s3://', a bucket and a key prefix, as in 's3://their-bucket/orders/'")
    bucket, _, prefix = value.removeprefix("s3://").partition("/")
    limits.bucket(bucket)
    if not re.fullmatch(r"([A-Za-z0-9_.=-]+/)*", prefix):
        raise RefusedError(
            "a key prefix that ends in '/', as in 's3://their-bucket/orders/'", f"write '{value}/'"
        )
    return value


def dataset(value: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9_-]{0,63}", value):
        raise RefusedError("lower-case letters, digits, '-' and '_', a letter first, at most 64")
    return value


def period(value: str) -> str:
    """The first year, month, day or hour of a data set."""
    forms = {4: "%Y", 7: "%Y-%m", 10: "%Y-%m-%d", 13: "%Y-%m-%dT%H"}
    try:
        first = datetime.strptime(value, forms.get(len(value), "%Y-%m"))  # noqa: DTZ007 - a label, no moment
    except ValueError:
        first = None
    if first is None or first.year < 1900:
        raise RefusedError(
            "its first month, as in '2009-01', or year, day ('2009-01-15') or hour ('2009-01-15T05')"
        )
    return value
