"""Tables as text: what CSV and JSON make of lists, structs and maps."""

from __future__ import annotations

import json
from decimal import Decimal

import pyarrow as pa

from data_pipeline.features.formats import encoded

TABLE = pa.table(
    {
        "device": ["a", "b"],
        "place": pa.array([{"lat": 50.5, "lon": None}, None]),
        "samples": pa.array([[Decimal("1.50")], []]),
        "tags": pa.array([[("fw", 'x"y')], None], pa.map_(pa.string(), pa.string())),
    }
)


def test_csv_has_nested_values_as_json() -> None:
    """Null is an empty field, as that of any other column."""
    first, one, two = encoded(TABLE, "csv").decode().splitlines()
    assert first == '"device","place","samples","tags"'
    assert one == (r'"a","{""lat"": 50.5, ""lon"": null}","[""1.50""]","[[""fw"", ""x\""y""]]"')
    assert two == '"b",,"[]",'


def test_json_has_nested_values_as_they_are() -> None:
    first, second = json.loads(encoded(TABLE, "json"))
    assert first["place"] == {"lat": 50.5, "lon": None}
    assert second == {"device": "b", "place": None, "samples": [], "tags": None}
