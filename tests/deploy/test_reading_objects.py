"""Objects of S3 that samples are taken of."""

from __future__ import annotations

import gzip
import io
import uuid
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from clients import client, settings

from data_pipeline.aws.reading import objects
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.server.endpoint import Endpoint
from data_pipeline.scaffold import proposing


@pytest.fixture
def bucket(embedded: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """With orders of three days and a Parquet file of several megabytes; this machine's settings point there."""
    for variable, value in settings(embedded).items():
        monkeypatch.setenv(variable, value)
    s3, name = client(embedded, "s3"), f"samples-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    stored = {
        f"in/orders/2024-03-0{day}.csv.gz": gzip.compress(b"id,amount\n" + b"1,2.50\n" * 9)
        for day in (1, 2, 3)
    }
    out = io.BytesIO()
    pq.write_table(pa.table({"n": range(700_000)}), out, row_group_size=50_000, use_dictionary=False)
    stored["wide/numbers.parquet"] = out.getvalue()
    stored["in/folder/"] = b""
    for key, content in stored.items():
        s3.put_object(Bucket=name, Key=key, Body=content)
    yield name
    for key in stored:
        s3.delete_object(Bucket=name, Key=key)
    s3.delete_bucket(Bucket=name)


@pytest.mark.parametrize("below", ["in", "in/"])
def test_objects_below_an_address_are_samples(below: str, bucket: str, tmp_path: Path) -> None:
    """By their paths below it."""
    found = proposing.propose("", objects(f"s3://{bucket}/{below}"), None, tmp_path)
    assert found.proposal.patterns == ("orders/{year}-{month}-{day}.csv.gz",)
    assert (found.proposal.name, found.files, found.trial.read) == ("orders", 3, 27)


def test_one_object_is_a_sample(bucket: str, tmp_path: Path) -> None:
    found = proposing.propose("", objects(f"s3://{bucket}/in/orders/2024-03-01.csv.gz"), None, tmp_path)
    assert found.proposal.patterns == ("{year}-{month}-{day}.csv.gz",)
    assert found.files == 1


def test_of_a_large_parquet_object_the_beginning_is_read(bucket: str, tmp_path: Path) -> None:
    """Its footer and its first rows."""
    source = objects(f"s3://{bucket}/wide")
    assert source.size("numbers.parquet") > 2 << 20
    found = proposing.propose("", source, None, tmp_path)
    assert [f"{each.name} {each.type}" for each in found.proposal.content.columns] == ["n long"]
    assert found.trial.read == 20_000


def test_a_bucket_that_is_not_there_is_said(bucket: str) -> None:
    with pytest.raises(UserError, match="bucket"):
        objects(f"s3://{bucket}-not/in")
