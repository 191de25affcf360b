"""Sections of a run's page: the verdict, what to do, the rules, changes of columns, and lineage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import outcome, plots, words
from .markup import Content, Html, join, tag
from .parts import Head, chip, folded, plural, table
from .sources import file_count

Record = Mapping[str, Any]
_TONES = {"holds": "good", "warns": "uneasy", "fails": "bad", "let through": "uneasy"}


def banner(report: Record) -> Html:
    """The verdict: a word, a sentence, and on failure why."""
    failure = report.get("failure")
    word = str(report["outcome"])
    lines: list[Content] = [
        tag("p", tag("span", word[:1].upper() + word[1:], class_="word"), ". ", report["headline"])
    ]
    if word == outcome.GATE:
        lines += [tag("p", _breach(each)) for each in report["broken"][:5]]
        if len(report["broken"]) > 5:
            lines.append(tag("p", f"and {len(report['broken']) - 5:,} more, below", class_="soft"))
    elif failure and word != outcome.CHANGED:
        lines.append(tag("p", failure["reason"]))
    return tag("div", lines, class_=f"banner {outcome.tone(word)}")


def _breach(breach: Record) -> Html:
    rule = str(breach.get("rule"))
    value, limit = (words.ruled(rule, breach.get(name)) for name in ("value", "limit"))
    about = f" of {breach['source']}" if breach.get("source") else ""
    return join([tag("code", rule), f"{about}: {value}, the limit is {limit}"])


def _expected(found: Record | None) -> list[str]:
    """How long the run was to take by its bytes, beside how long it took."""
    if not found:
        return []
    least, most = words.time(found["least"]), words.time(found["most"])
    between = f" ({least} to {most})" if least != most else ""
    return [f"expected {words.time(found['seconds'])}{between}"]


def facts(report: Record) -> Html:
    """The numbers that people ask for first."""
    rows, execution, usual = report.get("rows") or {}, report["execution"], report["usual"]
    read, refused = rows.get("read"), rows.get("quarantined")
    tables = [each for each in report["tables"] if each["committed"]]
    usually = [f"usually {words.time(usual['seconds'])}"] if usual["seconds"] is not None else []
    usually = [*_expected(report.get("expected")), *usually]
    told = [
        ("Took", words.time(execution.get("seconds")), "; ".join(usually)),
        ("Rows read", words.count(read), plural(file_count(report), "file") if read is not None else ""),
        ("Accepted", words.count(rows.get("counted")), words.share(rows["counted"] / read) if read else ""),
        ("Quarantined", words.count(refused), words.share(refused / read) if read and refused else ""),
        (
            "Tables changed",
            words.count(len(tables)),
            f"of {len(report['tables']):,}" if report["tables"] else "",
        ),
    ]
    return tag(
        "dl",
        [
            tag("div", tag("dt", name), tag("dd", value, tag("small", note) if note else None))
            for name, value, note in told
        ],
        class_="facts",
    )


def todo(report: Record) -> Html:
    """What to do now, as commands to copy."""
    if not report["remedies"]:
        return Html()
    steps = [
        tag("li", each["text"], tag("pre", tag("code", each["command"])) if each["command"] else None)
        for each in report["remedies"]
    ]
    failure = report.get("failure") or {}
    log = failure.get("log")
    end = (
        folded(f"The last {plural(len(log), 'line')} of the job's log", tag("pre", "\n".join(log)))
        if log
        else None
    )
    return tag(
        "section",
        tag("h2", "What to do", id="todo"),
        tag("ol", steps, class_="todo"),
        end,
        aria_labelledby="todo",
    )


def rules(report: Record) -> Html:
    """Each rule with its value, its limit and its last values; what is broken first."""
    parts: list[Content] = [tag("h2", "Quality rules", id="rules")]
    if not report["rules"]:
        parts.append(tag("p", "No rule was looked at.", class_="soft"))
        return tag("section", parts, aria_labelledby="rules")
    counted = {
        state: sum(1 for each in report["rules"] if each["state"] == state)
        for state in ("fails", "warns", "holds")
    }
    said = [
        f"{count:,} {'fail' if state == 'fails' else state.removesuffix('s')}"
        for state, count in counted.items()
    ]
    parts.append(tag("p", f"{len(report['rules']):,} rules: {', '.join(said)}.", class_="soft"))
    heads = [
        Head("Rule"),
        Head("State"),
        Head("Value", True),
        Head("Limit", True),
        Head("Last values"),
        Head("Where"),
    ]
    order = ["fails", "let through", "warns", "holds"]
    every = sorted(
        report["rules"], key=lambda each: order.index(each["state"]) if each["state"] in order else 9
    )
    parts.append(table("Rules, what is broken first", heads, [_rule(each) for each in every]))
    for title, breaches in (("fail", report["broken"]), ("warn", report["warnings"])):
        if len(breaches) > 1:
            found = [tag("li", _breach(each)) for each in breaches[:100]]
            parts.append(folded(f"All {len(breaches):,} places where a rule would {title}", tag("ul", found)))
    return tag("section", parts, aria_labelledby="rules")


def _rule(rule: Record) -> list[Content]:
    name, of = str(rule["rule"]), str(rule["of"])
    values = [each["value"] for each in rule["history"]]
    told = [words.ruled(name, value) for value in values]
    severity = "stops the publication" if rule["severity"] == "fail" else "warns"
    title = join([tag("code", name), tag("div", f"{of} · {severity}", class_="soft small")])
    limit = words.ruled(name, rule["limit"])
    past: Content = ""
    if len(values) > 1:
        plot = plots.values(
            values, rule["limit"], f"Last {len(values)} values, the newest last: {', '.join(told)}"
        )
        past = tag("div", plot, folded(f"{len(values)} values", ", ".join(told)), class_="mini")
    elif values:
        past = tag("span", "first value", class_="soft small")
    where = str(rule["source"]) if rule["values"] > 1 else ""
    looked = f"furthest of {rule['values']:,}" if rule["values"] > 1 else ""
    place = join([where, tag("div", looked, class_="soft small") if looked else Html()])
    return [
        title,
        chip(rule["state"], _TONES.get(rule["state"], "calm")),
        words.ruled(name, rule["value"]),
        limit,
        past,
        place,
    ]


def changes(report: Record) -> Html:
    """Columns that are not as they were."""
    if not report["changes"]:
        return Html()
    rows = [[each["table"], tag("code", each["column"]), each["change"]] for each in report["changes"]]
    found = table("Columns that are not as they were", [Head("Table"), Head("Column"), Head("Change")], rows)
    return tag("section", tag("h2", "Schema changes", id="changes"), found, aria_labelledby="changes")


def lineage(report: Record) -> Html:
    """Code, snapshots, files with their ETags."""
    lines = [("Run", report["run"]), ("Execution", report["execution"]["arn"]), *_lineage(report)]
    rows = [[name, tag("code", value)] for name, value in lines if value]
    parts: list[Content] = [
        tag("h2", "Lineage", id="lineage"),
        table("Where it is from", [Head("What"), Head("Which")], rows),
    ]
    if report["files"]:
        etags = [[file["source"], tag("code", file["etag"])] for file in report["files"]]
        heads = [Head("File"), Head("ETag")]
        parts.append(
            folded(
                f"ETags of {plural(len(etags), 'file')}", table("Files with their ETags", heads, etags, True)
            )
        )
    return tag("section", parts, aria_labelledby="lineage")


def _lineage(report: Record) -> Iterator[tuple[str, str]]:
    known = report["lineage"]
    yield from _deployment(known.get("deployment"))
    names = {"code_version": "Code version", "engine": "Engine", "quarantine": "Quarantine"}
    for name, title in names.items():
        yield title, str(known.get(name, ""))
    for uri in known.get("exports", []):
        yield "Export", str(uri)
    for each in report["tables"]:
        if each["snapshot"]:
            yield f"Snapshot of {each['name']}", str(each["snapshot"])
    options = " ".join(
        f"{name}={value}" for name, value in report["execution"]["input"].items() if name != "version"
    )
    yield "Input", options
    for text in report["messages"]:
        yield "Message", text


def _deployment(known: Any) -> Iterator[tuple[str, str]]:
    """Number and commit of the deployment, as far as the run has noted them."""
    if isinstance(known, Mapping):
        yield "Deployment", str(known.get("number", ""))
        beside = ", and changes that were not committed" if known.get("dirty") else ""
        yield "Commit", f"{known.get('commit') or 'none: the project was in no git'}{beside}"
