"""``report.json`` of a run: what its page shows, put together from the documents of its jobs and its history.

Everything in it is optional but ``version``, ``run`` and ``outcome``: a run that was killed has what there is. It is
bounded: of more files than FILES only the worst are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from data_pipeline.core.progress import expected
from data_pipeline.core.progress.expected import PastTimes
from data_pipeline.core.progress.failure_reason import reason
from data_pipeline.core.progress.follow import Progress, State
from data_pipeline.core.progress.summary import unusable
from data_pipeline.etl.documents import decision, verdict
from data_pipeline.etl.documents.profile import VERSION as PROFILE_VERSION

from . import earlier, outcome
from .distributions import shift, shift_of_values
from .earlier import Earlier
from .outcome import Environment

NAME = "report.json"
VERSION = 1
FILES = 500
DAY, WEEK = 0.8, 6.0
"""How many days rows have to be of, nearly, for hours and for weekdays to say anything."""
_LONGEST_CAUSE = 2000
_ASL = ("Type", "Next", "Default", "End", "Resource")

Record = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What there is of a run. ``results``: the small results of its steps, by name; ``failure``: what explains a
    failure, with the end of the job's log; ``plan``: where there is no summary, what was to be loaded; ``times``: how
    much runs before read that published, and how long they took.
    """

    run: str
    arn: str = ""
    value: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress | None = None
    definition: Mapping[str, Any] | None = None
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    summary: Mapping[str, Any] | None = None
    profile: Mapping[str, Any] | None = None
    plan: Mapping[str, Any] | None = None
    failure: Mapping[str, Any] | None = None
    past: Sequence[Earlier] = ()
    times: Sequence[PastTimes] = ()


_OF_FILE = frozenset(("source", "rows_read", "rows_counted", "rows_quarantined", "error"))


def is_summary(found: Mapping[str, Any]) -> bool:
    """Whether a document is a summary as the jobs of data sets write it; a step of one's own may write another."""
    files, tables = found.get("files"), found.get("tables", {})
    return (
        isinstance(found.get("rows"), dict)
        and isinstance(files, list)
        and all(isinstance(each, dict) and each.keys() >= _OF_FILE for each in files)
        and isinstance(tables, dict)
        and all(isinstance(each, dict) for each in tables.values())
    )


def is_profile(found: Mapping[str, Any]) -> bool:
    return found.get("version") == PROFILE_VERSION


def document(env: Environment, found: Found) -> Record:
    """The report, as JSON has it."""
    summary = found.summary or {}
    word = outcome.outcome(found.progress, found.results)
    tables = [*_tables(found)]
    published, changed = (sum(1 for table in tables if table[name]) for name in ("snapshot", "committed"))
    return {
        "version": VERSION,
        "run": found.run,
        "environment": env.name,
        "pipeline": env.names.pipeline,
        "region": env.region,
        "outcome": word,
        "headline": outcome.headline(word, found.progress, found.results, published, changed),
        "remedies": [
            {"text": text, "command": command}
            for text, command in outcome.remedies(
                word, env, found.arn, found.value, found.progress, found.results
            )
        ],
        "failure": _failure(found),
        "execution": _execution(found),
        "machine": machine(found.definition),
        "usual": earlier.usual_times(found.past, [each.seconds for each in found.times]),
        "expected": _expected(found),
        "news": _news(found.results),
        "messages": outcome.messages(found.results),
        "rows": summary.get("rows"),
        "datasets": dict(summary.get("datasets", {})),
        **_files(summary),
        "planned": _planned(found.plan or {}),
        "examples": dict((found.profile or {}).get("examples", {})),
        **_rules(found),
        "tables": tables,
        "drift": dict(summary.get("drift", {})),
        "changes": [*_changes(tables), *_ignored(summary)],
        "lineage": _lineage(summary),
    }


def _failure(found: Found) -> Record | None:
    failure = found.progress.failure if found.progress else None
    if failure is None:
        return None
    told = found.failure or {}
    return {
        "state": failure.state,
        "error": failure.error,
        "cause": failure.cause[:_LONGEST_CAUSE],
        "reason": told.get("reason", failure.reason),
        "job": asdict(failure.job) if failure.job else None,
        "log": [*told.get("log", ())],
    }


