"""Count the trips below a folder, without any AWS: ``python jobs/ride_counts.py --input DIR --output DIR``.

Reads what the data sets of ``config/`` claim there, and writes X.parquet, a Parquet file of each data set,
summary.json and quarantine/ to ``--output``, as the steps of the pipeline would.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from data_pipeline.etl import arguments, exits
from data_pipeline.etl.documents import datasets
from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.jobs import load as loading

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = "local"
SPARK = "spark"


def main(argv: list[str]) -> None:
    """Count what ``argv`` names. JobError for whatever the user can mend."""
    options = arguments.parse(_parser(), argv)
    if options.engine == SPARK:
        os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT / "jobs"), os.environ.get("PYTHONPATH", "")))
    count(options.input, options.output, definitions(), options.engine)


def definitions() -> Definitions:
    """The data sets and tables of the project. JobError for what is wrong with them."""
    from data_pipeline.core.errors import UserError  # imported with few looks for garbage: see etl.jobs
    from data_pipeline.project import kept_definitions

    try:
        return kept_definitions.load(ROOT, ENVIRONMENT)
    except UserError as error:
        raise JobError(str(error)) from error


def count(input: str, output: str, definitions: Definitions, engine: str = "duckdb") -> None:
    """Load the files below ``input`` and write the results to ``output``."""
    with tempfile.TemporaryDirectory(prefix="ride_counts-") as folder:
        place = Path(folder) / "datasets.json"
        place.write_text(datasets.write(definitions))
        places = ["--input", input, "--output", output, "--definitions", str(place)]
        loading.main([*places, "--engine", engine])


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser(__doc__ or "")
    parser.add_argument("--input", required=True, help="the folder of the trip files")
    parser.add_argument("--output", required=True, help="the folder of the results")
    engines = "what reads the files: DuckDB, or Spark on this machine, whose workers find the reader in jobs/"
    parser.add_argument("--engine", choices=("duckdb", SPARK), default="duckdb", help=engines)
    return parser


if __name__ == "__main__":
    exits.run(main, sys.argv[1:])
