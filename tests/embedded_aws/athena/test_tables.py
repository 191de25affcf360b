"""Tables whose catalog entry or metadata leads elsewhere than to S3: no query reads there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from clients import client
from embedded_aws.athena.conftest import ROWS, Shop, orders
from pyiceberg.catalog.glue import GlueCatalog

from data_pipeline.athena_engine import catalog
from data_pipeline.athena_engine.catalog import Access
from data_pipeline.athena_engine.errors import QueryError

TEXT = "what only the server may read"


def listed(shop: Shop, name: str, place: str) -> None:
    """A table of Glue whose metadata is said to be at the place."""
    parameters = {"table_type": "ICEBERG", "metadata_location": place}
    client(shop.endpoint, "glue").create_table(
        DatabaseName=shop.name, TableInput={"Name": name, "Parameters": parameters}
    )


def created(glue: GlueCatalog, shop: Shop, name: str, **properties: str) -> Any:
    place = f"s3://{shop.name}/{name}"
    return glue.create_table((shop.name, name), orders().schema, location=place, properties=properties)


def reason(shop: Shop, name: str) -> str:
    ended = shop.ask(f"SELECT count(*), max(note) FROM {name}")
    assert ended["Status"]["State"] == "FAILED", ended["Status"]
    return str(ended["Status"]["StateChangeReason"])


def test_metadata_elsewhere_is_not_read(shop: Shop, tmp_path: Path) -> None:
    """The reason has nothing of the file's text."""
    path = tmp_path / "a.metadata.json"
    path.write_text(TEXT)
    listed(shop, "elsewhere", str(path))
    found = reason(shop, "elsewhere")
    assert found.startswith(
        "ICEBERG_INVALID_METADATA: a file of the table is at a place of the scheme 'file'"
    )
    assert TEXT not in found


@pytest.mark.parametrize(
    "place", ["/a", "a", "file:/a", "file:///a", "hdfs://h/a", "gs://b/a", "oss://b/a", "x://b/a"]
)
def test_files_are_those_of_s3(place: str) -> None:
    with pytest.raises(QueryError, match="expected s3://bucket/key"):
        catalog._OnlyS3({}).new_input(place)


def test_metadata_that_is_none_is_not_quoted(shop: Shop) -> None:
    """An object that is no metadata of a table: the reason has nothing of its text."""
    client(shop.endpoint, "s3").put_object(Bucket=shop.name, Key="a.metadata.json", Body=f'"{TEXT}"'.encode())
    listed(shop, "other", f"s3://{shop.name}/a.metadata.json")
    found = reason(shop, "other")
    assert found.startswith("GENERIC_INTERNAL_ERROR: ValidationError, which the log")
    assert TEXT not in found


def test_a_data_file_elsewhere_is_not_read(shop: Shop, tmp_path: Path) -> None:
    """Good metadata in S3, with a file of the server's disk in its list."""
    pq.write_table(orders(), tmp_path / "a.parquet")
    end = shop.endpoint
    options = {"endpoint": end.url, "access-key-id": end.access_key, "secret-access-key": end.secret_key}
    usual = GlueCatalog(
        "glue",
        client=client(end, "glue"),
        **{f"s3.{name}": value for name, value in options.items()},
        **{"s3.region": end.region},
    )
    created(usual, shop, "mixed").add_files([f"file://{tmp_path / 'a.parquet'}"])
    assert reason(shop, "mixed").startswith("ICEBERG_INVALID_METADATA")


def test_properties_of_a_table_change_nothing(shop: Shop) -> None:
    """Neither what reads its files, nor where S3 is, nor as whom it is asked."""
    end = shop.endpoint
    glue = catalog.glue(Access(end.url, end.region, end.access_key, end.secret_key, None))
    properties = {
        "py-io-impl": "nowhere.Nothing",
        "s3.endpoint": "http://127.0.0.1:1",
        "s3.access-key-id": "other",
    }
    created(glue, shop, "own", **properties).append(orders())
    assert shop.rows("SELECT count(*) FROM own")[1:] == [[str(ROWS)]]