def _execution(found: Found) -> Record:
    progress = found.progress
    told: Record = {"arn": found.arn, "input": dict(found.value), "states": []}
    if progress is None:
        return told
    for name, moment in (("started", progress.started), ("stopped", progress.stopped)):
        told[name] = moment.isoformat() if moment else None
    told["status"] = progress.status
    told["seconds"] = outcome.took(progress)
    told["states"] = [_state(state, progress) for state in progress.states]
    return told


def _state(state: State, progress: Progress) -> Record:
    end = state.exited or progress.stopped
    return {
        "name": state.name,
        "kind": state.kind,
        "after": (state.entered - progress.started).total_seconds() if progress.started else 0.0,
        "seconds": state.elapsed(end) if end else None,
        "attempts": state.attempts,
        "error": state.error,
        "reason": reason(state.error, state.cause) if state.failed else None,
        "job": state.job.name if state.job else None,
    }


def machine(definition: Mapping[str, Any] | None) -> Record | None:
    """Of a definition in Amazon States Language what its drawing needs."""
    if not definition or "States" not in definition:
        return None
    states = {
        name: {
            **{key: state[key] for key in _ASL if key in state},
            **{
                key: [{"Next": each["Next"]} for each in state[key] if "Next" in each]
                for key in ("Choices", "Catch")
                if state.get(key)
            },
        }
        for name, state in definition["States"].items()
    }
    return {"Comment": str(definition.get("Comment", "")), "StartAt": definition["StartAt"], "States": states}


def _expected(found: Found) -> Record | None:
    """How long the run was to take, by its bytes and the runs before it; None where that is not known."""
    sizes = [each["bytes"] for each in found.results.values() if isinstance(each.get("bytes"), int)]
    if not sizes and found.summary:
        sizes = [expected.summary_bytes(found.summary)]
    return expected.as_json(expected.of_run(found.times, sizes[0])) if sizes else None


def _news(results: Mapping[str, Mapping[str, Any]]) -> Record:
    """What the comparison with the input has found."""
    found = next((each for each in results.values() if "unchanged" in each), {})
    return {**decision.counts(found), **({"reason": found["reason"]} if "reason" in found else {})}


def _files(summary: Mapping[str, Any]) -> Record:
    """The files, the worst first: those that could not be read, then by rows in quarantine."""
    every = sorted(
        summary.get("files", []),
        key=lambda file: (not unusable(file), -file["rows_quarantined"], file["source"]),
    )
    told = [
        {
            "source": file["source"],
            "dataset": file.get("dataset", ""),
            "etag": file.get("etag", ""),
            "bytes": file.get("bytes", 0),
            "read": file["rows_read"],
            "accepted": file["rows_counted"],
            "quarantined": file["rows_quarantined"],
            "erased": file.get("rows_erased", 0),
            "reasons": file.get("reasons", {}),
            "error": unusable(file) or None,
        }
        for file in every[:FILES]
    ]
    return {"files": told, "more_files": len(every) - len(told)}


def _planned(plan: Mapping[str, Any]) -> Record | None:
    """What a run was to load that has left no summary."""
    files = [
        {
            "source": file["path"],
            "dataset": unit["dataset"],
            "bytes": file["size"],
            "because": unit["because"],
        }
        for unit in plan.get("units", [])
        for file in unit["files"]
    ]
    if not files:
        return None
    return {
        "files": files[:FILES],
        "more_files": max(0, len(files) - FILES),
        "bytes": sum(each["bytes"] for each in files),
    }


def _rules(found: Found) -> Record:
    quality = (found.summary or {}).get("quality", {})
    broken = [*quality.get("failed_rules", [])]
    if not broken:  # a step of one's own may judge without a summary
        broken = [dict(each) for result in found.results.values() for each in verdict.failed_rules(result)]
    accepted, warnings = [*quality.get("accepted", [])], [*quality.get("warnings", [])]
    rules = []
    for result in quality.get("rules", []):
        state = "holds" if result["value"] is not None else "nothing to look at"
        for name, breaches in (("warns", warnings), ("let through", accepted), ("fails", broken)):
            if any(_about(each, result) for each in breaches):
                state = name
        past = earlier.rule_values(found.past, result["of"], result["rule"])
        now = [] if result["value"] is None else [{"run": found.run, "value": result["value"]}]
        rules.append({**result, "state": state, "history": [*past, *now]})
    return {"rules": rules, "broken": broken, "accepted": accepted, "warnings": warnings}


