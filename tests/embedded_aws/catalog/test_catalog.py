"""Glue's catalog: pages, versions of tables, partitions, by boto3."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from embedded_aws.conftest import allow
from ministack.core.responses import AccountRegionScopedDict

from data_pipeline.embedded_aws.catalog import names, partitions
from data_pipeline.embedded_aws.catalog.paging import page
from data_pipeline.embedded_aws.dispatch import Refused


@pytest.fixture
def glue(aws: Any, name: str) -> Any:
    """Glue, with a database of the test's name and a table with partitions in it."""
    client = aws("glue")
    client.create_database(DatabaseInput={"Name": name})
    keys = [{"Name": "Day", "Type": "date"}, {"Name": "n", "Type": "int"}]
    client.create_table(
        DatabaseName=name, TableInput={"Name": "t", "PartitionKeys": keys, "Description": "one"}
    )
    return client


def test_lists_come_in_pages(glue: Any, name: str) -> None:
    """Tables and databases, in the order of their names; a database that is not there is an error."""
    for other in ("b", "a"):
        glue.create_table(DatabaseName=name, TableInput={"Name": other})
    tables = glue.get_paginator("get_tables")
    pages = tables.paginate(DatabaseName=name, PaginationConfig={"PageSize": 2})
    assert [[each["Name"] for each in page["TableList"]] for page in pages] == [["a", "b"], ["t"]]
    databases = glue.get_paginator("get_databases").paginate(PaginationConfig={"PageSize": 1})
    assert name in [each["Name"] for page in databases for each in page["DatabaseList"]]
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        glue.get_tables(DatabaseName="nothing")


def test_versions_of_a_table(glue: Any, name: str) -> None:
    """Each update keeps the table before, but for one that is told not to; a new table of the name has none."""
    for words, more in (("two", {}), ("three", {"SkipArchive": True}), ("four", {})):
        glue.update_table(DatabaseName=name, TableInput={"Name": "t", "Description": words}, **more)
    table = {"DatabaseName": name, "TableName": "t"}
    pages = glue.get_paginator("get_table_versions").paginate(**table, PaginationConfig={"PageSize": 2})
    found = [
        (each["VersionId"], each["Table"]["Description"]) for page in pages for each in page["TableVersions"]
    ]
    assert found == [("4", "four"), ("3", "three"), ("1", "one")]
    newest = glue.get_table_version(**table)["TableVersion"]
    assert newest["Table"] == glue.get_table(DatabaseName=name, Name="t")["Table"]
    assert glue.get_table_version(**table, VersionId="1")["TableVersion"]["Table"]["Description"] == "one"
    with pytest.raises(ClientError, match=r"EntityNotFoundException.*Version 2"):
        glue.get_table_version(**table, VersionId="2")
    glue.delete_table(DatabaseName=name, Name="t")
    glue.create_table(DatabaseName=name, TableInput={"Name": "t"})
    assert len(glue.get_table_versions(**table)["TableVersions"]) == 1


