"""What a backfill says of itself: before it starts, period by period, and at its end; pure."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from data_pipeline.core.uploads import amount

from .backfill import Done, Piece, Wish
from .past_runs import PastRun, short
from .progress_log import clock, duration

#: runs of which the table at the end has a line each; of more, those that failed.
_LISTED = 60
HEAD = ("periods", "data sets", "ended", "took", "rows", "quarantined", "run")
RIGHT = frozenset((3, 4, 5))


def preview(every: Sequence[Piece], then: Sequence[str], seconds: float | None) -> Iterator[str]:
    """What is about to be read. ``then``: what is made at the end; ``seconds``: of a run like these, where known."""
    datasets = list(dict.fromkeys(name for each in every for name in each.datasets))
    files, size = sum(each.files for each in every), sum(each.bytes for each in every)
    tried = sum(len(each.periods) for each in every if each.tried)
    for name in datasets:
        mine = sorted(period for each in every if name in each.datasets for period in each.periods)
        yield f"{name}: {_counted(len(mine), 'period')}, {mine[0]}" + (f" to {mine[-1]}" if mine[1:] else "")
    yield f"{_counted(files, 'file')}, {amount(size)}, in {_counted(len(every), 'run')}, one after the other"
    if tried:
        yield f"on {_counted(tried, 'period')} of these a run has failed before; they come last"
    if then:
        yield f"at the end, once: {', '.join(then)}"
    if seconds is None:
        yield "how long it takes is not known: no run like these has published yet"
    else:
        whole = seconds * len(every)
        yield f"about {duration(seconds)} a run, as the last ones took, so {duration(whole)} in all"


def left_out(env: str, names: Sequence[str], *, again: bool) -> str:
    """That these data sets have no periods, and the command that reads them."""
    words = ["python -m data_pipeline run", env, *(f"--dataset {name}" for name in names)]
    command = " ".join([*words, *(["--reprocess"] if again else [])])
    return (
        f"files of {', '.join(names)} have no periods, so a backfill leaves them out; to read them: {command}"
    )


def usual(past: Sequence[PastRun]) -> float | None:
    """Seconds of a run that published, the middle of those that did; None without any."""
    took = [
        (run.stopped - run.started).total_seconds()
        for run in past
        if run.stopped and run.ended in ("published", "warnings")
    ]
    return statistics.median(took) if took else None


def one(number: int, count: int, done: Done) -> str:
    """A piece that is done: ``3/24 2024-03 published in 12 s, 1,000 rows``."""
    rows = f", {_counted(done.rows[0], 'row')}" if done.rows and done.good else ""
    why = f": {done.reason}" if done.reason else ""
    return f"{number}/{count} {done.piece.span} {done.ended} after {duration(done.seconds)}{rows}{why}"


def rows(every: Sequence[Done]) -> list[tuple[str, ...]]:
    """The table at the end, without its head; of many runs, those that failed."""
    shown = every if len(every) <= _LISTED else [each for each in every if not each.good]
    return [
        (
            each.piece.span,
            ", ".join(each.piece.datasets),
            each.ended,
            clock(each.seconds),
            "-" if each.rows is None else f"{each.rows[0]:,}",
            "-" if each.rows is None else f"{each.rows[1]:,}",
            short(each.run),
        )
        for each in shown
    ]


def result(every: Sequence[Done]) -> str:
    """``20 of 24 periods read, 1 with nothing to read, 3 failed``."""
    counts = Counter[str]()
    for each in every:
        kind = "read" if each.read else "with nothing to read" if each.good else "failed"
        counts[kind] += len(each.piece.periods)
    others = [f", {counts[kind]:,} {kind}" for kind in ("with nothing to read", "failed") if counts[kind]]
    return f"{counts['read']:,} of {_counted(counts.total(), 'period')} read{''.join(others)}"


def failures(every: Sequence[Done]) -> Iterator[str]:
    """Each period that failed, with the reason."""
    for each in every:
        if not each.good:
            yield f"{each.piece.span} {each.ended}: {each.reason or 'no reason was given'}"


def command(env: str, wish: Wish, datasets: Sequence[str]) -> str:
    """The command that goes on with a backfill."""
    words = ["python -m data_pipeline backfill", env]
    if wish.first:
        words.append(f"--periods {wish.first}" + (f"..{wish.last}" if wish.last != wish.first else ""))
    words += [f"--dataset {name}" for name in datasets]
    words += [f"--only {wish.only}"] if wish.only else []
    words += [f"--at-a-time {wish.together}"] if wish.together > 1 else []
    words += [f"--read-before {_time(wish.before)}"] if wish.before else []
    return " ".join(words)


def _time(begins: str) -> str:
    """The time that names of runs begin with, as it is typed."""
    day, _, time = begins.partition("T")
    return f"{day}T{time.replace('-', ':')}"


def planned(piece: Piece) -> dict[str, Any]:
    """A run that would be made, for scripts."""
    about = {"periods": piece.span, "datasets": list(piece.datasets)}
    return {**about, "files": piece.files, "bytes": piece.bytes}


def as_json(done: Done) -> dict[str, Any]:
    return {
        "periods": done.piece.span or None,
        "datasets": list(done.piece.datasets),
        "execution": done.run or None,
        "ended": done.ended,
        "good": done.good,
        "seconds": round(done.seconds, 3),
        "rows": done.rows[0] if done.rows else None,
        "quarantined": done.rows[1] if done.rows else None,
        "reason": done.reason or None,
    }


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
