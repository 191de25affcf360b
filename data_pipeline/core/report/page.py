"""The page of a run: one HTML file that asks no network and runs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import sections, sources, states, tables, words
from .markup import Content, Html, join, tag
from .parts import DETAILS, Detail

NAME = "report.html"
INDEX = "index.html"
MOST_BYTES = 1_900_000
_HALVES = 3
"""A page that is so many times too large is too large with the next detail, too."""
_STYLE = Html(Path(__file__).with_name("style.css").read_text(encoding="utf-8"))
#: nothing is loaded and nothing is run, whatever a page holds.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def draw(report: Mapping[str, Any], most_bytes: int = MOST_BYTES) -> str:
    """The page of a ``report.json``, with as much detail as its size allows."""
    at, page = 0, ""
    while at < len(DETAILS):
        page = _page(report, DETAILS[at])
        share = len(page.encode()) / most_bytes
        if share <= 1:
            break
        at += 1 if share < _HALVES else 2
    return page


def _page(report: Mapping[str, Any], detail: Detail) -> str:
    parts = [
        ("todo", "What to do", sections.todo(report)),
        ("states", "States", states.states(report)),
        ("sources", "Sources", sources.sources(report, detail)),
        ("rules", "Rules", sections.rules(report)),
        ("tables", "Tables", tables.tables(report, detail)),
        ("changes", "Schema changes", sections.changes(report)),
        ("lineage", "Lineage", sections.lineage(report)),
    ]
    execution = report["execution"]
    begun = words.moment(execution.get("started") or words.started(report["run"]))
    title = f"{report['pipeline']} in {report['environment']}"
    head = tag(
        "header",
        tag("p", tag("a", "All runs", href=f"../{INDEX}"), f" / {report['run']}", class_="eyebrow"),
        tag("h1", f"{title}, {begun}"),
        sections.banner(report),
        sections.facts(report),
    )
    shown = [(at, name, section) for at, name, section in parts if section]
    body = [
        head,
        _navigation([(at, name) for at, name, _ in shown]),
        tag("main", [section for _, _, section in shown], id="main"),
        tag("footer", f"Run {report['run']}, {report['outcome']}. Times are UTC."),
    ]
    return document(f"{report['outcome']}: {title}, {begun}", body)


def _navigation(links: Sequence[tuple[str, str]]) -> Html:
    items = [tag("li", tag("a", name, href=f"#{at}")) for at, name in links]
    return tag("nav", tag("ul", items), aria_label="Sections of this page")


def document(title: str, body: Sequence[Content]) -> str:
    """A whole HTML file."""
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", _STYLE),
    ]
    skip = tag("a", "Skip to the report", class_="skip", href="#main")
    whole = tag("html", tag("head", head), tag("body", skip, body), lang="en")
    return str(join([Html("<!DOCTYPE html>\n"), whole, "\n"]))
