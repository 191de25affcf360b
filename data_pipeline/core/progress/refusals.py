"""Why a run did not publish files that it has read: from its summary; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .coverage import HELD, UNREADABLE, Refusal
from .summary import broken, unusable


def of_summary(summary: Mapping[str, Any], run: str) -> dict[str, tuple[str, Refusal | None]]:
    """Path → ETag, and why the file is not published; None for one that is. ``summary``: of a run of data sets."""
    datasets = summary.get("datasets") or {}
    rules = (summary.get("quality") or {}).get("failed_rules", [])
    found: dict[str, tuple[str, Refusal | None]] = {}
    for file in summary.get("files", []) if datasets else []:
        path, etag, of = file["source"], file["etag"], file["dataset"]
        mine = datasets.get(of, {})
        held = bool(mine.get("held"))
        if file.get("error") or (held and unusable(file)):
            found[path] = etag, Refusal(etag, UNREADABLE, unusable(file), run)
        elif held:
            broken_here = [rule for rule in rules if rule["of"] == of]
            about = [rule for rule in broken_here if path in rule["source"]] or broken_here
            why = broken(about[0]) if about else mine.get("error") or "it could not be published"
            found[path] = etag, Refusal(etag, HELD, why, run)
        else:
            found[path] = etag, None
    return found
