"""What a deployed environment has published of its data sets: read from the ledger, and held against the input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from data_pipeline.aws import source
from data_pipeline.aws.errors import explained
from data_pipeline.aws.s3 import read_lines
from data_pipeline.aws.session import Connection
from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean, one_of, quoted
from data_pipeline.core.progress.coverage import DatasetCoverage, PublishedFile, coverage
from data_pipeline.core.uploads import split_uri
from data_pipeline.etl.documents import patterns
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.state import entries

#: shards of the ledger, a year each, that ``recent`` reads of a data set.
_RECENT = 2


def recent(env: Environment, connection: Connection, output: str) -> list[DatasetCoverage]:
    """Of each data set whose files have periods, as far as the last two years go; the input is not looked at."""
    found = (
        coverage(name, patterns_of(each), _published(connection, output, name, _RECENT), None)
        for name, each in env.datasets.items()
    )
    return [each for each in found if each.unit]


def patterns_of(dataset: Dataset) -> list[patterns.Pattern]:
    """The patterns of a data set's files."""
    return [*map(patterns.parse, dataset.files)]


def coverages(
    env: Environment, connection: Connection, input_: str, output: str, names: Sequence[str], look: bool
) -> list[DatasetCoverage]:
    """Of each data set, or of those with these names. ``input_`` and ``output``: ``s3://`` URIs of the stack's outputs;
    ``look``: list the input, too. UserError for a name that is none, or a ledger that cannot be read.
    """
    for name in names:
        if name not in env.datasets:
            near = did_you_mean(name, env.datasets)
            raise UserError(
                f"--dataset {name}: found no data set {quoted(name)}, expected {one_of(env.datasets)}"
                + (f"; {near}" if near else "")
            )
    there = _there(connection, input_) if look else None
    chosen = {name: each for name, each in env.datasets.items() if name in names or not names}
    return [
        coverage(name, patterns_of(each), _published(connection, output, name), there)
        for name, each in chosen.items()
    ]


def _there(connection: Connection, uri: str) -> dict[str, str]:
    """Path below the input → ETag."""
    bucket, prefix = split_uri(uri)
    with explained():
        found = source.stored_objects(connection.client("s3"), bucket, prefix, folders=True)
    return {path: each.etag for path, each in found.items()}


def _published(connection: Connection, output: str, dataset: str, newest: int = 0) -> Iterator[PublishedFile]:
    """Every file that the ledger says the data set's table has; of the ``newest`` shards alone, if that is not 0."""
    bucket, prefix = split_uri(f"{output}state/datasets/{dataset}/")
    client = connection.client("s3")
    with explained():
        shards = source.stored_objects(client, bucket, prefix)
    for name in sorted(shards)[-newest:]:
        place = f"s3://{bucket}/{prefix}{name}"
        with explained():
            head, *lines = read_lines(client, bucket, prefix + name)
        try:
            known = entries.head(head, place)
            for line in lines:
                if line.startswith("["):
                    path, each = entries.entry(line, known, place)
                    parts = tuple(each.parts.items())
                    yield PublishedFile(path, each.period, parts, each.etag, each.rows, each.quarantined)
        except JobError as error:
            raise UserError(str(error)) from error
