"""A shop on the embedded AWS."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop import Shop, orders

from data_pipeline.etl.documents.datasets import Definitions


@pytest.fixture
def shop(output) -> Shop:
    """With orders, and no files yet."""
    return Shop(output, Definitions({"orders": orders()}))
