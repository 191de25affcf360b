"""What a run says of itself in its documents."""

from __future__ import annotations

import json
from typing import Any

from data_pipeline.etl.loading import documents
from data_pipeline.etl.quality.facts import Breach, Judgement

EMPTY: Any = {"run": "r", "rows": {}, "tables": {}, "export": None, "versions": {}}


def breach(of: str, rule: str, number: int) -> Breach:
    return Breach(of, rule, "fail", f"{of}/{number}.csv", number, 0.5)


def test_a_verdict_names_a_few_broken_rules() -> None:
    """One of each rule of each data set first, then others; and a few of the rules that are let through."""
    failed = [breach("orders", "drift", number) for number in range(200)]
    failed += [breach("weather", "drift", 200), breach("orders", "null-share(id)", 201)]
    accepted = tuple(breach("orders", f"null-share(column_{number:03})", number) for number in range(200))
    verdict = documents.verdict(EMPTY, "s3://b/summary.json", [], Judgement(tuple(failed), accepted), "")
    named = [rule["source"] for rule in verdict["failed_rules"]]
    assert named == ["orders/0.csv", "weather/200.csv", "orders/201.csv"] + [
        f"orders/{number}.csv" for number in range(1, documents.NAMED - 2)
    ]
    assert verdict["accepted"] == [f"null-share(column_{number:03})" for number in range(documents.NAMED)]
    assert len(json.dumps(verdict)) < 16 << 10
