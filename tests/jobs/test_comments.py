"""Comments of tables and columns, as the Glue catalog has them."""

from clients import client
from tlc import comments, schemas, tables
from tlc.features import RIDE_COUNTS
from tlc.reading import TRIP_COUNTS


def in_glue(embedded, account, name: str) -> tuple[str, dict[str, str]]:
    found = client(embedded, "glue").get_table(DatabaseName=account.database, Name=name)["Table"]
    columns = found["StorageDescriptor"]["Columns"]
    return found.get("Description", ""), {column["Name"]: column.get("Comment", "") for column in columns}


def test_every_column_has_its_comment():
    """Of both tables, in the order of their columns; none of a column that is not there."""
    for name, schema in (("trip_counts", TRIP_COUNTS), ("ride_counts", RIDE_COUNTS)):
        assert list(comments.COLUMNS[name]) == schema.names
        assert list(schemas.COLUMNS[name]) == schema.names
        assert all(0 < len(text) <= 255 for text in comments.COLUMNS[name].values())


def test_published_tables_carry_them(embedded, account):
    """A run makes tables that say what they hold; another one changes nothing of that."""
    account.run("first")
    for name in ("trip_counts", "ride_counts"):
        assert in_glue(embedded, account, name) == (comments.TABLES[name], comments.COLUMNS[name])
    before = account.tables().find("ride_counts").metadata_location
    account.tables().load("ride_counts")
    assert account.tables().find("ride_counts").metadata_location == before


def test_a_table_of_an_earlier_version_gets_them(embedded, account):
    """Its rows, its snapshots and its properties stay; the next load commits nothing."""
    at = account.tables()
    schema = tables.iceberg_schema(RIDE_COUNTS)
    place = f"s3://{account.bucket}/out/warehouse/ride_counts"
    at.catalog.create_table(
        (account.database, "ride_counts"), schema=schema, location=place, properties={"a": "b"}
    )
    account.run("first")
    assert in_glue(embedded, account, "ride_counts") == (
        comments.TABLES["ride_counts"],
        comments.COLUMNS["ride_counts"],
    )
    assert account.rides() == account.expected()
    table = at.load("ride_counts")
    assert table.properties["a"] == "b"
    assert [field.field_id for field in table.schema().fields] == [field.field_id for field in schema.fields]
    assert account.snapshots()["ride_counts"] == 1
