"""How a run ended, for people: the summary on stdout, the failure as the text of an error."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from data_pipeline.cli.columns import by_lines, labelled, width, with_notes
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.machine import end_states, run_input
from data_pipeline.core.machine.steps import in_order
from data_pipeline.core.progress import going_on, pointers, result_text
from data_pipeline.core.progress.failure_reason import described
from data_pipeline.core.progress.follow import Failure, Progress
from data_pipeline.core.progress.progress_log import duration
from data_pipeline.core.progress.summary import Row, locations, noticed, of_datasets, table, unusable
from data_pipeline.etl.documents.summary import Summary

_LONGEST_CAUSE = 600


def print_success(env: Environment, record: Mapping[str, Any]) -> None:
    """A run that ended well: its summary; that nothing was new; or its output, of a pipeline of other steps.

    ``record`` has ``endedAt``, ``output``, ``results`` and, after a publication, ``summary`` and ``summaryUri``.
    """
    if "summary" in record:
        print_summary(env, record["summary"], record["summaryUri"], record["results"])
        if record["endedAt"] == end_states.WARNED:
            click.echo(f"{'ended':<11} published with warnings")
    elif record["endedAt"] == end_states.NOTHING_NEW:
        reason = record["output"].get("reason")
        text = "nothing new: what was published before stays as it is" + (f" ({reason})" if reason else "")
        for line in by_lines(text, width()):
            click.echo(line)
        for line in labelled(result_text.lines(record["results"]), width()):
            click.echo(line)
    else:
        click.echo(json.dumps(record["output"], indent=2))


def print_summary(env: Environment, summary: Summary, uri: str, results: result_text.Results) -> None:
    """The table of source files with its totals, what was new and noticed, and where the features are."""
    windows = summary.get("windows")
    rows = [("windows", f"{windows:,}")] if windows is not None else []
    rows = [*_other_results(results, summary), *rows, *locations(summary, env.names.database, uri)]
    export = summary.get("export")
    if export:
        commands = pointers.how_to_read(export, env.region, env.embedded)
        rows += zip(("look", *[""] * len(commands)), commands, strict=False)
    table = _datasets(summary) if "datasets" in summary else _files(summary, uri)
    parts = [table, labelled(rows, width(), whole=("look", ""))]
    click.echo("\n\n".join("\n".join(part) for part in parts if part))


def _datasets(summary: Summary) -> list[str]:
    """A line for each data set and one of all, then what a reader should know of them."""
    rows, total = of_datasets(summary)
    shown = [*rows, *([total] if len(rows) > 1 else [])]
    cells = [
        (row.name, *(f"{count:,}" for count in (row.files, row.read, row.accepted, row.quarantined)))
        for row in shown
    ]
    head = ("data set", "files", "rows read", "accepted", "quarantined")
    # a run that made tables alone has read nothing
    made = _table(head, cells, [row.reasons for row in shown], len(rows) > 1) if rows else []
    return [*made, *labelled(noticed(summary), width())]


def _other_results(results: result_text.Results, summary: Summary) -> Iterator[tuple[str, str]]:
    """The lines of the results that the table of data sets has not told; nor how many more like those there are."""
    repeated = False
    for row in result_text.lines(results):
        counts_them = repeated and row[0] == "message" and row[1].endswith(" more like this")
        repeated = counts_them or _is_repeated(row, summary)
        if not repeated:
            yield row


def _is_repeated(row: tuple[str, str], summary: Summary) -> bool:
    """Whether a line of the results is about a file or a rule that the table of data sets has told of."""
    label, text = row
    rules = summary.get("quality", {}).get("warnings", [])
    unreadable = [file["source"] for file in summary["files"] if unusable(file)]
    files = [f"{source}{rest}" for source in unreadable for rest in (" could not", " and ", ": all of")]
    shown = [*files, *(f"{str(rule['source']).rpartition(': ')[2]}: {rule['rule']} is" for rule in rules)]
    return "datasets" in summary and label == "message" and text.startswith(tuple(shown))


def _files(summary: Summary, uri: str) -> list[str]:
    """A line for each source file, as far as there is room, and one of all."""
    content = table(summary)
    shown = [*content.rows, *([content.left_out] if content.left_out else []), content.total]
    head = ("source file", "rows read", "counted", "quarantined")
    lines = _table(head, [_cells(row) for row in shown], [row.note for row in shown], True)
    if content.left_out:
        lines.append(f"Every file: --json, or {uri}")
    if content.failed:
        count = "1 file" if content.failed == 1 else f"{content.failed:,} files"
        lines.append(f"{count} could not be read and are not counted.")
    return lines


def _table(
    head: Sequence[str], cells: Sequence[Sequence[str]], notes: Sequence[str], last: bool
) -> list[str]:
    """Head, rows of a name with its numbers and notes; head and, where ``last``, the last row stand out."""
    made = with_notes([head, *cells], ["", *notes], range(1, len(head)), width())
    strong = (0, len(cells)) if last else (0,)
    return [
        click.style(line, bold=True) if place in strong else line
        for place, row in enumerate(made)
        for line in row
    ]


def failure_text(env: Environment, progress: Progress, failure: Failure, record: Mapping[str, Any]) -> str:
    """Which state failed and why in the first line; then error, cause, the log's tail.

    ``record`` has ``executionArn``, ``input``, ``results`` and ``reason``; where a job was at fault also ``log``
    or ``logError``.
    """
    arn = record["executionArn"]
    if failure.error == end_states.GATE_FAILED:
        return _gate_text(env, progress, failure, record)
    if failure.error == end_states.DEFINITION_CHANGED:
        return _changed_text(env, progress, record)
    lines = [_headline(progress, failure.state, record["reason"])]
    lines += _field("execution", arn)
    lines += _field("error", failure.error)
    cause = failure.cause.strip()
    if cause and cause != failure.reason and not described(cause):  # a job's description is for --json
        lines += _field("cause", cause if len(cause) <= _LONGEST_CAUSE else cause[:_LONGEST_CAUSE] + " …")
    if failure.job is not None:
        lines += _field("job", failure.job.name)
        lines += _log(env, failure.state, record)
    go_on = going_on.command(env.name, arn, progress, [name for name, _ in in_order(env.steps)])
    lines += _field("go on", go_on) if go_on else []
    return "\n".join([*lines, *_notified(env, progress)])


def _gate_text(env: Environment, progress: Progress, failure: Failure, record: Mapping[str, Any]) -> str:
    """Each rule that failed with value and limit, and how to let it through."""
    arn = record["executionArn"]
    failed = result_text.failed_rules(record["results"])
    rules = list(dict.fromkeys(rule for rule, _ in failed))
    others = result_text.published(record["results"])
    rest = "nothing was published"
    if others:
        several = "s are" if others > 1 else " is"
        rest = f"what it is about was not published; {others:,} other table{several} up to date"
    lines = [f"the quality gate failed{_after(progress)}, and {rest}"]
    lines += [
        line for text in [text for _, text in failed] or [failure.cause] for line in _field("rule", text)
    ]
    if rules:
        accept = [*record["input"].get("accept", []), *(_acceptable(env, rule, arn) for rule in rules)]
        lines += _field("accept", _run_command(env, {**record["input"], "accept": accept}))
    lines += [*_field("execution", arn), *_field("error", failure.error)]
    return "\n".join([*lines, *_notified(env, progress)])


def _changed_text(env: Environment, progress: Progress, record: Mapping[str, Any]) -> str:
    """Which data sets were not loaded, how much their new definition is about, and the two answers to it, of which some
    data sets have but one.
    """
    held = result_text.held(record["results"])
    moved = result_text.moved(record["results"])
    names, one = ", ".join(held), len(held) == 1
    what = f"definition of {names} has" if one else f"definitions of {names} have"
    lines = [f"the {what} changed, so nothing was loaded of {'it' if one else 'them'}"]
    lines += [line for label, text in result_text.lines(record["results"]) for line in _field(label, text)]
    lines += _field("anew", _run_command(env, {**record["input"], "rebuild": held}))
    kept = {"from_now_on": [name for name in held if name not in moved]}
    if kept["from_now_on"]:
        both = {"rebuild": moved} if moved else {}
        lines += _field("or", _run_command(env, {**record["input"], **both, **kept}))
    return "\n".join([*lines, *_field("execution", record["executionArn"]), *_notified(env, progress)])


def _acceptable(env: Environment, rule: str, arn: str) -> str:
    """How a run is told to let a rule through: of data sets, what this run has found under it."""
    return f"{rule.partition('(')[0]}@{arn.rpartition(':')[2]}" if env.datasets else rule


def already_running_text(env: Environment, record: Mapping[str, Any]) -> str:
    """Which execution is running, how to look at it, and how to run beside it."""
    running = [str(arn) for arn in record["output"].get("running", [])]
    lines = ["another execution is running, so this one ended at once and did nothing"]
    lines += [line for arn in running for line in _field("running", arn)]
    if running:
        lines += _field("follow", pointers.runs(env.name, "attach", running[-1]))
    return "\n".join([*lines, *_field("insist", _run_command(env, {**record["input"], "concurrent": True}))])


def print_notified(env: Environment, progress: Progress) -> None:
    """What was told of a run that ended well."""
    for line in labelled(_result_lines(env, progress), width()):
        click.echo(line)


def _notified(env: Environment, progress: Progress) -> list[str]:
    return [line for label, value in _result_lines(env, progress) for line in _field(label, value)]


def _result_lines(env: Environment, progress: Progress) -> Iterator[tuple[str, str]]:
    """Label and value: what was published to the topic, or why it was not; and where it can be read here."""
    for one in progress.notifications:
        yield "notified", one.subject if one.error is None else f"nobody: {one.error}"
        if env.embedded and one.error is None:
            yield "", "no mail leaves this machine; to read it: python -m data_pipeline local notifications"


def _run_command(env: Environment, value: Mapping[str, Any]) -> str:
    return " ".join(["python data_pipeline_run.py", env.name, *run_input.options(value)])


def with_pointers(text: str, env: Environment, arn: str) -> str:
    """The text of a failure, and where more of the execution is."""
    more = _field("more", pointers.runs(env.name, "show", arn))
    return "\n".join([text, *more, *([] if env.embedded else _field("", pointers.console(arn)))])


def _after(progress: Progress) -> str:
    if not (progress.started and progress.stopped):
        return ""
    return f" after {duration((progress.stopped - progress.started).total_seconds())}"


def _headline(progress: Progress, state: str | None, reason: str) -> str:
    after = _after(progress)
    where = state or "the execution"
    if progress.status == "ABORTED":
        return f"the execution was stopped in {where}{after}: {reason}"
    if progress.status == "TIMED_OUT":
        return f"the execution timed out in {where}{after}: {reason}"
    return f"{where} failed{after}: {reason}"


def _log(env: Environment, state: str | None, record: Mapping[str, Any]) -> list[str]:
    if "logError" in record:
        return _field("log", f"could not be read: {record['logError']}")
    tail = record["log"]
    if not tail:
        return _field("log", "none: the job did not get as far as its script")
    lines = _field("log", f"the last {len(tail)} lines" if len(tail) > 1 else "one line")
    lines += [f"    {line}" for line in tail]
    whole = pointers.runs(env.name, "logs", record["executionArn"])
    return lines + _field("whole log", f"{whole} --step {state}" if state else whole)


def _field(label: str, value: str) -> list[str]:
    first, *rest = value.splitlines() or [""]
    return [f"  {label:<10} {first}", *(f"  {'':<10} {line}" for line in rest)]


def _cells(row: Row) -> tuple[str, ...]:
    if row.note and not row.read:
        return row.label, "-", "-", "-"
    return row.label, f"{row.read:,}", f"{row.counted:,}", f"{row.quarantined:,}"


def print_pointers(env: Environment, arn: str) -> None:
    """``--no-wait``: how to look at the execution and how to stop it."""
    click.echo(f"follow with: {pointers.runs(env.name, 'attach', arn)}", err=True)
    if not env.embedded:
        click.echo(f"or at: {pointers.console(arn)}", err=True)
    click.echo(f"stop with: {pointers.runs(env.name, 'stop', arn)}", err=True)
