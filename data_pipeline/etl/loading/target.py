"""Where a run's results go, and what they are called after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_pipeline.etl.state.ledger import Ledger
from data_pipeline.etl.storage.filesystem import join
from data_pipeline.etl.storage.scratch import Scratch

from .reading import Runner, on_this_machine
from .telling import Telling

if TYPE_CHECKING:
    from data_pipeline.etl.publishing.key_buckets import Buckets
    from data_pipeline.etl.publishing.tables import Tables


@dataclass(frozen=True)
class Target:
    """``at``: the tables of a catalog, or None for a run alone, which keeps no state. ``now``: when the run began, in
    UTC. ``work``: a folder of this machine for what is on the way. ``runner`` reads the files, here or on a cluster;
    ``engine``: what it is called, ``duckdb`` or ``spark``. ``buckets``: a cluster that makes tables of keys, too;
    ``telling`` says in the log how far the reading has come. ``deployment``: its number and commit, where known.
    """

    output: str
    run: str
    code_version: str
    now: datetime
    work: Path
    scratch: Scratch
    at: Tables | None = None
    runner: Runner = on_this_machine
    engine: str = "duckdb"
    buckets: Buckets | None = None
    telling: Telling = field(default_factory=lambda: Telling(0))
    deployment: Mapping[str, Any] | None = None

    @property
    def ledger(self) -> Ledger | None:
        return Ledger(self.output) if self.at else None

    @property
    def folder(self) -> str:
        """Of the run's documents."""
        return join(self.output, "runs", self.run) if self.at else self.output

    def quarantine(self, dataset: str) -> str:
        folders = ["quarantine", *([f"run={self.run}"] if self.at else []), f"dataset={dataset}"]
        return join(self.output, *folders)
