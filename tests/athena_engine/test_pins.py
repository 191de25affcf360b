"""The private names of PyIceberg that the engine overrides: an upgrade that moves one of them fails here."""

from __future__ import annotations

import importlib.metadata
import inspect

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io.pyarrow import PyArrowFileIO


def test_version_is_the_one_that_was_read() -> None:
    """PyIceberg is the release whose source the engine was written against."""
    assert importlib.metadata.version("pyiceberg") == "0.12.0"


def test_what_is_overridden_takes_what_it_took_and_is_called() -> None:
    """Every file is opened by way of these, so that what overrides them decides what is read."""
    assert list(inspect.signature(GlueCatalog._load_file_io).parameters) == ["self", "properties", "location"]
    assert list(inspect.signature(PyArrowFileIO._initialize_fs).parameters) == ["self", "scheme", "netloc"]
    source = inspect.getsource(GlueCatalog)
    assert "self._load_file_io(" in source
    assert " load_file_io(" not in source
    assert "lru_cache(self._initialize_fs)" in inspect.getsource(PyArrowFileIO.__init__)
