"""The unit that a file is of: what a new issue takes the place of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from data_pipeline.etl.documents.datasets import Dataset

DIGITS = 16
_encoded = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def key(dataset: Dataset, path: str, period: str, parts: Mapping[str, str]) -> str:
    """The unit's short id: 16 hex digits of SHA-256 of the JSON list of data set, parts, and path or period (nothing
    where the data set replaces all).
    """
    told = {"file": path, "period": period, "all": ""}[dataset.issue]
    text = _encoded([dataset.name, dict(parts), told])
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
