"""What is said of a column before it is written: its type, why, and what is unsure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from data_pipeline.etl.documents.types import Type


@dataclass(frozen=True)
class Texts:
    """The texts of a column in the samples: text → rows that have it, blanks around it aside. ``by_period``: period of
    a file → those of its texts, where files have a period.
    """

    name: str
    counts: Mapping[str, int]
    by_period: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Guess:
    """A column's type. ``about``: what it was taken from, in a few words without a value that may be personal;
    ``unsure``: sentences for whoever decides.
    """

    type: Type
    nullable: bool
    about: str
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conventions:
    """How the files of a data set write things; formats of strftime are empty for ISO 8601."""

    nulls: tuple[str, ...] = ("",)
    decimal: str = "."
    date: str = ""
    timestamp: str = ""
    unsure: tuple[str, ...] = ()


def mostly(fitting: int, all_: int) -> bool:
    """Whether so many of all values are of a type that the others are faults."""
    faults = all_ - fitting
    return fitting > 0 and (not faults or (all_ >= 5 and faults <= max(1, all_ // 50)))


def amount(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
