"""Athena's queries: from their start to the rows that clients read, by boto3."""

from __future__ import annotations

import contextlib
import io
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError
from clients import client
from embedded_aws.athena.conftest import ROWS, Shop, opened
from embedded_aws.conftest import allow
from randomness import SEED, SOAK

LEAST = 10_000_000
"""Bytes: Athena's least limit of a query."""
ALL = "SELECT id, at, amount, note, weight FROM orders ORDER BY id"


def test_a_query_leaves_its_result_in_s3(shop: Shop) -> None:
    """The CSV file as Athena writes it: every value quoted, a null nothing, times of UTC named so, numbers as Java
    writes them; beside it the columns, as protocol buffers.
    """
    ended = shop.ask(f"{ALL} LIMIT 3")
    assert ended["Status"]["State"] == "SUCCEEDED", ended["Status"]
    place = f"s3://{shop.name}/results/{ended['QueryExecutionId']}.csv"
    assert ended["ResultConfiguration"]["OutputLocation"] == place
    assert (ended["StatementType"], ended["SubstatementType"]) == ("DML", "SELECT")
    assert ended["Statistics"]["DataScannedInBytes"] == shop.files
    s3, key = client(shop.endpoint, "s3"), place.split("/", 3)[3]
    assert s3.get_object(Bucket=shop.name, Key=key)["Body"].read().decode() == (
        '"id","at","amount","note","weight"\n'
        '"1","2026-11-01 00:00:00.000000 UTC","0.00","two\nlines, ""quoted""","1.0"\n'
        '"2","2026-11-01 01:00:00.000000 UTC","0.25",,"10.0"\n'
        '"3","2026-11-01 02:00:00.000000 UTC","0.50","","100.0"\n'
    )
    described = s3.get_object(Bucket=shop.name, Key=f"{key}.metadata")["Body"].read()
    first = b"\x0a\x04hive\x22\x02id\x2a\x02id\x32\x06bigint\x38\x13\x40\x00\x48\x03\x50\x00"
    assert described.startswith(b"\x22" + bytes([len(first)]) + first)


def test_pages_and_columns(shop: Shop) -> None:
    """The header counts as a row of the first page; every page has the columns; all rows come once."""
    athena, query = shop.athena(), shop.ask(ALL)["QueryExecutionId"]
    pages = list(
        athena.get_paginator("get_query_results").paginate(
            QueryExecutionId=query, PaginationConfig={"PageSize": 10}
        )
    )
    assert [len(page["ResultSet"]["Rows"]) for page in pages] == [10, 10, ROWS + 1 - 20]
    rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]]
    assert [row[0]["VarCharValue"] for row in rows] == ["id", *map(str, range(1, ROWS + 1))]
    assert [row[3].get("VarCharValue") for row in rows[1:4]] == ['two\nlines, "quoted"', None, ""]
    assert rows[11][4] == {"VarCharValue": "1.0E10"}
    for page in pages:
        kinds = page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        assert [(each["Name"], each["Type"], each["Precision"], each["Scale"]) for each in kinds] == [
            ("id", "bigint", 19, 0),
            ("at", "timestamp with time zone", 3, 0),
            ("amount", "decimal", 12, 2),
            ("note", "varchar", 2147483647, 0),
            ("weight", "double", 17, 0),
        ]


def test_names_and_parameters(shop: Shop) -> None:
    """A table under its longest name, in any case of letters; question marks are filled in, but not within a text."""
    text = f"SELECT count(*), '?' FROM AwsDataCatalog.{shop.name.upper()}.Orders WHERE id > ? AND note = ?"
    given = {"ExecutionParameters": ["20", "'plain'"], "QueryExecutionContext": {"Catalog": "AwsDataCatalog"}}
    assert shop.rows(text, **given)[1:] == [["5", "?"]]
    with pytest.raises(ClientError, match="Incorrect number of parameters: expected 2 but found 1"):
        shop.start(text, ExecutionParameters=["20"])


FAILED = [
    ("SELECT 1 FROM nowhere", r"TABLE_NOT_FOUND: Table 'awsdatacatalog\.\w+\.nowhere' does not exist"),
    ("DROP TABLE orders", "NOT_SUPPORTED: the embedded AWS does not run DROP TABLE"),
]


