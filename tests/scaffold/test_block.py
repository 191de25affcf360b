"""A proposal as YAML means what was proposed."""

from __future__ import annotations

import pytest

from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.loading import yaml_lines
from data_pipeline.etl.documents import types
from data_pipeline.scaffold import block
from data_pipeline.scaffold.proposal import Columns, Proposal, ProposedColumn

NAMES = [
    "",
    "plain",
    "taken at",
    "# 5",
    "a: b",
    "?what",
    "(x)",
    "it's",
    'say "hi"',
    "a\tb",
    "ü",
    "yes",
    "-",
    "x #y",
    "\x07",
    "😀",
]
TYPES = ["int", "decimal(12,2)", "list<string?>", "struct<a:string?,b:list<struct<c:int>>>"]


def dataset(proposal: Proposal) -> Dataset:
    node, problems = yaml_lines.read("\n".join(block.lines(proposal)).encode(), "x.yaml")
    assert node is not None
    assert not problems
    return Dataset.model_validate(node.keys[proposal.name].plain(), strict=True)


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("nullable", [False, True])
@pytest.mark.parametrize("default", [None, "", "5"])
def test_any_column_is_read_as_it_was_meant(type_: str, nullable: bool, default: str | None) -> None:
    """Whatever the files call it."""
    columns = tuple(
        ProposedColumn(f"c{at}", types.parse(type_), nullable, (name,), default, f"about {name}")
        for at, name in enumerate(NAMES)
    )
    found = dataset(Proposal("orders", ("a.csv",), Columns(columns)))
    for each in columns:
        column = found.columns[each.name]
        assert (column.kind, column.nullable, column.named, column.default) == (
            each.type,
            nullable,
            each.named,
            default,
        )


@pytest.mark.parametrize("name", ["true", "null", "no", "y"])
def test_a_name_that_is_a_word_of_yaml_stays_a_name(name: str) -> None:
    """Of a column and of a data set."""
    column = ProposedColumn(name, types.parse("int"))
    assert list(dataset(Proposal(name, ("a.csv",), Columns((column,)))).columns) == [name]


def test_options_patterns_and_comments() -> None:
    options: dict[str, object] = {
        "delimiter": "\t",
        "quote": "",
        "nulls": ["", "NA", "null"],
        "header": False,
    }
    columns = Columns((ProposedColumn("x", types.parse("int"), named=("a", "b")),), options, ("y: a\nmap",))
    found = Proposal("orders", ("*.csv", "{kind}/x.csv"), columns, ("looked\x00 at",), ("not chosen:",))
    made = dataset(found)
    assert (made.delimiter, made.quote, made.nulls, made.header) == ("\t", "", ("", "NA", "null"), False)
    assert made.files == ("*.csv", "{kind}/x.csv")
    text = block.lines(found)
    assert text[1] == "  # looked? at"
    assert text[-2:] == ["    # left out: y: a?map", "  # not chosen:"]
