"""How long what nobody needs any more is kept."""

from __future__ import annotations

from pydantic import Field

from .sizes import Model

#: a run can be redriven for so many days after it has failed, with the code that it began with.
REDRIVE_DAYS = 14
#: S3's longest.
_MOST_DAYS = 36_500


def _days(default: int, what: str, least: int = 1) -> int | None:
    days: int | None = Field(
        default,
        ge=least,
        le=_MOST_DAYS,
        description=f"{what} `null`: never deleted.",
        examples=[default, None],
    )
    return days


class Retention(Model):
    """After how many days what is no longer needed is deleted: by rules of the data bucket, unless it is the user's."""

    runs_days: int | None = _days(
        400,
        "Files of a run (`runs/`: plan, decision, summary, verdict, report), counted from when they are written.",
    )
    quarantine_days: int | None = _days(
        400, "Refused rows (`quarantine/`), counted from when they are written."
    )
    export_versions_days: int | None = _days(
        90, "Older versions of exported files (`export/`), since they were replaced."
    )
    state_versions_days: int | None = _days(
        90, "Older versions of the state (`state/`), since they were replaced."
    )
    artifacts_days: int | None = _days(
        30,
        "Code, packages and templates in the artifact bucket: `deploy` deletes those of deployments that were replaced "
        f"so many days ago. At least {REDRIVE_DAYS}: for so long a failed run can be redriven.",
        least=REDRIVE_DAYS,
    )
