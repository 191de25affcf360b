"""Versions of tables: UpdateTable keeps the one before, unless it is told not to, as PyIceberg tells it.

https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html (SkipArchive)
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import glue

from data_pipeline.embedded_aws.answers import Response, answer
from data_pipeline.embedded_aws.dispatch import Refused

from .paging import page

archived = AccountRegionScopedDict()
"""Of "database/table" → the versions that were replaced, the oldest first."""


def install() -> None:
    """Keep versions, in MiniStack's state of Glue."""
    glue._ALL_STATE["table_versions"] = archived
    glue._update_table = _kept(glue._update_table)
    glue._create_table = _begun(glue._create_table)


async def get_all(data: Mapping[str, Any]) -> Response:
    """GetTableVersions, the newest first."""
    return answer(page(_versions(data), lambda each: -int(each["VersionId"]), "TableVersions", data))


async def get_one(data: Mapping[str, Any]) -> Response:
    """GetTableVersion; the newest if none is named."""
    found, wanted = _versions(data), data.get("VersionId")
    version = next((each for each in found if wanted in (None, each["VersionId"])), None)
    if version is None:
        raise Refused(
            f"Version {wanted} of table {data.get('TableName')} not found.", "EntityNotFoundException"
        )
    return answer({"TableVersion": version})


def _key(data: Mapping[str, Any]) -> str:
    return f"{data.get('DatabaseName')}/{data.get('TableName')}"


def _versions(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    table = glue._tables.get(_key(data))
    if table is None:
        raise Refused(f"Table {data.get('TableName')} not found.", "EntityNotFoundException")
    tables = [table, *reversed(archived.get(_key(data), []))]
    return [{"Table": shown(each), "VersionId": each["VersionId"]} for each in tables]


def shown(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table without the empty values that AWS leaves out."""
    return {name: value for name, value in table.items() if value not in ("", None)}


def _kept(theirs: Callable[[Any], Response]) -> Callable[[Any], Response]:
    def updated(data: Mapping[str, Any]) -> Response:
        key = f"{data.get('DatabaseName')}/{data.get('TableInput', {}).get('Name')}"
        before = copy.deepcopy(glue._tables.get(key))
        response = theirs(data)
        if response[0] == 200 and not data.get("SkipArchive"):
            archived[key] = [*archived.get(key, []), before]
        return response

    return updated


def _begun(theirs: Callable[[Any], Response]) -> Callable[[Any], Response]:
    """A new table has no versions of one that had its name."""

    def created(data: Mapping[str, Any]) -> Response:
        response = theirs(data)
        if response[0] == 200:
            archived.pop(f"{data.get('DatabaseName')}/{data.get('TableInput', {}).get('Name')}", None)
        return response

    return created
