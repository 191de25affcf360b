"""Spark in a script of one's own: docs/how-to/custom-step.md. Needs PySpark, which two of the runtimes have."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from pyspark import SparkContext

from data_pipeline.etl import spark_session

__all__ = ["open_spark"]


def open_spark(script: str) -> AbstractContextManager[SparkContext]:
    """A SparkContext whose executors import what the script does: the modules below ``jobs/``, and the runtime's
    packages. ``script``: its ``__file__``. The memory is as the service has configured it. JobError where there is
    no Java.
    """
    return spark_session.started(Path(script).parent, rows_in_python=False)
