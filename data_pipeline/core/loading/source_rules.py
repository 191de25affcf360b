"""Rules of ``sources`` and ``mirror`` that concern more than one value, as those in ``rules``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from data_pipeline.core.config.environment import Step
from data_pipeline.core.config.sources import PLACEHOLDER, Mirror, Source, takes_sources
from data_pipeline.core.problems import Violation, one_of, quoted
from data_pipeline.etl.documents import patterns
from data_pipeline.etl.documents.sources import KINDS

#: minutes that a step has, over and above those of the mirror, to look at the input and write its plan.
_AFTER_THE_MIRROR = 5
#: characters of a period, by its unit.
_LENGTHS = {
    "year": len("2009"),
    "month": len("2009-01"),
    "day": len("2009-01-15"),
    "hour": len("2009-01-15T05"),
}


def check(
    sources: Mapping[str, Source], mirror: Mirror, steps: Mapping[str, Step], all_steps: bool
) -> Iterator[Violation]:
    """Every rule in turn; without ``all_steps`` some steps are wrong by themselves, and may be the ones meant."""
    for name, source in sources.items():
        yield from _kinds(name, source)
        yield from _datasets(name, source)
    mirroring = [name for name, step in steps.items() if takes_sources(step.arguments)]
    for name in mirroring:
        yield from _step(name, steps[name], mirror, bool(sources) and mirror.on_run)
    if sources and mirror.on_run and not mirroring and all_steps:
        advice = f"give a step the argument 'source: \"{PLACEHOLDER}\"', or write 'mirror: {{on_run: false}}'"
        yield Violation(
            ("sources",),
            "sources that no step mirrors",
            f"a step with {PLACEHOLDER} in its arguments",
            advice,
        )


def _kinds(name: str, source: Source) -> Iterator[Violation]:
    if not source.kinds:
        found = "nothing that says where files come from"
        yield Violation(("sources", name), found, f"one of {one_of(KINDS)}")
    elif len(source.kinds) > 1:
        found = " and ".join(quoted(kind) for kind in source.kinds)
        yield Violation(("sources", name), found, f"one of {one_of(KINDS)}", "give each a source of its own")


def _datasets(name: str, source: Source) -> Iterator[Violation]:
    path = ("sources", name, "datasets")
    if source.url is None:
        if source.datasets and source.kinds:
            yield Violation(path, f"data sets of {quoted(source.kinds[0])}", "none", "they belong to 'url'")
        return
    if not source.datasets:
        advice = "write 'datasets: {orders: 2009-01}' for the first month of a data set"
        yield Violation(("sources", name), "no 'datasets'", "data sets, each with its first month", advice)
    pattern = patterns.parse(urlsplit(source.url).path.lstrip("/"))
    if len(source.datasets) > 1 and not pattern.names:
        yield Violation(
            (*path[:2], "url"), quoted(source.url), "{dataset} in it", "several data sets have one URL"
        )
    for dataset, first in source.datasets.items():
        listed = next(iter(pattern.values.values()), (dataset,))
        if dataset not in listed:
            yield Violation((*path, dataset), quoted(dataset), f"{one_of(listed)}, which the URL lists")
        if len(first) != _LENGTHS[pattern.unit]:
            expected = f"its first {pattern.unit}, as the pattern has {{{pattern.unit}}}"
            yield Violation((*path, dataset), quoted(first), expected)


def _step(name: str, step: Step, mirror: Mirror, mirrors: bool) -> Iterator[Violation]:
    missing = [place for place in ("input", "state") if place not in step.reads]
    if missing:
        found = f"a step with {PLACEHOLDER} that does not read {one_of(missing)}"
        yield Violation(
            ("steps", name, "reads"), found, "'input' and 'state'", "the mirror looks at what is there"
        )
    least = mirror.minutes + _AFTER_THE_MIRROR
    if mirrors and step.timeout_minutes < least:
        found = f"the number {step.timeout_minutes}"
        expected = (
            f"at least {least}: mirror.minutes is {mirror.minutes}, and {_AFTER_THE_MIRROR} are for the plan"
        )
        yield Violation(("steps", name, "timeout_minutes"), found, expected, "or lower mirror.minutes")
