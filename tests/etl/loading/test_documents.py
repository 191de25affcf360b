"""What a run says of itself in its documents."""

from __future__ import annotations

import pytest

from data_pipeline.etl.loading import documents
from data_pipeline.etl.quality.facts import Breach, Judgement


@pytest.mark.parametrize(("value", "limit"), [(0.25, 0.5), (7.0, 2.0)])
def test_a_verdict_names_the_limit_that_is_broken(value, limit):
    """A mail shows it as it is: of twice and half as many rows the one that the value is beyond."""
    found = {"run": "r", "rows": {}, "tables": {}, "export": None, "versions": {}}
    breach = Breach("orders", "rows-of-median", "fail", "orders/2024-01.csv", value, 0.5, "v", "")
    said = documents.verdict(found, "summary.json", [], Judgement((breach,)), "")
    (failed,) = said["failed_rules"]
    assert (failed["value"], failed["limit"]) == (value, limit)
