"""What a run over data sets says of itself: summary (everything, per file), verdict (small enough for a state machine)
and findings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from data_pipeline.etl.documents import profile as profiles
from data_pipeline.etl.documents import summary as summaries
from data_pipeline.etl.documents import verdict as verdicts
from data_pipeline.etl.documents.profile import Profile
from data_pipeline.etl.documents.summary import File, Rows, Summary
from data_pipeline.etl.documents.verdict import BrokenRule, Verdict
from data_pipeline.etl.planning.report import end, few
from data_pipeline.etl.quality.facts import Breach, Judgement, SeriesReport
from data_pipeline.etl.quality.series import ALL

from .loader import Loaded, rows_of
from .made import Made
from .reading import FileResult
from .target import Target

NAMED = 10
"""How many broken rules a verdict names; the summary names all."""
MOST = 40
"""Of how many data sets and tables a verdict tells."""


def summary(
    target: Target,
    loaded: Sequence[Loaded],
    tables: Mapping[str, Any],
    exports: Sequence[str],
    judgement: Judgement,
    versions: Mapping[str, Mapping[str, int]] | None = None,
) -> Summary:
    """summary.json. ``tables``: name → what is published of it; ``versions``: data set with a key → what its accepted
    versions are.
    """
    rows = _sum(rows_of(each.units) for each in loaded)
    if rows["read"] != rows["counted"] + rows["quarantined"] + rows.get("erased", 0):
        raise RuntimeError(
            f"rows read are not those accepted, quarantined and erased: {rows}: a bug of the job"
        )
    quarantine = target.quarantine("").rpartition("/")[0]
    known: Summary = {
        "version": summaries.VERSION,
        "run": target.run,
        "code_version": target.code_version,
        "engine": target.engine,
        "rows": rows,
        "files": [file for each in loaded for file in _files(each)],
        "windows": None,
        "tables": dict(tables),
        "export": exports[0] if exports else None,
        "exports": list(exports),
        "quarantine": quarantine if rows["quarantined"] else None,
        "datasets": {each.dataset.name: dataset(each) for each in loaded},
        "versions": {name: dict(each) for name, each in (versions or {}).items()},
        "quality": _quality(judgement),
        "drift": {each.of: list(each.drift) for each in judgement.reports if each.drift},
        "statistics": {each.of: list(each.statistics) for each in judgement.reports if each.statistics},
    }
    if target.deployment:
        known["deployment"] = dict(target.deployment)
    return known


def _quality(judgement: Judgement) -> dict[str, Any]:
    return {
        "passed": not judgement.failed,
        "failed_rules": [_breach(breach) for breach in judgement.failed],
        "accepted": [_breach(breach) for breach in judgement.accepted],
        "warnings": [_breach(breach) for breach in judgement.warnings],
        "rules": [asdict(result) for result in judgement.results],
    }


def profile(target: Target, loaded: Sequence[Loaded], made: Sequence[Made]) -> Profile:
    """profile.json: of each data set and table that has rows of this run, what they are like."""
    tables = {each.dataset.name: each.profile for each in loaded if each.profile is not None}
    tables |= {
        each.table.name: each.refreshed.profile
        for each in made
        if each.refreshed is not None and each.refreshed.profile is not None
    }
    return profiles.document(target.run, tables, {each.dataset.name: each.examples for each in loaded})


def dataset(loaded: Loaded) -> dict[str, Any]:
    """What the summary says of a data set."""
    files = [one for each in loaded.units for one in each.files]
    rows = rows_of(loaded.units)
    reasons: Counter[str] = Counter()
    ignored: dict[str, None] = {}
    for one in files:
        reasons.update(one.rows.reasons)
        ignored.update(dict.fromkeys(one.rows.columns_ignored))
    unreadable = sum(1 for one in files if one.error)
    return {
        "rows": {
            "read": rows["read"],
            "accepted": rows["counted"],
            "quarantined": rows["quarantined"],
            **({"erased": rows["erased"]} if rows["erased"] else {}),
        },
        "files": {"read": len(files) - unreadable, "failed": unreadable},
        "units": len(loaded.units),
        "pruned": sum(len(each.unit.removed) for each in loaded.units if each.unit.because == "pruned"),
        "reasons": dict(reasons),
        "columns_ignored": list(ignored),
        "held": loaded.held,
        "error": loaded.error or None,
    }


def verdict(
    found: Summary,
    place: str,
    loaded: Sequence[Loaded],
    judgement: Judgement,
    findings: str,
    problems: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Verdict:
    """verdict.json, under 16 KiB whatever the run. ``findings``: where the document is that has every broken rule;
    ``problems``: why tables and exports could not be made; ``notes``: what else there is to say.
    """
    errors = [*(each.error for each in loaded if each.error), *problems]
    said: Verdict = {
        "version": verdicts.VERSION,
        "run": found["run"],
        "rows": found["rows"],
        "files": _read_and_failed(loaded),
        "windows": None,
        "tables": {name: {"snapshot": each["snapshot"]} for name, each in [*found["tables"].items()][:MOST]},
        "export": found["export"],
        "summary": place,
        "drift": _furthest(judgement.reports),
        "statistics": _of_all(judgement.reports),
        "passed": not judgement.failed and not errors,
        "failed_rules": [_breach(breach) for breach in _named(judgement.failed)],
        "accepted": sorted({breach.rule for breach in judgement.accepted})[:NAMED],
        "messages": _messages(errors, loaded, notes, judgement),
        "published": len(found["tables"]),
        "warnings": len(judgement.warnings),
        "datasets": {each.dataset.name: _short(each) for each in loaded[:MOST]},
        "versions": dict([*found["versions"].items()][:MOST]),
    }
    return {**said, "findings": findings} if findings else said


def _messages(
    errors: Sequence[str], loaded: Sequence[Loaded], notes: Sequence[str], judgement: Judgement
) -> list[str]:
    """What there is to say, a few of each kind, the worst first."""
    warnings = [str(breach) for breach in judgement.warnings]
    kinds = (errors, _unreadable(loaded), notes, ignored(loaded), doubtful(loaded), warnings)
    return [message for each in kinds for message in few(each)]


def _furthest(reports: Sequence[SeriesReport]) -> dict[str, Any]:
    """How many periods of series were compared with those before, and what is furthest from them."""
    compared = [(each.of, period) for each in reports for period in each.drift]
    every = [
        {"source": " ".join(filter(None, (of, found["period"], found["series"], feature))), "psi": psi}
        for of, found in compared
        for feature, psi in found["psi"].items()
    ]
    return {"periods": len(compared), "furthest": max(every, key=lambda one: one["psi"], default=None)}


def _of_all(reports: Sequence[SeriesReport]) -> dict[str, Any]:
    """Of each series what a window has, all its members together."""
    return {
        each.of: {name: found[name] for name in ("now", "before")}
        for each in reports[:MOST]
        for found in each.statistics
        if (found["series"], found["feature"]) == (ALL, "rows")
    }


def _read_and_failed(loaded: Iterable[Loaded]) -> dict[str, int]:
    """How many files could be read, and how many not."""
    every = [bool(one.error) for each in loaded for unit in each.units for one in unit.files]
    return {"read": every.count(False), "failed": every.count(True)}


def _short(loaded: Loaded) -> dict[str, Any]:
    """What the verdict says of a data set: the most frequent reasons, and a few columns."""
    whole = dataset(loaded)
    reasons = Counter(whole["reasons"]).most_common(5)
    rows, files = whole["rows"], whole["files"]
    return {
        **{"rows": rows, "files": files, "held": whole["held"]},
        **({"reasons": dict(reasons)} if reasons else {}),
        **({"columns_ignored": whole["columns_ignored"][:5]} if whole["columns_ignored"] else {}),
    }


def _named(failed: Sequence[Breach]) -> list[Breach]:
    """The broken rules that a verdict names: of each rule of each data set one, then others. The unreadable files of a
    data set are one.
    """
    firsts: dict[tuple[str, str], Breach] = {}
    others: list[Breach] = []
    for each in failed:
        if (each.of, each.rule) not in firsts:
            several = each.rule == "unreadable-files" and each.value > 1
            firsts[each.of, each.rule] = replace(each, source=each.of) if several else each
        elif each.rule != "unreadable-files":
            others.append(each)
    return [*firsts.values(), *others][:NAMED]


def _unreadable(loaded: Iterable[Loaded]) -> list[str]:
    """A line for each data set and reason why no row of a file can be used, with the first of the files."""
    files: dict[tuple[str, str], list[str]] = {}
    for each in loaded:
        for one in (one for unit in each.units for one in unit.files):
            why = summaries.problem(one.error, one.rows.read - one.rows.erased, one.rows.accepted)
            if why:
                said = f" could not be read: {why}" if one.error else f": {why}"
                files.setdefault((each.dataset.name, said), []).append(one.file.path)
    return [
        f"{end(paths[0])}{f' and {len(paths) - 1:,} more' * (len(paths) > 1)}{said}"
        for (_, said), paths in files.items()
    ]


def ignored(loaded: Iterable[Loaded]) -> list[str]:
    """The columns that files have and data sets do not name, with the line to add; a Parquet file knows the type."""
    lines = []
    for each in loaded:
        kind = "TYPE" if each.dataset.format.kind == "parquet" else "string"
        for column in dataset(each)["columns_ignored"]:
            name = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_") or "NAME"
            line = f"{name}: {kind}?" if name == column else f"{name}: {kind}? {column}"
            lines.append(
                f"{each.dataset.name}: the column {column} of its files is ignored; to load it, add a line to its "
                f"columns, such as {line}"
            )
    return lines


def doubtful(loaded: Iterable[Loaded]) -> list[str]:
    """What readers say of values that may not be meant as they were read, file by file."""
    return [
        f"{each.dataset.name}: {end(one.file.path)}: {said}"
        for each in loaded
        for unit in each.units
        for one in unit.files
        for said in one.rows.warnings
    ]


def _files(loaded: Loaded) -> list[File]:
    return [_file(loaded.dataset.name, one) for each in loaded.units for one in each.files]


def _file(dataset: str, one: FileResult) -> File:
    found: File = {
        "source": one.file.path,
        "dataset": dataset,
        "layout": None,
        "etag": one.file.etag,
        "bytes": one.file.size,
        "rows_read": one.rows.read,
        "rows_counted": one.rows.accepted,
        "rows_quarantined": one.rows.quarantined,
        "reasons": dict(one.rows.reasons),
        "error": one.error or None,
    }
    if one.rows.erased:
        found["rows_erased"] = one.rows.erased
    return found


def _breach(breach: Breach) -> BrokenRule:
    source = breach.source if breach.source.startswith(breach.of) else f"{breach.of}: {breach.source}"
    found: BrokenRule = {
        "of": breach.of,
        "rule": breach.rule,
        "source": source[:300],
        "value": breach.value,
        "limit": breach.limit,
    }
    if breach.note and breach.rule.startswith("unique("):
        found["example"] = breach.note[:300]
    return found


def _sum(every: Iterable[Mapping[str, int]]) -> Rows:
    rows: Rows = {"read": 0, "counted": 0, "quarantined": 0}
    for each in every:
        rows["read"] += each["read"]
        rows["counted"] += each["counted"]
        rows["quarantined"] += each["quarantined"]
        if each["erased"]:
            rows["erased"] = rows.get("erased", 0) + each["erased"]
    return rows


def together(judgements: Iterable[Judgement]) -> Judgement:
    """The judgement of all."""
    every = list(judgements)
    return Judgement(
        tuple(breach for each in every for breach in each.failed),
        tuple(breach for each in every for breach in each.accepted),
        tuple(breach for each in every for breach in each.warnings),
        tuple(result for each in every for result in each.results),
        tuple(report for each in every for report in each.reports),
    )
