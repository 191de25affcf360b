"""What a run notes of its deployment: found beside the definitions, or not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.etl.documents import deployment
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.loading.deployed import find

CODE = "c" * 64


def test_the_document_is_named_by_definitions_and_code() -> None:
    place = deployment.place("s3://b/p/datasets/abc.json", CODE)
    assert place == f"s3://b/p/datasets/abc.{CODE}.json"


def test_what_a_deployment_wrote_is_found(tmp_path: Path) -> None:
    """Of other code nothing is known, nor of what is no such document."""
    definitions = str(tmp_path / "abc.json")
    assert find(definitions, CODE) is None
    place = Path(deployment.place(definitions, CODE))
    place.write_text(deployment.write(12, "3f2a9c", dirty=True))
    assert find(definitions, CODE) == {"number": 12, "commit": "3f2a9c", "dirty": True}
    assert find(definitions, "d" * 64) is None
    place.write_text('{"version": 9}')
    assert find(definitions, CODE) is None
    with pytest.raises(JobError, match="version 9 of a deployment"):
        deployment.read(place.read_text(), "s3://x")
