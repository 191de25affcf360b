"""Raw texts of refused rows that show an erased key are emptied, in the files of the data set alone."""

from __future__ import annotations

from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.etl.documents import erasures, types
from data_pipeline.etl.documents.datasets import Column, Dataset, Format
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.loading import refused_texts
from data_pipeline.etl.publishing.erased_keys import ErasedKeys
from data_pipeline.etl.reading.quarantine import SCHEMA
from data_pipeline.etl.storage import filesystem
from data_pipeline.etl.storage.objects import ARCHIVED, DENIED, FILE_GONE, GONE, MissingError

KEYS = ErasedKeys(erasures.new().with_keys(["id"], [["A17"]], "now"), {"id": types.parse("string")})
TEXTS = ["A17,new", None, "", "B,new"]


def orders(pii: str = "") -> Dataset:
    return Dataset("orders", ("*.csv",), Format("csv"), (Column("id", "string", pii=pii),), key=("id",))


@pytest.fixture
def output(tmp_path):
    """With refused rows of two data sets."""
    rows = [{"source": "a.csv", "row": at, "reason": "wrong", "raw": raw} for at, raw in enumerate(TEXTS)]
    for name in ("orders", "orders_late"):
        folder = tmp_path / "out" / "quarantine" / "run=one" / f"dataset={name}"
        folder.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "a.parquet")
    return tmp_path / "out"


def raw(output, name: str) -> list[str | None]:
    return pq.read_table(output / "quarantine" / "run=one" / f"dataset={name}" / "a.parquet")[
        "raw"
    ].to_pylist()


@pytest.mark.parametrize(("pii", "left"), [("", [None, None, "", "B,new"]), ("drop", [None, None, "", None])])
def test_texts_that_show_a_key_are_emptied(output, tmp_path, pii, left):
    """Of a data set with personal data all of them: it had none when they were kept."""
    assert refused_texts.empty(str(output), orders(pii), KEYS, tmp_path) == left.count(None) - 1
    assert raw(output, "orders") == left
    assert raw(output, "orders_late") == TEXTS
    assert refused_texts.empty(str(output), orders(pii), KEYS, tmp_path) == 0


@pytest.mark.parametrize("why", [GONE, FILE_GONE, DENIED, ARCHIVED])
def test_only_a_file_that_is_gone_needs_no_emptying(output, tmp_path, monkeypatch, why):
    @contextmanager
    def fetched(*_):
        raise MissingError(why)
        yield

    monkeypatch.setattr(type(filesystem.files(str(output))), "fetched", fetched)
    if why in (GONE, FILE_GONE):
        assert refused_texts.empty(str(output), orders(), KEYS, tmp_path) == 0
        return
    with pytest.raises(JobError, match=rf"a\.parquet, texts of refused rows: {why.split(' (')[0]}"):
        refused_texts.empty(str(output), orders(), KEYS, tmp_path)
