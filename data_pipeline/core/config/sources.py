"""The configuration's models of where files are mirrored from, and the document that they become.

The mirror itself is ``data_pipeline.etl.mirror``, in the cloud and on the laptop; it reads the document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from data_pipeline.core.facts import limits, source_limits
from data_pipeline.etl.documents import patterns
from data_pipeline.etl.documents import sources as source_list
from data_pipeline.etl.documents.sources import KINDS, Limits, MirrorSource

from .sizes import Expected, Gigabytes, Model

PLACEHOLDER = "{sources}"

SourceName = Annotated[str, AfterValidator(source_limits.dataset)]
Pattern = Annotated[str, AfterValidator(source_limits.pattern), Expected("a URL with placeholders")]
Url = Annotated[str, AfterValidator(source_limits.url), Expected("a URL")]
FileUrl = Annotated[str, AfterValidator(source_limits.file_url), Expected("the URL of a file")]
S3Prefix = Annotated[
    str, AfterValidator(source_limits.s3_prefix), Expected("s3://, a bucket and a key prefix")
]
Period = Annotated[
    str,
    AfterValidator(source_limits.period),
    Expected("its first month, as in '2009-01'"),
]
#: what a first period is of that is no value's own.
EVERY = ""
_SINCE = {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}


def _of_every(value: Any) -> Any:
    """A single text, or a year without its quotes, is the first period of every value."""
    return {EVERY: value} if isinstance(value, str | int) and not isinstance(value, bool) else value


Since = Annotated[dict[str, Period], BeforeValidator(_of_every), WithJsonSchema(_SINCE)]
Folder = Annotated[str, AfterValidator(limits.key_prefix), Expected("a key prefix")]


class Source(Model):
    """Where files come from: one of `url`, `s3`, `index`, `files`."""

    url: Pattern | None = Field(
        None,
        description="A URL with placeholders in its path: "
        + ", ".join(f"{{{name}}}" for name in patterns.UNITS[1:])
        + ". After a colon a number is a width: {month} writes 4, {month:02} 04. One placeholder may have another "
        "name, with its values: {shop:north|south}. New dates are found by asking. Files go into the folders that the "
        "URL has from its first placeholder on.",
        examples=["https://example.org/{shop:north|south}/{year}-{month:02}.parquet"],
    )
    since: Since = Field(
        {},
        description="With `url`: the first month (or year, day, hour: the finest that the URL has) that is asked for; "
        "or, by the values that its other placeholder lists, the first of each.",
        examples=["2009-01", {"north": "2009-01", "south": "2013-08"}],
    )
    s3: S3Prefix | None = Field(
        None,
        description="Everything below this prefix of a bucket, with its folders.",
        examples=["s3://their-bucket/orders/"],
    )
    index: Url | None = Field(
        None,
        description="The URL of a text with one URL in each line, which may be relative to it.",
        examples=["https://example.org/orders/files.txt"],
    )
    files: tuple[FileUrl, ...] = Field(
        (), description="The URLs of single files.", examples=[["https://example.org/zones.csv"]]
    )
    to: Folder | None = Field(
        None,
        description="Key prefix below the input where its files go; without it, directly into the input.",
        examples=["side"],
    )

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which of the ways to say where files come from are used; one, of a source that is right."""
        return tuple(kind for kind in KINDS if getattr(self, kind))

    @property
    def values(self) -> tuple[str, ...]:
        """What the other placeholder of the URL lists; empty without one."""
        found = patterns.parse(urlsplit(self.url).path.lstrip("/")) if self.url else None
        return next(iter(found.values.values()), ()) if found else ()


class Mirror(Model):
    """How `sources` are asked, and what a run in the cloud may take of them."""

    on_run: bool = Field(
        True,
        description="Whether each run mirrors before it looks at the input. Without it, `mirror run` alone does.",
    )
    connections: int = Field(4, ge=1, le=16, description="Files at a time.")
    requests_per_second: int = Field(10, ge=1, le=100, description="No more requests than these in a second.")
    recheck: int = Field(
        50,
        ge=0,
        le=100_000,
        description="Known files that a run asks for again, those not asked for longest first: re-issues are found.",
    )
    gigabytes: Gigabytes = Field(
        20, description="What one run of the pipeline brings at most; the next one goes on."
    )
    minutes: int = Field(20, ge=1, le=1440, description="How long one run of the pipeline mirrors at most.")


def document(sources: Mapping[str, Source], mirror: Mirror) -> str:
    """The list of sources as JSON: the same for the same configuration."""
    limits = Limits(**mirror.model_dump(exclude={"on_run"}))
    return source_list.write((_listed(name, source) for name, source in sorted(sources.items())), limits)


def key(folder: str, document: str) -> str:
    """Key of the document in the artifact bucket: it names its content."""
    return f"{folder}/sources/{hashlib.sha256(document.encode()).hexdigest()}.json"


def _listed(name: str, source: Source) -> MirrorSource:
    kind = source.kinds[0]
    where = "" if kind == "files" else getattr(source, kind)
    to = f"{source.to}/" if source.to else ""
    first = source.since.get(EVERY, "")
    of_values = {value: source.since.get(value, first) for value in source.values}
    since = of_values or ({name: first} if source.url else {})
    return MirrorSource(name, kind, where, since, source.files, to)


def takes_sources(arguments: Mapping[str, str]) -> bool:
    """Whether a step with these arguments is given the list of sources."""
    return any(PLACEHOLDER in value for value in arguments.values())
