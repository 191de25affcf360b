"""How far the job has come that an execution waits for, read from the lines of its log now and then."""

from __future__ import annotations

from collections.abc import Callable

from data_pipeline.aws.errors import explained, is_denied
from data_pipeline.aws.logs import Reader
from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.progress.follow import Job, Progress
from data_pipeline.etl.documents import progress as documents
from data_pipeline.etl.documents.progress import Reached

from . import history


class JobProgress:
    """Looks at the log of the present job, ``every`` so many seconds at most; where it may not be read, never."""

    def __init__(
        self, env: Environment, connection: Connection, every: float, now: Callable[[], float]
    ) -> None:
        self._env, self._connection = env, connection
        self._every, self._now = every, now
        self._job: Job | None = None
        self._reader: Reader | None = None
        self._reached: Reached | None = None
        self._looked = 0.0

    def reached(self, progress: Progress) -> Reached | None:
        """How far the job of the present state has come, None where it does not say."""
        state = progress.current
        job = state.job if state is not None and state.exited is None else None
        if job is None or (job.service == "glue" and not job.run_id):
            self._job, self._reached = None, None
            return None
        if job != self._job:
            self._job, self._reached, self._looked = job, None, self._now()
            self._reader = history.reader(self._env, self._connection, job)
        elif self._reader is not None and self._now() - self._looked >= self._every:
            self._looked = self._now()
            self._reached = self._read(self._reader) or self._reached
        return self._reached

    def _read(self, reader: Reader) -> Reached | None:
        try:
            with explained():
                return documents.last(reader.fresh())
        except UserError as error:
            if is_denied(error):  # who may follow the run need not be allowed to read logs
                self._reader = None
            return None
