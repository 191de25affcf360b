"""s3fs."""

from __future__ import annotations

import pandas as pd
import s3fs
from cases import DATABASE, case

PACKAGES = ("s3fs", "fsspec", "aiobotocore")


@case
def objects_as_files() -> None:
    files, place = s3fs.S3FileSystem(), f"{DATABASE}/s3fs"
    files.pipe(f"{place}/a.txt", b"hello")
    assert files.ls(place) == [f"{place}/a.txt"]
    assert files.cat(f"{place}/a.txt") == b"hello"
    assert files.info(f"{place}/a.txt")["size"] == 5
    with files.open(f"{place}/large", "wb") as large:
        large.write(b"x" * (11 << 20))
    assert files.du(place) == (11 << 20) + 5
    with files.open(f"{place}/large", "rb") as large:
        large.seek(10 << 20)
        assert large.read(3) == b"xxx"
    files.copy(f"{place}/a.txt", f"{place}/b.txt")
    files.mv(f"{place}/b.txt", f"{place}/c.txt")
    assert files.glob(f"{place}/*.txt") == [f"{place}/a.txt", f"{place}/c.txt"]
    assert sorted(files.find(place)) == [f"{place}/a.txt", f"{place}/c.txt", f"{place}/large"]
    files.rm(place, recursive=True)
    assert not files.exists(f"{place}/a.txt")


@case
def buckets() -> None:
    files, name = s3fs.S3FileSystem(), f"{DATABASE}-fs"
    files.mkdir(name)
    assert name in files.ls("")
    files.rmdir(name)


@case
def frames_by_their_uri() -> None:
    place = f"s3://{DATABASE}/frames/x.parquet"
    pd.DataFrame({"a": [1, 2]}).to_parquet(place, engine="pyarrow", filesystem=s3fs.S3FileSystem())
    assert list(pd.read_parquet(place, filesystem=s3fs.S3FileSystem())["a"]) == [1, 2]


@case
def a_missing_object() -> None:
    try:
        s3fs.S3FileSystem().cat(f"{DATABASE}/nothing")
    except FileNotFoundError:
        return
    raise AssertionError("it was found")
