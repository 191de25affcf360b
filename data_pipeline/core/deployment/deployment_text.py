"""Recorded deployments for people; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from .deployment_record import Deployment

#: characters of a commit and of a reason that a line has room for.
_COMMIT, _REASON = 7, 15
_NONE = "-"


def status(each: Deployment) -> str:
    """How it ended, in a word for scripts: ``ended``, ``failed``, or ``not ended`` where it was killed or goes on."""
    if each.well:
        return "ended"
    return "failed" if each.failed else "not ended"


def table(found: Sequence[Deployment], deployed: Deployment | None) -> list[tuple[str, ...]]:
    """A row for each, the newest first, under a head; none is wider than 80 columns."""
    head = ("", "began (UTC)", "by", "commit", "")
    return [head, *(_row(each, each == deployed) for each in reversed(found))]


def rows(each: Deployment, *, deployed: bool) -> list[tuple[str, str]]:
    """All of one: label and text; a label stands once."""
    given = [
        ("deployment", f"{each.number}{', deployed now' if deployed else ''}"),
        ("began", _time(each.time)),
        ("ended", _end(each)),
        ("by", each.by),
        ("commit", _commit(each)),
        *([("brought back", f"deployment {each.back_to}")] if each.back_to else []),
        *([("state machine", f"version {each.machine_version}")] if each.machine_version else []),
    ]
    for label, texts in (
        ("templates", each.templates),
        ("artifacts", [key for key in each.artifacts if key not in each.templates]),
        ("parameters", _pairs(each.parameters)),
        ("tags", _pairs(each.tags)),
        ("outputs", _pairs(each.outputs)),
    ):
        given += [(label if place == 0 else "", text) for place, text in enumerate(texts)]
    return given


def _row(each: Deployment, deployed: bool) -> tuple[str, ...]:
    commit = f"{each.commit[:_COMMIT]}{'+' * each.dirty}" or _NONE
    return f"{'* ' * deployed}{each.number}", _time(each.time)[:16], _short(each.by), commit, _what(each)


def _what(each: Deployment) -> str:
    if each.failed:
        cut = each.failed if len(each.failed) <= _REASON else f"{each.failed[: _REASON - 1]}…"
        return f"failed: {cut}"
    if not each.well:
        return "did not end"
    version = f"version {each.machine_version}" if each.machine_version else ""
    back = f"back to {each.back_to}" if each.back_to else ""
    return ", ".join(filter(None, (version, back)))


def _end(each: Deployment) -> str:
    if each.failed:
        return f"failed: {each.failed}"
    if not each.well:
        return "did not end: it was stopped, or it goes on"
    return _time(each.ended) if each.ended else "well; an older data-pipeline has not noted when"


def _commit(each: Deployment) -> str:
    if not each.commit:
        return "none: the project was in no git"
    return each.commit + (", and changes that were not committed" if each.dirty else "")


def _short(arn: str) -> str:
    """The end of an ARN: who, without where."""
    return arn.rpartition(":")[2][-18:]


def _pairs(given: object) -> Iterator[str]:
    assert isinstance(given, dict)
    return (f"{name} {value}" for name, value in sorted(given.items()))


def _time(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
