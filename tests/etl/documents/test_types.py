"""Types of columns: their texts, and what is none."""

from __future__ import annotations

import pytest

from data_pipeline.etl.documents.types import Field, List, Primitive, Struct, WrongTypeError, parse


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("long", Primitive("long")),
        (" timestamptz ", Primitive("timestamptz")),
        ("decimal(38, 0)", Primitive("decimal", 38, 0)),
        ("decimal(9,9)", Primitive("decimal", 9, 9)),
        ("list<string?>", List(Primitive("string"), True)),
        ("list<list<int>>", List(List(Primitive("int")))),
        (
            "struct<a: int?, b: list<decimal(3,1)>>",
            Struct((Field("a", Primitive("int"), True), Field("b", List(Primitive("decimal", 3, 1))))),
        ),
        ("struct<a:struct<b:date>?>", Struct((Field("a", Struct((Field("b", Primitive("date")),)), True),))),
    ],
)
def test_a_type_is_read_and_written(text: str, found: object) -> None:
    assert parse(text) == found
    assert str(parse(text)) == "".join(text.split())
    assert parse(str(parse(text))) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("text", "'text' is no type"),
        ("", "'' is no type"),
        ("Long", "'Long' is no type"),
        ("decimal", "'decimal' is no type"),
        ("decimal(0,0)", "decimal(0,0): a decimal has 1 to 38 digits, and no more behind its point"),
        ("decimal(39,0)", "decimal(39,0): a decimal has 1 to 38 digits, and no more behind its point"),
        ("decimal(3,4)", "decimal(3,4): a decimal has 1 to 38 digits, and no more behind its point"),
        ("long?", "'long?': '?' is left over"),
        ("list<int", "'': '>' is expected here"),
        ("list<>", "'>' is no type"),
        ("struct<>", "'>': a field of a struct begins with its name"),
        ("struct<a int>", "'>': ':' is expected here"),
        ("struct<a:int", "'': ',' is expected here"),
        ("map<string,int>", "'map' is no type"),
    ],
)
def test_what_is_no_type(text: str, said: str) -> None:
    with pytest.raises(WrongTypeError) as refused:
        parse(text)
    assert str(refused.value) == said
