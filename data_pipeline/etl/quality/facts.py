"""What a run has counted and measured, what was there before, and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from data_pipeline.etl.documents import rules, summary
from data_pipeline.etl.documents.profile import Timeline


@dataclass(frozen=True)
class FileFacts:
    """A source file that the run has read. ``series``: the values of its pattern's other names, as ``a=1, b=2``;
    ``read`` = ``accepted`` + quarantined rows; ``error``: why nothing of it can be used, or empty.
    """

    path: str
    etag: str
    period: str
    series: str
    read: int
    accepted: int
    error: str = ""

    @property
    def problem(self) -> str:
        return summary.problem(self.error, self.read, self.accepted)


@dataclass(frozen=True)
class Earlier:
    """The issue of a file that is published now: its accepted rows."""

    period: str
    series: str
    rows: int


@dataclass(frozen=True)
class Measured:
    """The value of the rule with this ``key`` at ``source``: a file, ``orders``, ``orders 2024-01 kind=a`` or that with
    a column. ``version``: what tells one finding from another of the same value, such as the ETag; ``note``: an
    example.
    """

    key: str
    source: str
    value: float
    version: str = ""
    note: str = ""


@dataclass(frozen=True)
class SeriesReport:
    """What the series of the data set or table ``of`` is like, as ``etl.documents.summary`` describes it, and its
    timeline.
    """

    of: str
    drift: Sequence[Mapping[str, Any]] = ()
    statistics: Sequence[Mapping[str, Any]] = ()
    timeline: Timeline | None = None


@dataclass(frozen=True)
class Measurements:
    """The values of rules, and the report of a series beside them; None where there is none."""

    values: Sequence[Measured] = ()
    report: SeriesReport | None = None

    @property
    def timeline(self) -> Timeline | None:
        return self.report.timeline if self.report else None


@dataclass(frozen=True)
class Facts:
    """Of the data set or table ``of``. ``now``: seconds since 1970, UTC."""

    of: str
    now: float
    files: Sequence[FileFacts] = ()
    measured: Sequence[Measured] = ()
    report: SeriesReport | None = None


def series(parts: Mapping[str, str]) -> str:
    """The named parts of a pattern as rules call them: ``a=1, b=2``."""
    return ", ".join(f"{name}={value}" for name, value in parts.items())


#: path → the issue before of a file, of those that are loaded again, and of those that stay as they are
History = Mapping[str, Earlier]


@dataclass(frozen=True)
class Breach:
    """A rule that does not hold of ``source``. The limit and the value of an age are in hours; ``note``: why a file
    cannot be used, or an example.
    """

    of: str
    rule: str
    severity: str
    source: str
    value: float
    limit: float
    version: str = ""
    note: str = ""

    def __str__(self) -> str:
        value, limit = rules.compared(self.rule, self.value, self.limit)
        return f"{self.source}: {self.rule} is {value}, the limit is {limit}{f': {self.note}' if self.note else ''}"


@dataclass(frozen=True)
class RuleResult:
    """What a rule has found, broken or not: the furthest of its ``values``, which are that many, and where; None where
    there was nothing to look at.
    """

    of: str
    rule: str
    severity: str
    limit: float
    values: int = 0
    value: float | None = None
    source: str = ""


@dataclass(frozen=True)
class Judgement:
    """Breaches that stop the publication, that the run accepts, and that are only warnings; what each rule has
    found; and the ``reports`` of the series that were judged.
    """

    failed: tuple[Breach, ...] = field(default_factory=tuple)
    accepted: tuple[Breach, ...] = field(default_factory=tuple)
    warnings: tuple[Breach, ...] = field(default_factory=tuple)
    results: tuple[RuleResult, ...] = field(default_factory=tuple, compare=False)
    reports: tuple[SeriesReport, ...] = field(default_factory=tuple)
