"""A mirror from its list of sources to its report, as the laptop and the cloud both run it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Callable

from data_pipeline.etl import exits
from data_pipeline.etl.documents import sources as source_list
from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.documents.sources import SourceList
from data_pipeline.etl.storage.filesystem import files

from . import mirroring, report, wanted
from .record import Record, place
from .retry_policy import RetryPolicy
from .store import PART, Store
from .transfer_context import Budget, TransferContext

Event = dict[str, Any]

#: what is not worth a line of the log.
_QUIET = ("unchanged", "refused", "right")


def read(source: str) -> SourceList:
    """The list of sources at a place."""
    return source_list.read(files(source).read(source), source)


def made(
    sources: SourceList,
    input: str,
    output: str,
    tell: Callable[[Event], None],
    *,
    budget: Budget = Budget(),  # noqa: B008 - it is frozen
    retry_policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - it is frozen
    part: int = PART,
) -> TransferContext:
    """What the transfers of a run share."""
    store = Store(input, sources.limits.connections + 4, part)
    return TransferContext(store, Record(place(output)), sources.limits, retry_policy, budget, tell)


def within_budget(
    source: str,
    input: str,
    output: str,
    datasets: str,
    span: str,
    *,
    parts: str = wanted.ALL,
    definitions: Definitions = Definitions(),  # noqa: B008 - it is frozen
) -> dict[str, Any]:
    """What prepare does before it looks at the input: a mirror within the list's own budget; the report. ``datasets``,
    ``span`` of periods and ``parts``: as ``wanted.scope`` reads them.
    """
    sources = read(source)
    budget = Budget(sources.limits.bytes, sources.limits.seconds)
    context = made(sources, input, output, logged, budget=budget)
    claims = wanted.claims(definitions)
    scope = wanted.scope(datasets, span, sources, strict=False, parts=parts, claims=claims)
    done = mirroring.mirror(sources, context, scope, full=False, today=now())
    logged({"event": "report", **done})
    return done


def now() -> datetime:
    return datetime.now(timezone.utc)


def logged(event: Event) -> None:
    """An event as a line of the job's log; progress and what is unchanged is none."""
    if event["event"] == "end" and event["outcome"] not in _QUIET and not event.get("quiet"):
        reason = f" ({event['reason']})" if event["reason"] else ""
        exits.log(f"mirror: {event['path']}: {event['outcome']}{reason}")
    if event["event"] == "report":
        counts = ", ".join(f"{number:,} {kind}" for kind, number in event["counts"].items() if number)
        exits.log(f"mirror: {counts or 'nothing to do'}; {event['bytes']:,} bytes")
        for line in report.messages(event) if "partial" in event else ():
            exits.log(f"warning: {line}")
