"""What 403 and 404 mean: not published yet, gone, or blocked. Pure; runs on Python 3.9.

Many sources answer 403 for what they do not have. So a refusal is held against files that the source is known to
have: if one of those is answered afterwards, the source does not block us.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .transfer import FAILED, UNPUBLISHED, Outcome


@dataclass(frozen=True)
class Evidence:
    """A file that the source is known to have (its URL), and whether it was answered after the refusals."""

    url: str
    answered: bool


def is_gap(outcome: Outcome, newest: Mapping[str, str]) -> bool:
    """Whether a refused period lies before one that its data set is known to have (data set → newest period)."""
    period = outcome.ask.period
    return bool(period) and outcome.ask.known is None and period < newest.get(outcome.ask.lane, "")


def judged(outcome: Outcome, newest: Mapping[str, str], evidence: Evidence | None) -> Outcome:
    """A refused outcome as what it turned out to be."""
    status, ask = outcome.status, outcome.ask
    if evidence is None:
        reason = f"the source answers {status}, and nothing of it is known to be there: blocked, or the URL is wrong"
    elif not evidence.answered:
        reason = (
            f"blocked: the source answers {status}, and does not give {evidence.url} either, which it has"
        )
    elif ask.known is not None:
        reason = f"the source has it no more ({status}); what is stored stays"
    elif not ask.period:
        reason = f"the source does not have it ({status})"
    elif is_gap(outcome, newest) and status == 403:
        reason = "refused twice (403), although later ones are there: withdrawn, or blocked"
    else:
        return replace(outcome, kind=UNPUBLISHED, reason=f"not published ({status})")
    return replace(outcome, kind=FAILED, reason=reason, person=True)