@pytest.mark.parametrize(("text", "reason"), FAILED)
def test_a_query_that_fails_says_why(shop: Shop, text: str, reason: str) -> None:
    """With Athena's name of the kind; its result cannot be asked for."""
    ended = shop.ask(text)
    assert ended["Status"]["State"] == "FAILED"
    assert re.match(reason, ended["Status"]["StateChangeReason"])
    assert ended["Status"]["AthenaError"]["ErrorCategory"] == 2
    with pytest.raises(ClientError, match="Final query state: FAILED"):
        shop.athena().get_query_results(QueryExecutionId=ended["QueryExecutionId"])


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"QueryString": "SELECT 1 FROM"}, "InvalidRequestException.* line 1:14: the statement ends too early"),
    ({"QueryString": "WHAT 1"}, "line 1:1: mismatched input 'what'"),
    ({"QueryExecutionContext": {"Catalog": "other"}}, "Data catalog other is not found"),
    ({"WorkGroup": "nobody"}, "WorkGroup nobody is not found"),
    ({"WorkGroup": "primary"}, "No output location provided"),
    ({"WorkGroup": "primary", "ResultConfiguration": {"OutputLocation": "/tmp"}}, "not a valid S3 path"),
    (
        {"WorkGroup": "primary", "ResultConfiguration": {"OutputLocation": "s3://nobody-has-this/"}},
        "Unable to verify/create output bucket nobody-has-this",
    ),
]


@pytest.mark.parametrize(("changes", "words"), REFUSED)
def test_what_is_refused_at_the_start(shop: Shop, changes: dict[str, Any], words: str) -> None:
    """A request that Athena does not take begins nothing."""
    given = {"QueryString": "SELECT 1", "WorkGroup": shop.name} | changes
    with pytest.raises(ClientError, match=words):
        shop.athena().start_query_execution(**given)


def test_settings_of_the_workgroup(shop: Shop) -> None:
    """A workgroup that enforces its settings decides the place, one that does not lets the request; a disabled one
    takes nothing.
    """
    shown = shop.athena().get_work_group(WorkGroup=shop.name)["WorkGroup"]["Configuration"]
    assert shown["EnforceWorkGroupConfiguration"] is True
    athena, elsewhere = shop.athena(), {"OutputLocation": f"s3://{shop.name}/elsewhere/"}
    own = shop.start("SELECT 1", ResultConfiguration=elsewhere)
    assert "/results/" in shop.ended(own)["ResultConfiguration"]["OutputLocation"]
    name = f"{shop.name}-free"
    athena.create_work_group(Name=name, Configuration={"EnforceWorkGroupConfiguration": False})
    free = {"WorkGroup": name, "ResultConfiguration": elsewhere}
    asked = shop.ask("SELECT id FROM orders", **free)
    assert asked["ResultConfiguration"]["OutputLocation"].startswith(elsewhere["OutputLocation"])
    athena.update_work_group(WorkGroup=name, State="DISABLED")
    with pytest.raises(ClientError, match=f"WorkGroup {name} is disabled"):
        shop.start("SELECT 1", **free)


