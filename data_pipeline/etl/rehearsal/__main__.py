"""Job of one's own machine: try a data set on the files of a folder, and leave what was found as JSON.

All that it makes on the way goes to ``--scratch``, an empty folder. No AWS is asked.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path

from data_pipeline.etl import arguments, exits
from data_pipeline.etl.documents import datasets
from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import files, write_json

from .rehearsing import Trial, rehearse


def main(argv: list[str]) -> None:
    """Write what was found to ``--result``. JobError for whatever the user can mend."""
    options = arguments.parse(_parser(), argv)
    definitions = datasets.read(files(options.definitions).read(options.definitions), options.definitions)
    trial = Trial(options.dataset, options.input, options.file, options.rows)
    try:
        found = rehearse(definitions, trial, Path(options.scratch))
    except JobError:
        raise
    except Exception as error:
        dataset = definitions.datasets[options.dataset]
        if not dataset.reader:
            raise
        raise JobError(_of_reader(dataset, error)) from error
    write_json(options.result, found)


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser(__doc__ or "")
    add = parser.add_argument
    add("--definitions", required=True, help="the data sets and tables: a file")
    add("--dataset", required=True, help="the data set that is tried")
    add("--input", required=True, help="the folder that stands for the input")
    add("--scratch", required=True, help="an empty folder")
    add("--result", required=True, help="the file that is written")
    add("--file", action="append", default=[], help="read only files whose path below --input fits")
    add("--rows", type=int, default=5, help="how many first rows, and refused rows of each reason, are told")
    return parser


def _of_reader(dataset: Dataset, error: Exception) -> str:
    """A reader of one's own has failed: where, as far as it is known."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"data set {dataset.name}: its reader {dataset.reader} failed at {last.filename}:{last.lineno}: "
        f"{type(error).__name__}: {error}"
    )


if __name__ == "__main__":
    exits.run(main, sys.argv[1:])
