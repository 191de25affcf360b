"""What a run looks at, and what it is told to do about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from data_pipeline.etl.documents import patterns
from data_pipeline.etl.documents.datasets import Dataset, Definitions
from data_pipeline.etl.errors import JobError

ALL = "all"
NONE = "none"
_PERIOD = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]))?)?)?")


@dataclass(frozen=True)
class Selection:
    """``datasets``: names, or None for all; ``parts``: name → the values that a run looks at; ``first`` and ``last``
    period, empty for no bound. ``again``: read what is unchanged, too; ``prune``: drop rows of what has gone from the
    input. ``rebuild`` and ``from_now_on``: data sets whose changed definition is answered for.
    """

    datasets: frozenset[str] | None = None
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    again: bool = False
    prune: bool = False
    rebuild: frozenset[str] = frozenset()
    from_now_on: frozenset[str] = frozenset()

    def has(self, dataset: str) -> bool:
        return self.datasets is None or dataset in self.datasets

    @property
    def narrowed(self) -> str:
        """The options by which a run looks at less than all, as they are typed; empty where it looks at all."""
        options = [f"--dataset {name}" for name in sorted(self.datasets or ())]
        options += [
            f"--part {name}={value}" for name in sorted(self.parts) for value in sorted(self.parts[name])
        ]
        if self.first:
            options.append(f"--periods {self.first}" + (f"..{self.last}" if self.last != self.first else ""))
        return " ".join(options)

    def covers(self, period: str, parts: Mapping[str, str]) -> bool:
        """Whether the run looks at files of a period and of these parts. A period is inside if any of its time is."""
        if any(parts.get(name) not in values for name, values in self.parts.items()):
            return False
        if not (self.first or self.last):
            return True
        first, last = min(len(period), len(self.first)), min(len(period), len(self.last))
        return bool(period) and period[:first] >= self.first[:first] and period[:last] <= self.last[:last]


def spelt(
    definitions: Definitions,
    datasets: str = ALL,
    parts: Iterable[str] = (),
    periods: str = ALL,
    *,
    again: bool = False,
    prune: bool = False,
    rebuild: str = NONE,
    from_now_on: str = NONE,
) -> Selection:
    """The selection that arguments spell: names with commas, ``NAME=VALUE``, one period or ``A..B``. JobError for what
    the definitions do not have.
    """
    known = definitions.datasets
    chosen = None if datasets == ALL else _names("--dataset", datasets, known)
    rebuilt, adopted = _names("--rebuild", rebuild, known), _names("--from-now-on", from_now_on, known)
    both = sorted(rebuilt & adopted)
    if both:
        raise JobError(
            f"{both[0]}: --rebuild and --from-now-on are two answers to one question; give one of them"
        )
    looked_at = [each for name, each in known.items() if chosen is None or name in chosen]
    wanted = _parts([part for part in parts if part and part != NONE], looked_at)
    first, last = ("", "") if periods == ALL else _periods(periods)
    if rebuilt and (wanted or first or (chosen is not None and not rebuilt <= chosen)):
        raise JobError(
            f"--rebuild {rebuild}: a table is made anew from all of its files; leave out --part and --periods, and "
            "name it in --dataset if you name any there"
        )
    without = [each.name for each in looked_at if first and chosen and not _has_periods(each)]
    if without:
        raise JobError(
            f"--periods {periods}: the files of {without[0]} have no period; leave it out of --dataset"
        )
    return Selection(chosen, wanted, first, last, again, prune, rebuilt, adopted)


def columns(definitions: Definitions, text: str) -> tuple[str, ...]:
    """The columns ``TABLE.COLUMN`` that ``--drop-column`` names with commas. JobError if there is no such table."""
    names = [] if text == NONE else [name.strip() for name in text.split(",")]
    known = [*definitions.datasets, *definitions.tables]
    for name in names:
        table, dot, column = name.partition(".")
        if not dot or not column or table not in known:
            raise JobError(
                f"--drop-column {text}: {name!r} is not TABLE.COLUMN with one of {', '.join(known)}"
            )
    return tuple(names)


def _names(option: str, text: str, known: Collection[str]) -> frozenset[str]:
    names = frozenset() if text == NONE else frozenset(name.strip() for name in text.split(","))
    for name in sorted(names - frozenset(known)):
        near = get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise JobError(
            f"{option} {text}: there is no data set {name!r}, only {', '.join(known) or 'none'}{hint}"
        )
    return names


def _parts(texts: Iterable[str], datasets: Collection[Dataset]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    names = {name for each in datasets for text in each.patterns for name in patterns.parse(text).names}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not value or name not in names:
            given = ", ".join(sorted(names)) or "none"
            raise JobError(
                f"--part {text}: this is not NAME=VALUE with a named part of the data sets: {given}"
            )
        found.setdefault(name, set()).add(value)
    return {name: frozenset(values) for name, values in found.items()}


def _periods(text: str) -> tuple[str, str]:
    first, dots, last = text.partition("..")
    last = last if dots else first
    if not _PERIOD.fullmatch(first) or not _PERIOD.fullmatch(last):
        raise JobError(
            f"--periods {text}: this is not 2024, 2024-01, 2024-01-31, 2024-01-31T05, A..B of them or {ALL}"
        )
    both = min(len(first), len(last))
    if first[:both] > last[:both]:
        raise JobError(f"--periods {text}: the last period is before the first one")
    return first, last


def _has_periods(dataset: Dataset) -> bool:
    return any(patterns.parse(text).unit for text in dataset.patterns)
