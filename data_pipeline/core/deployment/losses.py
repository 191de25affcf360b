"""What a deployment would replace or delete, in words, and which of it is refused without being named; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from data_pipeline.core.errors import UserError

from .changes import Change, StackChanges

#: the option of ``deploy`` that names what may be lost.
OPTION = "--allow-replace"


def said(change: Change) -> str:
    """That a resource is replaced or loses data, why, and what becomes of what it holds; empty where neither is so."""
    named = f"{change.logical_id} ({change.type})"
    if change.replaces:
        verb = "is replaced" if change.replacement == "True" else "may be replaced"
        why = f", since {', '.join(change.forced_by)} cannot change in place" if change.forced_by else ""
        loses = "; DATA LOSS: what the old one holds is deleted" if change.loses_data else ""
        kept = "; the old one is kept" if change.keeps else ""
        return f"{named} {verb}{why}{loses}{kept}"
    return f"{named} is removed; DATA LOSS: what it holds is deleted" if change.loses_data else ""


def names(plans: Iterable[StackChanges]) -> list[str]:
    """Logical ids of what holds data and is replaced, kept or not, or deleted."""
    return [change.logical_id for change in _endangered(plans)]


def refuse(plans: Sequence[StackChanges], allowed: Collection[str]) -> None:
    """UserError with what would be replaced or deleted though it holds data, and is not among ``allowed``."""
    lost = [change for change in _endangered(plans) if change.logical_id not in allowed]
    if not lost:
        return
    options = " ".join(f"{OPTION} {change.logical_id}" for change in lost)
    one = "a resource that holds data" if len(lost) == 1 else f"{len(lost)} resources that hold data"
    raise UserError(
        "\n".join(
            [
                f"this would replace or delete {one}; nothing was changed:",
                *(f"  {said(change)}" for change in lost),
                "To keep what is there, write the configuration as it is deployed, render, and deploy again.",
                f"To go ahead, copy what you need of it, then add: {options}",
            ]
        )
    )


def _endangered(plans: Iterable[StackChanges]) -> Iterator[Change]:
    return (change for plan in plans for change in plan.changes if change.endangers_data)