def test_a_limit_of_bytes(shop: Shop) -> None:
    """A query that would read more is cancelled; AWS's least is 10 MB, also where the client does not look."""
    unchecked = client(shop.endpoint, "athena", parameter_validation=False)
    settings = {"BytesScannedCutoffPerQuery": LEAST - 1}
    with pytest.raises(ClientError, match="bytesScannedCutoffPerQuery"):
        unchecked.create_work_group(Name=f"{shop.name}-least", Configuration=settings)
    numbers = random.Random(SEED)
    large = opened(shop.endpoint, pa.table({"id": [numbers.getrandbits(62) for _ in range(LEAST // 8)]}))
    assert large.files > LEAST
    updates = {"BytesScannedCutoffPerQuery": LEAST}
    large.athena().update_work_group(WorkGroup=large.name, ConfigurationUpdates=updates)
    stopped = large.ask("SELECT id FROM orders")
    assert (stopped["Status"]["State"], stopped["Status"]["StateChangeReason"]) == (
        "CANCELLED",
        "Bytes scanned limit was exceeded",
    )


def test_a_token_starts_one_query(shop: Shop) -> None:
    """The same token is the same query, also where both requests come at once; for another one it is refused."""
    token = f"{shop.name:x<32}"
    with ThreadPoolExecutor(4) as pool:
        started = set(pool.map(lambda _: shop.start("SELECT 1", ClientRequestToken=token), range(4)))
    assert len(started) == 1
    for text, more in (("SELECT 2", {}), ("SELECT 1", {"QueryExecutionContext": {"Database": "other"}})):
        with pytest.raises(ClientError, match="Idempotent parameters do not match"):
            shop.start(text, ClientRequestToken=token, **more)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="runs in the soak")
def test_stop_lists_and_batches(shop: Shop) -> None:
    """A query that runs is stopped at once, and the next one runs; the list has the newest first."""
    athena = shop.athena()
    many = ", ".join(f"orders t{n}" for n in range(8))
    going = shop.start(f"SELECT count(*), sum(t0.id * t7.id) FROM {many}")
    with contextlib.suppress(ClientError):
        athena.get_query_results(QueryExecutionId=going)
    athena.stop_query_execution(QueryExecutionId=going)
    began = time.monotonic()
    assert shop.ended(going)["Status"]["State"] == "CANCELLED"
    assert time.monotonic() - began < 10
    after = shop.ask("SELECT 1")["QueryExecutionId"]
    athena.stop_query_execution(QueryExecutionId=after)
    found = athena.batch_get_query_execution(QueryExecutionIds=[after, going, "0" * 8])
    states = [each["Status"]["State"] for each in found["QueryExecutions"]]
    assert states == ["SUCCEEDED", "CANCELLED"]
    assert [each["QueryExecutionId"] for each in found["UnprocessedQueryExecutionIds"]] == ["0" * 8]
    paginator = athena.get_paginator("list_query_executions")
    pages = paginator.paginate(WorkGroup=shop.name, PaginationConfig={"PageSize": 1})
    listed = [query for page in pages for query in page["QueryExecutionIds"]]
    assert listed[:2] == [after, going]
    for call in (athena.get_query_execution, athena.get_query_results, athena.stop_query_execution):
        with pytest.raises(ClientError, match="QueryExecution nothing was not found"):
            call(QueryExecutionId="nothing")


def test_metadata(shop: Shop) -> None:
    """The catalog as Athena shows it, a page at a time; what is not there is an error."""
    athena = shop.athena()
    assert athena.list_data_catalogs()["DataCatalogsSummary"] == [
        {"CatalogName": "AwsDataCatalog", "Type": "GLUE"}
    ]
    assert athena.get_data_catalog(Name="awsdatacatalog")["DataCatalog"]["Type"] == "GLUE"
    pages = athena.get_paginator("list_databases").paginate(
        CatalogName="AwsDataCatalog", PaginationConfig={"PageSize": 1}
    )
    assert shop.name in [each["Name"] for page in pages for each in page["DatabaseList"]]
    there = {"CatalogName": "AwsDataCatalog", "DatabaseName": shop.name}
    assert athena.get_database(**there)["Database"]["Name"] == shop.name
    listed = athena.list_table_metadata(**there, Expression="o.*s")["TableMetadataList"]
    assert listed == [athena.get_table_metadata(**there, TableName="orders")["TableMetadata"]]
    assert [(each["Name"], each["Type"]) for each in listed[0]["Columns"]] == [
        ("id", "bigint"),
        ("at", "timestamp"),
        ("amount", "decimal(12,2)"),
        ("note", "string"),
        ("weight", "double"),
    ]
    assert listed[0] in athena.list_table_metadata(**there)["TableMetadataList"]
    assert athena.list_table_metadata(**there, Expression="x.*")["TableMetadataList"] == []
    for call, given in (
        (athena.get_table_metadata, {**there, "TableName": "nothing"}),
        (athena.get_database, {**there, "DatabaseName": "nothing"}),
    ):
        with pytest.raises(ClientError, match=r"MetadataException.*Error Code: EntityNotFoundException"):
            call(**given)
    with pytest.raises(ClientError, match="Data catalog other is not found"):
        athena.get_data_catalog(Name="other")


def test_the_callers_permissions_decide(shop: Shop, reader: Any) -> None:
    """Of the query's workgroup, the bucket of the result, the table in Glue, its files in S3, the place of the result:
    what is missing is named.
    """
    account = shop.endpoint.account
    asking = allow("athena:*", f"arn:aws:athena:*:{account}:workgroup/{shop.name}")
    place = allow("s3:GetBucketLocation", f"arn:aws:s3:::{shop.name}")
    table = allow(["glue:GetTable", "glue:GetDatabase"])
    files = allow(["s3:GetObject"], f"arn:aws:s3:::{shop.name}/orders/*")
    results = allow(["s3:PutObject", "s3:GetObject"], f"arn:aws:s3:::{shop.name}/results/*")
    everything = [asking, place, table, files, results]
    athena = reader(*everything)
    query = shop.start("SELECT count(*) FROM orders", athena)
    assert shop.ended(query)["Status"]["State"] == "SUCCEEDED"
    assert athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"][1]["Data"][0] == {
        "VarCharValue": str(ROWS)
    }


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="runs in the soak")
@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("athena:StartQueryExecution", "not authorized to perform: athena:StartQueryExecution"),
        ("s3:GetBucketLocation", "Unable to verify/create output bucket"),
        (
            "glue:GetTable",
            "PERMISSION_DENIED: .* is not authorized to perform: glue:GetTable on resource",
        ),
        ("s3:GetObject", "PERMISSION_DENIED: .*orders/metadata"),
        ("s3:PutObject", "PERMISSION_DENIED: .*results"),
    ],
)
def test_a_missing_permission_is_named(shop: Shop, reader: Any, missing: str, words: str) -> None:
    """Who lacks one action of those that a query takes is told which."""
    deny = {"Effect": "Deny", "Action": missing, "Resource": "*"}
    athena = reader(allow("*"), deny)
    try:
        reason = shop.ended(shop.start("SELECT count(*) FROM orders", athena))["Status"]["StateChangeReason"]
    except ClientError as error:
        reason = str(error)
    assert re.search(words, reason), reason


