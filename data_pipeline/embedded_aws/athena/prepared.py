"""Prepared statements: kept in a workgroup under a name, and run by ``EXECUTE name USING …``.

https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from ministack.services import athena

from data_pipeline.embedded_aws.answers import Response, answer
from data_pipeline.embedded_aws.dispatch import Refused
from data_pipeline.embedded_aws.identity.resources import EXECUTE

from . import settings

_MOST = 50
#: What stands behind EXECUTE.
_EXECUTED = re.compile(
    r"\s*(?P<name>\"[^\"]+\"|[\w@:]+)(?:\s+USING\s+(?P<values>.+?))?\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
#: A literal's text, or whatever else stands between two commas.
_VALUE = re.compile(r"(?:'(?:[^']|'')*'|[^',])+")


async def create(data: Mapping[str, Any]) -> Response:
    """CreatePreparedStatement."""
    key = _key(data)
    if key in athena._prepared_statements:
        raise Refused(
            f"Prepared Statement {data['StatementName']} already exists in WorkGroup {data['WorkGroup']}"
        )
    _keep(key, data)
    return answer({})


async def update(data: Mapping[str, Any]) -> Response:
    """UpdatePreparedStatement."""
    _found(data)
    _keep(_key(data), data)
    return answer({})


async def get(data: Mapping[str, Any]) -> Response:
    """GetPreparedStatement."""
    return answer({"PreparedStatement": _found(data)})


async def delete(data: Mapping[str, Any]) -> Response:
    """DeletePreparedStatement."""
    _found(data)
    del athena._prepared_statements[_key(data)]
    return answer({})


async def list_all(data: Mapping[str, Any]) -> Response:
    """ListPreparedStatements of a workgroup, in the order of names; the token is the name that comes next."""
    settings.workgroup_of(data)
    found = [
        each for each in athena._prepared_statements.values() if each["WorkGroupName"] == data["WorkGroup"]
    ]
    names = sorted(each["StatementName"] for each in found)
    most, token = data.get("MaxResults") or _MOST, data.get("NextToken") or ""
    rest = [name for name in names if name >= token]
    kept = {each["StatementName"]: each["LastModifiedTime"] for each in found}
    listed = [{"StatementName": name, "LastModifiedTime": kept[name]} for name in rest[:most]]
    return answer({"PreparedStatements": listed, **({"NextToken": rest[most]} if rest[most:] else {})})


def executed(text: str, parameters: list[str], workgroup: str) -> tuple[str, list[str]]:
    """The statement that a text runs, and its parameters: of EXECUTE, the prepared one. Refused if there is none, or
    where its values are no list.
    """
    ahead = EXECUTE.match(text)
    found = _EXECUTED.fullmatch(text, ahead.end()) if ahead else None
    if found is None:
        return text, parameters
    name = found["name"].strip('"')
    record = athena._prepared_statements.get(f"{workgroup}/{name}")
    if record is None:
        raise Refused(f"Prepared statement not found: {name}", reason="MALFORMED_QUERY")
    written = found["values"] or ""
    values = _VALUE.findall(written)
    given = [value.strip() for value in values]
    if ",".join(values) != written or not all(given):
        raise Refused(f"mismatched input in the values of EXECUTE: {written}", reason="MALFORMED_QUERY")
    return record["QueryStatement"], given or parameters


def _key(data: Mapping[str, Any]) -> str:
    settings.workgroup_of(data)
    return f"{data['WorkGroup']}/{data['StatementName']}"


def _found(data: Mapping[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] | None = athena._prepared_statements.get(_key(data))
    if record is None:
        words = f"Prepared Statement {data['StatementName']} was not found in WorkGroup {data['WorkGroup']}"
        raise Refused(words, "ResourceNotFoundException")
    return record


def _keep(key: str, data: Mapping[str, Any]) -> None:
    description = {"Description": data["Description"]} if data.get("Description") else {}
    athena._prepared_statements[key] = {
        "StatementName": data["StatementName"],
        "WorkGroupName": data["WorkGroup"],
        "QueryStatement": data["QueryStatement"],
        "LastModifiedTime": time.time(),
        **description,
    }
