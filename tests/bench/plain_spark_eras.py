"""The plain job on files of all eras: Spark with an inferred schema, one read for each layout, all put together.

The baseline of ``engine.py``; ``plain_spark_job.py`` is the same for files of one layout. Arguments: directory of
trip files, directory to write. Prints how many rides it counted, whatever their month.
"""

from __future__ import annotations

import sys
from functools import reduce
from pathlib import Path

import plain_spark_job  # finds Java
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - its customary name


def columns(path: Path) -> tuple[str, ...]:
    """The column names of a file; of Parquet with their types, which must agree as well."""
    if path.suffix == ".parquet":
        return tuple(str(field) for field in pq.read_schema(path))
    with path.open() as file:
        return tuple(next(file).rstrip("\r\n").replace('"', "").split(","))


def pickups(spark: SparkSession, paths: list[str]) -> DataFrame:
    """The pickup times of files that have one layout."""
    if paths[0].endswith(".parquet"):
        trips = spark.read.parquet(*paths)
    else:
        trips = spark.read.csv(paths, header=True, inferSchema=True)
    (name,) = [name for name in trips.columns if "pickup_date" in name.lower()]
    return trips.select(F.to_timestamp(F.col(f"`{name}`")).alias("pickup"))


def main(source: str, target: str) -> None:
    spark = (
        SparkSession.builder.master("local[*]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    layouts: dict[tuple[str, ...], list[str]] = {}
    for path in sorted(Path(source).glob("*_tripdata_*")):
        layouts.setdefault(columns(path), []).append(str(path))
    trips = reduce(DataFrame.union, [pickups(spark, paths) for paths in layouts.values()])
    counts = plain_spark_job.ride_counts(trips, "pickup")
    counts.orderBy("timestamp").coalesce(1).write.mode("overwrite").parquet(target)
    total = spark.read.parquet(target).agg(F.sum("num_rides")).first()
    print(total[0] if total else 0)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
