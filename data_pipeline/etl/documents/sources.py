"""The list of sources to mirror from: the tool writes it, the mirror reads it.

``{"version": 1, "sources": [{"name", "to", and one of "url" with "datasets", "s3", "index", "files"}], "limits":
{"connections", "requests_per_second", "recheck", "gigabytes", "minutes"}}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from . import form

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
    may take.
    """

    connections: int = 4
    requests_per_second: float = 10.0
    recheck: int = 50
    gigabytes: float = 20.0
    minutes: float = 20.0

    @property
    def bytes(self) -> int:
        return int(self.gigabytes * 1e9)

    @property
    def seconds(self) -> float:
        return self.minutes * 60


@dataclass(frozen=True)
class SourceList:
    sources: tuple[MirrorSource, ...]
    limits: Limits = Limits()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that ``--dataset`` may name: data sets of patterns, and the names of other sources."""
        found: list[str] = []
        for source in self.sources:
            found += [*source.datasets] or [source.name]
        return tuple(dict.fromkeys(found))


def write(sources: Iterable[MirrorSource], limits: Limits) -> str:
    """The list as JSON: the same for the same sources and limits."""
    listed = [_written(source) for source in sources]
    return form.text({"version": VERSION, "sources": listed, "limits": asdict(limits)})


def read(content: str | bytes, place: str) -> SourceList:
    """The list that a document holds. JobError, with the place, if it holds none."""
    return form.read(content, place, "a list of sources", VERSION, _read)


def _written(source: MirrorSource) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": source.name,
        source.kind: list(source.files) if source.kind == "files" else source.where,
        "to": source.to,
    }
    return {**found, "datasets": dict(source.datasets)} if source.datasets else found


def _read(document: Mapping[str, Any]) -> SourceList:
    return SourceList(tuple(_source(each) for each in document["sources"]), _limits(document["limits"]))


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
        float(each["gigabytes"]),
        float(each["minutes"]),
    )
