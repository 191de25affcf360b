"""Quotas of processing jobs: instances of one type that may be in use at once. There are none unless a file names them.

The file is ``quotas.json`` in the state directory: the name of a quota → instances, as in
``{"ml.m5.large for processing job usage": 1}``. It is read for every job, so it may change while the server runs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .answers import ServiceError

FILE = "quotas.json"


def check(request: Mapping[str, Any], jobs: Iterable[Mapping[str, Any]]) -> None:
    """ResourceLimitExceeded where a job would need more instances of its type than its quota leaves."""
    kind, wanted = _instances(request)
    name = f"{kind} for processing job usage"
    limit = _limits().get(name)
    live = (job for job in jobs if job["ProcessingJobStatus"] in ("InProgress", "Stopping"))
    used = sum(count for other, count in map(_instances, live) if other == kind)
    if limit is not None and used + wanted > limit:
        raise ServiceError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{name}' is {limit} Instances, with current utilization of {used} "
            f"Instances and a request delta of {wanted} Instances.",
        )


def _instances(job: Mapping[str, Any]) -> tuple[str, int]:
    cluster = job["ProcessingResources"]["ClusterConfig"]
    return cluster["InstanceType"], cluster["InstanceCount"]


def _limits() -> dict[str, int]:
    file = Path(os.environ["STATE_DIR"]).parent / FILE
    limits: dict[str, int] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return limits
