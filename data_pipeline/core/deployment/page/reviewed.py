"""A plan that somebody has reviewed: its fingerprint, held against that of what would happen now; pure.

The fingerprint is of everything that is applied: templates, parameters, and each change with both its sides.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_pipeline.core.deployment.changes import StackChanges
from data_pipeline.core.errors import UserError


@dataclass(frozen=True)
class Reviewed:
    """What a file says of the plan in it; ``place`` names the file."""

    place: str
    environment: str
    account: str
    region: str
    bucket: str
    fingerprint: str


def fingerprint(
    parameters: Mapping[str, str], templates: Iterable[str], plans: Sequence[StackChanges]
) -> str:
    """SHA-256 (hexadecimal) of what a deployment applies."""
    changes = [
        [plan.stack, plan.treatment.value, plan.any, plan.protect]
        + [[*change.key, dict(change.before), dict(change.after)] for change in plan.changes]
        for plan in plans
    ]
    whole = [dict(parameters), [*templates], changes]
    return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()


def read(content: str, place: str) -> Reviewed:
    """The plan in a file. UserError where there is none."""
    try:
        found: Any = json.loads(content)
        names = ("environment", "account", "region", "bucket", "fingerprint")
        return Reviewed(place, *(str(found[name]) for name in names))
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{place}: found no plan ({error!r}), expected what `plan ENV --json` prints: write it anew"
        ) from error


def refuse_other_target(reviewed: Reviewed, environment: str, account: str, region: str) -> None:
    """UserError unless the plan is for this environment, in this account and region."""
    given = {"environment": environment, "account": account, "region": region}
    for name, value in given.items():
        if getattr(reviewed, name) != value:
            raise UserError(
                f"{reviewed.place}: is a plan for the {name} {getattr(reviewed, name)!r}, and this is {value!r}; "
                "nothing was changed"
            )


def refuse_what_moved(reviewed: Reviewed, now: str) -> None:
    """UserError unless what would happen now is what was reviewed."""
    if reviewed.fingerprint != now:
        raise UserError(
            f"{reviewed.place}: what would happen now is not what was reviewed: the project, its code or the deployed "
            "stacks have changed since. Nothing was changed; plan and review again: "
            f"python -m data_pipeline plan {reviewed.environment} --json"
        )
