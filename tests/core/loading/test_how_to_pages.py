"""What the pages about tables and rules write in YAML and SQL is a configuration that is taken."""

from __future__ import annotations

import re
from pathlib import Path

from paths import ROOT

from data_pipeline.core.loading.load import load_environment
from tests.core.loading.dataset_project import shop

HOURS = "SELECT ordered_at AS hour, status AS sensor, amount AS temperature FROM orders"
MONTH = "SELECT CAST(ordered_at AS DATE) AS day, count(*) AS customers FROM orders GROUP BY 1"


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / "how-to" / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_blocks_of_the_pages(tmp_path: Path) -> None:
    datasets, series = blocks("quality-rules.md", "yaml")
    first, second = (block.removeprefix("tables:\n") for block in blocks("tables.md", "yaml"))
    (by_day,) = blocks("tables.md", "sql")
    sql = {"sensor_hours": HOURS, "customers_by_day": by_day, "customers_of_30_days": MONTH}
    root = shop(tmp_path, datasets + series + first + second, **sql)
    found = load_environment(root, "dev")
    assert len(found.datasets["orders"].rules) == 8
    assert set(found.tables) == sql.keys()
    assert found.tables["customers_of_30_days"].follows == {"orders": "day(ordered_at)"}


def test_the_block_of_data_that_changes(tmp_path: Path) -> None:
    (block,) = blocks("keyed-data.md", "yaml")
    found = load_environment(shop(tmp_path, block), "dev").datasets["orders"]
    assert (found.key, found.latest, found.deleted) == (("order_id",), ("updated_at",), "status = 'deleted'")