def test_partitions(glue: Any, name: str) -> None:
    """Made, chosen, changed, deleted; what cannot be done with one of many is told of that one."""
    table = {"DatabaseName": name, "TableName": "t"}
    values = [[f"2026-11-0{day}", n] for day in (1, 2) for n in ("2", "10")]
    storage = {"Location": "s3://b/p", "Columns": [{"Name": "x", "Type": "int"}]}
    glue.create_partition(**table, PartitionInput={"Values": values[0], "StorageDescriptor": storage})
    made = glue.batch_create_partition(**table, PartitionInputList=[{"Values": each} for each in values])
    assert [each["ErrorDetail"]["ErrorCode"] for each in made["Errors"]] == ["AlreadyExistsException"]
    pages = glue.get_paginator("get_partitions").paginate(
        **table, Expression="day >= '2026-11-01' AND n > 5", PaginationConfig={"PageSize": 1}
    )
    assert [each["Values"] for page in pages for each in page["Partitions"]] == [values[1], values[3]]
    segments = [
        glue.get_partitions(
            **table, Segment={"SegmentNumber": n, "TotalSegments": 3}, ExcludeColumnSchema=True
        )
        for n in range(3)
    ]
    assert sorted(each["Values"] for found in segments for each in found["Partitions"]) == sorted(values)
    glue.update_partition(
        **table,
        PartitionValueList=values[0],
        PartitionInput={"Values": ["2026-12-01", "1"], "Parameters": {"a": "b"}},
    )
    moved = glue.get_partition(**table, PartitionValues=["2026-12-01", "1"])["Partition"]
    assert moved["Parameters"] == {"a": "b"}
    keys = [{"Values": each} for each in values[:2]]
    found = glue.batch_get_partition(**table, PartitionsToGet=keys)
    assert (len(found["Partitions"]), found["UnprocessedKeys"]) == (1, keys[:1])
    errors = glue.batch_delete_partition(**table, PartitionsToDelete=keys)["Errors"]
    assert [each["PartitionValues"] for each in errors] == [values[0]]
    for wrong, code in (
        (lambda: glue.create_partition(**table, PartitionInput={"Values": ["1"]}), "InvalidInputException"),
        (lambda: glue.delete_partition(**table, PartitionValues=values[0]), "EntityNotFoundException"),
        (lambda: glue.get_partition(**table, PartitionValues=values[0]), "EntityNotFoundException"),
        (lambda: glue.get_partitions(**table, Expression="other = 1"), "InvalidInputException"),
        (lambda: glue.get_partitions(DatabaseName=name, TableName="x"), "EntityNotFoundException"),
    ):
        with pytest.raises(ClientError, match=code):
            wrong()


def test_permissions_of_partitions(glue: Any, aws: Any, user: Any, name: str) -> None:
    """A partition's actions are asked for its catalog, database and table."""
    place = "arn:aws:glue:us-east-1:000000000000:"
    resources = [f"{place}catalog", f"{place}database/{name}", f"{place}table/{name}/t"]
    glue.create_table(DatabaseName=name, TableInput={"Name": "other"})
    held = aws("glue", **user(allow(["glue:GetPartitions", "glue:GetTableVersions"], resources)))
    assert held.get_partitions(DatabaseName=name, TableName="t")["Partitions"] == []
    assert held.get_table_versions(DatabaseName=name, TableName="t")["TableVersions"]
    with pytest.raises(ClientError, match=f"AccessDenied.*table/{name}/other"):
        held.get_partitions(DatabaseName=name, TableName="other")


def test_a_list_is_deleted_page_by_page() -> None:
    """No item is passed over where those of the pages before are gone by then."""
    items = [{"Name": f"t{n:03}"} for n in range(250)]
    data: dict[str, Any] = {}
    sizes = []
    while True:
        found = page(items, lambda item: item["Name"], "TableList", data)
        sizes.append(len(found["TableList"]))
        items = [each for each in items if each not in found["TableList"]]
        if "NextToken" not in found:
            break
        data = {"NextToken": found["NextToken"]}
    assert (sizes, items) == ([100, 100, 50], [])


