"""The quality gate: what a run has counted and measured against the rules, before anything of it is published. Pure."""

from __future__ import annotations

import hashlib
import math
import statistics
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from data_pipeline.etl.documents.findings import Violation
from data_pipeline.etl.documents.rules import Rule, nearer_limit

from . import periods
from .facts import Breach, Facts, FileFacts, History, Judgement, RuleResult

_DIGITS = 6
_RATIOS = ("rows-of-earlier-issue", "rows-of-median")
#: their value grows by itself, or is the same for all that is found: a finding is known by its version alone
_BY_VERSION = ("freshness", "unreadable-files")


@dataclass(frozen=True)
class _Value:
    name: str
    source: str
    value: float
    version: str = ""
    note: str = ""


def judge(
    rules: Sequence[Rule], facts: Facts, history: History, accepted: Collection[Violation] = ()
) -> Judgement:
    """Hold ``facts`` against ``rules``, in their order. ``accepted``: what earlier runs found and this one lets
    through, and nothing besides: the same rule at the same place, with the same ETag and value.
    """
    let_through = frozenset(map(_known, accepted))
    values = {rule: list(_values(rule, facts, history)) for rule in rules}
    found = [breach for rule in rules for breach in _breaches(rule, facts.of, values[rule], let_through)]
    severe = [breach for breach in found if breach.severity == "fail"]
    return Judgement(
        tuple(breach for breach in severe if _known(finding(breach)) not in let_through),
        tuple(breach for breach in severe if _known(finding(breach)) in let_through),
        tuple(breach for breach in found if breach.severity == "warn"),
        tuple(_result(rule, facts.of, values[rule]) for rule in rules),
        (facts.report,) if facts.report else (),
    )


def _result(rule: Rule, of: str, values: Sequence[_Value]) -> RuleResult:
    """The value that comes nearest to its limit, or is furthest beyond it."""
    if not values:
        none = rule.name == "unreadable-files"  # it has a value for each of them
        return RuleResult(of, rule.key, rule.severity, rule.limit, int(none), 0 if none else None)
    furthest = max(values, key=lambda found: _distance(rule, found.value))
    value = round(furthest.value, _DIGITS)
    return RuleResult(of, rule.key, rule.severity, rule.limit, len(values), value, furthest.source)


def _distance(rule: Rule, value: float) -> float:
    if rule.name in _RATIOS:  # half as many are as far from 1 as twice as many
        return max(value, 1 / value) if value else math.inf
    return value


def finding(breach: Breach) -> Violation:
    """By what a later run can let a breach through."""
    return Violation(breach.of, breach.rule, breach.source, breach.version, breach.value)


def _known(found: Violation) -> tuple[str, str, str, str, float]:
    """What two findings have in common that are the same."""
    by_version = found.rule.partition("(")[0] in _BY_VERSION
    return found.of, found.rule, found.source, found.version, 0.0 if by_version else found.value


def _breaches(
    rule: Rule, of: str, values: list[_Value], let_through: Collection[tuple[str, str, str, str, float]]
) -> Iterator[Breach]:
    if rule.name == "unreadable-files":
        yield from _unreadable(rule, of, values, let_through)
        return
    for found in values:
        if _breaks(rule, found.value):
            yield _breach(rule, of, found)


def _unreadable(
    rule: Rule, of: str, values: list[_Value], let_through: Collection[tuple[str, str, str, str, float]]
) -> Iterator[Breach]:
    """A breach for each unreadable file where there are more than the limit, those not counted that are let through."""
    found = [_breach(rule, of, value) for value in values]
    mine = [breach for breach in found if _known(finding(breach)) in let_through]
    if len(found) - len(mine) > rule.limit:
        yield from found
    elif len(found) > rule.limit:
        yield from mine


def _breach(rule: Rule, of: str, found: _Value) -> Breach:
    value, limit = found.value, nearer_limit(rule.key, found.value, rule.limit)
    rounded = round(value, _DIGITS), round(limit, _DIGITS)
    return Breach(of, rule.key, rule.severity, found.source, *rounded, found.version, found.note)


def _breaks(rule: Rule, value: float) -> bool:
    if rule.name in _RATIOS:
        return value < rule.limit or (rule.limit > 0 and value > max(1, 1 / rule.limit))
    return value > rule.limit


def _values(rule: Rule, facts: Facts, history: History) -> Iterator[_Value]:
    """The rule's value wherever it has one."""
    if rule.name == "rows-of-median":
        yield from _of_medians(facts, history)
    elif rule.key == "freshness":
        yield from _ages(facts, history)
    elif rule.name in ("quarantined-share", "unreadable-files", "rows-of-earlier-issue"):
        unreadable = sum(1 for file in facts.files if file.problem)
        for file in facts.files:
            value = _of_file(rule.name, file, history, unreadable)
            if value is not None:
                note = file.problem if rule.name == "unreadable-files" else file.error
                yield _Value(rule.name, file.path, value, file.etag, note)
    else:
        for each in facts.measured:
            if each.key == rule.key:
                yield _Value(rule.name, each.source, each.value, each.version, each.note)


def _of_file(name: str, file: FileFacts, history: History, unreadable: int) -> float | None:
    if name == "unreadable-files":
        return unreadable if file.problem else None
    if name == "quarantined-share":
        return (file.read - file.accepted) / file.read if file.read else None
    earlier = None if file.error else history.get(file.path)  # unreadable-files tells of the others
    return file.accepted / earlier.rows if earlier is not None and earlier.rows else None


def _of_medians(facts: Facts, history: History) -> Iterator[_Value]:
    """The rows of each period that is loaded, against the median of those before that have any."""
    rows: dict[tuple[str, str], int] = {}
    for series, period, count in _rows(facts, history):
        rows[series, period] = rows.get((series, period), 0) + count
    loaded: dict[tuple[str, str], list[str]] = {}
    for file in facts.files:
        if file.period:
            loaded.setdefault((file.series, file.period), []).append(f"{file.path} {file.etag}")
    for (series, period), versions in sorted(loaded.items()):
        usual = [rows[series, p] for p in periods.before(period) if rows.get((series, p))]
        if len(usual) >= periods.LEAST:
            source = " ".join(filter(None, (facts.of, period, series)))
            yield _Value(
                "rows-of-median", source, rows[series, period] / statistics.median(usual), _digest(versions)
            )


def _digest(versions: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(versions)).encode()).hexdigest()[:16]


def _rows(facts: Facts, history: History) -> Iterator[tuple[str, str, int]]:
    """Series, period and accepted rows of each file once this run is published."""
    own = {file.path for file in facts.files}
    for file in facts.files:
        yield file.series, file.period, file.accepted
    for path, earlier in history.items():
        if path not in own:
            yield earlier.series, earlier.period, earlier.rows


def _ages(facts: Facts, history: History) -> Iterator[_Value]:
    """How long ago the newest period of each series ended."""
    newest: dict[str, str] = {}
    unreadable = {(file.series, file.period) for file in facts.files if file.error}
    for series, period, rows in _rows(facts, history):
        if rows or (series, period) not in unreadable:
            newest[series] = max(period, newest.get(series, ""))
    now = datetime.fromtimestamp(facts.now, timezone.utc).replace(tzinfo=None)
    for series, period in sorted(newest.items()):
        if period:
            age = max(0.0, (now - periods.end(period)).total_seconds() / 3600)
            yield _Value("freshness", " ".join(filter(None, (facts.of, series))), age, period)
