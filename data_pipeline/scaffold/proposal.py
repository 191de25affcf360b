"""A data set as it is proposed."""

from __future__ import annotations

from dataclasses import dataclass, field

from data_pipeline.etl.documents.types import Type


@dataclass(frozen=True)
class ProposedColumn:
    """``named``: what the files call it, empty where that is its own name; ``default``: the text that stands for it in
    files that lack it, or None; ``about``: a short comment.
    """

    name: str
    type: Type
    nullable: bool = False
    named: tuple[str, ...] = ()
    default: str | None = None
    about: str = ""


@dataclass(frozen=True)
class Columns:
    """What the files of a data set hold. ``options``: keys of the configuration that say how they are written, with
    their values. ``left_out``: columns that are not read, each with the reason; ``unsure``: sentences. ``strange``:
    paths of files that have other columns.
    """

    columns: tuple[ProposedColumn, ...]
    options: dict[str, object] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """``heading``: lines of comment above it; ``candidates``: lines of YAML that are not chosen, below it."""

    name: str
    patterns: tuple[str, ...]
    content: Columns
    heading: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
