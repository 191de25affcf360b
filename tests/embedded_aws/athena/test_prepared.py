"""Prepared statements: kept by the workgroup, and run with values in the place of question marks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from clients import client
from embedded_aws.athena.conftest import Shop

TEXT = "SELECT id, '?' FROM orders WHERE id > ? AND note = ? ORDER BY id LIMIT 2"
ROWS = [["id", "_col1"], ["21", "?"], ["22", "?"]]


@pytest.fixture
def kept(shop: Shop, name: str) -> str:
    """The name of a prepared statement in the shop's workgroup."""
    named = name.replace("-", "_")
    shop.athena().create_prepared_statement(StatementName=named, WorkGroup=shop.name, QueryStatement=TEXT)
    return named


@pytest.mark.parametrize(
    ("ahead", "using"), [("", "USING 20, 'plain'"), ("-- a\n/* a * b **/ ", "using 20,'plain';"), ("", "")]
)
def test_it_is_run(shop: Shop, kept: str, ahead: str, using: str) -> None:
    """With its values behind USING, or as parameters of the execution; the result is the query's."""
    given: dict[str, Any] = {} if using else {"ExecutionParameters": ["20", "'plain'"]}
    text = f"{ahead}EXECUTE {kept} {using}"
    assert shop.rows(text, **given) == ROWS
    ended = shop.ask(text, **given)
    assert (ended["Query"], ended["StatementType"]) == (text, "DML")
    assert ended["ResultConfiguration"]["OutputLocation"].endswith(".csv")


def test_values_with_commas_and_quotes(shop: Shop, name: str) -> None:
    """A comma within a text is none between values."""
    named = name.replace("-", "_")
    given = {"StatementName": named, "WorkGroup": shop.name, "QueryStatement": "SELECT ?, ?, ?"}
    shop.athena().create_prepared_statement(**given)
    assert shop.rows(f"EXECUTE {named} USING 'a, ''b''', -1.5, DATE '2026-01-02'")[1:] == [
        ["a, 'b'", "-1.5", "2026-01-02"]
    ]


def test_it_is_read_changed_listed_and_deleted(shop: Shop, kept: str) -> None:
    """By the names of AWS's API."""
    athena, place = shop.athena(), {"WorkGroup": shop.name}
    named = {"StatementName": kept, **place}
    found = athena.get_prepared_statement(**named)["PreparedStatement"]
    assert (found["QueryStatement"], found["WorkGroupName"], "Description" in found) == (
        TEXT,
        shop.name,
        False,
    )
    athena.update_prepared_statement(**named, QueryStatement="SELECT 1", Description="one")
    changed = athena.get_prepared_statement(**named)["PreparedStatement"]
    assert (changed["QueryStatement"], changed["Description"]) == ("SELECT 1", "one")
    listed = athena.list_prepared_statements(**place)["PreparedStatements"]
    assert kept in [each["StatementName"] for each in listed]
    athena.delete_prepared_statement(**named)
    for ask in (athena.get_prepared_statement, athena.delete_prepared_statement):
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            ask(**named)


@pytest.mark.parametrize("values", ["1,,2", "1, 'a',", ",1, 'a'", "1, '5", "1, 'a' '"])
def test_values_that_are_no_list(shop: Shop, kept: str, values: str) -> None:
    """They are an error of syntax, and run nothing."""
    with pytest.raises(ClientError, match="mismatched input in the values of EXECUTE"):
        shop.start(f"EXECUTE {kept} USING {values}")


def test_it_goes_with_its_workgroup(shop: Shop, name: str) -> None:
    """A workgroup that is made anew has none, whether it was deleted itself or with its stack; others keep theirs."""
    athena, stacks = shop.athena(), client(shop.endpoint, "cloudformation")
    group, other = {"WorkGroup": f"{name}-g"}, {"WorkGroup": f"{name}-g2"}
    for each in (group, other):
        athena.create_work_group(Name=each["WorkGroup"])
        athena.create_prepared_statement(StatementName="kept", **each, QueryStatement="SELECT 1")
    athena.delete_work_group(**group)
    made = {"Type": "AWS::Athena::WorkGroup", "Properties": {"Name": group["WorkGroup"]}}
    for _ in range(2):
        stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"W": made}}))
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
        assert athena.list_prepared_statements(**group)["PreparedStatements"] == []
        athena.create_prepared_statement(StatementName="kept", **group, QueryStatement="SELECT 1")
        stacks.delete_stack(StackName=name)
        stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
    assert [
        each["StatementName"] for each in athena.list_prepared_statements(**other)["PreparedStatements"]
    ] == ["kept"]
    athena.delete_work_group(**other)


@pytest.mark.parametrize(
    ("action", "text", "why"),
    [
        (
            "athena:StartQueryExecution",
            "/* a */ EXECUTE {}",
            "perform: athena:GetPreparedStatement on resource: {}",
        ),
        ("athena:StartQueryExecution", "SELECT 1", "Unable to verify/create output bucket"),
        ("athena:*", "EXECUTE {} USING 20, 'plain'", "Unable to verify/create output bucket"),
    ],
)
def test_what_it_takes(
    shop: Shop, kept: str, reader: Callable[..., Any], action: str, text: str, why: str
) -> None:
    """To run one takes GetPreparedStatement, as AWS has it; nothing else does. A bucket comes after that."""
    group = f"arn:aws:athena:us-east-1:{shop.endpoint.account}:workgroup/{shop.name}"
    athena = reader({"Effect": "Allow", "Action": action, "Resource": group})
    with pytest.raises(ClientError, match=why.format(group)):
        shop.start(text.format(kept), athena)


def test_what_is_refused(shop: Shop, kept: str) -> None:
    """Names that are none or taken, workgroups that are not there, values of another number, unknown statements."""
    athena = shop.athena()
    for name, workgroup, words in (
        ("1a", shop.name, "at 'statementName' failed"),
        (kept, shop.name, "already exists"),
        ("ab", "nowhere", "WorkGroup nowhere is not found"),
    ):
        with pytest.raises(ClientError, match=words):
            athena.create_prepared_statement(
                StatementName=name, WorkGroup=workgroup, QueryStatement="SELECT 1"
            )
    for text, words in (
        ("EXECUTE nothing USING 1", "Prepared statement not found: nothing"),
        (f"EXECUTE {kept} USING 1", "expected 2 but found 1"),
        (f"EXECUTE {kept} USING id, 'a'", "takes only a literal"),
    ):
        with pytest.raises(ClientError, match=words):
            shop.start(text)
    status = shop.ask("PREPARE a FROM SELECT 1")["Status"]
    assert "does not run PREPARE" in status["StateChangeReason"]
