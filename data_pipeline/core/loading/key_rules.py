"""Rules of a data set's key and of what goes with it. Each yields findings; pure."""

from __future__ import annotations

from collections.abc import Iterator

from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.problems import Path, Violation, quoted
from data_pipeline.etl.documents import rules, types
from data_pipeline.etl.documents.types import Primitive

from . import publication_rules
from .publication_rules import Columns

_UNEQUAL = ("float", "double")


def check(path: Path, dataset: Dataset) -> Iterator[Violation]:
    """What can be told without the columns: what belongs to a key, and which rules hold of themselves."""
    if not dataset.key:
        for name in ("latest", "deleted"):
            if getattr(dataset, name):
                found = f"{quoted(name)} without a key"
                yield Violation((*path, name), found, "'key' beside it", f"or remove {quoted(name)}")
        return
    for text in dataset.rules:
        if _of_key(text, dataset):
            found = f"{quoted(text)} of rows of which a key may have several"
            advice = "the table has each key once by itself: remove the rule"
            yield Violation((*path, "rules", text), found, "another rule", advice)


def _of_key(text: str, dataset: Dataset) -> bool:
    """Whether a rule asks for what no versions hold: that each key is there once."""
    try:
        rule = rules.parse(text, "fail")
    except rules.RuleError:
        return False  # said where rules are
    return rule.name == "unique" and {*rule.columns} <= {*dataset.key}


def columns(path: Path, dataset: Dataset, published: Columns) -> Iterator[Violation]:
    """The columns of ``key`` and ``latest`` are among those that the data set publishes, and of types that fit."""
    for name in ("key", "latest"):
        given: tuple[str, ...] = getattr(dataset, name)
        for place, column in enumerate(given):
            at: Path = (*path, name, place) if len(given) > 1 else (*path, name)
            if column not in published:
                yield publication_rules.unknown(at, column, published)
                continue
            kind = types.parse(published[column])
            what = "a key" if name == "key" else "what tells the newest"
            if not isinstance(kind, Primitive):
                said = f"{quoted(column)}, which is {kind}"
                yield Violation(at, said, f"{what} of a single value", "take it apart with 'sql'")
            elif name == "key" and kind.name in _UNEQUAL:
                said = f"{quoted(column)}, which is {kind}: equal ones may differ in their last digit"
                yield Violation(at, said, "a key that is a whole number, a decimal, a string or a time")
