"""A project whose table ``customers`` is the SQL under test."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_environment
from data_pipeline.project.definitions import checked
from tests.core.loading.dataset_project import shop

DATASETS = """\
datasets:
  orders:
    files: "orders/{year}/{month}/{shop}.csv"
    columns:
      order_id: string
      ordered_at: timestamptz
      amount: decimal(12,2)
      pieces: long?
  weather:
    files: weather.csv
    columns: {day: date, celsius: double}
"""
TABLES = "tables:\n  customers: {sql: customers.sql}\n"


def said(root: Path, dev: str = DATASETS + TABLES, **sql: str) -> str:
    """The whole message with which the SQL of a project is refused."""
    made = shop(root, dev, **sql)
    env = load_environment(made, "dev")
    with pytest.raises(UserError) as caught:
        checked(made, env)
    return str(caught.value)