@pytest.mark.parametrize(
    "data", [{"MaxResults": 0}, {"MaxResults": -1}, {"NextToken": "what"}, {"NextToken": json.dumps([1])}]
)
def test_pages_that_are_none(data: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        page([{"Name": "a"}], lambda item: item["Name"], "TableList", data)
    assert caught.value.code == "InvalidInputException"


@pytest.mark.parametrize(("number", "total"), [(0, 0), (2, 2), (-1, 2)])
def test_segments_that_are_none(number: int, total: int) -> None:
    with pytest.raises(Refused, match="expected TotalSegments"):
        partitions._of_segment([], {"SegmentNumber": number, "TotalSegments": total})


def test_names_are_folded(aws: Any, name: str) -> None:
    """Names of databases and tables are stored, and found, in small letters."""
    glue = aws("glue")
    glue.create_database(DatabaseInput={"Name": name.upper()})
    glue.create_table(DatabaseName=name.upper(), TableInput={"Name": "T"})
    assert glue.get_table(DatabaseName=name, Name="t")["Table"]["Name"] == "t"
    assert glue.get_table(DatabaseName=name.upper(), Name="T")["Table"]["DatabaseName"] == name
    assert glue.batch_delete_table(DatabaseName=name, TablesToDelete=["T"])["Errors"] == []


def test_what_was_kept_with_capitals_is_found() -> None:
    """Of a state of an earlier version; a name that is there in small letters stays as it is."""
    databases, tables, parts = (AccountRegionScopedDict() for _ in range(3))
    databases["Shop"] = {"Name": "Shop", "Description": "A"}
    databases["a"] = {"Name": "a"}
    databases["A"] = {"Name": "A"}
    tables["Shop/T"] = {"Name": "T", "DatabaseName": "Shop"}
    parts["Shop/T"] = [{"DatabaseName": "Shop", "TableName": "T", "Values": ["B"]}]
    names.fold_stored(databases, tables, parts)
    assert databases["shop"] == {"Name": "shop", "Description": "A"}
    assert sorted(databases.keys()) == ["A", "a", "shop"]
    assert dict(tables.items()) == {"shop/t": {"Name": "t", "DatabaseName": "shop"}}
    assert parts["shop/t"] == [{"DatabaseName": "shop", "TableName": "t", "Values": ["B"]}]


def test_permissions_hold_for_names_in_capitals(aws: Any, user: Any, name: str) -> None:
    """A Deny of a table is not walked around by another spelling, and an Allow is not missed."""
    glue, place = aws("glue"), "arn:aws:glue:us-east-1:000000000000:"
    glue.create_database(DatabaseInput={"Name": name})
    for table in ("secret", "open"):
        glue.create_table(DatabaseName=name, TableInput={"Name": table})
    own = [f"{place}catalog", f"{place}database/{name}", f"{place}table/{name}/*"]
    deny = {"Effect": "Deny", "Action": "glue:*", "Resource": f"{place}table/{name}/secret"}
    held = aws("glue", **user(allow("glue:*", own), deny))
    assert held.get_table(DatabaseName=name.upper(), Name="Open")["Table"]["Name"] == "open"
    for ask in (held.get_table, held.delete_table):
        with pytest.raises(ClientError, match="AccessDenied"):
            ask(DatabaseName=name.upper(), Name="SECRET")
    with pytest.raises(ClientError, match="AccessDenied"):
        held.batch_delete_table(DatabaseName=name, TablesToDelete=["Open", "Secret"])
    assert len(glue.get_tables(DatabaseName=name)["TableList"]) == 2


def test_catalogs_of_others(aws: Any, name: str) -> None:
    """There is one account: the catalog of another one has given it no permission."""
    with pytest.raises(ClientError, match="AccessDeniedException"):
        aws("glue").create_database(CatalogId="111122223333", DatabaseInput={"Name": name})
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        aws("glue").get_database(Name=name)


def test_expressions_of_tables(aws: Any, name: str) -> None:
    """What names of tables match; more than * and | is refused by name."""
    glue = aws("glue")
    glue.create_database(DatabaseInput={"Name": name})
    for table in ("orders", "orders_old", "weather"):
        glue.create_table(DatabaseName=name, TableInput={"Name": table})
    for expression, matched in (
        ("orders", ["orders"]),
        ("orders*", ["orders", "orders_old"]),
        ("*e*", ["orders", "orders_old", "weather"]),
        ("o.*", ["orders", "orders_old"]),
        ("orders|weather", ["orders", "weather"]),
    ):
        found = glue.get_tables(DatabaseName=name, Expression=expression)["TableList"]
        assert [table["Name"] for table in found] == matched, expression
    with pytest.raises(ClientError, match="with the Expression"):
        glue.get_tables(DatabaseName=name, Expression="[a-o].*")
