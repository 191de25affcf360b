"""A backfill of a deployed environment: its runs, one after the other, each waited for. It keeps no state of its own:
what is to be read is what the ledger and the results of runs say, so it can be broken off and begun again anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from data_pipeline.aws import states
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.aws.states import Execution, Watched
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.machine.execution import execution_input
from data_pipeline.core.progress import backfill, failure_reason, result_text
from data_pipeline.core.progress.backfill import PARTIAL, Done, Piece, Wish
from data_pipeline.core.progress.coverage import DatasetCoverage
from data_pipeline.core.progress.follow import Progress
from data_pipeline.core.progress.past_runs import PastRun
from data_pipeline.etl.documents import verdict

from . import covering, history, runs

#: the field of an execution's input by which a run leaves tables for a later one.
_DEFER = "defer_tables"

Outputs = Mapping[str, str]
Show = Callable[[str, Watched], None]


@dataclass(frozen=True)
class Backfill:
    """``outputs``: of the pipeline stack; ``datasets``: names, or none for all; ``show`` is told of each look at a run
    that is waited for, with its name.
    """

    env: Environment
    connection: Connection
    outputs: Outputs
    datasets: Sequence[str]
    wish: Wish
    show: Show

    def wait(self) -> None:
        """Wait for the runs that are running, whoever started them."""
        for execution in self._running():
            self._watched(execution.arn)

    def _running(self) -> list[Execution]:
        newest = history.newest(self.connection, self.outputs, 100)
        return [each for each in reversed(newest) if each.status == "RUNNING"]

    def coverages(self) -> list[DatasetCoverage]:
        """What is published, and what is in the input."""
        where = self.outputs["InputUri"], self.outputs["OutputUri"]
        return covering.coverages(self.env, self.connection, *where, self.datasets, look=True)

    def tables(self) -> list[str]:
        """What is made of data sets at the end: nothing where the deployed machine cannot leave it for a later run."""
        env = self.env
        names = [name for name, each in env.datasets.items() if each.key or each.export]
        made = [*names, *env.tables]
        with explained():
            client = self.connection.client("stepfunctions")
            known = states.definition(client, runs.version(self.outputs)) if made else None
        return made if known and _DEFER in known else []

    def run(self, pieces: Sequence[Piece], deferring: bool) -> Iterator[Done]:
        """Each piece in a run of its own. One of several periods that failed is read again in halves, unless a source
        was away.
        """
        waiting = list(pieces)
        while waiting:
            piece = waiting.pop(0)
            done = self.read(piece, again=self.wish.again, deferring=deferring)
            if not done.good and done.ended != PARTIAL and len(piece.periods) > 1:
                waiting[:0] = piece.halves()
            else:
                yield done

    def read(self, piece: Piece, *, again: bool, deferring: bool) -> Done:
        """Run what a piece is about, to its end; anew where the run found another one running."""
        value = execution_input(
            datasets=list(piece.datasets), periods=piece.span, reprocess=again, defer_tables=deferring
        )
        while True:
            self.wait()
            signed = runs.signed(self.connection, runs.version(self.outputs), value)
            arn = runs.start(self.connection, runs.starting(self.outputs), signed)
            progress = self._watched(arn)
            done = self._done(piece, arn, progress)
            if done.ended != "another ran":
                return done
            for other in backfill.others(progress.output):
                self._watched(other)

    def unmade(self) -> list[str]:
        """What is made of data sets and is left for a later run."""
        place = f"{self.outputs['OutputUri']}state/tables.json"
        return backfill.unmade(runs.document(self.connection, place) or {}, self.tables())

    def _watched(self, arn: str) -> Progress:
        progress = Progress()
        for watched in runs.watch(self.env, self.connection, arn):
            self.show(arn.rpartition(":")[2], watched)
            progress = watched.progress
        return progress

    def _done(self, piece: Piece, arn: str, progress: Progress) -> Done:
        folder = runs.folder(self.outputs["OutputUri"], arn)
        results: dict[str, Any] = runs.results(self.env, self.connection, folder)
        now = datetime.now(UTC)
        output = failure_reason.described(progress.output)
        failure = progress.failure
        past = PastRun(
            arn.rpartition(":")[2],
            progress.status,
            progress.started or now,
            progress.stopped,
            failure.error if failure else None,
            results=results,
            waived="running" in output,
        )
        reason = ""
        if failure is not None:
            why = runs.failed(self.env, self.connection, failure)
            reason = _rule(results) or str(why["reason"])
        return backfill.done(piece, past, reason, now)


def _rule(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The first rule that failed a run; of unreadable files, why the first of them is."""
    for rule, text in result_text.failed_rules(results):
        said = [one for each in results.values() for one in verdict.messages(each)]
        return said[0] if rule == "unreadable-files" and said else text
    return ""
