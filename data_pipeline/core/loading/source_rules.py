"""Rules of ``sources`` and ``mirror`` that concern more than one value, as those in ``rules``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from data_pipeline.core.config.environment import Step
from data_pipeline.core.config.sources import EVERY, PLACEHOLDER, Mirror, Source, takes_sources
from data_pipeline.core.problems import Violation, did_you_mean, one_of, quoted
from data_pipeline.etl.documents import patterns
from data_pipeline.etl.documents.sources import KINDS

#: minutes that a step has, over and above those of the mirror, to look at the input and write its plan.
_AFTER_THE_MIRROR = 5
#: a period, by its unit.
_FIRST = {"year": "2009", "month": "2009-01", "day": "2009-01-15", "hour": "2009-01-15T05"}


def check(
    sources: Mapping[str, Source], mirror: Mirror, steps: Mapping[str, Step], all_steps: bool
) -> Iterator[Violation]:
    """Every rule in turn; without ``all_steps`` some steps are wrong by themselves, and may be the ones meant."""
    for name, source in sources.items():
        yield from _kinds(name, source)
        yield from _since(name, source)
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


def _since(name: str, source: Source) -> Iterator[Violation]:
    path = ("sources", name, "since")
    if source.url is None:
        if source.since and source.kinds:
            yield Violation(
                path, f"a first period of {quoted(source.kinds[0])}", "none", "it belongs to 'url'"
            )
        return
    pattern = patterns.parse(urlsplit(source.url).path.lstrip("/"))
    if pattern.names and not source.values:
        named = f"{{{next(iter(pattern.names))}}}"
        advice = f"write them into it, as in {named[:-1]}:north|south}}"
        yield Violation(
            (*path[:2], "url"), f"{named} without its values", "the values that the files have", advice
        )
        return
    unit = pattern.unit
    if not source.since:
        advice = f"write 'since: {_FIRST[unit]}'"
        yield Violation(("sources", name), "no 'since'", f"the first {unit} that is asked for", advice)
    for value, first in source.since.items():
        if value != EVERY and not source.values:
            expected = f"the first {unit} alone, since the URL has no other placeholder"
            yield Violation((*path, value), quoted(value), expected)
        elif value != EVERY and value not in source.values:
            expected = f"{one_of(source.values)}, which the URL lists"
            yield Violation((*path, value), quoted(value), expected, did_you_mean(value, source.values))
        if len(first) != len(_FIRST[unit]):
            expected = f"its first {unit}, as the pattern has {{{unit}}}"
            yield Violation((*path, value) if value != EVERY else path, quoted(first), expected)
    missing = [value for value in source.values if value not in source.since]
    if source.since and missing and EVERY not in source.since:
        yield Violation(
            path, f"no first {unit} of {one_of(missing)}", "one for each value that the URL lists"
        )


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
