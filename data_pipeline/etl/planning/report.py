"""What a comparison says of itself: ``decision.json``, small whatever the plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from data_pipeline.etl.documents import decision
from data_pipeline.etl.documents.decision import Decision

from .comparing import Comparison
from .selection import Selection

SHOWN = 3
LONGEST = 300


def decision_of(
    found: Comparison,
    chosen: Selection,
    run: str,
    plan: str,
    before: Iterable[str] = (),
    outdated: Sequence[str] = (),
) -> Decision:
    """The decision of ``run``, whose plan is at ``plan``; ``before`` are messages that come first, ``outdated`` the
    tables and exports that are to be made although no file is new.
    """
    planned = [file for unit in found.plan.units for file in unit.files]
    why, nothing = reason(found, chosen, outdated), nothing_matches(found, chosen)
    first = [*before, *([nothing[:LONGEST]] if nothing and nothing != why else [])]
    return {
        "version": decision.VERSION,
        "run": run,
        "plan": plan,
        "objects": len(planned),
        "bytes": sum(file.size for file in planned),
        "ignored": found.plan.unclaimed,
        "proceed": bool(
            found.plan.units
            or found.plan.rebuilt
            or found.plan.adopted
            or found.plan.judged
            or found.plan.erased
            or outdated
        ),
        "reason": why[:LONGEST],
        "new": found.counts.new,
        "changed": found.counts.changed,
        "unchanged": found.counts.unchanged,
        "deleted": found.counts.deleted,
        "messages": [*first, *messages(found, chosen)],
        "held": sorted(found.plan.held or {})[:SHOWN],
        "moved": sorted(found.moved)[:SHOWN],
    }


def reason(found: Comparison, chosen: Selection, outdated: Sequence[str] = ()) -> str:
    """Why the run goes on, or why not, in one line."""
    because = [unit.because for unit in found.plan.units for _ in unit.files or unit.removed]
    parts = [
        (found.counts.new, "new"),
        (found.counts.changed, "changed"),
        (because.count("again"), "read again"),
        (sum(1 for unit in found.plan.units if unit.because == "pruned"), "units to be pruned"),
    ]
    counted = [f"{number:,} {what}" for number, what in parts if number]
    adopted = [f"the new definition of {name} holds from now on" for name in found.plan.adopted]
    made = [f"to be made: {', '.join(outdated)}"] if outdated else []
    judged = (
        [f"nothing new of {', '.join(found.plan.judged)}, whose age is judged"] if found.plan.judged else []
    )
    erased = [f"keys to be erased from {', '.join(found.plan.erased)}"] if found.plan.erased else []
    if counted or adopted or made or judged or erased:
        read = [f"source files: {', '.join(counted)}"] if counted else []
        return "; ".join([*read, *erased, *adopted, *made, *judged])
    if found.plan.held:
        return f"nothing is loaded: the definitions of {', '.join(sorted(found.plan.held))} have changed"
    if nothing_matches(found, chosen):
        return nothing_matches(found, chosen)
    return f"nothing is new: {found.counts.unchanged:,} source files are as they were processed"


def nothing_matches(found: Comparison, chosen: Selection) -> str:
    """What a run has to say whose options leave it no file, of the input or loaded; empty for any other."""
    if found.matched or not chosen.narrowed:
        return ""
    return f"no file of the data sets matches {chosen.narrowed}, so nothing was looked at"


def messages(found: Comparison, chosen: Selection) -> list[str]:
    """What a reader should know of files that the run does not load: a few short lines of each kind."""
    kept = [] if chosen.prune else found.gone
    return [
        *few((found.plan.held or {}).values()),
        *few(found.waiting),
        *few(
            f"{end(path)} is no longer in the input; its rows are kept (--prune drops them)" for path in kept
        ),
        *(line[:LONGEST] for line in found.unclaimed),
    ]


def end(path: str) -> str:
    """A path of at most 100 characters, cut in front."""
    return path if len(path) <= 100 else f"…{path[-99:]}"


def few(lines: Iterable[str]) -> list[str]:
    """The first of ``lines``, cut to 300 characters, and one that counts the others."""
    every = list(lines)
    more = [f"and {len(every) - SHOWN:,} more like this"] if len(every) > SHOWN else []
    return [line[:LONGEST] for line in every[:SHOWN]] + more
