"""Reports of runs: put together from what runs have left in a bucket or in a folder, drawn, and stored beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from data_pipeline.aws import states
from data_pipeline.aws.errors import explained
from data_pipeline.aws.run_documents import RunDocuments
from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.machine.steps import in_order
from data_pipeline.core.progress import coverage_text, expected, past_runs
from data_pipeline.core.progress.expected import PastTimes
from data_pipeline.core.report import document, earlier, index, page
from data_pipeline.core.report.document import Found
from data_pipeline.core.report.earlier import Earlier
from data_pipeline.core.report.outcome import Environment as Place
from data_pipeline.etl.documents import load_plan, profile, summary

from . import covering, history, runs

#: executions that are looked at, and runs before one that may have documents.
_EXECUTIONS, _BEFORE = 1000, 60
_HTML, _JSON = "text/html; charset=utf-8", "application/json"

Record = dict[str, Any]


class Documents(Protocol):
    """What runs have left, by path below ``where``: ``<run>/summary.json``."""

    where: str

    def runs(self) -> list[str]: ...

    def read_all(self, paths: Iterable[str]) -> Mapping[str, bytes | None]: ...

    def write(self, path: str, content: bytes, kind: str) -> None: ...


class Folder:
    """Runs in a folder of this machine, such as a download of ``<output>/runs/``."""

    def __init__(self, folder: Path) -> None:
        self.where = str(folder)
        self._folder = folder

    def runs(self) -> list[str]:
        if not self._folder.is_dir():
            raise UserError(
                f"{self._folder}: found no such folder, expected a download of the runs of an environment"
            )
        return sorted(each.name for each in self._folder.iterdir() if each.is_dir())

    def read_all(self, paths: Iterable[str]) -> Mapping[str, bytes | None]:
        places = {path: self._folder / path for path in paths}
        return {path: place.read_bytes() if place.is_file() else None for path, place in places.items()}

    def write(self, path: str, content: bytes, kind: str) -> None:  # noqa: ARG002 - a file has none
        place = self._folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


@dataclass
class Reports:
    """The reports of an environment. ``machine``: the ARN of its state machine, or nothing where only documents are
    at hand; ``connection``: then None; ``input``: the URI of its input.
    """

    environment: Environment
    documents: Documents
    connection: Connection | None = None
    machine: str = ""
    input: str = ""
    unwritten: str = ""
    _drawn: dict[str, bytes] = field(default_factory=dict)
    #: path → what was read there, or written since.
    _known: dict[str, Record | None] = field(default_factory=dict)
    _runs: list[str] | None = None
    _executions: list[states.Execution] | None = None

    @property
    def place(self) -> Place:
        env = self.environment
        return Place(env.name, env.names, env.region, tuple(name for name, _ in in_order(env.steps)))

    def runs(self) -> list[str]:
        """The names of all runs, the oldest first: those that left a document, and those that left none."""
        return sorted({*self._left(), *(each.name for each in self.executions())})

    def _left(self) -> list[str]:
        """The names of the runs that left a document."""
        if self._runs is None:
            with explained():
                self._runs = self.documents.runs()
        return self._runs

    def executions(self) -> list[states.Execution]:
        """Of the state machine, the newest first; none where only documents are at hand."""
        if self._executions is None:
            self._executions = []
            if self.connection is not None:
                with explained():
                    client = self.connection.client("stepfunctions")
                    self._executions = states.newest(client, self.machine, _EXECUTIONS)
        return self._executions

    def chosen(self, text: str) -> str:
        """The run that ``text`` means, as ``past_runs.chosen`` says. UserError where it means none, or several."""
        every = self.runs()
        if not every:
            raise UserError(
                f"{self.documents.where}: found no run, expected one; start one with: python data_pipeline_run.py "
                f"{self.environment.name}"
            )
        return past_runs.chosen(text.rpartition(":")[2], every[::-1])

    def report(self, run: str) -> Record:
        """The report of a run: put together anew; as it was stored, where its history is not to be had any more."""
        found = self._execution(run)
        stored = self._read([f"{run}/{document.NAME}"])[0]
        if found.progress is None and stored is not None and stored.get("version") == document.VERSION:
            return stored
        return document.document(self.place, self._with_documents(found))

    def store(self, run: str, report: Record) -> bytes:
        """Write ``report.json`` and the page of a run beside its documents; the page.

        Who may read the output need not be allowed to write it: ``unwritten`` says then why nothing is stored.
        """
        drawn = page.draw(report).encode()
        self._write(f"{run}/{document.NAME}", _text(report), _JSON)
        self._write(f"{run}/{page.NAME}", drawn, _HTML)
        self._known[f"{run}/{document.NAME}"] = report
        return drawn

    def index(self, said: Callable[[str], None] = lambda _: None) -> bytes:
        """Write the page of all runs, and the page of each run that has none yet or had not ended; the index.

        ``said`` is told of each page that is drawn.
        """
        known = {each["run"]: each for each in index.entries(self._read([index.NAME])[0])}
        listed = []
        for run in self.runs():
            entry = known.get(run)
            if entry is None or not index.is_final(entry):
                said(run)
                made = self.report(run)
                self._drawn[run] = self.store(run, made)
                entry = index.entry(made)
            listed.append(entry)
        env = self.environment
        drawn = index.draw(env.names.pipeline, env.name, listed, self._grids()).encode()
        self._write(index.NAME, _text(index.document(listed)), _JSON)
        self._write(page.INDEX, drawn, _HTML)
        return drawn

    def _grids(self) -> list[str]:
        """The lines of ``coverage show``, or why they cannot be had; none where only documents are at hand."""
        if self.connection is None or not self.environment.datasets:
            return []
        where = self.input, self.documents.where.removesuffix("runs/")
        try:
            found = covering.coverages(self.environment, self.connection, *where, (), look=True)
        except UserError as error:
            return [f"not known: {error}"]
        grids = [line for each in found for line in coverage_text.lines(each)]
        return [*grids, "", coverage_text.legend(found)]

    def _write(self, path: str, content: bytes, kind: str) -> None:
        if self.unwritten:
            return
        try:
            with explained():
                self.documents.write(path, content, kind)
        except UserError as error:
            self.unwritten = str(error)

    def pages(self, runs: Sequence[str]) -> Mapping[str, bytes | None]:
        """Run → its page, as it was just drawn or is stored."""
        with explained():
            found = self.documents.read_all(f"{run}/{page.NAME}" for run in runs if run not in self._drawn)
        return {**self._drawn, **{path.partition("/")[0]: content for path, content in found.items()}}

    def _execution(self, run: str) -> Found:
        """What Step Functions says of a run."""
        if self.connection is None:
            return Found(run)
        arn = f"{self.machine.replace(':stateMachine:', ':execution:')}:{run}"
        client = self.connection.client("stepfunctions")
        with explained():
            described = states.described(client, arn)
            if described is None:
                return Found(run, arn)
            definition = _object((states.followed(client, arn) or "").encode())
        progress = history.looked_at(self.connection, arn)
        failure = progress.failure
        why = runs.failed(self.environment, self.connection, failure) if failure else None
        return Found(run, arn, described[1], progress, definition, failure=why)

    def _with_documents(self, found: Found) -> Found:
        run = found.run
        names = [step.result for _, step in in_order(self.environment.steps) if step.result]
        paths = [
            f"{run}/{name}" for name in (*(f"{each}.json" for each in names), summary.NAME, profile.NAME)
        ]
        *results, of_run, rows = self._read(paths)
        of_run = of_run if of_run and document.is_summary(of_run) else None
        rows = rows if rows and document.is_profile(rows) else None
        (plan,) = self._read([f"{run}/{load_plan.NAME}"]) if of_run is None else (None,)
        past = self._past(run)
        took = {
            each.name: (each.stopped - each.started).total_seconds()
            for each in self.executions()
            if each.status == "SUCCEEDED" and each.stopped
        }
        times = [
            PastTimes(each.run, expected.summary_bytes(each.summary), took[each.run])
            for each in past
            if each.summary and each.run in took
        ]
        return Found(
            run,
            found.arn,
            found.value,
            found.progress,
            found.definition,
            {name: result for name, result in zip(names, results, strict=True) if result is not None},
            of_run,
            rows,
            plan,
            found.failure,
            past,
            times,
        )

    def _past(self, run: str) -> Sequence[Earlier]:
        """The runs before that have published, the newest first; no more of them are read than are needed."""
        before = [each for each in self._left() if each < run][-_BEFORE:][::-1]
        found: list[Earlier] = []
        while before and len(found) < earlier.RULES:
            some, before = before[: earlier.RULES], before[earlier.RULES :]
            paths = [
                f"{each}/{name}" for each in some for name in (summary.NAME, profile.NAME, document.NAME)
            ]
            read = iter(self._read(paths))
            every = zip(some, zip(read, read, read, strict=True), strict=True)
            found += filter(_has_published, (Earlier(each, *left) for each, left in every))
        return found[: earlier.RULES]

    def _read(self, paths: Sequence[str]) -> list[Record | None]:
        """The JSON objects at these paths; None for what is not there or is none. Each is read once."""
        unknown = [path for path in paths if path not in self._known]
        if unknown:
            with explained():
                for path, content in self.documents.read_all(unknown).items():
                    self._known[path] = _object(content)
        return [self._known[path] for path in paths]


def _has_published(one: Earlier) -> bool:
    """Whether a run before has left what a report can read."""
    told = one.summary is None or document.is_summary(one.summary)
    return (
        told
        and (one.profile is None or document.is_profile(one.profile))
        and bool(one.summary or one.profile)
    )


def _text(record: Record) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()


def _object(content: bytes | None) -> Record | None:
    if content is None:
        return None
    try:
        found = json.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def of_environment(environment: Environment, connection: Connection, outputs: Mapping[str, str]) -> Reports:
    """The reports of a deployed environment. ``outputs``: of its pipeline stack."""
    documents = RunDocuments(connection, f"{outputs['OutputUri']}runs/")
    return Reports(environment, documents, connection, outputs["StateMachineArn"], outputs["InputUri"])
