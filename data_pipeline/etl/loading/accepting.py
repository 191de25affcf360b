"""``--accept RULE@RUN``: what a run that failed has found under a rule, and a later one lets through."""

from __future__ import annotations

import re
from collections.abc import Collection

from data_pipeline.etl.documents import acceptances, findings
from data_pipeline.etl.documents.findings import Violation
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.quality.facts import Breach
from data_pipeline.etl.quality.judging import finding
from data_pipeline.etl.storage.filesystem import files, join, write_json

NONE = "none"
UNKNOWN = "unknown"
_BETWEEN = re.compile(r",(?![^(]*\))")


def accepted(output: str, text: str) -> tuple[Violation, ...]:
    """What ``text`` lets through: rules with their runs, with commas. JobError for a rule that its run was not failed
    by.
    """
    found: list[Violation] = []
    for part in _BETWEEN.split(text) if text != NONE else ():
        rule, _, run = part.strip().rpartition("@")
        rule, run = (rule, run) if rule else (run, "")
        found += _found(output, part.strip(), rule.strip(), run.strip() or _last(output, rule.strip()))
    return tuple(found)


def note(output: str, run: str, by: str, breaches: Collection[Breach]) -> None:
    """Note what a run has let through, and who started it, below ``<output>/state/accepted/``: it is kept longer than
    what runs leave.
    """
    if breaches:
        place = join(output, "state", acceptances.FOLDER, f"{run}.json")
        write_json(place, acceptances.document(run, by or UNKNOWN, [finding(each) for each in breaches]))


def _found(output: str, text: str, rule: str, run: str) -> list[Violation]:
    place = join(output, "runs", run, findings.NAME)
    loaded = files(place).load(place) if run else None
    every = findings.read(loaded[0], place) if loaded else ()
    mine = [each for each in every if rule in (each.rule, each.rule.partition("(")[0])]
    if not mine:
        where = f"run {run}" if run else "no run"
        raise JobError(f"--accept {text}: {where} has failed by this rule; name one that has, as {rule}@RUN")
    return mine


def _last(output: str, rule: str) -> str:
    """The last run that failed by ``rule``; empty if none did."""
    folder = join(output, "runs")
    every = [each for each in files(folder).list(folder) if each.path.endswith(f"/{findings.NAME}")]
    for each in sorted(every, key=lambda stored: stored.modified, reverse=True):
        found = findings.read(files(each.uri).read(each.uri), each.uri)
        if any(rule in (one.rule, one.rule.partition("(")[0]) for one in found):
            return str(each.path).split("/")[0]
    return ""
