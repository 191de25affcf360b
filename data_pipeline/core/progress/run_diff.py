"""What is different between two runs: what they were asked, read and published, and how long it took; pure.

Each side is the record of a run as ``runs show --json`` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .progress_log import duration

Record = Mapping[str, Any]

#: sources of one kind that are shown, and what stands after them
_SHOWN = 10
_AFTER_SOURCES = ("data set", "table", "state")


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same; None: it is not there. ``about``: ``run``, ``input``, ``source``, ``data set``,
    ``table`` or ``state``.
    """

    about: str
    name: str
    before: Any
    after: Any


def differences(before: Record, after: Record) -> list[Difference]:
    """Everything that differs, the durations of states too."""
    asked = [{**_mapping(each.get("input"))} for each in (before, after)]
    for value in asked:
        value.pop("version", None)
    return [
        *_compared("run", _ends(before), _ends(after)),
        *_compared("input", asked[0], asked[1]),
        *_compared("source", _sources(before), _sources(after)),
        *_compared("data set", _datasets(before), _datasets(after)),
        *_compared("table", _tables(before), _tables(after)),
        *_compared("state", _seconds(before), _seconds(after)),
    ]


def lines(found: list[Difference]) -> list[str]:
    """The differences for people; of sources that are only on one side, and of changed ones, the first few each."""
    texts = []
    sources: dict[str, int] = {}
    for each in found:
        text = _line(each)
        if each.about == "source":
            sources[text[0]] = sources.get(text[0], 0) + 1
            if sources[text[0]] > _SHOWN:
                continue
        texts.append(text)
    left = [
        f"{sign} source    … {count - _SHOWN:,} more; all: --json"
        for sign, count in sources.items()
        if count > _SHOWN
    ]
    place = next((n for n, text in enumerate(texts) if text[2:].startswith(_AFTER_SOURCES)), len(texts))
    return [*texts[:place], *left, *texts[place:]]


def _line(each: Difference) -> str:
    """``+ source    a.csv: 12 rows``, ``~ state     Load: 12 s → 15 s``."""
    label = f"{each.about:<9} {each.name}"
    if each.before is None:
        return f"+ {label}: {_text(each, each.after)}"
    if each.after is None:
        return f"- {label}: {_text(each, each.before)}"
    return f"~ {label}: {_text(each, each.before)} → {_text(each, each.after)}"


def _text(each: Difference, value: Any) -> str:
    if each.about == "state" and isinstance(value, int | float):
        return duration(value)
    if isinstance(value, Mapping):
        said = [f"{count:,} {what}" for what, count in value.items() if isinstance(count, int)]
        return ", ".join(
            [*said, *(f"{what} {text}" for what, text in value.items() if isinstance(text, str))]
        )
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compared(about: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted({*before, *after}) if about != "state" else dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        if one != other:
            yield Difference(about, name, one, other)


def _ends(record: Record) -> dict[str, Any]:
    code = _mapping(record.get("summary")).get("code_version")
    named = {"status": record.get("status"), "ended at": record.get("endedAt"), "error": record.get("error")}
    named["code"] = str(code)[:12] if code else None
    return {name: value for name, value in named.items() if value is not None}


def _sources(record: Record) -> dict[str, Any]:
    """Source file → its rows and its version."""
    files = _mapping(record.get("summary")).get("files") or []
    return {
        file["source"]: {
            "rows": file["rows_read"] or 0,
            "quarantined": file["rows_quarantined"] or 0,
            "version": str(file.get("etag") or "")[:8],
        }
        for file in files
    }


def _datasets(record: Record) -> dict[str, Any]:
    """Data set → files and rows."""
    found = _mapping(_mapping(record.get("summary")).get("datasets"))
    return {
        name: {
            "files": _mapping(each.get("files")).get("read", 0),
            "accepted": _mapping(each.get("rows")).get("accepted", 0),
            "quarantined": _mapping(each.get("rows")).get("quarantined", 0),
        }
        for name, each in found.items()
    }


def _tables(record: Record) -> dict[str, Any]:
    """Table → rows and snapshot."""
    found = _mapping(_mapping(record.get("summary")).get("tables"))
    return {
        name: {
            **({"rows": each["rows"]} if each.get("rows") is not None else {}),
            **({"snapshot": str(each["snapshot"])} if each.get("snapshot") else {}),
        }
        for name, each in found.items()
    }


def _seconds(record: Record) -> dict[str, Any]:
    """State → whole seconds; of one that was visited several times, all together."""
    found: dict[str, Any] = {}
    for state in record.get("states") or []:
        if state.get("seconds") is not None:
            found[state["name"]] = found.get(state["name"], 0) + round(state["seconds"])
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
