"""Athena's view of the Glue catalog, read from Glue as the caller: databases, tables, columns.

https://docs.aws.amazon.com/athena/latest/APIReference/API_ListTableMetadata.html
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id

from data_pipeline.embedded_aws.answers import Response, answer
from data_pipeline.embedded_aws.dispatch import Refused
from data_pipeline.embedded_aws.identity import caller
from data_pipeline.embedded_aws.identity.resources import CATALOG

T = TypeVar("T")
_MOST = 50


async def get_catalog(data: Mapping[str, Any]) -> Response:
    """GetDataCatalog."""
    check_catalog(data.get("Name"))
    parameters = {"catalog-id": get_account_id()}
    described = {"Name": CATALOG, "Description": "The Glue catalog", "Type": "GLUE", "Parameters": parameters}
    return answer({"DataCatalog": described})


async def list_catalogs(_data: Mapping[str, Any]) -> Response:
    """ListDataCatalogs: there is one."""
    return answer({"DataCatalogsSummary": [{"CatalogName": CATALOG, "Type": "GLUE"}]})


async def get_database(data: Mapping[str, Any]) -> Response:
    """GetDatabase."""
    check_catalog(data.get("CatalogName"))
    found = await _glue("get_database", Name=data.get("DatabaseName"))
    return answer({"Database": _database(found["Database"])})


async def list_databases(data: Mapping[str, Any]) -> Response:
    """ListDatabases."""
    check_catalog(data.get("CatalogName"))
    found = await _all("get_databases", "DatabaseList")
    return answer(_page(list(map(_database, found)), "DatabaseList", data))


async def get_table(data: Mapping[str, Any]) -> Response:
    """GetTableMetadata."""
    check_catalog(data.get("CatalogName"))
    found = await _glue("get_table", DatabaseName=data.get("DatabaseName"), Name=data.get("TableName"))
    return answer({"TableMetadata": _table(found["Table"])})


async def list_tables(data: Mapping[str, Any]) -> Response:
    """ListTableMetadata; ``Expression`` is a regular expression of names."""
    check_catalog(data.get("CatalogName"))
    try:
        wanted = re.compile(data.get("Expression") or ".*")
    except re.error as error:
        raise Refused(f"Expression is no regular expression: {error}") from error
    found = await _all("get_tables", "TableList", DatabaseName=data.get("DatabaseName"))
    named = [_table(each) for each in found if wanted.fullmatch(each["Name"])]
    return answer(_page(named, "TableMetadataList", data))


def check_catalog(name: Any) -> None:
    """Refused for a catalog that is not there."""
    if str(name).lower() != CATALOG.lower():
        raise Refused(f"Data catalog {name} is not found; the embedded AWS has {CATALOG}.")


async def _glue(operation: str, **members: Any) -> dict[str, Any]:
    def call(glue: Any) -> dict[str, Any]:
        found: dict[str, Any] = getattr(glue, operation)(**members)
        return found

    return await _as_caller(call)


async def _all(operation: str, member: str, **members: Any) -> list[dict[str, Any]]:
    """Every page of what Glue lists, in the order of names."""

    def call(glue: Any) -> list[dict[str, Any]]:
        pages = glue.get_paginator(operation).paginate(**members)
        return sorted((each for page in pages for each in page[member]), key=lambda each: str(each["Name"]))

    return await _as_caller(call)


async def _as_caller(call: Callable[[Any], T]) -> T:
    """What Glue answers the caller. Refused, with Glue's error as Athena passes it on, which clients read."""
    try:
        return await asyncio.to_thread(lambda: call(caller.client("glue")))
    except ClientError as error:
        said, request = error.response["Error"], error.response["ResponseMetadata"].get("RequestId", "")
        envelope = (
            f"(Service: AmazonDataCatalog; Status Code: 400; Error Code: {said['Code']}; "
            f"Request ID: {request}; Proxy: null)"
        )
        raise Refused(f"{said.get('Message', '')} {envelope}", "MetadataException") from error
    except PermissionError as error:
        raise Refused(str(error), "MetadataException") from error


def _page(listed: Sequence[dict[str, Any]], member: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """A page in the order of names; the token is the name that comes next."""
    token, most = data.get("NextToken"), int(data.get("MaxResults") or _MOST)
    rest = [each for each in listed if not token or each["Name"] >= token]
    more = {"NextToken": rest[most]["Name"]} if len(rest) > most else {}
    return {member: rest[:most], **more}


def _database(found: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: found[name] for name in ("Name", "Description", "Parameters") if found.get(name)}
    return {"Parameters": {}, **kept}


def _table(found: Mapping[str, Any]) -> dict[str, Any]:
    storage = found.get("StorageDescriptor", {})
    inside = {
        "inputformat": storage.get("InputFormat"),
        "location": storage.get("Location"),
        "outputformat": storage.get("OutputFormat"),
        "serde.serialization.lib": storage.get("SerdeInfo", {}).get("SerializationLibrary"),
    }
    return {
        "Name": found["Name"],
        "CreateTime": found["CreateTime"].timestamp(),
        "LastAccessTime": found.get("LastAccessTime", found["CreateTime"]).timestamp(),
        "TableType": found.get("TableType", ""),
        "Columns": [_column(each) for each in storage.get("Columns", [])],
        "PartitionKeys": [_column(each) for each in found.get("PartitionKeys", [])],
        "Parameters": {
            **found.get("Parameters", {}),
            **{name: value for name, value in inside.items() if value},
        },
    }


def _column(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("Name", "Type", "Comment") if found.get(name)}
