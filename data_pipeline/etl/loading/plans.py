"""The plan of an earlier run, by which a run goes that begins behind its making."""

from __future__ import annotations

from data_pipeline.etl.documents import decision, load_plan
from data_pipeline.etl.storage.filesystem import files, join


def keep(plan: str, output: str, run: str) -> None:
    """Copy a plan, and the decision beside it, to ``<output>/runs/<run>/``, where the run's own would be."""
    folder, own = plan.rpartition("/")[0], join(output, "runs", run)
    for name in (load_plan.NAME, decision.NAME) if folder != own else ():
        loaded = files(folder).load(join(folder, name))
        if loaded is not None:
            files(own).write(join(own, name), loaded[0])
