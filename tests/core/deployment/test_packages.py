"""Which packages a script needs of its runtime."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.cli import job_code, job_locks
from data_pipeline.core.deployment import packages
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


@pytest.mark.parametrize(
    ("path", "line", "said"),
    [
        (
            "job.py",
            "import shop.prises",
            r"imports shop\.prises, .* found no jobs/shop/prises\.py; did you mean 'shop",
        ),
        ("job.py", "from shop.deep.no import x", r"imports shop\.deep\.no, "),
        ("job.py", "import helper.inner", r"imports helper\.inner, .* found no jobs/helper/inner\.py$"),
        (
            "job.py",
            "from shop import bare",
            r"imports shop\.bare, and there is no jobs/shop/bare/__init__\.py",
        ),
        (
            "job.py",
            "import shop.bare.words",
            r"imports shop\.bare\.words, and there is no jobs/shop/bare/__init__",
        ),
        ("job.py", "import bare.words", r"imports bare\.words, and there is no jobs/bare/__init__"),
        (
            "job.py",
            "from data_pipeline.etl.custm import step",
            r"imports data_pipeline\.etl\.custm, .*; did you mean 'data_pipeline\.etl\.custom",
        ),
        ("shop/deep/down.py", "from .bottom import x", r"imports shop\.deep\.bottom, "),
        ("shop/deep/down.py", "def f():\n    from ..price import x", r"imports shop\.price, "),
    ],
)
def test_a_module_that_is_not_in_its_package_is_refused(path: str, line: str, said: str) -> None:
    """With its line, also within a function; not one that may be missing, nor one of the tool that is not shipped,
    which a script that also runs on this machine imports.
    """
    sources = {
        "job.py": "import helper, shop.deep.down\nfrom shop import prices, deep\n"
        "def local():\n    from data_pipeline.core.errors import UserError\n",
        "data_pipeline/__init__.py": "",
        "data_pipeline/etl/__init__.py": "",
        "data_pipeline/etl/custom/__init__.py": "",
        "helper.py": "try:\n    import shop.fast\nexcept ImportError:\n    pass\n",
        "shop/__init__.py": "",
        "shop/prices.py": "",
        "shop/deep/__init__.py": "",
        "shop/deep/down.py": "from ..prices import x\nfrom . import down\n",
        "shop/bare/words.py": "",
        "bare/words.py": "",
    }
    assert needed_packages("job.py", sources) == frozenset()
    number = 1 + line.count("\n")
    with pytest.raises(UserError, match=rf"^jobs/{path}:{number}: {said}"):
        needed_packages("job.py", sources | {path: line})


def test_a_package_is_missing_unless_locked_or_of_the_runtime() -> None:
    """boto3 is locked, pyspark is Glue's own; duckdb is neither."""
    sources = {"job.py": "import boto3, duckdb, pyspark\n"}
    assert missing_packages(needed_packages("job.py", sources), LOCK, "glue-spark") == ["duckdb"]
    assert missing_packages(needed_packages("job.py", sources), LOCK, "glue-pythonshell") == [
        "duckdb",
        "pyspark",
    ]


@pytest.mark.parametrize(
    ("script", "runtime", "missing"),
    [
        ("prepare_datasets.py", "glue-pythonshell", []),
        ("prepare_datasets.py", "sagemaker-python", []),
        ("load.py", "sagemaker-python", []),
        ("load.py", "glue-spark", []),
        (
            "load.py",
            "glue-pythonshell",
            ["duckdb", "numpy", "pyarrow", "pyiceberg"],
        ),
    ],
)
def test_the_project_s_own_jobs_have_their_packages(script: str, runtime: str, missing: list[str]) -> None:
    """Each script runs where the configuration may put it, and DuckDB on Python 3.9 is refused."""
    sources = job_code.sources(JOBS.parent)
    lock = job_locks.read_lock(JOBS.parent, RUNTIMES[runtime]).decode()
    assert missing_packages(needed_packages(script, sources), lock, runtime) == missing


@pytest.mark.parametrize(("runtime", "missing"), [("sagemaker-spark", []), ("sagemaker-python", ["pyspark"])])
def test_a_script_that_opens_spark_needs_a_runtime_that_has_it(runtime: str, missing: list[str]) -> None:
    """Which the script does not name."""
    sources = job_code.sources(JOBS.parent) | {
        "own.py": "from data_pipeline.etl.custom.spark import open_spark\n"
    }
    lock = job_locks.read_lock(JOBS.parent, RUNTIMES[runtime]).decode()
    assert missing_packages(needed_packages("own.py", sources), lock, runtime) == missing


def test_the_tools_own_files_are_read_for_their_imports() -> None:
    """By their text are found the imports that are in their trees and must succeed, no others."""
    sources = {
        name: text
        for name, text in job_code.sources(JOBS.parent).items()
        if name.startswith("data_pipeline/") and not any(word in text for word in packages._OF_OPTIONAL)
    }
    assert len(sources) > 100
    for name, text in sources.items():
        by_text = {(each.dots, each.module, each.members) for each in packages._read(text)}
        by_tree = {(each.dots, each.module, each.members) for each in packages._written("job.py", text)}
        assert by_text == by_tree, name


def test_a_script_that_is_no_python_is_refused_with_its_line() -> None:
    """In the script itself or in a module that it reaches, and after the imports, too."""
    sources = {"job.py": "import helper\n", "helper.py": "import os\n\ndef f():\n    return (\n"}
    with pytest.raises(UserError, match=r"^jobs/helper\.py:4: '\(' was never closed$"):
        needed_packages("job.py", sources)
