"""The quality gate: what a run has counted against a few rules, before anything of it is published. Pure.

A rule is ``fail LIMIT``, ``warn LIMIT`` or ``off``. What breaks a ``fail`` rule is not published unless the run
accepts that rule; a ``warn`` rule leaves a message. A file that cannot be read counts as one without rows.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from data_pipeline.etl.errors import JobError
from taxi.drift import LEAST_MONTHS, Drift, months_before, windows_of
from taxi.processed import Entry
from taxi.sources import named

#: name → (default, what its LIMIT is)
RULES = {
    "quarantined-share": ("warn 0.05", "most of a file's rows that may be in quarantine, as a share"),
    "rows-of-earlier-issue": (
        "warn 0.5",
        "least rows of a re-issued file against the issue before, as a ratio; 1/LIMIT is the most",
    ),
    "rows-of-median": (
        "warn 0.2",
        "least rows of a month against the median of its data set's 12 months before, as a ratio; 1/LIMIT is the "
        "most",
    ),
    "missing-windows": (
        "warn 0.5",
        "most of a month's 15-minute windows that may be without rides in a data set, as a share",
    ),
    "drift": (
        "warn 0.25",
        "most that the rides of a month, or when people ride, may differ from the data set's 12 months before, as a "
        "population stability index",
    ),
    "more-missing-windows": (
        "warn 0.1",
        "most that a month's share of windows without rides may be above that of the data set's 12 months before",
    ),
    "future-time": ("fail 0", "most trips of a file that may be more than a day in the future"),
}
NONE = "none"


@dataclass(frozen=True)
class Rule:
    """How severe it is to break a rule (``fail`` or ``warn``), and its limit."""

    severity: str
    limit: float


@dataclass(frozen=True)
class Counted:
    """What the gate looks at of one source file. ``read`` and ``counted`` are rows, ``windows`` the starts of
    the windows with rides → trips.
    """

    source: str
    dataset: str
    month: str
    read: int
    counted: int
    windows: Mapping[datetime, int]


@dataclass(frozen=True)
class Breach:
    """A rule that does not hold of ``source``: a file, ``<data set> <month>``, or that with a feature."""

    rule: str
    severity: str
    source: str
    value: float
    limit: float

    def __str__(self) -> str:
        return f"{self.source}: {self.rule} is {self.value:g}, the limit is {self.limit:g}"


@dataclass(frozen=True)
class Judgement:
    """Breaches that stop the publication, that the run accepts, and that are only warnings."""

    failed: tuple[Breach, ...]
    accepted: tuple[Breach, ...]
    warnings: tuple[Breach, ...]


def rule(name: str, text: str) -> Rule | None:
    """The rule that ``--rule-NAME TEXT`` spells; None is ``off``."""
    if text == "off":
        return None
    severity, _, limit = text.partition(" ")
    try:
        number = float(limit)
    except ValueError:
        number = -1
    if severity not in ("fail", "warn") or not 0 <= number < float("inf"):
        raise JobError(
            f"--rule-{name} {text}: this is not fail LIMIT, warn LIMIT or off, with a LIMIT from 0"
        )
    return Rule(severity, number)


def accepted(text: str) -> frozenset[str]:
    """The rules that ``--accept`` names: ``none``, or names with commas."""
    names = frozenset() if text == NONE else frozenset(name.strip() for name in text.split(","))
    for name in sorted(names - RULES.keys()):
        near = get_close_matches(name, RULES, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise JobError(f"--accept {text}: there is no rule {name!r}, only {', '.join(RULES)}{hint}")
    return names


def judge(
    rules: Mapping[str, Rule | None],
    files: Collection[Counted],
    history: Mapping[str, Entry],
    latest: datetime,
    accept: Collection[str],
    drifts: Collection[Drift] = (),
) -> Judgement:
    """Hold ``files`` and ``drifts`` against ``rules``. ``history`` is what was processed before, ``latest`` the
    time (New York wall clock) after which a trip is in the future.
    """
    found = []
    for name, source, value in [*_values(files, history, latest), *_drifted(drifts)]:
        checked = rules.get(name)
        if checked is not None and _breaks(name, value, checked.limit):
            found.append(Breach(name, checked.severity, source, round(value, 6), checked.limit))
    severe = [breach for breach in found if breach.severity == "fail"]
    return Judgement(
        tuple(breach for breach in severe if breach.rule not in accept),
        tuple(breach for breach in severe if breach.rule in accept),
        tuple(breach for breach in found if breach.severity == "warn"),
    )


def _breaks(name: str, value: float, limit: float) -> bool:
    if name.startswith("rows-of-"):
        return value < limit or (limit > 0 and value > max(1, 1 / limit))
    return value > limit


def _values(
    files: Collection[Counted], history: Mapping[str, Entry], latest: datetime
) -> Iterator[tuple[str, str, float]]:
    """Each rule's name, what it is about, and its value there."""
    for file in files:
        if file.read:
            yield "quarantined-share", file.source, (file.read - file.counted) / file.read
        earlier = history.get(file.source)
        if earlier is not None and earlier.rows:
            yield "rows-of-earlier-issue", file.source, file.counted / earlier.rows
        future = sum(trips for start, trips in file.windows.items() if start > latest)
        yield "future-time", file.source, future
    months = {(file.dataset, file.month) for file in files}
    rows = _rows_of_months(files, history)
    for dataset, month in sorted(months):
        here = [file for file in files if (file.dataset, file.month) == (dataset, month)]
        before = [rows[dataset, m] for m in months_before(month) if rows.get((dataset, m))]
        about = f"{dataset} {month}"
        if len(before) >= LEAST_MONTHS:
            yield "rows-of-median", about, rows.get((dataset, month), 0) / statistics.median(before)
        if any(file.counted for file in here):
            yield "missing-windows", about, _missing(month, set().union(*(file.windows for file in here)))


def _rows_of_months(files: Collection[Counted], history: Mapping[str, Entry]) -> dict[tuple[str, str], int]:
    """Rows of each data set and month once this run is published: its own files, and the others as noted."""
    rows: dict[tuple[str, str], int] = {}
    for file in files:
        rows[file.dataset, file.month] = rows.get((file.dataset, file.month), 0) + file.counted
    own = {file.source for file in files}
    for path, entry in history.items():
        month = named(path)
        if month is not None and path not in own:
            rows[month] = rows.get(month, 0) + entry.rows
    return rows


def _drifted(drifts: Collection[Drift]) -> Iterator[tuple[str, str, float]]:
    for drift in drifts:
        about = f"{drift.dataset} {drift.month}"
        for feature, value in drift.psi.items():
            yield "drift", f"{about} {feature}", value
        yield "more-missing-windows", about, drift.missing - drift.missing_before


def _missing(month: str, windows: Collection[datetime]) -> float:
    """The share of the month's windows that are not in ``windows``."""
    year, number = int(month[:4]), int(month[5:])
    every = windows_of(month)
    inside = sum(1 for start in windows if (start.year, start.month) == (year, number))
    return (every - inside) / every
