"""Objects of S3 as local copies."""

from __future__ import annotations

from data_pipeline.etl.storage.s3 import S3Files


def test_a_copy_ends_as_its_object_does(output, tmp_path):
    """Whoever reads the copy can tell by its name how the content is written and compressed."""
    place = f"{output}/in/2024/part-1.json.gz"
    storage = S3Files()
    storage.write(place, b"content")
    with storage.fetched(place, storage.head(place).etag, tmp_path) as path:
        assert path.read_bytes() == b"content"
        assert path.name.endswith(".json.gz")
    assert not [*tmp_path.iterdir()]


def test_a_long_name_makes_a_short_copy(output, tmp_path):
    place = f"{output}/in/{'part.' * 100}csv"
    storage = S3Files()
    storage.write(place, b"content")
    with storage.fetched(place, storage.head(place).etag, tmp_path) as path:
        assert path.name.endswith(".csv")
