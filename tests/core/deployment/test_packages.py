"""Which packages a script needs of its runtime."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.cli import job_code, job_locks
from data_pipeline.core.deployment.packages import missing_packages, needed_packages
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts.runtimes import RUNTIMES

JOBS = Path(__file__).resolve().parents[3] / "jobs"
LOCK = "boto3==1.42.97 \\\n    --hash=sha256:00\n"


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("import os, json.decoder\n", set()),
        ("import duckdb\n", {"duckdb"}),
        (
            "import pyarrow.parquet as pq\nfrom pyiceberg.catalog import load_catalog\n",
            {"pyarrow", "pyiceberg"},
        ),
        ("def late():\n    import duckdb\n", {"duckdb"}),
        ("import yaml\nimport dateutil.parser\n", {"pyyaml", "python-dateutil"}),
        ("try:\n    import fast\nexcept ImportError:\n    fast = None\n", set()),
        ("try:\n    import fast\nexcept ValueError:\n    fast = None\n", {"fast"}),
        ("import typing\nif typing.TYPE_CHECKING:\n    import mypy_boto3_s3\n", set()),
        ("from lib.storage import s3\n", {"boto3"}),
        ("from lib import storage\n", {"boto3"}),
        ("import lib.inner.deep\n", {"polars"}),
        ("import other\n", {"requests"}),
    ],
)
def test_imports_are_found_through_the_library(source: str, needed: set[str]) -> None:
    """Every import that must succeed counts, at any depth, in the script and in the modules that it reaches."""
    sources = {
        "script.py": source,
        "other.py": "import requests\n",
        "unused.py": "import torch\n",
        "lib/__init__.py": "",
        "lib/storage.py": "import functools\n\ndef s3():\n    from . import remote\n",
        "lib/remote.py": "import boto3\nfrom lib.storage import s3\n",
        "lib/inner/__init__.py": "from .. import inner\n",
        "lib/inner/deep.py": "from ..inner import shallow\n",
        "lib/inner/shallow.py": "import polars\n",
    }
    assert needed_packages("script.py", sources) == needed


@pytest.mark.parametrize(
    ("path", "line"), [("job.py", "from . import helper"), ("lib/storage.py", "from ..helper import x")]
)
def test_a_relative_import_out_of_a_package_is_refused(path: str, line: str) -> None:
    """It finds its module in no service, although the module is shipped."""
    sources = {"job.py": "import lib.storage\n", "lib/__init__.py": "", "lib/storage.py": "", "helper.py": ""}
    with pytest.raises(UserError, match=rf"jobs/{path}:1: found a relative import"):
        needed_packages("job.py", sources | {path: line})


def test_a_package_is_missing_unless_locked_or_of_the_runtime() -> None:
    """boto3 is locked, pyspark is Glue's own; duckdb is neither."""
    sources = {"job.py": "import boto3, duckdb, pyspark\n"}
    assert missing_packages("job.py", sources, LOCK, "glue-spark") == ["duckdb"]
    assert missing_packages("job.py", sources, LOCK, "glue-pythonshell") == ["duckdb", "pyspark"]


@pytest.mark.parametrize(
    ("script", "runtime", "missing"),
    [
        ("prepare.py", "glue-pythonshell", []),
        ("prepare.py", "sagemaker-python", []),
        ("ride_counts.py", "sagemaker-python", []),
        ("ride_counts.py", "glue-spark", []),
        (
            "ride_counts.py",
            "glue-pythonshell",
            ["duckdb", "llvmlite", "numpy", "pyarrow", "pyiceberg"],
        ),
    ],
)
def test_the_project_s_own_jobs_have_their_packages(script: str, runtime: str, missing: list[str]) -> None:
    """Each script runs where the configuration may put it, and DuckDB on Python 3.9 is refused."""
    sources = job_code.sources(JOBS.parent)
    lock = job_locks.read_lock(JOBS.parent, RUNTIMES[runtime]).decode()
    assert missing_packages(script, sources, lock, runtime) == missing
