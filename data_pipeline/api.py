"""What Python uses: a project, its environments, their runs with results, and the published tables.

    from data_pipeline.api import Project

    local = Project(".").environment("local")
    run = local.run(months="2019-01..2019-06")
    counts = local.table("orders")

Nothing here prints, asks or exits. ``UserError`` is raised for what its reader can mend: configuration, credentials,
network, permissions, names that do not exist. Its message says what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict, Unpack

import duckdb
import pyarrow as pa

from data_pipeline.aws import states
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.core import sql
from data_pipeline.core.config.environment import Environment as Configuration
from data_pipeline.core.config.feature_groups import Joined
from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import environment_names
from data_pipeline.core.machine import end_states, run_input, selection
from data_pipeline.core.machine.execution import execution_input
from data_pipeline.core.problems import RefusedError, did_you_mean, one_of, quoted
from data_pipeline.core.progress.failure_reason import described
from data_pipeline.core.progress.follow import Progress, Status
from data_pipeline.embedded_aws.errors import LocalError
from data_pipeline.etl.documents import decision as decisions
from data_pipeline.etl.documents import summary as summaries
from data_pipeline.etl.documents import verdict as verdicts
from data_pipeline.features import snapshots
from data_pipeline.features.store import Store
from data_pipeline.project import asking, history, runs
from data_pipeline.project.connecting import open_environment
from data_pipeline.project.deployed import pipeline_stack
from data_pipeline.project.features import read_offline, read_online, readable, store_of
from data_pipeline.project.folder import find
from data_pipeline.project.training_sets import TrainingSet, open_training_set

__all__ = [
    "Environment",
    "Joined",
    "Project",
    "Run",
    "RunFailedError",
    "RunOptions",
    "Store",
    "TrainingSet",
    "UserError",
]


class RunOptions(TypedDict, total=False):
    """What a run looks at: the options of the command ``run``. Without any, all that is new or changed."""

    reprocess: bool
    """Read again what is already processed."""
    datasets: Sequence[str]
    """These data sets only."""
    months: str
    """These months only: one, or both ends, as in "2019-01..2019-06"."""
    parts: Sequence[str]
    """Values of named parts only, as in "country=de"."""
    periods: str
    """These years, months, days or hours only: one, or both ends, as in "2024-01..2024-06-15"."""
    prune: bool
    """Remove the rows of source files that are gone."""
    rebuild: Sequence[str]
    """Data sets whose tables are made anew from all their files, as their definitions are now."""
    from_now_on: Sequence[str]
    """Data sets whose changed definitions hold for new files alone."""
    drop_columns: Sequence[str]
    """Columns that the configuration has no more and that may be dropped, as in "orders.status"."""
    accept: Sequence[str]
    """Quality rules that may fail; of data sets "RULE@RUN": as far as that run has found."""
    concurrent: bool
    """Run although another execution is running."""


class Project:
    """The project that ``folder`` is in: the nearest folder upwards with ``config/pipeline.yaml``.

    UserError where there is none.
    """

    def __init__(self, folder: str | Path = ".") -> None:
        self.root: Path = find(Path(folder).resolve())

    def __repr__(self) -> str:
        return f"Project({str(self.root)!r})"

    @property
    def environments(self) -> list[str]:
        """The names of its environments, in order: a file each in ``config/``."""
        return environment_names(self.root)

    def environment(self, name: str) -> Environment:
        """The environment, connected to its AWS; the embedded AWS is started where it is on that, and stays up.

        UserError for a wrong configuration, no or wrong credentials, another account than the allowed one, no network.
        """
        try:
            opened = open_environment(self.root, name)
        except LocalError as error:
            raise UserError(str(error)) from error
        return Environment(
            name=name,
            account=opened.account,
            region=opened.connection.region,
            endpoint=opened.connection.endpoint,
            _configuration=opened.environment,
            _connection=opened.connection,
        )


@dataclass(frozen=True)
class Environment:
    """One environment of a project. Made by ``Project.environment``."""

    name: str
    account: str
    """Twelve digits."""
    region: str
    endpoint: str | None
    """The URL of the embedded AWS; None on AWS."""
    _configuration: Configuration = field(repr=False)
    _connection: Connection = field(repr=False)

    def run(self, **options: Unpack[RunOptions]) -> Run:
        """Start the pipeline with these options, and follow it to its end.

        RunFailedError, whose ``run`` has the results, when it failed or when another execution was running. A run
        that found nothing new is returned, with ``ended_at`` "NothingNew".
        """
        run = self.start(**options).wait()
        if run.status != "SUCCEEDED":
            failure = run.failure or {}
            raise RunFailedError(f"{failure.get('state') or run.name} failed: {failure.get('reason')}", run)
        if run.ended_at == end_states.ALREADY_RUNNING:
            raise RunFailedError(
                "another execution is running, so this one ended at once and did nothing; to run beside it: "
                "concurrent=True",
                run,
            )
        return run

    def start(self, **options: Unpack[RunOptions]) -> Run:
        """Start the pipeline with these options and return at once; ``Run.wait`` follows it.

        UserError for an option that is none, an environment that is not deployed, and an input without a file.
        """
        value = selection.checked(selection.known(self._configuration), execution_input(**_checked(options)))
        outputs = pipeline_stack(self._configuration, self._connection).outputs
        if runs.needs_files(self._configuration, value):
            runs.refuse_empty_input(self._configuration, self._connection, outputs["InputUri"])
        machine, output = outputs["StateMachineArn"], outputs["OutputUri"]
        value = runs.accepting(self._configuration, self._connection, machine, output, value)
        signed = runs.signed(self._connection, runs.version(outputs), value)
        arn = runs.start(self._connection, runs.starting(outputs), signed)
        return self._run(output, arn, Progress())

    def runs(self, most: int = 10) -> list[Run]:
        """The newest executions of the pipeline, at most so many, the newest first, by whomever they were started."""
        outputs = pipeline_stack(self._configuration, self._connection).outputs
        client = self._connection.client("stepfunctions")
        with explained():
            return [
                self._run(
                    outputs["OutputUri"], each.arn, Progress().after(states.new_events(client, each.arn, 0))
                )
                for each in states.newest(client, outputs["StateMachineArn"], most)
            ]

    def _run(self, output: str, arn: str, progress: Progress) -> Run:
        return Run(arn, runs.folder(output, arn), progress, self._configuration, self._connection)

    def tables(self) -> list[str]:
        """The names of the published tables, in order."""
        with readable():
            return self._store.tables.names()

    def table(
        self,
        name: str,
        *,
        columns: Sequence[str] | None = None,
        as_of: datetime | None = None,
        snapshot: str | None = None,
        run: str | None = None,
    ) -> pa.Table:
        """The rows of a published table, whole in memory, in no order: the newest state, or an earlier one.

        ``columns``: these only. ``as_of``: the state at a time with a zone; ``snapshot``: of a snapshot's id; ``run``:
        as the run of this name published it; one of the three at most. UserError where there is no such table, column
        or (any more) state.
        """
        with readable():
            table = self._store.tables.load(name)
            if as_of is not None and as_of.tzinfo is None:
                raise UserError(f"as_of: found {as_of}, expected a time with a zone")
            state = snapshots.chosen(table, as_of, snapshot, run)
            known = table.schema().column_names
            missing = [column for column in columns or () if column not in known]
            if missing:
                raise UserError(f"table {name} has no column {', '.join(missing)}; it has {', '.join(known)}")
            fields = ("*",) if columns is None else tuple(columns)
            rows: pa.Table = table.scan(selected_fields=fields, snapshot_id=state.snapshot_id).to_arrow()
        return rows if columns is None else rows.select([*columns])

    def relation(
        self, name: str, *, db: duckdb.DuckDBPyConnection | None = None, **state: Any
    ) -> duckdb.DuckDBPyRelation:
        """The same as a relation of DuckDB, in ``db`` (without it, in DuckDB's own default connection).

        ``state``: the options of ``table``.
        """
        rows = self.table(name, **state)
        return duckdb.from_arrow(rows) if db is None else db.from_arrow(rows)

    def sql(self, query: str) -> pa.Table:
        """The rows of one SELECT in Athena's SQL over the published tables. On the embedded AWS, DuckDB runs it.

        UserError for what is no SELECT, names no table, or reads more than ``athena.gb_per_query`` (10⁹ bytes).
        """
        with readable():
            return asking.ask(self._configuration, self._connection, self._store.tables, sql.read(query)).rows

    def open_store(self, *, athena: bool = False) -> Store:
        """The feature groups, to be read and joined. With ``athena``, Athena reads them, under its limit of bytes."""
        return store_of(self._configuration, self._connection, athena=athena)

    def read_online(self, group: str | None, identifiers: Sequence[str]) -> pa.Table:
        """The newest record of each record identifier, in their order, from SageMaker's online store of a group.

        Columns are those of ``open_store().get``. UserError where the group has no such store, or no such record.
        """
        return read_online(self._configuration, self._connection, group, identifiers)

    def read_offline(self, group: str | None = None, *, athena: bool = False) -> pa.Table:
        """The records in SageMaker's offline store of a group, each once. UserError where it has no such store."""
        return read_offline(self._configuration, self._connection, group, athena=athena)

    def open_training_set(self, name: str, version: str | None = None) -> TrainingSet:
        """A frozen training set, each file checked against its manifest: the version that is named, else the only one.

        UserError when there is none or several, or when a file is not what the manifest says.
        """
        return open_training_set(self._configuration, self._connection, name, version)

    @property
    def _store(self) -> Store:
        return store_of(self._configuration, self._connection)


@dataclass(frozen=True)
class Run:
    """An execution of the pipeline, as it stood when it was looked at. Made by ``Environment``."""

    arn: str
    folder: str
    """The ``s3://`` URI, with its slash, below which its results are."""
    _progress: Progress = field(repr=False)
    _configuration: Configuration = field(repr=False)
    _connection: Connection = field(repr=False)

    def wait(self) -> Run:
        """The same run at its end, however it ends. UserError where AWS does not answer any more."""
        progress = self._progress
        if not progress.ended:
            for watched in runs.watch(self._configuration, self._connection, self.arn):
                progress = watched.progress
        return Run(self.arn, self.folder, progress, self._configuration, self._connection)

    def stop(self, why: str = "") -> Run:
        """End it and its jobs; the same run then. ``why`` is kept with it. UserError where it has ended already."""
        by = f"stopped by {self._connection.identity}"
        history.stop(self._connection, self.arn, f"{by}: {why}" if why else by)
        return self.wait()

    @property
    def input(self) -> dict[str, Any]:
        """What it was asked; ``started_by`` says by whom or what, where that is known."""
        return history.input_of(self._connection, self.arn)

    @property
    def name(self) -> str:
        """The name of the execution, which sorts by time."""
        return self.arn.rpartition(":")[2]

    @property
    def status(self) -> Status:
        """As Step Functions calls it."""
        return self._progress.status

    @property
    def started(self) -> datetime | None:
        """With a zone."""
        return self._progress.started

    @property
    def stopped(self) -> datetime | None:
        """With a zone; None while it runs."""
        return self._progress.stopped

    @property
    def ended_at(self) -> str | None:
        """The state at which it ended, as "Published" or "NothingNew"; None while it runs."""
        return self._progress.current.name if self._progress.ended and self._progress.current else None

    @property
    def failure(self) -> dict[str, Any] | None:
        """``state``, ``error``, ``cause`` and ``reason`` of a failure; of a job its ``job`` and the end of its ``log``.

        None while it runs, and where it ended well.
        """
        failure = self._progress.failure
        return None if failure is None else runs.failed(self._configuration, self._connection, failure)

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """The small results of its steps by their names, as far as it came."""
        return runs.results(self._configuration, self._connection, self.folder)

    @property
    def decision(self) -> dict[str, Any] | None:
        """Whether there was something to do, and why: ``proceed``, ``reason``, numbers of files; None without one."""
        return runs.document(self._connection, self.folder + decisions.NAME)

    @property
    def verdict(self) -> dict[str, Any] | None:
        """Whether the quality rules held: ``passed`` and ``failed_rules``; None where it did not come so far."""
        return runs.document(self._connection, self.folder + verdicts.NAME)

    @property
    def summary(self) -> dict[str, Any] | None:
        """What was read and published: ``rows``, ``files``, ``tables`` and ``export``; None where there is none."""
        published = runs.published(self._connection, described(self._progress.output))
        return published[1] if published else runs.document(self._connection, self.folder + summaries.NAME)


class RunFailedError(UserError):
    """A run that did not succeed. ``run``: the run at its end, with its ``failure`` and its results."""

    def __init__(self, message: str, run: Run) -> None:
        super().__init__(message)
        self.run = run


def _checked(options: RunOptions) -> dict[str, Any]:
    """The options as the execution's input has them. UserError, with the option's name, for one that is none."""
    known = [*RunOptions.__annotations__]
    for option in options:
        if option not in known:
            near = did_you_mean(option, known)
            raise UserError(
                f"a run has no option {quoted(option)}, it has {one_of(known)}"
                + (f"; {near}" if near else "")
            )
    return {option: _value(option, value) for option, value in options.items()}


def _value(option: str, value: Any) -> Any:
    try:
        return _READ.get(option, _flag)(value)
    except RefusedError as error:
        advice = f"; {error.advice}" if error.advice else ""
        raise UserError(f"{option}: found {value!r}, expected {error.expected}{advice}") from error


def _each(check: Callable[[str], str]) -> Callable[[object], list[str]]:
    """The reader of a list, each of whose entries the check lets through."""

    def read(value: object) -> list[str]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise RefusedError(f"a list of names, as in [{str(value)!r}]")
        return run_input.names([check(str(one)) for one in value])

    return read


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise RefusedError("True or False")
    return value


_READ: dict[str, Callable[[Any], Any]] = {
    "datasets": _each(run_input.name),
    "parts": _each(run_input.part),
    "rebuild": _each(run_input.name),
    "from_now_on": _each(run_input.name),
    "drop_columns": _each(run_input.column),
    "accept": _each(run_input.rule),
    "months": lambda value: run_input.months(str(value)),
    "periods": lambda value: run_input.periods(str(value)),
}
