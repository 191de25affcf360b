"""The deployment that a run belongs to, for its lineage."""

from __future__ import annotations

from typing import Any

from data_pipeline.etl.documents import deployment
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import files


def find(definitions: str, code_version: str) -> dict[str, Any] | None:
    """Number and commit of the deployment of these definitions (a place) and code; None where that is not known: to who
    may not list, S3 says of a missing object that it is denied.
    """
    place = deployment.place(definitions, code_version)
    try:
        found = files(place).load(place)
        return None if found is None else deployment.read(found[0], place)
    except JobError:
        return None
