"""Which version of each object was the newest at a moment, and what brings that back; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from data_pipeline.core.errors import UserError

from .deployment_record import Deployment


@dataclass(frozen=True)
class Version:
    """A version of an object as S3 lists it; ``deleted``: a marker that the object is deleted, which has no ETag."""

    key: str
    id: str
    at: datetime
    etag: str = ""
    deleted: bool = False
    latest: bool = False


@dataclass(frozen=True)
class Step:
    """What is done to one object: this version becomes the newest; with None the object is deleted."""

    key: str
    version: str | None


def steps(versions: Iterable[Version], moment: datetime) -> list[Step]:
    """What makes every object what it was at a moment; what is so already is left alone."""
    by_key: dict[str, list[Version]] = {}
    for each in versions:
        by_key.setdefault(each.key, []).append(each)
    found = []
    for key, some in sorted(by_key.items()):
        then = max(
            (each for each in some if each.at <= moment),
            key=lambda each: (each.at, each.latest),
            default=None,
        )
        now = next(each for each in some if each.latest)
        if then is None or then.deleted:
            if not now.deleted:
                found.append(Step(key, None))
        elif now.deleted or now.etag != then.etag:
            found.append(Step(key, then.id))
    return found


def until(deployments: Iterable[Deployment], chosen: Deployment) -> datetime | None:
    """When a deployment was replaced: the next one began that ended well, or of which nobody knows how it ended, as it
    may have changed all. None where it was not.
    """
    later = (each for each in deployments if each.number > chosen.number)
    return next((each.at for each in later if each.well or not each.failed), None)


@dataclass(frozen=True)
class Ruled:
    """The rules that the data bucket may have had from a deployment on, as GetBucketLifecycleConfiguration has them;
    ``until``: when the next deployment began that ended well, as one that failed may have been rolled back to them.
    """

    number: int
    until: datetime
    rules: tuple[Mapping[str, Any], ...]


def ruled(
    deployments: Sequence[Deployment],
    chosen: Deployment,
    now: datetime,
    template: Callable[[Deployment], Mapping[str, Any]],
) -> Iterator[Ruled]:
    """What each deployment from ``chosen`` on may have made of the bucket's rules. ``template``: that of its storage
    stack; one that failed may have come so far.
    """
    known = sorted((each for each in deployments if each.number >= chosen.number), key=lambda each: each.at)
    for place, each in enumerate(known, 1):
        following = next((other.at for other in known[place:] if other.well), now)
        bucket = template(each).get("Resources", {}).get("DataBucket", {}).get("Properties", {})
        rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
        named = tuple({**rule, "ID": rule.get("Id") or "without a name"} for rule in rules)
        yield Ruled(each.number, following, named)


def rules_days(
    rules: Iterable[Mapping[str, Any]], of: str, places: Sequence[str], but: str
) -> dict[str, int]:
    """What says so → for how many days the bucket keeps older versions of objects below one of ``places``, by the rules
    of GetBucketLifecycleConfiguration. A rule for objects of some size or tag counts, too; not one for ``but``. ``of``:
    whose rules they are.
    """
    found = {}
    for rule in rules:
        days = rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays")
        given = rule.get("Filter", {})
        prefix = rule.get("Prefix") or given.get("Prefix") or given.get("And", {}).get("Prefix") or ""
        covers = any(place.startswith(prefix) or prefix.startswith(place) for place in places)
        if rule["Status"] == "Enabled" and days is not None and covers and prefix != but:
            found[f"rule {rule.get('ID', 'without a name')} of {of}"] = days
    return found


def refuse_expired(moment: datetime, now: datetime, kept_days: Mapping[str, int | None]) -> None:
    """UserError where older versions may have been deleted since. ``kept_days``: what says so → days."""
    for name, days in kept_days.items():
        if days is not None and now - moment > timedelta(days=days):
            raise UserError(
                f"what was published until {moment:%Y-%m-%d %H:%M} UTC cannot be brought back: older versions are kept "
                f"for {days} days ({name}). Go back without --with-data."
            )
