"""From a source of files to a proposal, and what is to be said about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.core.config.definitions import COMPRESSIONS, KINDS, ending
from data_pipeline.core.errors import UserError
from data_pipeline.etl.documents.types import Primitive
from data_pipeline.etl.quality.changes import found as looks_like_changes

from . import column_names, csv_columns, json_columns, names, parquet_columns, samples, trial
from .guesses import amount
from .names import Naming
from .parquet_columns import ParquetHead
from .proposal import Columns, Proposal
from .samples import Head, SampleSource
from .trial import LocalSample, Trial

_MOST_KEYS = 3
_TIMES = ("timestamptz", "timestamp", "date")


@dataclass(frozen=True)
class Proposed:
    """``looked_at``: files, ``bytes`` of them; ``files``: all that the pattern claims; ``left_out``: paths that it does
    not claim; ``unsure``: sentences.
    """

    proposal: Proposal
    trial: Trial
    files: int
    looked_at: int
    bytes: int
    left_out: tuple[str, ...]
    unsure: tuple[str, ...]


def propose(name: str, source: SampleSource, match: str | None, scratch: Path) -> Proposed:
    """A data set of the files of ``source``, those alone whose path is like the glob ``match`` where it is given.
    Without a ``name`` it is called as they are. ``scratch``: an empty folder. UserError if they cannot be one.
    """
    found = samples.found(source, match)
    naming = names.naming(found.paths)
    if not naming.covered:
        raise UserError(
            f"{source.where}: found no pattern for {found.paths[0]}; choose files with --match; nothing was changed"
        )
    content, local, size, faults = _content(source, found.kind, naming, scratch)
    clash = {column.name for column in content.columns} & {*naming.parts}
    if clash:
        naming = names.naming(found.paths, frozenset(column.name for column in content.columns))
    _refuse_several(source, naming, content, [each.path for each in local])
    options = {**_format(naming, found.kind), **content.options}
    name = name or column_names.dataset_name(naming.patterns[0], source.where)
    proposal = Proposal(name, naming.patterns, replace(content, options=options))
    held = trial.held_against(trial.dataset(proposal), local, scratch)
    _refuse_unreadable(source, held)
    proposal = replace(
        proposal, heading=_heading(naming, held), candidates=_candidates(proposal, held, naming)
    )
    unsure = (*naming.unsure, *content.unsure, *_about_files(content, held, faults), *_about_names(naming))
    left_out = (*naming.others, *found.left_out)
    return Proposed(proposal, held, len(naming.covered), len(local), size, left_out, unsure)


def _content(
    source: SampleSource, kind: str, naming: Naming, scratch: Path
) -> tuple[Columns, list[LocalSample], int, list[str]]:
    """What the chosen files hold, those files as they can be read here, the bytes that were looked at, and faults."""
    files = samples.chosen(naming, source.size)
    if kind == "parquet":
        read = [parquet_columns.head(source, path, m.period, m.parts) for path, m in files.items()]
        local = [_parquet_here(source, each, scratch / str(at)) for at, each in enumerate(read)]
        faults = [f"{each.path}: {each.fault}" for each in read if each.fault]
        return parquet_columns.columns(read), local, sum(each.rows.nbytes for each in read), faults
    heads = [*samples.heads(source, files)]
    samples.refuse_what_is_no_text(heads)
    tabs = all(ending(_plain(path))[0] == ".tsv" for path in files)
    content = csv_columns.columns(heads, tabs) if kind == "csv" else json_columns.columns(heads)
    encoding = str(content.options.get("encoding", "utf-8"))
    local = [_text_here(source, each, encoding, scratch / str(at)) for at, each in enumerate(heads)]
    return (
        content,
        local,
        sum(len(each.raw) for each in heads),
        [f"{e.path}: {e.fault}" for e in heads if e.fault],
    )


def _plain(path: str) -> str:
    return path.translate(str.maketrans("*?{}", "____"))


def _text_here(source: SampleSource, head: Head, encoding: str, folder: Path) -> LocalSample:
    """The file itself where it was looked at whole, else its beginning."""
    name = PurePosixPath(head.path).name
    if head.whole and (there := source.local(head.path)):
        return LocalSample(head.path, there)
    folder.mkdir()
    if head.whole:
        with source.opened(head.path) as file:
            (folder / name).write_bytes(file.read())
        return LocalSample(head.path, folder / name)
    bare = next((name[: -len(each)] for each in COMPRESSIONS if name.lower().endswith(each)), name)
    (folder / bare).write_bytes(head.text(encoding))
    return LocalSample(head.path, folder / bare, utf8=True)


def _parquet_here(source: SampleSource, head: ParquetHead, folder: Path) -> LocalSample:
    there = source.local(head.path)
    small = source.size(head.path) <= samples.MOST_BYTES
    if there and (small or head.whole or head.fault):
        return LocalSample(head.path, there)
    folder.mkdir()
    name = folder / PurePosixPath(head.path).name
    if small or head.fault:
        with source.opened(head.path) as file:
            name.write_bytes(file.read(samples.MOST_BYTES))
    else:
        pq.write_table(pa.Table.from_batches(head.rows.to_batches(), head.schema), name)
    return LocalSample(head.path, name)


def _format(naming: Naming, kind: str) -> dict[str, object]:
    """``format``, where the names do not say it."""
    said = {KINDS.get(ending(pattern)[0], "") for pattern in naming.patterns}
    return {} if said == {kind} else {"format": kind}


def _refuse_several(source: SampleSource, naming: Naming, content: Columns, looked_at: Sequence[str]) -> None:
    """UserError if files have different columns whose names no period tells apart."""
    if not content.strange:
        return
    part = next((name for name in naming.parts if _tells_apart(name, naming, content, looked_at)), "")
    if naming.unit and not part:
        return
    example = content.strange[0]
    glob = _glob(naming, part, example) if part else f"{PurePosixPath(example).name.partition('.')[0]}*"
    raise UserError(
        f"{source.where}: found files of different columns under {naming.patterns[0]}, as {example}, expected those of "
        f"one data set; choose with --match, as in --match '{glob}'; nothing was changed"
    )


def _tells_apart(part: str, naming: Naming, content: Columns, looked_at: Sequence[str]) -> bool:
    """Whether a part of the names has other values in the files of other columns."""
    strange = {naming.match(path).parts[part] for path in content.strange}
    return not strange & {naming.match(path).parts[part] for path in looked_at if path not in content.strange}


def _glob(naming: Naming, part: str, path: str) -> str:
    """What paths of the same value of a part are like."""
    text = next(each.text for each in naming.parsed if each.match(path))
    return re.sub(r"\{[^}]*\}", "*", text.replace(f"{{{part}}}", naming.match(path).parts[part]))


def _refuse_unreadable(source: SampleSource, held: Trial) -> None:
    if len(held.unreadable) == len(held.files):
        first = held.files[0]
        raise UserError(
            f"{source.where}: found no file that can be read; {first.path}: {first.unreadable}; nothing was changed"
        )


def _heading(naming: Naming, held: Trial) -> tuple[str, ...]:
    read = f"{amount(held.read, 'row')} of {len(held.files)} of {amount(len(naming.covered), 'file')}"
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in held.reasons.items())
    refused = (
        f"it refuses {sum(held.reasons.values()):,} of them: {reasons}"
        if reasons
        else "it refuses none of them"
    )
    return (f"proposed by 'data-pipeline new' from {read}; {refused}",)


def _about_files(content: Columns, held: Trial, faults: Sequence[str]) -> list[str]:
    found = [f"{each.path} would be unreadable: {each.unreadable}" for each in held.unreadable[:3]]
    if len(held.unreadable) > 3:
        found.append(f"{len(held.unreadable) - 3} more of the files looked at would be unreadable")
    for each in held.files:
        if each.read and not each.accepted:
            reason = max(each.reasons or {"": 0}, key=lambda key: (each.reasons or {}).get(key, 0))
            found.append(
                f"{each.path}: all of its {amount(each.read, 'row')} would be refused, most as {reason}"
            )
    if content.strange:
        found.append(f"other columns than the newest file has: {', '.join(content.strange[:3])}")
    known = {each.path for each in held.unreadable}
    return [*found, *(fault for fault in faults if fault.partition(":")[0] not in known)]


def _about_names(naming: Naming) -> list[str]:
    if len(naming.covered) == 1 and naming.unit:
        return [f"the pattern {naming.patterns[0]} is taken from one name alone"]
    return []


def _candidates(proposal: Proposal, held: Trial, naming: Naming) -> tuple[str, ...]:
    """Comments with what only the user knows: keys, times, partitions."""
    rows = held.rows
    columns = {each.name: each.type for each in proposal.content.columns}
    found: list[str] = []
    changes = looks_like_changes(rows) if rows is not None else None
    if changes is not None:
        found.append(f"key: {changes.key}   # {changes}")
        found.append(
            f"latest: {changes.latest}   # of each key the newest row is the table; all are its versions"
        )
    elif rows is not None:
        keys = trial.keys(rows, [*columns])[:_MOST_KEYS]
        if keys:
            unique = [f'"unique({", ".join(key)})": fail' for key in keys]
            found.append(f"rules: {{{unique[0]}}}   # tells all rows looked at apart")
            found += [f"or {each}" for each in unique[1:]]
        elif len(rows) >= trial.FEWEST_ROWS:
            found.append("no column, and no two, told all rows looked at apart")
    times = [name for kind in _TIMES for name, each in columns.items() if each == Primitive(kind)]
    if times:
        unit = "month" if naming.unit in ("day", "hour", "") else "year"
        found.append(f"partition: {unit}({times[0]})   # columns of time: {', '.join(times)}")
    matches = [naming.match(path) for path in naming.covered]
    issues = {(m.period, *m.parts.values()) for m in matches}
    if naming.unit and len(issues) < len(matches):
        found.append(f"replaces: period   # if all files of a {naming.unit} come again together")
    return ("not chosen, since only you know:", *found) if found else ()
