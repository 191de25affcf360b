"""What a run's page shows of its states: when each was, how long, how it ended, and the state machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import plots, words
from .machine import Visit, draw
from .markup import Content, Html, join, tag
from .parts import Head, chip, folded, table

Record = Mapping[str, Any]


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
