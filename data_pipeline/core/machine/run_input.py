"""What somebody types to say what a run shall look at → the fields of its input, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from data_pipeline.core.config import arguments
from data_pipeline.core.problems import RefusedError, quoted

from .execution import MONTH, NAME


def months(text: str) -> str:
    """A month or a range of months; RefusedError with what was probably meant."""
    expected = "a month or a range of months, as in '2019-01..2019-06'"
    if not re.fullmatch(rf"{MONTH}(\.\.{MONTH})?", text):
        raise RefusedError(expected, _meant(_months_in(text)))
    first, _, last = text.partition("..")
    if last and last < first:
        raise RefusedError("the earlier month first", _meant(f"{last}..{first}"))
    return text


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
    flags = [f"--{flag}" for flag in ("reprocess", "prune", "concurrent") if value.get(flag)]
    datasets = [f"--dataset {name}" for name in value.get("datasets", [])]
    ranges = [f"--months {value['months']}"] if "months" in value else []
    return [*flags, *datasets, *ranges, *(f"--accept {rule}" for rule in value.get("accept", []))]


def _months_in(text: str) -> str:
    """The months that a text names in another spelling; empty without one or two."""
    found = re.findall(r"(?<!\d)(\d{4})[-/.]?(\d{1,2})(?!\d)", text)
    written = sorted(f"{year}-{int(month):02}" for year, month in found if 1 <= int(month) <= 12)
    return "..".join(written) if len(written) == len(found) in (1, 2) else ""


def _meant(text: str) -> str:
    return f"did you mean {quoted(text)}?" if text else ""
