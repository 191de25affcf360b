"""The default sample, written once."""

from __future__ import annotations

from pathlib import Path

import pytest
from taxi.sample.catalogue import PICKED
from taxi.sample.write import write_sample


@pytest.fixture(scope="session")
def sample_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that holds the default sample; nobody writes to it."""
    directory = tmp_path_factory.mktemp("sample") / "files"
    write_sample(directory, list(PICKED), seed=1)
    return directory
