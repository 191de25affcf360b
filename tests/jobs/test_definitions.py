"""Comments of tables and columns, as the Glue catalog has them."""

from clients import client
from taxi import schemas
from taxi.definitions import TABLES
from taxi.features import RIDE_COUNTS
from taxi.reading import TRIP_COUNTS

from data_pipeline.etl.publishing import iceberg_types


def in_glue(embedded, account, name: str) -> tuple[str, dict[str, str]]:
    found = client(embedded, "glue").get_table(DatabaseName=account.database, Name=name)["Table"]
    columns = found["StorageDescriptor"]["Columns"]
    return found.get("Description", ""), {column["Name"]: column.get("Comment", "") for column in columns}


def test_every_column_has_its_comment():
    """Of both tables, in the order of their columns; none of a column that is not there."""
    for name, schema in (("trip_counts", TRIP_COUNTS), ("ride_counts", RIDE_COUNTS)):
        assert list(TABLES[name].comments) == schema.names
        assert list(schemas.COLUMNS[name]) == schema.names
        assert all(0 < len(text) <= 255 for text in TABLES[name].comments.values())


def test_published_tables_carry_them(embedded, account):
    """A run makes tables that say what they hold; another one changes nothing of that."""
    account.run("first")
    for name in ("trip_counts", "ride_counts"):
        assert in_glue(embedded, account, name) == (TABLES[name].comment, TABLES[name].comments)
    before = account.tables().find("ride_counts").metadata_location
    account.tables().load("ride_counts")
    assert account.tables().find("ride_counts").metadata_location == before


def test_a_table_of_an_earlier_version_gets_them(embedded, account):
    """Its rows, its snapshots and its properties stay; the next load commits nothing."""
    at = account.tables()
    schema = iceberg_types.schema(RIDE_COUNTS)
    place = f"s3://{account.bucket}/out/warehouse/ride_counts"
    at.catalog.create_table(
        (account.database, "ride_counts"), schema=schema, location=place, properties={"a": "b"}
    )
    account.run("first")
    assert in_glue(embedded, account, "ride_counts") == (
        TABLES["ride_counts"].comment,
        TABLES["ride_counts"].comments,
    )
    assert account.rides() == account.expected()
    table = at.load("ride_counts")
    assert table.properties["a"] == "b"
    assert [field.field_id for field in table.schema().fields] == [field.field_id for field in schema.fields]
    assert account.snapshots()["ride_counts"] == 1
