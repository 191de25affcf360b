"""A pause of the schedule: its note in the artifact bucket, and what a schedule's state means beside it; pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from data_pipeline.core.errors import UserError

VERSION = 1


@dataclass(frozen=True)
class Pause:
    """The schedule is off until somebody resumes it. ``by``: an ARN; ``at``: UTC (ISO 8601); ``why`` may be empty."""

    by: str
    at: str
    why: str = ""

    def __str__(self) -> str:
        when = datetime.fromisoformat(self.at).astimezone(UTC)
        return f"paused since {when:%Y-%m-%d %H:%M} UTC by {self.by}" + (f": {self.why}" if self.why else "")


def key(prefix: str) -> str:
    """Where the note of an environment lies in the artifact bucket; ``prefix``: that of its artifacts."""
    return f"{prefix}/pause.json"


def dump(pause: Pause) -> bytes:
    """The note's content."""
    return (json.dumps({"version": VERSION, **asdict(pause)}, indent=1) + "\n").encode()


def parse(content: object, where: str) -> Pause:
    """The pause of a note's JSON; ``where`` names it in the UserError for one that cannot be read."""
    try:
        assert isinstance(content, dict)
        found = Pause(str(content["by"]), str(content["at"]), str(content.get("why", "")))
        datetime.fromisoformat(found.at)
    except (AssertionError, KeyError, ValueError) as error:
        raise UserError(
            f"{where}: is no note of a pause ({error!r}). Delete it, and pause the schedule again if it shall be off."
        ) from error
    return found


def state(configured: bool, enabled: bool, pause: Pause | None) -> str:
    """How a schedule stands, in a sentence without its end. ``configured``: what the configuration says."""
    if pause is not None and enabled:
        return f"{pause}, but something has switched it on again since: pause it once more, or resume it"
    if pause is not None:
        return str(pause)
    if enabled:
        return "on" if configured else "on, though off in the configuration: deploy to switch it off"
    if not configured:
        return "off in the configuration"
    return "switched off by hand, and nobody has noted why; to switch it on: resume it"
