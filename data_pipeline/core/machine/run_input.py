"""What somebody types to say what a run shall look at → the fields of its input, and back."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from data_pipeline.core.config import arguments
from data_pipeline.core.problems import RefusedError, quoted

from .execution import COLUMN, MONTH, NAME, PART, PERIOD, RULE

#: characters of a day.
_DAY = 10
_FLAGS = ("reprocess", "prune", "defer_tables", "concurrent")
#: options that are repeated for each entry of a field.
_REPEATED = {
    "datasets": "dataset",
    "parts": "part",
    "rebuild": "rebuild",
    "from_now_on": "from-now-on",
    "drop_columns": "drop-column",
    "accept": "accept",
}


def months(text: str) -> str:
    """A month or a range of months; RefusedError with what was probably meant."""
    expected = "a month or a range of months, as in '2019-01..2019-06'"
    if not re.fullmatch(rf"{MONTH}(\.\.{MONTH})?", text):
        raise RefusedError(expected, _meant(_months_in(text)))
    first, _, last = text.partition("..")
    if last and last < first:
        raise RefusedError("the earlier month first", _meant(f"{last}..{first}"))
    return text


def periods(text: str) -> str:
    """A year, month, day or hour, or a range of them; RefusedError with what was probably meant."""
    expected = "a year, month, day or hour, or a range of them, as in '2024-01..2024-06-15'"
    if not re.fullmatch(rf"{PERIOD}(\.\.{PERIOD})?", text):
        raise RefusedError(expected, _meant(_periods_in(text)))
    first, _, last = text.partition("..")
    if none := next((each for each in (first, last) if not _is_of_calendar(each)), ""):
        raise RefusedError("days of the calendar", f"{quoted(none)} is none")
    if last and last < first and not first.startswith(last):
        raise RefusedError("the earlier period first", _meant(f"{last}..{first}"))
    return text


def _is_of_calendar(period: str) -> bool:
    """Whether the day that a period names is one, where it names any."""
    try:
        return len(period) < _DAY or bool(date.fromisoformat(period[:_DAY]))
    except ValueError:
        return False


def part(text: str) -> str:
    """The value of a named part, ``country=de``, as far as its form goes."""
    if not re.fullmatch(PART, text):
        advice = "repeat the option for each" if "," in text else ""
        raise RefusedError("NAME=VALUE, as in 'country=de', without '/' and quotes", advice)
    return text


def column(text: str) -> str:
    """A column of a table, ``orders.status``, as far as its form goes."""
    if not re.fullmatch(COLUMN, text):
        raise RefusedError(
            "TABLE.COLUMN, as in 'orders.status'", "repeat the option for each" if "," in text else ""
        )
    return text


def rule(text: str) -> str:
    """A quality rule, or one with the run whose findings it is about, ``rows-of-median@RUN``."""
    if re.fullmatch(RULE, text):
        return text
    before, sign, run = text.partition("@")
    if sign and re.fullmatch(NAME, before):
        raise RefusedError("RULE@RUN, RUN being the name of a run", f"{quoted(run)} is none")
    if "(" in before:
        short = before.partition("(")[0].strip() + sign + run
        raise RefusedError("the rule's name without what stands in brackets", _meant(short))
    return name(text)


def name(text: str) -> str:
    """A name of a data set or a rule, as far as its form goes; RefusedError with what was probably meant."""
    if re.fullmatch(NAME, text):
        return text
    if "," in text:
        advice = "repeat the option for each"
    else:
        words = re.sub(r"[^a-z0-9_-]+", "-", text.strip().strip("-").lower())
        advice = _meant(words if re.fullmatch(NAME, words) else "")
    raise RefusedError("lower-case letters, digits, '-' and '_', a letter first, at most 64", advice)


def names(texts: Sequence[str]) -> list[str]:
    """Each of them once; RefusedError when a job's argument could not hold them together."""
    found = list(dict.fromkeys(texts))
    if len(",".join(found)) > arguments.LONGEST:
        raise RefusedError(f"at most {arguments.LONGEST} characters together", "make several runs")
    return found


def options(value: Mapping[str, Any]) -> list[str]:
    """The options of the run command that say this input."""
    flags = [f"--{flag.replace('_', '-')}" for flag in _FLAGS if value.get(flag)]
    said = []
    for field in value:
        if field in _REPEATED:
            said += [shlex.join([f"--{_REPEATED[field]}", each]) for each in value[field]]
        elif field in ("months", "periods"):
            said.append(f"--{field} {value[field]}")
    return [*flags, *said]


def begin(value: Mapping[str, Any]) -> str:
    """``load, with what RUN left before it``: where a run began that did not begin at the first step; else nothing."""
    step, _, run = str(value.get("from", "")).partition("@")
    return f"{step}, with what {run} left before it" if run else ""


def _months_in(text: str) -> str:
    """The months that a text names in another spelling; empty without one or two."""
    found = re.findall(r"(?<!\d)(\d{4})[-/.]?(\d{1,2})(?!\d)", text)
    written = sorted(f"{year}-{int(month):02}" for year, month in found if 1 <= int(month) <= 12)
    return "..".join(written) if len(written) == len(found) in (1, 2) else ""


def _periods_in(text: str) -> str:
    """The periods that a text names in another spelling; empty without one or two."""
    loose = r"(?<!\d)(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2})(?:[T ](\d{1,2}))?)?)?(?!\d)"
    written = []
    for year, *rest in re.findall(loose, text):
        month, day, hour = (each.zfill(2) if each else "" for each in rest)
        signs = (("-", month), ("-", day), ("T", hour))
        written.append(year + "".join(sign + each for sign, each in signs if each))
    meant = "..".join(sorted(written))
    return meant if len(written) in (1, 2) and re.fullmatch(rf"{PERIOD}(\.\.{PERIOD})?", meant) else ""


def _meant(text: str) -> str:
    return f"did you mean {quoted(text)}?" if text else ""
