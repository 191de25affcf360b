"""The list of sources that the mirror reads, made of the configuration's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from data_pipeline.core.config.sources import Mirror, Source, document

PLAIN = "https://example.org/{year}-{month:02}.csv"
LISTED = "https://example.org/{shop:north|south}_{year}-{month:02}.csv"


@pytest.mark.parametrize(
    ("given", "first"),
    [
        ({"url": PLAIN, "since": "2020-01"}, {"orders": "2020-01"}),
        ({"url": LISTED, "since": "2020-01"}, {"north": "2020-01", "south": "2020-01"}),
        (
            {"url": LISTED, "since": {"south": "2021-05", "north": "2020-01"}},
            {"north": "2020-01", "south": "2021-05"},
        ),
        ({"s3": "s3://theirs/orders/"}, None),
    ],
)
def test_each_value_has_its_first_period(given: dict[str, Any], first: dict[str, str] | None) -> None:
    """One for all, or one each; without listed values it is the source's own."""
    source = Source.model_validate(given, strict=True)
    (listed,) = json.loads(document({"orders": source}, Mirror()))["sources"]
    assert listed.get("datasets") == first
