"""Mirrors of the tests' own sources into a bucket of the embedded AWS."""

from __future__ import annotations

import io
import json
import random
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
from source_server import File, SourceServer

PART = 1 << 16
TODAY = date(2024, 6, 15)
QUICK = {"first": 0.001, "most": 0.01, "read": 5.0, "stall": 5.0, "attempts": 12}


def parquet(seed: int, rows: int = 400) -> File:
    """A Parquet file of some 8 bytes a row that no compression makes smaller."""
    chance = random.Random(seed)
    table = pa.table({"n": [chance.getrandbits(62) for _ in range(rows)]})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="none", use_dictionary=False, row_group_size=max(1, rows // 2))
    return File(buffer.getvalue())


@dataclass
class Mirror:
    """A bucket, and mirrors into it."""

    s3: object
    bucket: str
    settings: dict = field(default_factory=dict)

    def __call__(self, source: dict, *, full: bool = False, dry: bool = False, **options: object) -> dict:
        """Mirror; the report. ``options``: of ``Mirror.means``, and ``scope``, ``today``."""
        from data_pipeline.etl.mirror import mirroring, wanted

        scope = options.pop("scope", ("all", "all"))
        today = options.pop("today", TODAY)
        sources = self.source_list(source)
        context = self.context(sources, **options)
        return mirroring.mirror(
            sources, context, wanted.scope(*scope, sources), full=full, dry=dry, today=today
        )

    def source_list(self, source: dict, recheck: int = 50):
        from data_pipeline.etl.documents.sources import Limits, MirrorSource, SourceList

        made = [MirrorSource(**{"name": "trips", **each}) for each in source.get("sources", [source])]
        limits = {"requests_per_second": 10_000.0, "recheck": recheck, **self.settings}
        return SourceList(tuple(made), Limits(**limits))

    def context(self, sources, **options):
        from data_pipeline.etl.mirror import running
        from data_pipeline.etl.mirror.retry_policy import RetryPolicy

        options = {"part": PART, "retry_policy": RetryPolicy(**QUICK), "tell": lambda _: None, **options}
        return running.made(sources, self.input, self.output, **options)

    @property
    def input(self) -> str:
        return f"s3://{self.bucket}/in/"

    @property
    def output(self) -> str:
        return f"s3://{self.bucket}/out/"

    @property
    def record(self) -> dict:
        return json.loads(self.s3.get_object(Bucket=self.bucket, Key="out/state/mirror.json")["Body"].read())

    def stored(self) -> dict[str, bytes]:
        """Path → content of everything in the input."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix="in/").get("Contents", [])
        keys = [item["Key"] for item in listed]
        return {
            key.removeprefix("in/"): self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            for key in keys
        }

    def seed(self, source: SourceServer) -> None:
        """Store every file of the source, and record it, as a mirror would have."""
        from data_pipeline.etl.mirror.record import Entry, Record, place

        record = Record(place(self.output))
        for path, file in source.files.items():
            name, size = path.rpartition("/")[2], len(file.content)
            self.s3.put_object(Bucket=self.bucket, Key=f"in/{name}", Body=file.content)
            record.note(name, Entry(source.url + path, file.etag, file.modified, size, "", PART))
        record.save()

    def uploads(self) -> list[str]:
        """Keys of the uploads that are not finished."""
        found = self.s3.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])
        return [upload["Key"] for upload in found]


def trips(server: SourceServer, **first: str) -> dict:
    """The source of trip files by month, of data sets with their first months (yellow without any)."""
    pattern = server.url + "/trip-data/{dataset}_tripdata_{year}-{month:02}.parquet"
    return {"kind": "url", "where": pattern, "datasets": first or {"yellow": "2024-01"}}
