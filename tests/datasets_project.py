"""A project with data sets and no steps of its own, as a test changes it."""

from __future__ import annotations

from pathlib import Path

from data_pipeline.core.config.environment import Environment
from data_pipeline.core.loading.load import load_environment
from tests.core.loading.dataset_project import shop

DATASETS = """\
datasets:
  orders:
    files: orders/{country}/{year}-{month}-{day}.csv
    columns: {id: string, ordered_at: timestamptz, amount: "decimal(12,2)"}
  weather:
    files: weather-{year}.csv
    columns: {day: date, celsius: double}
"""
TABLES = "tables: {customers: {sql: customers.sql}}\n"
EXPORT = TABLES.replace("}}", ", export: customers.parquet}}")
STORE = """\
features:
  totals:
    description: totals
    owner: shop
    table: customers
    window: {start: t, minutes: 15}
    record_identifier: name
    event_time: window_end
    lag: 1 day
    online: true
    features:
      name: {type: string, description: who}
      window_end: {type: string, description: when}
      n: {type: integral, description: how many}
"""


def datasets_project(root: Path, *parts: str) -> Environment:
    """Its environment `dev`: the data sets, and further parts of its configuration."""
    made = shop(root / "p", "".join([DATASETS, *parts]))
    for script in ("fetch", "report"):
        (made / "jobs" / f"{script}.py").touch()
    return load_environment(made, "dev")
