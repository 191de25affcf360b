"""What taking an environment down deletes, and what stays, as a page; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .adoption import GROUP, Leftover
from .changes import HOLDS_DATA
from .page.entries import REMOVED, SAID, WARNED, Entry, Page, Section

_BUCKET, _KEY, _DATABASE = "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Glue::Database"
#: what a resource of this type takes along.
_HOLDS = {
    _BUCKET: "with input, files of tables, exports, state, reports and training sets, in all versions",
    _DATABASE: "with its tables",
    GROUP: "with its records",
    _KEY: "in 7 days; until then it can be brought back with: aws kms cancel-key-deletion",
}
_ARTIFACTS = "code, packages, templates and the record of deployments"
_POLICY = "AWS::S3::BucketPolicy"


@dataclass(frozen=True)
class Doomed:
    """``stacks``: name → template of each stack that is there and goes. ``outliving``: what outlives its stack, which
    goes too ``with_data``. ``artifacts``: where code and record are, None where there are none. ``own_bucket``: the
    data bucket, where it is the user's own.
    """

    environment: str
    stacks: Mapping[str, Mapping[str, Any]]
    outliving: Sequence[Leftover]
    with_data: bool
    artifacts: str | None
    storage_stack: str
    own_bucket: str | None = None

    @property
    def anything(self) -> bool:
        """Whether there is anything to delete."""
        return bool(self.stacks) or (self.with_data and bool(self.outliving or self.artifacts))


def page(doomed: Doomed) -> Page:
    """The page, of which every line says what goes or what stays."""
    goes, stays = tuple(_goes(doomed)), tuple(_stays(doomed))
    warned = (Entry(WARNED, "DATA LOSS: nothing of this can be brought back"),) if doomed.with_data else ()
    sections = (Section("Warnings", warned), Section("Goes", goes), Section("Stays", stays))
    what = "all of it, with its data" if doomed.with_data else "all but its data"
    shown = tuple(section for section in sections if section.entries)
    return Page(doomed.environment, shown, doomed.anything, f"takes down {doomed.environment}: {what}")


def _goes(doomed: Doomed) -> Iterator[Entry]:
    for name, template in doomed.stacks.items():
        kept = ("Retain", "RetainExceptOnCreate")
        resources = [
            each["Type"]
            for each in template.get("Resources", {}).values()
            if each.get("DeletionPolicy") not in kept
        ]
        counts = sorted(Counter(resources).items())
        details = tuple(_counted(kind, count) for kind, count in counts)
        many = "1 resource" if len(resources) == 1 else f"{len(resources)} resources"
        yield Entry(REMOVED, f"stack {name}, {many if resources else 'which holds nothing else'}", details)
    if doomed.with_data:
        yield from (Entry(REMOVED, _named(each)) for each in doomed.outliving if each.type != _POLICY)
        if doomed.artifacts:
            yield Entry(REMOVED, f"{doomed.artifacts}: {_ARTIFACTS}")


def _stays(doomed: Doomed) -> Iterator[Entry]:
    if doomed.own_bucket:
        yield Entry(SAID, f"bucket {doomed.own_bucket}, which is yours, with all that it holds")
    if doomed.with_data:
        yield Entry(SAID, "the artifact bucket, in which other environments may be")
        return
    yield Entry(SAID, f"stack {doomed.storage_stack}, with its termination protection")
    yield from (Entry(SAID, _named(each)) for each in doomed.outliving if each.type != _POLICY)
    if doomed.artifacts:
        yield Entry(SAID, f"{doomed.artifacts}: {_ARTIFACTS}")


def _counted(kind: str, count: int) -> Entry:
    data = ", with what it holds" if kind in HOLDS_DATA else ""
    return Entry(REMOVED, f"{count} × {kind}{data}" if count > 1 else f"{kind}{data}")


def _named(each: Leftover) -> str:
    holds = f", {_HOLDS[each.type]}" if each.type in _HOLDS else ""
    return f"{each.type} {each.name}{holds}"
