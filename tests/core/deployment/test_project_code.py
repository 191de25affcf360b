"""Functions and classes that the configuration names are looked up in their source."""

from __future__ import annotations

import pytest

from data_pipeline.core.deployment.project_code import Named, file_of, problems
from data_pipeline.core.errors import UserError

READ = Named("datasets.x.read", "shop.reader:rows", ("file", "options"))


@pytest.mark.parametrize(
    "code",
    [
        "def rows(file, options): ...",
        "def rows(file, /, options, more=1, *, other=2): ...",
        "def rows(*all): ...",
        "class rows: ...",
        "from .others import rows",
        "from .others import lines as rows",
        "rows = others.rows",
    ],
)
def test_what_can_be_called(code: str) -> None:
    assert [*problems(READ, {"shop/reader.py": code})] == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "def row(file, options): ...",
            "datasets.x.read: jobs/shop/reader.py has no 'rows'; did you mean 'row'?",
        ),
        (
            "def rows(file): ...",
            "jobs/shop/reader.py:1: rows takes (file), expected (file, options), as datasets.x.read ",
        ),
        ("def rows(a, b, c): ...", "rows takes (a, b, c), expected"),
        ("def rows(a, b, *, c): ...", "rows takes (a, b, *, c), expected"),
        ("\nasync def rows(a, b): ...", "reader.py:2: rows is an async function, expected a plain one"),
        ("def rows(", "jobs/shop/reader.py:1: '(' was never closed"),
    ],
)
def test_what_cannot(code: str, said: str) -> None:
    (found,) = problems(READ, {"shop/reader.py": code})
    assert said in found


def test_keys_that_a_function_is_not_given_are_for_classes() -> None:
    """A class is given the whole data set."""
    named = Named("datasets.x.read", READ.written, READ.given, ("delimiter", "encoding"))
    assert [*problems(named, {"shop/reader.py": "def rows(file, options): ..."})] == [
        "datasets.x.delimiter: found 'delimiter', which the function rows is not given; remove it, or use 'options'",
        "datasets.x.encoding: found 'encoding', which the function rows is not given; remove it, or use 'options'",
    ]
    for other in ("class rows: ...", "from .others import rows"):
        assert [*problems(named, {"shop/reader.py": other})] == []


def test_a_module_may_be_a_package() -> None:
    """And one that is not there is an error."""
    assert file_of("shop.reader", {"shop/reader/__init__.py": ""}) == "shop/reader/__init__.py"
    with pytest.raises(
        UserError, match=r"there is no module shop.reader in jobs/; write jobs/shop/reader.py"
    ):
        file_of("shop.reader", {"shop.py": ""})
