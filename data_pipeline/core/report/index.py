"""The index of an environment's runs: how each ended, and which periods of which data set are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import outcome, page, plots, words
from .markup import Content, Html, join, tag
from .parts import Head, chip, folded, key, plural, table

NAME = "index.json"
VERSION = 1
_PERIODS = 400
"""Periods of a series that the coverage shows, the newest."""
_BARS = 60
_COVERAGE = "Rows by period of the files, as the runs above have loaded them."

_GRIDS = "What is published, and what is not and why, as the command coverage show says it."

Entry = Mapping[str, Any]


def entry(report: Mapping[str, Any]) -> dict[str, Any]:
    """What the index keeps of a ``report.json``."""
    execution, rows = report["execution"], report.get("rows") or {}
    covered = {
        each["name"]: [period[:3] for period in each["profile"].get("periods", []) if period[3]]
        for each in report["tables"]
        if each["profile"] and each["snapshot"]
    }
    return {
        "run": report["run"],
        "outcome": report["outcome"],
        "headline": report["headline"],
        "started": execution.get("started") or words.started(report["run"]),
        "seconds": execution.get("seconds"),
        "rows": {name: rows.get(name) for name in ("read", "counted", "quarantined")},
        "broken": list(dict.fromkeys(str(each.get("rule")) for each in report["broken"])),
        "warnings": len(report["warnings"]),
        "failed": (report.get("failure") or {}).get("state"),
        "covered": {name: periods for name, periods in covered.items() if periods},
    }


def document(entries: Sequence[Entry]) -> dict[str, Any]:
    return {"version": VERSION, "runs": list(entries)}


def entries(kept: Mapping[str, Any] | None) -> list[Entry]:
    """The entries of an ``index.json``; none of another version."""
    return list(kept["runs"]) if kept and kept.get("version") == VERSION else []


def is_final(one: Entry) -> bool:
    """Whether a run had ended, and its entry will stay as it is."""
    return one["outcome"] not in (outcome.RUNNING, outcome.UNKNOWN)


def draw(pipeline: str, environment: str, every: Sequence[Entry], grids: Sequence[str] = ()) -> str:
    """The page; ``every``: the runs, the oldest first; ``grids``: lines of ``coverage show``, where they are known."""
    title = f"Runs of {pipeline} in {environment}"
    newest = every[-1] if every else None
    head = tag("header", tag("p", "Reports", class_="eyebrow"), tag("h1", title), _facts(every))
    parts = [_times(every), _runs(every), _coverage(every, grids)]
    end = tag(
        "footer",
        f"{plural(len(every), 'run')}. The newest: {newest['run'] if newest else 'none'}. Times are UTC.",
    )
    return page.document(title, [head, tag("main", parts, id="main"), end])


def _facts(every: Sequence[Entry]) -> Html:
    last = every[-1] if every else None
    bad = sum(1 for each in every if outcome.tone(each["outcome"]) == "bad")
    good = [each for each in every if outcome.tone(each["outcome"]) in ("good", "uneasy")]
    told = [
        ("Last run", last["outcome"] if last else words.NONE, words.moment(last["started"]) if last else ""),
        ("Last published", words.moment(good[-1]["started"])[:10] if good else words.NONE, ""),
        ("Runs", f"{len(every):,}", f"{bad:,} failed"),
        ("Rows accepted", words.count(sum(each["rows"]["counted"] or 0 for each in every)), "of all runs"),
    ]
    return tag(
        "dl",
        [tag("div", tag("dt", name), tag("dd", value, tag("small", note))) for name, value, note in told],
        class_="facts",
    )


def _times(every: Sequence[Entry]) -> Html:
    """How long the last runs took, and how many rows were refused."""
    shown = [each for each in every if each["seconds"] is not None][-_BARS:]
    if len(shown) < 2:
        return Html()
    took = [
        (float(each["seconds"]), float(each["seconds"]) * (outcome.tone(each["outcome"]) == "bad"))
        for each in shown
    ]
    longest = max(shown, key=lambda each: float(each["seconds"]))
    said = f"Minutes of the last {len(shown)} runs: longest {words.time(longest['seconds'])}, in {longest['run']}"
    refused = [(float(each["rows"]["quarantined"] or 0), 0.0) for each in shown]
    words_ = f"Quarantined rows of the last {len(shown)} runs: most {words.count(int(max(one for one, _ in refused)))}"
    first, last = (words.moment(shown[n]["started"])[:10] for n in (0, -1))
    axis = tag("div", tag("span", first), tag("span", last), class_="axis")
    figures = [
        tag("figure", tag("figcaption", tag("strong", title), tag("span", most, class_="soft")), plot, axis)
        for title, most, plot in (
            ("Duration", f"longest {words.time(longest['seconds'])}", plots.bars(took, said, fresh="bad")),
            (
                "Quarantined rows",
                f"most {words.count(int(max(one for one, _ in refused)))}",
                plots.bars(refused, words_),
            ),
        )
    ]
    legend = key(("kept", "ended well"), ("bad", "failed"))
    return tag(
        "section",
        tag("h2", "Over time", id="times"),
        tag("div", figures, class_="pair"),
        legend,
        aria_labelledby="times",
    )


def _runs(every: Sequence[Entry]) -> Html:
    heads = [Head("Run"), Head("End"), Head("Took", True), Head("Rows read", True), Head("Accepted", True)]
    heads += [Head("Quarantined", True), Head("Rules broken")]
    rows = [_run(each) for each in reversed(every)]
    found = table("Runs, the newest first", heads, rows)
    return tag("section", tag("h2", "Runs", id="runs"), found, aria_labelledby="runs")


def _run(each: Entry) -> list[Content]:
    rows = each["rows"]
    link = tag("a", words.moment(each["started"]), href=f"{each['run']}/{page.NAME}")
    name = tag("div", link, tag("div", each["run"], class_="soft small"), class_="whole")
    word = each["outcome"]
    at = each["failed"] if word in (outcome.FAILED, outcome.STOPPED, outcome.TIMED_OUT) else None
    end = [
        chip(word, outcome.tone(word)),
        tag("div", f"in {at}", class_="small") if at else None,
    ]
    broken = ", ".join(each["broken"]) or (plural(each["warnings"], "warning") if each["warnings"] else "")
    counts = [words.count(rows[name]) for name in ("read", "counted", "quarantined")]
    return [name, join(end), words.time(each["seconds"]), *counts, broken]


def _coverage(every: Sequence[Entry], grids: Sequence[str]) -> Html:
    """Periods of each data set and series that are there, each leading to the run that loaded it last."""
    found: dict[tuple[str, str], dict[str, tuple[int, str]]] = {}
    for each in every:
        for name, periods in each["covered"].items():
            for period, series, rows in periods:
                found.setdefault((name, series), {})[period] = (rows, each["run"])
    parts: list[Content] = [tag("h2", "Coverage", id="coverage"), tag("p", _COVERAGE, class_="soft")]
    if not found:
        parts[1:] = [tag("p", "No run has loaded files of a period yet.", class_="soft")]
    if grids:
        parts[1:1] = [tag("p", _GRIDS, class_="soft"), tag("pre", "\n".join(grids))]
    for (name, series), periods in sorted(found.items()):
        parts.append(_covered(f"{name} {series}".strip(), periods))
    return tag("section", parts, aria_labelledby="coverage")


def _covered(title: str, periods: Mapping[str, tuple[int, str]]) -> Html:
    """Rows of a line by period, with gaps where a period is missing between two; its numbers below."""
    shown = words.periods(min(periods), max(periods))[-_PERIODS:]
    gaps = sum(1 for period in shown if period not in periods)
    usual = sorted(rows for rows, _ in periods.values())[len(periods) // 2]
    bars = [(float(periods.get(period, (0, ""))[0]), 0.0) for period in shown]
    whole = sum(rows for rows, _ in periods.values())
    said = f"{plural(len(periods), 'period')}, {shown[0]} to {shown[-1]}, {whole:,} rows"
    said += f", nothing of {plural(gaps, 'period')} between" if gaps else ""
    rows: list[list[Content]] = [
        [
            period,
            f"{periods[period][0]:,}",
            tag("a", periods[period][1], href=f"{periods[period][1]}/{page.NAME}"),
        ]
        for period in reversed(shown)
        if period in periods
    ]
    heads = [Head("Period"), Head("Rows", True), Head("Loaded by")]
    caption = tag(
        "figcaption", tag("strong", title), tag("span", f"{said}, usually {usual:,}", class_="soft")
    )
    axis = tag("div", tag("span", shown[0]), tag("span", shown[-1]), class_="axis")
    numbers = folded("Periods", table(f"Periods of {title}", heads, rows, True))
    return tag("figure", caption, plots.bars(bars, f"{title}: {said}", height=32), axis, numbers)
