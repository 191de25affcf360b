"""What somebody asks a run for, held against the data sets of the project, before a run is started; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean, one_of, quoted
from data_pipeline.etl.documents import patterns, rules
from data_pipeline.etl.documents.patterns import Pattern

#: fields of the input that only data sets have a meaning for → their options.
_OF_DATASETS = {
    "parts": "--part",
    "periods": "--periods",
    "rebuild": "--rebuild",
    "from_now_on": "--from-now-on",
    "drop_columns": "--drop-column",
}

Patterns = Mapping[str, tuple[Pattern, ...]]


@dataclass(frozen=True)
class Known:
    """What a run may name: the data sets with their patterns, the tables made of them, the columns of data sets that
    are published as they are read, the names of quality rules, and of sources where files are only mirrored.
    """

    patterns: Patterns = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def known(env: Environment) -> Known:
    """What a run of this environment may name."""
    written = [*(each.rules for each in env.datasets.values()), *(each.rules for each in env.tables.values())]
    own = [key.partition("(")[0].strip() for each in written for key in each]
    return Known(
        {name: tuple(map(patterns.parse, each.files)) for name, each in env.datasets.items()},
        tuple(env.tables),
        {
            name: frozenset(each.transform.columns if each.transform else each.columns)
            for name, each in env.datasets.items()
            if not each.sql
        },
        tuple(dict.fromkeys([*rules.KINDS, *own])),
    )


def checked(known: Known, value: Mapping[str, Any]) -> dict[str, Any]:
    """The input as the project's data sets understand it: months are periods. UserError with all that is wrong."""
    if not known.patterns:
        wrong = [
            f"{option}: found no data sets in the configuration, which it is about; remove the option"
            for name, option in _OF_DATASETS.items()
            if value.get(name)
        ]
        found = dict(value)
    else:
        wrong = [*_wrong(known, value)]
        found = _with_periods(value)
    if wrong:
        raise UserError("\n".join(wrong))
    return found


def _with_periods(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"periods" if name == "months" else name: each for name, each in value.items()}


def _wrong(known: Known, value: Mapping[str, Any]) -> Iterator[str]:
    named: list[str] = value.get("datasets", [])
    for name in named:
        if name not in known.sources:
            yield from _dataset("--dataset", name, known)
    chosen = {name: each for name, each in known.patterns.items() if name in named}
    looked_at = chosen or known.patterns
    for part in value.get("parts", []):
        yield from _part(part, looked_at)
    yield from _periods(value, looked_at)
    yield from _answers(known, value)
    for column in value.get("drop_columns", []):
        yield from _column(column, known)
    for rule in value.get("accept", []):
        name = rule.partition("@")[0]
        if name not in known.rules:
            yield _line(f"--accept {rule}", f"no rule {quoted(name)}", known.rules, name)


def _answers(known: Known, value: Mapping[str, Any]) -> Iterator[str]:
    """What becomes of data sets whose definition has changed."""
    named, rebuilt = value.get("datasets"), value.get("rebuild", [])
    for name in rebuilt:
        yield from _dataset("--rebuild", name, known)
        narrowed = [
            option for field_, option in (("parts", "--part"), ("periods", "--periods")) if value.get(field_)
        ]
        narrowed += ["--months"] if value.get("months") else []
        if named and name not in named:
            narrowed.append("--dataset")
        if narrowed:
            yield (
                f"--rebuild {name}: found {' and '.join(narrowed)}, too; expected none, since a table is made anew "
                "from all its files"
            )
    for name in value.get("from_now_on", []):
        yield from _dataset("--from-now-on", name, known)
        if name in rebuilt:
            yield f"--from-now-on {name}: found --rebuild {name}, too; expected one of the two"


def _dataset(option: str, name: str, known: Known) -> Iterator[str]:
    """A name that is no data set's."""
    if name in known.patterns:
        return
    found, near = f"no data set {quoted(name)}", ""
    if name in known.tables:
        found = "a table, which is made anew by itself where its SQL or what it is made of has changed"
    elif option == "--dataset":
        near = next(
            (
                f"did you mean --part {part}={name}?"
                for each in known.patterns.values()
                for part, values in _values(each).items()
                if name in (values or ())
            ),
            "",
        )
    choices = [*dict.fromkeys([*known.patterns, *(known.sources if option == "--dataset" else ())])]
    yield _line(f"{option} {name}", found, choices, name, near)


def _part(text: str, datasets: Patterns) -> Iterator[str]:
    """A part that no pattern has, or a value that it never has."""
    name, _, value = text.partition("=")
    there = {part: None for each in datasets.values() for pattern in each for part in pattern.names}
    if name not in there:
        if not there:
            where = ", ".join(datasets)
            yield f"--part {text}: found no named part in the patterns of {where}; remove the option"
        else:
            yield _line(f"--part {text}", f"no named part {quoted(name)}", there, name)
        return
    listed = [values[name] for values in map(_values, datasets.values()) if name in values]
    allowed = dict.fromkeys(one for values in listed for one in values or ())
    if None not in listed and value not in allowed:
        yield _line(f"--part {text}", quoted(value), allowed, value)


def _periods(value: Mapping[str, Any], datasets: Patterns) -> Iterator[str]:
    """Periods of files that have none."""
    option = next((name for name in ("periods", "months") if value.get(name)), None)
    if value.get("periods") and value.get("months"):
        yield f"--months {value['months']}: found --periods, too; expected one of the two"
    if option and not any(pattern.unit for each in datasets.values() for pattern in each):
        where = ", ".join(datasets)
        yield f"--{option} {value[option]}: found no period in the patterns of {where}; remove the option"


def _column(text: str, known: Known) -> Iterator[str]:
    """A column of no table, or one that the configuration still has."""
    table, _, column = text.partition(".")
    tables = (*known.patterns, *known.tables)
    if table not in tables:
        yield _line(f"--drop-column {text}", f"no table {quoted(table)}", tables, table)
    elif column in known.columns.get(table, ()):
        yield (
            f"--drop-column {text}: found the column in the configuration, expected one that is there no more; "
            f"remove it from datasets.{table}.columns first"
        )


def _line(option: str, found: str, choices: Collection[str], word: str, near: str = "") -> str:
    advice = near or did_you_mean(word, choices)
    return f"{option}: found {found}, expected {one_of(choices)}" + (f"; {advice}" if advice else "")


def _values(pattern_list: tuple[Pattern, ...]) -> dict[str, tuple[str, ...] | None]:
    """Named part → the values that it may have; None where a pattern allows any."""
    found: dict[str, tuple[str, ...] | None] = {}
    for pattern in pattern_list:
        for name in pattern.names:
            before, here = found.get(name, ()), pattern.values.get(name)
            found[name] = None if before is None or here is None else (*before, *here)
    return found
