"""Checks of single values of ``sources``: each returns its value or raises ``RefusedError``."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from data_pipeline.core.problems import RefusedError, did_you_mean, one_of, quoted

from . import limits

#: what a URL pattern may hold, as the mirror fills it.
PLACEHOLDERS = ("dataset", "year", "month", "month:02", "day", "day:02")
_BRACED = re.compile(r"\{([^{}]*)\}")
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
        raise RefusedError("a URL, as in 'https://example.org/trips/zones.csv'")
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
    """A URL with placeholders for a data set and a date, in its path alone."""
    for braced in _BRACED.findall(value):
        if braced not in PLACEHOLDERS:
            known = [f"{{{name}}}" for name in PLACEHOLDERS]
            raise RefusedError(f"placeholders among {one_of(known)}", did_you_mean(f"{{{braced}}}", known))
    plain = _BRACED.sub("0", value)
    if "{" in plain or "}" in plain:
        raise RefusedError("braces in pairs, around a placeholder's name")
    file_url(plain)
    names = {braced.partition(":")[0] for braced in _BRACED.findall(value)}
    if not {"year", "month"} <= names:
        raise RefusedError(
            "a pattern with {year} and {month}, for the dates of the files", "one file goes to 'files'"
        )
    return value


def s3_prefix(value: str) -> str:
    """``s3://bucket/prefix/``."""
    if not value.startswith("s3://"):
        raise RefusedError("'s3://', a bucket and a key prefix, as in 's3://their-bucket/trips/'")
    bucket, _, prefix = value.removeprefix("s3://").partition("/")
    limits.bucket(bucket)
    if not re.fullmatch(r"([A-Za-z0-9_.=-]+/)*", prefix):
        raise RefusedError(
            "a key prefix that ends in '/', as in 's3://their-bucket/trips/'", f"write '{value}/'"
        )
    return value


def dataset(value: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9_-]{0,63}", value):
        raise RefusedError("lower-case letters, digits, '-' and '_', a letter first, at most 64")
    return value


def period(value: str) -> str:
    """The first month, or day, of a data set."""
    if not re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])(-(0[1-9]|1\d|2[0-8]))?", value):
        raise RefusedError("its first month, as in '2009-01', or first day, as in '2009-01-15' (1 to 28)")
    return value
