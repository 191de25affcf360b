"""How a run ended, in a word and a sentence, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from data_pipeline.core.machine import end_states, run_input
from data_pipeline.core.naming import Names
from data_pipeline.core.progress import going_on, pointers, result_text
from data_pipeline.core.progress.follow import Failure, Progress
from data_pipeline.core.progress.progress_log import duration
from data_pipeline.etl.documents import verdict

Record = Mapping[str, Any]
Results = Mapping[str, Record]

PUBLISHED, WARNED, NOTHING, GATE = "published", "warnings", "nothing new", "gate failed"
CHANGED, BESIDE, FAILED, STOPPED = "definition changed", "already running", "failed", "stopped"
TIMED_OUT, RUNNING, UNKNOWN = "timed out", "running", "unknown"
#: what is neither good nor bad, what is good, and what needs somebody; the others have failed.
CALM, GOOD, UNEASY = (NOTHING, BESIDE, RUNNING, UNKNOWN), (PUBLISHED,), (WARNED,)
_SUCCEEDED = {
    end_states.NOTHING_NEW: NOTHING,
    end_states.ALREADY_RUNNING: BESIDE,
    end_states.WARNED: WARNED,
}
_FAILED = {end_states.GATE_FAILED: GATE, end_states.DEFINITION_CHANGED: CHANGED}
#: exit codes of a process that was killed, by itself or in a shell.
_KILLED = re.compile(r"exit code:? (-9|137)\b")
_ENDED = {"ABORTED": STOPPED, "TIMED_OUT": TIMED_OUT, "RUNNING": RUNNING}


@dataclass(frozen=True)
class Environment:
    """Where a run was: what its commands need. ``steps``: in their order, where a run can begin at one."""

    name: str
    names: Names
    region: str
    steps: tuple[str, ...] = ()


def outcome(progress: Progress | None, results: Results) -> str:
    """The word. Without a history, what the run's documents say."""
    if progress is None:
        said = [each["passed"] for each in results.values() if isinstance(each.get("passed"), bool)]
        return (PUBLISHED if all(said) else GATE) if said else UNKNOWN
    if progress.status == "SUCCEEDED":
        return _SUCCEEDED.get(progress.current.name if progress.current else "", PUBLISHED)
    return _ENDED.get(progress.status) or _FAILED.get(progress.error or "", FAILED)


def tone(word: str) -> str:
    """``good``, ``calm``, ``uneasy`` or ``bad``."""
    for name, words in (("good", GOOD), ("calm", CALM), ("uneasy", UNEASY)):
        if word in words:
            return name
    return "bad"


def headline(word: str, progress: Progress | None, results: Results, tables: int, changed: int) -> str:
    """A sentence or two about the end. ``tables``: that are published; ``changed``: by this run."""
    failure = progress.failure if progress else None
    some = (
        f"{changed:,} of {tables:,} table{'s' if tables != 1 else ''} changed."
        if changed
        else "No table changed."
    )
    others = result_text.published(results)
    beside = f"{others:,} other table{'s were' if others != 1 else ' was'} published" if others else ""
    return {
        PUBLISHED: some,
        WARNED: f"{some} Quality rules warn.",
        NOTHING: "Nothing was new. What was published before stays as it is.",
        GATE: f"Quality rules failed, and {beside or 'nothing was published'}.",
        CHANGED: "A definition changed, and the run waits for an answer.",
        BESIDE: "Another run was under way, so this one ended at once and did nothing.",
        FAILED: f"{_where(failure)} failed. {_published(changed)}",
        STOPPED: f"The run was stopped in {_where(failure)}. {_published(changed)}",
        TIMED_OUT: f"The run took too long and was ended in {_where(failure)}. {_published(changed)}",
        RUNNING: "The run is under way. This page shows it as far as it has come.",
    }.get(word, "The run has left no history. This page shows what its documents say.")


def _where(failure: Failure | None) -> str:
    return failure.state if failure and failure.state else "the execution"


def _published(tables: int) -> str:
    if not tables:
        return "No table was published by it."
    return f"{tables:,} table{'s were' if tables != 1 else ' was'} published by it."


def remedies(
    word: str, env: Environment, arn: str, value: Record, progress: Progress | None, results: Results
) -> list[tuple[str, str]]:
    """(sentence, command) of what to do next; a command may be empty."""
    run = arn.rpartition(":")[2]
    if word == GATE:
        return [*_after_gate(env, run, value, results)]
    if word == CHANGED:
        return [*_after_change(env, value, results)]
    if word == WARNED:
        return [("Look at the rules below that warn. Nothing has to be done for what is published.", "")]
    if word in (BESIDE, RUNNING):
        return [("Look at the run under way.", pointers.runs(env.name, "list"))]
    if word in (FAILED, STOPPED, TIMED_OUT, UNKNOWN):
        return [*_after_failure(word, env, arn, value, progress)]
    return []


def _after_gate(env: Environment, run: str, value: Record, results: Results) -> Iterator[tuple[str, str]]:
    failed = result_text.failed_rules(results)
    rules = list(dict.fromkeys(rule.partition("(")[0] for rule, _ in failed))
    yield "If the files are wrong, have them issued again and run once more.", _command(env, {})
    if rules:
        accept = [*value.get("accept", []), *(f"{rule}@{run}" for rule in rules)]
        sentence = "If the files are right as they are, let through exactly what this run has found."
        yield sentence, _command(env, {**value, "accept": accept})


def _after_change(env: Environment, value: Record, results: Results) -> Iterator[tuple[str, str]]:
    held, moved = result_text.held(results), result_text.moved(results)
    yield "Make the tables anew from all their files.", _command(env, {**value, "rebuild": held})
    kept = [name for name in held if name not in moved]
    if kept:
        sentence = "Or keep what is published, and let the new definition hold for new files alone."
        yield sentence, _command(env, {**value, "rebuild": moved, "from_now_on": kept})


def _after_failure(
    word: str, env: Environment, arn: str, value: Record, progress: Progress | None
) -> Iterator[tuple[str, str]]:
    failure = progress.failure if progress else None
    if failure is not None and _KILLED.search(failure.reason):
        yield (
            "The job's process was killed, as it is where memory runs out: give its step a larger instance.",
            "",
        )
    if failure is not None and failure.job is not None:
        yield "Read the job's whole log.", pointers.runs(env.name, "logs", arn)
    elif word == FAILED:
        yield "Look at the execution.", pointers.runs(env.name, "show", arn)
    go_on = going_on.command(env.name, arn, progress, env.steps) if progress and env.steps else ""
    if go_on:
        yield "Go on from there, without what has ended well.", go_on
    again = "Or run all of it again" if go_on else "Then run again"
    yield f"{again}: work that was published is not done twice.", _command(env, value)


def _command(env: Environment, value: Record) -> str:
    return " ".join(["python data_pipeline_run.py", env.name, *run_input.options(value)])


def took(progress: Progress | None) -> float | None:
    """Seconds from start to end; None where one of them is not known."""
    if progress is None or progress.started is None or progress.stopped is None:
        return None
    return max(0.0, (progress.stopped - progress.started).total_seconds())


def time_text(seconds: float | None) -> str:
    return "not known" if seconds is None else duration(seconds)


def messages(results: Results) -> list[str]:
    """What decision and verdict have to say."""
    return list(dict.fromkeys(text for each in results.values() for text in verdict.messages(each)))
