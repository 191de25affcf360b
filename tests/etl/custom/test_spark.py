"""Spark in a script of one's own: its executors import what the script does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from paths import ROOT

from data_pipeline.etl import spark_session

SCRIPT = """\
from data_pipeline.etl.custom.spark import open_spark
import helper

def said(numbers):
    from shop.deep import words
    return [words.said(number) for number in numbers]

with open_spark(__file__) as context:
    print(context.parallelize(range(2), 2).mapPartitions(said).collect(), helper.NAME)
"""


def test_executors_import_the_modules_of_the_project(tmp_path: Path) -> None:
    """Packages in packages, with the files that lie in them; Spark's workers are processes that start elsewhere."""
    deep = tmp_path / "shop" / "deep"
    deep.mkdir(parents=True)
    (tmp_path / "step.py").write_text(SCRIPT)
    (tmp_path / "helper.py").write_text("NAME = 'helper'\n")
    (tmp_path / "shop" / "__init__.py").write_text("")
    (deep / "__init__.py").write_text("")
    (deep / "word.txt").write_text("word")
    (deep / "words.py").write_text(
        "from importlib.resources import files\n\n"
        "def said(number):\n    return files('shop.deep').joinpath('word.txt').read_text() + str(number)\n"
    )
    done = subprocess.run(
        [sys.executable, str(tmp_path / "step.py")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['word0', 'word1'] helper\n"


def test_the_memory_of_a_cluster_is_as_the_service_configured_it() -> None:
    """A session of SQL has its rows in the heap."""
    given = {"spark.master": "yarn", "spark.executor.memory": "12g"}
    assert "spark.executor.memory" in spark_session.settings(given, {}, True)
    assert "spark.executor.memory" not in spark_session.settings(given, {}, True, rows_in_python=False)