def _about(breach: Mapping[str, Any], result: Mapping[str, Any]) -> bool:
    """Whether a breach is one of a rule's result; a summary of an earlier version does not say of what it is."""
    mine: bool = breach.get("rule") == result["rule"] and breach.get("of", result["of"]) == result["of"]
    return mine


def _tables(found: Found) -> Iterator[Record]:
    """What is published, and what was looked at and held back, in the order of the run."""
    published = dict((found.summary or {}).get("tables", {}))
    profiles = dict((found.profile or {}).get("tables", {}))
    for name in [*published, *(each for each in profiles if each not in published)]:
        told, rows = published.get(name, {}), profiles.get(name)
        before = earlier.usual_rows(found.past, name) if rows else None
        yield {
            "name": name,
            "snapshot": told.get("snapshot"),
            "rows": told.get("rows"),
            "committed": told.get("committed", False),
            "profile": rows,
            "before": before,
            "shifts": _shifts(rows, before) if rows and before else {},
            "days": _days(rows) if rows else 0.0,
        }


def _shifts(rows: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, float]:
    """Column, or ``hours`` and ``weekdays`` of the time → how far it is from the runs before."""
    found: dict[str, float] = {}
    for column in rows.get("columns", []):
        usual = before["columns"].get(column["name"], {})
        if column.get("quantiles") and usual.get("quantiles"):
            found[f"column {column['name']}"] = shift(column["quantiles"], usual["quantiles"])
        elif column.get("values") and usual.get("values"):
            found[f"column {column['name']}"] = shift_of_values(column["values"], usual["values"])
    for name, days in (("hours", DAY), ("weekdays", WEEK)):
        if rows.get(name) and before.get(name) and _days(rows) >= days:
            now, then = ({str(n): each for n, each in enumerate(side[name])} for side in (rows, before))
            found[name] = shift_of_values(now, then)
    return found


def _days(rows: Mapping[str, Any]) -> float:
    """How long a time the rows are of: those of one day say nothing about weekdays."""
    time = (rows.get("timeline") or {}).get("column")
    ends: Mapping[str, Any] = next((each for each in rows["columns"] if each["name"] == time), {})
    try:
        first, last = (datetime.fromisoformat(str(ends[name])[:19]) for name in ("least", "most"))
    except (KeyError, ValueError):
        return 0.0
    return (last - first).total_seconds() / 86_400


def _changes(tables: Sequence[Record]) -> Iterator[Record]:
    """How the columns of tables differ from those of the run before."""
    for table in tables:
        rows, before = table["profile"], table["before"]
        if not rows or not before or rows.get("more_columns") or before["more_columns"]:
            continue
        now = {column["name"]: column["type"] for column in rows["columns"]}
        then = before["types"]
        for name in (each for each in now if each not in then):
            yield {"table": table["name"], "column": name, "change": f"new, {now[name]}"}
        for name in (each for each in then if each not in now):
            yield {"table": table["name"], "column": name, "change": f"gone, it was {then[name]}"}
        for name in (each for each in now if each in then and now[each] != then[each]):
            yield {"table": table["name"], "column": name, "change": f"{now[name]}, it was {then[name]}"}


def _ignored(summary: Mapping[str, Any]) -> Iterator[Record]:
    for name, dataset in summary.get("datasets", {}).items():
        for column in dataset.get("columns_ignored", []):
            yield {
                "table": name,
                "column": column,
                "change": "in the files, and not in the configuration: ignored",
            }


def _lineage(summary: Mapping[str, Any]) -> Record:
    names = ("code_version", "deployment", "engine", "exports", "quarantine")
    return {name: summary[name] for name in names if summary.get(name)}
