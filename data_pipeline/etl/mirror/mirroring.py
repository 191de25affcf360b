"""All files of all sources: asked for in turn by a few threads, each ending as one outcome."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from data_pipeline.etl.documents.sources import SourceList
from data_pipeline.etl.storage.filesystem import files

from . import listing, refusals, report, wanted
from .refusals import Evidence
from .transfer import FAILED, LEFT, NEW, REFUSED, UNCHANGED, UPDATED, Outcome, Transfer
from .transfer_context import LeftError, TransferContext
from .verdicts import Meaning, meaning
from .wanted import Ask, Lane, Selection, Wanted
from .web import DroppedError, LastingError
from .work_queue import WorkQueue

_LOOK = 0.2  # seconds between two looks at the threads, in which ^C is heard


def mirror(
    sources: SourceList,
    context: TransferContext,
    scope: Selection,
    *,
    full: bool,
    dry: bool = False,
    today: date,
) -> dict[str, Any]:
    """Bring what is new or changed; the report. ``full`` asks for every known file again, else for a few of them;
    ``dry`` brings nothing and says what would be brought.
    """
    began = time.monotonic()
    with context.working(dry):
        there = frozenset(
            stored.path for stored in files(context.store.place("")).list(context.store.place(""))
        )
        entries = {path: entry for path, entry in context.record.objects.items() if path in there}
        found, outcomes = listing.listed(sources.sources, entries, context, today)
        found = [
            (s, {n: [a for a in asks if scope.has(n, a.path, a.period)] for n, asks in of.items()})
            for s, of in found
        ]
        found = listing.adopted(found, there, context)
        chosen = wanted.chosen(found, scope, None if full else sources.limits.recheck)
        context.tell({"event": "plan", "files": chosen.count})
        outcomes += _transferred(chosen, context, dry)
        outcomes = _judge_refusals(outcomes, found, context, dry)
    return report.document(outcomes, chosen.not_again, context.requests, time.monotonic() - began)


def _transferred(chosen: Wanted, context: TransferContext, dry: bool) -> list[Outcome]:
    """The outcome of everything that is asked for. JobError, once every thread has ended, if one had it."""
    queue, outcomes = WorkQueue(chosen), []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            while not errors and (ask := queue.next()) is not None:
                outcome = _one(ask, queue, context, dry)
                queue.ended(outcome)
                outcomes.append(outcome)
                context.tell(
                    {
                        "event": "end",
                        "path": ask.path,
                        "outcome": outcome.kind,
                        "reason": outcome.reason,
                        "quiet": outcome.lasting,
                    }
                )
        except BaseException as error:  # noqa: BLE001 - it is raised again, in the main thread
            errors.append(error)

    threads = [
        threading.Thread(target=work) for _ in range(min(context.limits.connections, max(1, chosen.count)))
    ]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            while thread.is_alive():
                thread.join(_LOOK)
    except KeyboardInterrupt:
        context.stop("interrupted")
        for thread in threads:
            thread.join()
        raise
    if errors:
        raise errors[0]
    return outcomes


def _one(ask: Ask, queue: WorkQueue, context: TransferContext, dry: bool) -> Outcome:
    """Ask for one file, unless its server is given up or the run has to end. Without bytes left, known files are
    still asked for: most are as they were.
    """
    why = queue.given_up(ask)
    if why:
        return Outcome(ask, FAILED, reason=why)
    if context.used_up and ask.known is None:
        return Outcome(ask, LEFT, reason=context.used_up)
    try:
        context.go_on()
        return _looked_at(ask, context) if dry else Transfer(ask, context).run()
    except LeftError as left:
        return Outcome(ask, LEFT, reason=str(left))


def _looked_at(ask: Ask, context: TransferContext) -> Outcome:
    """What would become of a file, by its headers alone."""
    known, failures = ask.known, 0
    while True:
        try:
            conditions = (known.etag, known.modified) if known else ("", "")
            answer = context.origin(ask.url).ask(ask.url, conditions, most=0)
            answer.close()
            answered = meaning(answer.head, ask.path, known, "", 0)
            if answered is Meaning.SAME:
                return Outcome(ask, UNCHANGED)
            if answered is Meaning.REFUSED:
                return Outcome(ask, REFUSED, status=answer.head.status)
            if answered is Meaning.BODY:
                return Outcome(ask, UPDATED if known else NEW, size=answer.head.total or 0)
            reason, wait, dropped = f"the source answers {answer.head.status}", answer.head.wait, None
        except LastingError as error:
            return Outcome(ask, FAILED, reason=str(error), lasting=True, person=error.person)
        except DroppedError as error:
            reason, wait, dropped = str(error), None, error
        failures += 1
        pause = context.pause(failures, wait, dropped)
        if pause is None:
            return Outcome(ask, FAILED, reason=f"{reason}, at the {failures}. attempt")
        context.wait(pause, everybody=wait is not None)


def _judge_refusals(
    outcomes: Sequence[Outcome], found: listing.Found, context: TransferContext, dry: bool
) -> list[Outcome]:
    """The outcomes, with each refusal as what it means; gaps are asked for once more before."""
    kept = [outcome for outcome in outcomes if outcome.kind != REFUSED]
    refused = [outcome for outcome in outcomes if outcome.kind == REFUSED]
    there = {outcome.ask.path: True for outcome in kept if outcome.kind in (NEW, UPDATED, UNCHANGED)}
    there.update({ask.path: True for _, of in found for asks in of.values() for ask in asks if ask.known})
    newest = listing.newest(found, there)
    gaps = [outcome.ask for outcome in refused if refusals.is_gap(outcome, newest)]
    if gaps:
        again = _transferred(Wanted((Lane("gaps", tuple(gaps)),), ()), context, dry)
        kept += [outcome for outcome in again if outcome.kind != REFUSED]
        second = {outcome.ask.path: outcome for outcome in again}
        refused = [second.get(each.ask.path, each) for each in refused]
        refused = [outcome for outcome in refused if outcome.kind == REFUSED]
    servers = {_server(outcome) for outcome in refused}
    try:
        evidence = {server: _evidence(server, refused, kept, found, context) for server in servers}
    except LeftError as left:
        return [*kept, *(replace(outcome, kind=LEFT, reason=str(left)) for outcome in refused)]
    return [*kept, *(refusals.judged(each, newest, evidence[_server(each)]) for each in refused)]


def _evidence(
    server: str,
    refused: Sequence[Outcome],
    kept: Sequence[Outcome],
    found: listing.Found,
    context: TransferContext,
) -> Evidence | None:
    """Ask for one byte of a file that the server is known to have: one that it gave just now, or a known one. Raises
    LeftError.
    """
    not_these = {outcome.ask.url for outcome in refused}
    given = [o.ask for o in reversed(kept) if o.kind in (NEW, UPDATED, UNCHANGED)]
    known = [ask for _, of in found for asks in of.values() for ask in asks if ask.known]
    candidates = [ask.url for ask in (*given, *known) if ask.url not in not_these]
    url = next((url for url in candidates if urlsplit(url).netloc == server), None)
    if url is None:
        return None
    for failures in range(1, context.retry_policy.attempts):
        try:
            answer = context.origin(url).ask(url, most=1)
            answer.close()
            if meaning(answer.head, url, None, "", 0) is not Meaning.AGAIN:
                return Evidence(url, answer.head.status in (200, 206))
            wait = answer.head.wait
        except DroppedError:
            wait = None
        context.wait(context.retry_policy.pause(failures, context.chance, wait) or 0.0)
    return Evidence(url, False)


def _server(outcome: Outcome) -> str:
    return urlsplit(outcome.ask.url).netloc
