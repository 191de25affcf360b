"""How the type of a column may be written."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.core.config.column_types import read

NESTED = "struct<X:int,y:list<struct<z:date?>?>>"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("string", ("string", False, "")),
        (" string? ", ("string", True, "")),
        ("string ?", ("string", True, "")),
        ("timestamptz ts", ("timestamptz", False, "ts")),
        ("decimal( 12 , 2 )? order amount", ("decimal(12,2)", True, "order amount")),
        ("decimal (12,2)", ("decimal(12,2)", False, "")),
        ("list<string?>? tags", ("list<string?>", True, "tags")),
        ("struct<a:int,b:list<date>> x", ("struct<a:int,b:list<date>>", False, "x")),
        (("int?",), ("list<int?>", False, "")),
        ({"list?": "int"}, ("list<int>", True, "")),
        ({"struct": {"X": "int", "y": ({"struct?": {"z": "date?"}},)}}, (NESTED, False, "")),
    ],
)  # fmt: skip
def test_a_type_is_read(written: Any, found: tuple[str, bool, str]) -> None:
    written_type = read(written)
    assert (str(written_type.type), written_type.nullable, written_type.named) == found
