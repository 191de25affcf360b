"""The document of data sets and tables in the artifact bucket; pure. ``etl.documents.datasets`` is both its ends."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

PLACEHOLDER = "{definitions}"
#: parameter of the pipeline stack: the document's SHA-256. So a changed SQL leaves the template as it is.
PARAMETER = "Definitions"
SUBSTITUTION = f"{PARAMETER}Hash"


def takes_definitions(arguments: Mapping[str, str]) -> bool:
    """Whether a job with these arguments is given the definitions."""
    return any(PLACEHOLDER in value for value in arguments.values())


def digest(text: str) -> str:
    """What tells one document from another."""
    return hashlib.sha256(text.encode()).hexdigest()


def folder(artifacts: str) -> str:
    """Key prefix of the documents in the artifact bucket, ending in ``/``."""
    return f"{artifacts}/datasets/"


def key(artifacts: str, digest: str) -> str:
    """Key of a document in the artifact bucket: it names its content."""
    return f"{folder(artifacts)}{digest}.json"
