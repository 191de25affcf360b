"""Partitions of tables: made, changed, listed and chosen by an expression, deleted.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-partitions.html
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import glue

from data_pipeline.embedded_aws.answers import Response, answer
from data_pipeline.embedded_aws.dispatch import Refused

from . import filters
from .paging import page

#: values of the keys, in their order → the partition.
Partitions = dict[tuple[str, ...], dict[str, Any]]


async def create(data: Mapping[str, Any]) -> Response:
    """CreatePartition."""
    partitions = _open(data)
    _add(data, partitions, data["PartitionInput"])
    return _saved(data, partitions, {})


async def create_batch(data: Mapping[str, Any]) -> Response:
    """BatchCreatePartition: what cannot be made is listed, the rest is made."""
    partitions = _open(data)
    errors = _each(data["PartitionInputList"], _values, lambda given: _add(data, partitions, given))
    return _saved(data, partitions, {"Errors": errors})


async def get(data: Mapping[str, Any]) -> Response:
    """GetPartition."""
    return answer({"Partition": _found(_open(data), data["PartitionValues"])})


async def get_batch(data: Mapping[str, Any]) -> Response:
    """BatchGetPartition."""
    partitions = _open(data)
    wanted = [tuple(_values(each)) for each in data["PartitionsToGet"]]
    missing = [{"Values": list(values)} for values in wanted if values not in partitions]
    found = [partitions[values] for values in wanted if values in partitions]
    return answer({"Partitions": found, "UnprocessedKeys": missing})


async def get_all(data: Mapping[str, Any]) -> Response:
    """GetPartitions, those for which the expression holds."""
    partitions = _open(data)
    keys = {key["Name"].lower(): key.get("Type", "string") for key in _table(data).get("PartitionKeys", [])}
    chosen = filters.chooser(data.get("Expression") or "", keys)
    found = [
        each for values, each in sorted(partitions.items()) if chosen(dict(zip(keys, values, strict=False)))
    ]
    part = _of_segment(found, data.get("Segment") or {"SegmentNumber": 0, "TotalSegments": 1})
    if data.get("ExcludeColumnSchema"):
        part = [_without_columns(each) for each in part]
    return answer(page(part, _values, "Partitions", data, 1000))


def _of_segment(partitions: Sequence[dict[str, Any]], segment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those of one segment: the values decide, so that it is the same one whatever is made or deleted beside."""
    number, total = segment["SegmentNumber"], segment["TotalSegments"]
    if not 0 <= number < total:
        words = (
            f"Segment {number} of {total}: expected TotalSegments of 1 or more, and a SegmentNumber below it."
        )
        raise Refused(words, "InvalidInputException")
    return [each for each in partitions if zlib.crc32(json.dumps(_values(each)).encode()) % total == number]


async def update(data: Mapping[str, Any]) -> Response:
    """UpdatePartition, which may move it to other values."""
    partitions = _open(data)
    _replace(data, partitions, data["PartitionValueList"], data["PartitionInput"])
    return _saved(data, partitions, {})


async def update_batch(data: Mapping[str, Any]) -> Response:
    """BatchUpdatePartition."""
    partitions = _open(data)
    errors = _each(
        data["Entries"],
        lambda entry: entry["PartitionValueList"],
        lambda entry: _replace(data, partitions, entry["PartitionValueList"], entry["PartitionInput"]),
        "PartitionValueList",
    )
    return _saved(data, partitions, {"Errors": errors})


async def delete(data: Mapping[str, Any]) -> Response:
    """DeletePartition."""
    partitions = _open(data)
    _remove(partitions, data["PartitionValues"])
    return _saved(data, partitions, {})


async def delete_batch(data: Mapping[str, Any]) -> Response:
    """BatchDeletePartition."""
    partitions = _open(data)
    errors = _each(data["PartitionsToDelete"], _values, lambda given: _remove(partitions, _values(given)))
    return _saved(data, partitions, {"Errors": errors})


def _key(data: Mapping[str, Any]) -> str:
    return f"{data.get('DatabaseName')}/{data.get('TableName')}"


def _table(data: Mapping[str, Any]) -> dict[str, Any]:
    table: dict[str, Any] | None = glue._tables.get(_key(data))
    if table is None:
        raise Refused(f"Table {data.get('TableName')} not found.", "EntityNotFoundException")
    return table


def _open(data: Mapping[str, Any]) -> Partitions:
    """The partitions of the request's table. Refused if there is none."""
    _table(data)
    return {tuple(each["Values"]): each for each in glue._partitions.get(_key(data), [])}


def _saved(data: Mapping[str, Any], partitions: Partitions, members: dict[str, Any]) -> Response:
    glue._partitions[_key(data)] = list(partitions.values())
    return answer(members)


def _values(given: Mapping[str, Any]) -> list[str]:
    return list(given.get("Values") or [])


def _add(data: Mapping[str, Any], partitions: Partitions, given: Mapping[str, Any]) -> None:
    values, keys = _values(given), _table(data).get("PartitionKeys", [])
    if len(values) != len(keys):
        words = "The number of partition keys do not match the number of partition values"
        raise Refused(words, "InvalidInputException")
    if tuple(values) in partitions:
        raise Refused("Partition already exists.", "AlreadyExistsException")
    now = int(time.time())
    named = {
        "DatabaseName": data["DatabaseName"],
        "TableName": data["TableName"],
        "CatalogId": get_account_id(),
    }
    partitions[tuple(values)] = {"CreationTime": now, **given, **named}


def _found(partitions: Partitions, values: Sequence[str]) -> dict[str, Any]:
    if tuple(values) not in partitions:
        raise Refused("Cannot find partition.", "EntityNotFoundException")
    return partitions[tuple(values)]


def _remove(partitions: Partitions, values: Sequence[str]) -> None:
    _found(partitions, values)
    del partitions[tuple(values)]


def _replace(
    data: Mapping[str, Any], partitions: Partitions, values: Sequence[str], given: Mapping[str, Any]
) -> None:
    before = _found(partitions, values)
    del partitions[tuple(values)]
    try:
        _add(data, partitions, {"CreationTime": before.get("CreationTime"), **given})
    except Refused:
        partitions[tuple(values)] = before
        raise


def _each(
    given: Sequence[Mapping[str, Any]],
    values: Callable[[Mapping[str, Any]], list[str]],
    do: Callable[[Mapping[str, Any]], None],
    member: str = "PartitionValues",
) -> list[dict[str, Any]]:
    """Do it with each; the errors of those with which it cannot be done."""
    errors = []
    for each in given:
        try:
            do(each)
        except Refused as refused:
            detail = {"ErrorCode": refused.code, "ErrorMessage": str(refused)}
            errors.append({member: values(each), "ErrorDetail": detail})
    return errors


def _without_columns(partition: Mapping[str, Any]) -> dict[str, Any]:
    storage = {
        name: value for name, value in partition.get("StorageDescriptor", {}).items() if name != "Columns"
    }
    return {**partition, "StorageDescriptor": storage}
