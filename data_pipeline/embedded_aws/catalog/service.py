"""Glue's catalog on the embedded AWS: these operations here, the others MiniStack's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack import app
from ministack.services import glue

from data_pipeline.embedded_aws.answers import Response, answer
from data_pipeline.embedded_aws.dispatch import Operation, Refused, in_front

from . import names, partitions, versions
from .paging import page


async def _get_tables(data: Mapping[str, Any]) -> Response:
    """GetTables, in pages, and refused where there is no such database."""
    if data.get("DatabaseName") not in glue._databases:
        raise Refused(f"Database {data.get('DatabaseName')} not found.", "EntityNotFoundException")
    wanted = names.pattern(data["Expression"]) if data.get("Expression") else None
    without = {name: value for name, value in data.items() if name != "Expression"}
    found = json.loads(glue._get_tables(without)[2])["TableList"]
    found = [table for table in found if wanted is None or wanted.fullmatch(table["Name"])]
    return answer(page(sorted(found, key=_name), _name, "TableList", data))


async def _get_databases(data: Mapping[str, Any]) -> Response:
    """GetDatabases, in pages."""
    found = json.loads(glue._get_databases(data)[2])["DatabaseList"]
    return answer(page(sorted(found, key=_name), _name, "DatabaseList", data))


def _name(item: Mapping[str, Any]) -> str:
    return str(item["Name"])


OPERATIONS: dict[str, Operation] = {
    "BatchCreatePartition": partitions.create_batch,
    "BatchDeletePartition": partitions.delete_batch,
    "BatchGetPartition": partitions.get_batch,
    "BatchUpdatePartition": partitions.update_batch,
    "CreatePartition": partitions.create,
    "DeletePartition": partitions.delete,
    "GetDatabases": _get_databases,
    "GetPartition": partitions.get,
    "GetPartitions": partitions.get_all,
    "GetTableVersion": versions.get_one,
    "GetTableVersions": versions.get_all,
    "GetTables": _get_tables,
    "UpdatePartition": partitions.update,
}


def install() -> None:
    """Put these operations in front of MiniStack's, and keep versions."""
    versions.install()
    in_front("glue", OPERATIONS)
    app.SERVICE_HANDLERS["glue"] = names.folded(app.SERVICE_HANDLERS["glue"])


def recover() -> None:
    """The state may be of a version that kept names as they were sent."""
    names.fold_stored(glue._databases, glue._tables, glue._partitions, versions.archived)
