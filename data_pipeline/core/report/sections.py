"""Sections of a run's page but its tables: the verdict, the states, the sources, the rules, changes and lineage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import outcome, plots, words
from .machine import Visit, draw
from .markup import Content, Html, join, tag
from .parts import Detail, Head, chip, folded, plural, table

Record = Mapping[str, Any]
_TONES = {"holds": "good", "warns": "uneasy", "fails": "bad", "let through": "uneasy"}
_REASONS = 3
_FEW = 10


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
    rule = str(breach["rule"])
    value, limit = (words.ruled(rule, breach[name]) for name in ("value", "limit"))
    return join([tag("code", rule), f" of {breach['source']}: {value}, the limit is {limit}"])


def facts(report: Record) -> Html:
    """The numbers that people ask for first."""
    rows, execution, usual = report.get("rows") or {}, report["execution"], report["usual"]
    read, refused = rows.get("read"), rows.get("quarantined")
    tables = [each for each in report["tables"] if each["committed"]]
    usually = f"usually {words.time(usual['seconds'])}" if usual["seconds"] is not None else ""
    told = [
        ("Took", words.time(execution.get("seconds")), usually),
        ("Rows read", words.count(read), plural(_files(report), "file") if read is not None else ""),
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


def _files(report: Record) -> int:
    return len(report["files"]) + int(report["more_files"])


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


def states(report: Record) -> Html:
    """Each state with its time, and the state machine."""
    execution, usual = report["execution"], report["usual"]["states"]
    visited = [
        each for each in execution["states"] if each["kind"] not in ("Choice", "Succeed", "Fail", "Pass")
    ]
    parts: list[Content] = [tag("h2", "States", id="states")]
    if not visited:
        parts.append(tag("p", "The history of this run is not to be had any more.", class_="soft"))
        return tag("section", parts, aria_labelledby="states")
    whole = (
        max(execution.get("seconds") or 0, *(each["after"] + (each["seconds"] or 0) for each in visited)) or 1
    )
    longest = max(visited, key=lambda each: each["seconds"] or 0)
    lead = f"{longest['name']} took longest: {words.time(longest['seconds'])}"
    parts.append(tag("p", f"{lead} of {words.time(execution.get('seconds') or whole)}.", class_="soft"))
    heads = [
        Head("State"),
        Head("When"),
        Head("Took", True),
        Head("Usually", True),
        Head("Attempts", True),
        Head("End"),
    ]
    rows = [_state(each, whole, usual.get(each["name"])) for each in visited]
    parts.append(table("States in the order of their visits", heads, rows))
    if report.get("machine"):
        found = folded("The state machine, with the way of this run", _machine(report), opened=True)
        parts.append(found)
    return tag("section", parts, aria_labelledby="states")


def _state(state: Record, whole: float, usually: float | None) -> list[Content]:
    took, failed = state["seconds"], bool(state["error"])
    label = f"from {words.time(state['after'])} on, {words.time(took)} long"
    bar = plots.span(state["after"] / whole, (took or 0) / whole, "bad" if failed else "now", label)
    end: Content = chip("done", "good") if took is not None and not failed else chip("not left")
    if failed:
        end = join([chip("failed", "bad"), tag("div", state["reason"], class_="small long")])
    name = join([state["name"], tag("div", state["job"], class_="soft small") if state["job"] else Html()])
    return [
        name,
        tag("div", bar, class_="mini"),
        words.time(took),
        words.time(usually),
        state["attempts"] or "",
        end,
    ]


def _machine(report: Record) -> Html:
    visits: dict[str, Visit] = {}
    every = report["execution"]["states"]
    fault = (report.get("failure") or {}).get("state")
    for name in dict.fromkeys(each["name"] for each in every):
        mine = [each for each in every if each["name"] == name]
        took = sum(each["seconds"] or 0 for each in mine)
        tries = sum(each["attempts"] for each in mine)
        said = f"{words.time(took)}, {tries} attempts" if tries > 1 else words.time(took)
        visits[name] = Visit(said, name == fault)
    order = [each["name"] for each in every]
    title = f"The state machine. Visited: {', '.join(visits)}." + (f" Failed: {fault}." if fault else "")
    drawing = draw(report["machine"], visits, order, title)
    return tag(
        "div",
        drawing,
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label="Drawing of the state machine",
    )


def sources(report: Record, detail: Detail) -> Html:
    """Files with their rows, why rows were refused, and a few of those."""
    parts: list[Content] = [tag("h2", "Sources", id="sources")]
    news = report["news"]
    counts = [f"{news[name]:,} {name}" for name in ("new", "changed", "unchanged", "deleted") if name in news]
    if counts:
        parts.append(tag("p", f"Files of the input: {', '.join(counts)}.", class_="soft"))
    if report["datasets"]:
        parts.append(_datasets(report))
    if report["files"]:
        parts.append(_file_table(report, detail))
    for name, examples in report["examples"].items():
        parts.append(_examples(name, examples))
    if report.get("planned"):
        parts.append(_planned(report["planned"], detail))
    elif not report["files"]:
        parts.append(tag("p", "No file was read by this run.", class_="soft"))
    return tag("section", parts, aria_labelledby="sources")


def _datasets(report: Record) -> Html:
    heads = [Head("Data set"), Head("Files", True), Head("Rows read", True), Head("Accepted", True)]
    heads += [Head("Quarantined", True), Head("Why"), Head("")]
    rows: list[list[Content]] = []
    for name, each in report["datasets"].items():
        counts, files = each["rows"], each["files"]
        reasons = _reasons(each["reasons"], 8)
        held = chip("held back", "bad") if each["held"] else chip("accepted", "good")
        error = tag("div", each["error"]) if each.get("error") else None
        why = tag("div", reasons, error, class_="long") if reasons or error else ""
        total = files["read"] + files["failed"]
        numbers = [total, counts["read"], counts["accepted"], counts["quarantined"]]
        rows.append([name, *map(words.count, numbers), why, held])
    return table("Data sets", heads, rows)


def _planned(planned: Record, detail: Detail) -> Html:
    """What a run was to read that came to no summary."""
    files = planned["files"]
    said = f"It was to read {plural(len(files) + planned['more_files'], 'file')}, {words.size(planned['bytes'])}."
    heads = [Head("File"), Head("Data set"), Head("Size", True), Head("Because it is")]
    rows = [
        [
            tag("div", each["source"], class_="long"),
            each["dataset"],
            words.size(each["bytes"]),
            each["because"],
        ]
        for each in files[: detail.files]
    ]
    return join([tag("p", said), folded("Which", table("Files that were to be read", heads, rows))])


def _reasons(reasons: Mapping[str, int], most: int) -> Html:
    every = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{reason} {count:,}" for reason, count in every[:most]]
    more = [plural(len(every) - most, "other reason")] if len(every) > most else []
    return join([", ".join([*shown, *more])])


def _file_table(report: Record, detail: Detail) -> Html:
    """The files with most refused rows, and folded below them all, where they are many."""
    heads = [Head("File"), Head("Size", True), Head("Rows read", True), Head("Accepted", True)]
    heads += [Head("Quarantined", True), Head("Why")]
    rows = [_file(file) for file in report["files"][: detail.files]]
    left = _files(report) - len(rows)
    said = f"{plural(left, 'more file')} with fewer refused rows: summary.json"
    more = tag("p", said, class_="soft small") if left else None
    whole = join([table("Files that were read, the worst first", heads, rows), more])
    if len(rows) <= _FEW:
        return whole
    clean = sum(1 for file in report["files"] if not file["quarantined"] and not file["error"])
    every = f"All {plural(_files(report), 'file')}, {clean:,} of them without a refused row"
    return join([table("Files with most refused rows", heads, rows[:_FEW]), folded(every, whole)])


def _file(file: Record) -> list[Content]:
    reasons = _reasons(file["reasons"], _REASONS)
    error = join([chip("unusable", "bad"), tag("div", file["error"])]) if file["error"] else None
    why = tag("div", error, reasons, class_="long") if reasons or error else ""
    counts = [words.count(file[name]) for name in ("read", "accepted")]
    part = f" ({words.share(file['quarantined'] / file['read'])})" if file["quarantined"] else ""
    name = tag("div", file["source"], class_="long")
    return [name, words.size(file["bytes"]), *counts, f"{file['quarantined']:,}{part}", why]


def _examples(name: str, examples: list[Record]) -> Html:
    heads = [Head("Reason"), Head("Column"), Head("File"), Head("Row", True), Head("Text of the row")]
    rows = [
        [
            each["reason"],
            each["column"] or "",
            each["source"],
            words.count(each["row"]),
            tag("code", each["raw"] or ""),
        ]
        for each in examples
    ]
    return folded(f"Some of the refused rows of {name}", table(f"Refused rows of {name}", heads, rows))


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
