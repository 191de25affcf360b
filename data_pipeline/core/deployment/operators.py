"""Who is at a stack: the token that a deployment gives its operations, which every event of them carries; pure.

CloudFormation's ClientRequestToken has letters, digits and hyphens, at most 128 of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_OURS = re.compile(r"deploy--(?P<who>.+)--[0-9a-f]{8}")
_LONGEST = 80


@dataclass(frozen=True)
class Underway:
    """An operation on a stack. ``last``: id of its newest event; ``who``: empty where that is not known."""

    status: str
    last: str | None = None
    since: datetime | None = None
    who: str = ""

    def __str__(self) -> str:
        """``UPDATE_IN_PROGRESS, by deployer-ann since 14:02:11 UTC``."""
        by = f" by {self.who}" if self.who else " not by data-pipeline, or by an older one,"
        since = f" since {self.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if self.since else ""
        return f"{self.status},{by}{since}".rstrip(",")


def token(identity: str, nonce: str) -> str:
    """The token of an operation by this ARN; ``nonce``: eight hexadecimal digits, new each time."""
    return f"deploy--{_name(identity)}--{nonce}"


def who(found: str | None) -> str:
    """Who has given a token, as far as it says so; empty for one of somebody else's tool."""
    ours = _OURS.fullmatch(found or "")
    return ours["who"] if ours else ""


def _name(identity: str) -> str:
    """``user/ann`` of an ARN as ``user-ann``; what a token cannot have becomes a hyphen."""
    resource = identity.split(":", 5)[-1]
    return re.sub("[^a-zA-Z0-9]+", "-", resource).strip("-")[:_LONGEST] or "unknown"
