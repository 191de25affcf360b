"""What is mirrored: the document of sources that the configuration becomes. Pure; runs on Python 3.9.

``{"version": 1, "sources": [{"name", "to", and one of "url" with "datasets", "s3", "index", "files"}], "limits":
{"connections", "requests_per_second", "recheck", "gigabytes", "minutes"}}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from data_pipeline.etl.errors import JobError

VERSION = 1
KINDS = ("url", "s3", "index", "files")


@dataclass(frozen=True)
class MirrorSource:
    """One source. ``kind`` is one of ``KINDS`` and says what ``where`` is: a URL pattern, an ``s3://`` prefix,
    the URL of a list, or nothing for a list of ``files``. ``datasets`` maps a pattern's data sets to their first
    period; ``to`` is a key prefix below the input, empty or ending in ``/``.
    """

    name: str
    kind: str
    where: str = ""
    datasets: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    to: str = ""


@dataclass(frozen=True)
class Limits:
    """How hard the sources may be asked, how many known files a run asks for again, and what a run in the cloud
    may take: bytes and seconds.
    """

    connections: int = 4
    requests_per_second: float = 10.0
    recheck: int = 50
    bytes: int = 20_000_000_000
    seconds: float = 1200.0


@dataclass(frozen=True)
class Catalogue:
    sources: tuple[MirrorSource, ...]
    limits: Limits = Limits()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that ``--dataset`` may name: data sets of patterns, and the names of other sources."""
        found: list[str] = []
        for source in self.sources:
            found += [*source.datasets] or [source.name]
        return tuple(dict.fromkeys(found))


def read(content: bytes, place: str) -> Catalogue:
    """The catalogue that a document holds. JobError, with the place, if it is none."""
    try:
        document = json.loads(content)
        version = document["version"]
        if version != VERSION:
            raise JobError(
                f"{place}: version {version} of a list of sources; this job reads version {VERSION}"
            )
        return Catalogue(tuple(_source(each) for each in document["sources"]), _limits(document["limits"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise JobError(f"{place}: this is no list of sources ({type(error).__name__}: {error})") from error


def _source(each: Mapping[str, Any]) -> MirrorSource:
    (kind,) = [kind for kind in KINDS if each.get(kind)]
    files = tuple(each["files"]) if kind == "files" else ()
    where = "" if files else str(each[kind])
    return MirrorSource(each["name"], kind, where, dict(each.get("datasets", {})), files, each.get("to", ""))


def _limits(each: Mapping[str, Any]) -> Limits:
    return Limits(
        int(each["connections"]),
        float(each["requests_per_second"]),
        int(each["recheck"]),
        int(float(each["gigabytes"]) * 1e9),
        float(each["minutes"]) * 60,
    )
