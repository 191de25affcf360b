# ruff: noqa: DTZ001 - times on the wall clock
"""Trip files in Parquet: every type that the pickup column may have, and what makes such a file unreadable."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest
from taxi.reader import Reader
from test_reader import trip_counts

from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading.protocol import FileRows, SourceFile
from data_pipeline.etl.reading.quarantine import Quarantine

NAME = "fhv_tripdata_2019-01.parquet"
TEXTS = ["2019-01-01 00:46:40", None, "2019-01-02 00:00:00"]
TIMES = [datetime(2019, 1, 1, 0, 46, 40), None, datetime(2019, 1, 2)]
STARTS = [datetime(2019, 1, 1, 0, 45), datetime(2019, 1, 2)]


class Read(NamedTuple):
    """What became of a file: counts, starts of windows, and the refused rows that are kept."""

    rows: FileRows
    starts: list[datetime]
    refused: list[dict]


def read(path: Path) -> Read:
    tables, kept = [], path.parent / "kept.parquet"
    with Quarantine(kept, path.name, 100) as quarantine:
        source = SourceFile(path, path.parent, {"dataset": "fhv"}, "2019-01")
        rows = Reader(trip_counts()).read(source, quarantine, tables.append)
    refused = pq.ParquetFile(kept).read().to_pylist() if kept.exists() else []
    return Read(rows, [row["window_start"] for table in tables for row in table.to_pylist()], refused)


def written(folder: Path, column: pa.Array, **options) -> Path:
    pq.write_table(pa.table({"pickup_datetime": column}), folder / NAME, **options)
    return folder / NAME


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.large_string()),
        pa.binary(),
        pa.large_binary(),
        pa.binary_view(),
    ],
    ids=str,
)
def test_text_of_every_type(kind, tmp_path):
    """Views are texts as any other, and so are bytes without a logical type, as older writers leave them
    (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#string).
    """
    found = read(written(tmp_path, pa.array(TEXTS).cast(pa.string()).cast(kind)))
    assert found.starts == STARTS
    assert found.rows.reasons == {"null": 1}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_every_unit(unit, tmp_path):
    """Each is cut to microseconds."""
    found = read(written(tmp_path, pa.array(TIMES, pa.timestamp(unit))))
    assert found.starts == STARTS
    assert found.rows.reasons == {"null": 1}


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("odd", [2**63 - 1, -(2**63), -(2**63) + 1])
def test_one_impossible_time_is_one_refused_row(unit, odd, tmp_path):
    """Infinity of other systems is the largest number of 64 bits, which is a time for nanoseconds alone; the other
    rows of the file count.
    """
    good = {"ms": 1_546_303_600_000, "us": 1_546_303_600_000_000, "ns": 1_546_303_600_000_000_000}[unit]
    found = read(written(tmp_path, pa.array([good, odd, good]).cast(pa.timestamp(unit))))
    assert (found.rows.accepted, found.rows.quarantined) == (2, 1)
    assert found.rows.reasons == {"outside-month" if unit == "ns" else "not-timestamp": 1}
    assert found.refused[0]["row"] == 2


def test_a_column_of_the_null_type_has_no_time_in_any_row(tmp_path):
    """What pandas writes of a column that is empty throughout
    (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#unknown-always-null).
    """
    found = read(written(tmp_path, pa.nulls(3)))
    assert found.rows.reasons == {"null": 3}
    assert [row["raw"] for row in found.refused] == ['{"pickup_datetime":null}'] * 3


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1]),
        pa.array([1.5]),
        pa.array([True]),
        pa.array([1]).cast(pa.time64("us")),
        pa.array([1], pa.int32()).cast(pa.date32()),
        pa.array([1]).cast(pa.duration("us")),
        pa.array([1]).cast(pa.decimal128(19, 0)),
        pa.array([b"2019-01-01 00:46:40"], pa.binary(19)),
        pa.array([["2019-01-01 00:46:40"]]),
    ],
    ids=lambda column: str(column.type),
)
def test_what_is_neither_text_nor_times_is_unreadable(column, tmp_path):
    """No number is taken for a time."""
    with pytest.raises(FileError, match="neither text nor timestamps"):
        read(written(tmp_path, column))


def test_texts_that_are_not_utf_8_are_unreadable(tmp_path):
    """As a CSV file is."""
    with pytest.raises(FileError, match="its pickup column is not UTF-8 text"):
        read(written(tmp_path, pa.array([b"caf\xe9"])))


def test_a_page_whose_checksum_is_wrong_is_unreadable(tmp_path):
    """Pages may have a CRC32, https://parquet.apache.org/docs/file-format/data-pages/checksumming/; where they have
    one, it is held against the data.
    """
    column = pa.array(range(1000)).cast(pa.timestamp("us"))
    options = {"use_dictionary": False, "compression": "none", "write_page_checksum": True}
    path = written(tmp_path, column, **options)
    assert read(path).rows.read == 1000
    content = bytearray(path.read_bytes())
    content[4000] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileError, match="CRC checksum verification failed"):
        read(path)


class NoKms(pe.KmsClient):
    """A key management service that wraps nothing."""

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
        return key_bytes.hex().encode()

    def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
        return bytes.fromhex(wrapped_key.decode())


@pytest.mark.parametrize(
    ("plain", "said"), [(False, "encrypted footer"), (True, "cannot be read: .*decrypt")]
)
def test_an_encrypted_file_is_unreadable_and_says_so(plain, said, tmp_path):
    """With an encrypted footer, a file that starts with PARE, and with encrypted columns alone
    (https://parquet.apache.org/docs/file-format/data-pages/encryption/).
    """
    factory = pe.CryptoFactory(lambda _: NoKms())
    chosen = pe.EncryptionConfiguration(
        footer_key="a", column_keys={"b": ["pickup_datetime"]}, plaintext_footer=plain, double_wrapping=False
    )
    encrypted = factory.file_encryption_properties(pe.KmsConnectionConfig(), chosen)
    path = written(tmp_path, pa.array(TEXTS), encryption_properties=encrypted)
    with pytest.raises(FileError, match=said):
        read(path)


def test_a_zone_is_passed_over_with_a_warning(tmp_path):
    """A time is the wall clock as stored; where a file marks another zone than UTC, the first one is said both ways."""
    times = [None, datetime(2019, 1, 1, 5, 46, 40)]
    found = read(written(tmp_path, pa.array(times, pa.timestamp("us", "America/New_York"))))
    assert found.starts == [datetime(2019, 1, 1, 5, 45)]
    (said,) = found.rows.warnings
    assert "marked with the zone America/New_York, and read in UTC" in said
    assert "taken for 2019-01-01 05:46:40, in America/New_York it is 2019-01-01 00:46:40" in said
    assert read(written(tmp_path, pa.array(times, pa.timestamp("us", "UTC")))).rows.warnings == ()