def test_permissions_hold_for_every_spelling_of_a_name(shop: Shop, reader: Any) -> None:
    """The data catalog, a database and a table in other letters are those that the policy names."""
    place = f"arn:aws:glue:us-east-1:{'0' * 12}:"
    own = [f"{place}catalog", f"{place}database/{shop.name}", f"{place}table/{shop.name}/*"]
    catalog = f"arn:aws:athena:us-east-1:{'0' * 12}:datacatalog/AwsDataCatalog"
    held = reader(
        allow("athena:*", catalog),
        allow("glue:*", own),
        {"Effect": "Deny", "Action": "athena:GetDatabase", "Resource": catalog},
    )
    named = {"CatalogName": "awsdatacatalog", "DatabaseName": shop.name.upper()}
    found = held.get_table_metadata(**named, TableName="Orders")["TableMetadata"]
    assert found["Name"] == "orders"
    with pytest.raises(ClientError, match=r"AccessDenied.*explicit deny"):
        held.get_database(**named)


def test_another_workgroups_query_is_not_shown(shop: Shop, reader: Any) -> None:
    """A query belongs to its workgroup: who may not use that one sees neither its state nor its rows."""
    query = shop.ask("SELECT 1")["QueryExecutionId"]
    athena = reader(allow("athena:*", f"arn:aws:athena:*:{shop.endpoint.account}:workgroup/other"))
    for call, given in (
        (athena.get_query_execution, {"QueryExecutionId": query}),
        (athena.get_query_results, {"QueryExecutionId": query}),
        (athena.stop_query_execution, {"QueryExecutionId": query}),
        (athena.batch_get_query_execution, {"QueryExecutionIds": [query]}),
    ):
        with pytest.raises(ClientError, match=f"AccessDenied.*workgroup/{shop.name}"):
            call(**given)


def test_unload(shop: Shop) -> None:
    """Parquet files at the place, which must be empty, and a list of them; the result itself has no rows."""
    text = f"UNLOAD (SELECT id, note FROM orders) TO 's3://{shop.name}/out' WITH (format = 'PARQUET')"
    ended = shop.ask(text)
    assert ended["Status"]["State"] == "SUCCEEDED", ended["Status"]
    s3, manifest = client(shop.endpoint, "s3"), ended["Statistics"]["DataManifestLocation"]
    listed = s3.get_object(Bucket=shop.name, Key=manifest.split("/", 3)[3])["Body"].read().decode()
    (place,) = listed.splitlines()
    assert place.startswith(f"s3://{shop.name}/out/")
    content = s3.get_object(Bucket=shop.name, Key=place.split("/", 3)[3])["Body"].read()
    assert pq.read_table(io.BytesIO(content)).num_rows == ROWS
    found = shop.athena().get_query_results(QueryExecutionId=ended["QueryExecutionId"])["ResultSet"]
    assert found["Rows"] == []
    assert [each["Name"] for each in found["ResultSetMetadata"]["ColumnInfo"]] == ["id", "note"]
    again = shop.ask(text)["Status"]["StateChangeReason"]
    assert again == f"HIVE_PATH_ALREADY_EXISTS: Target directory already exists: s3://{shop.name}/out/"
