"""What a deployed environment has published of its data sets: read from the ledger, and held against the input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from data_pipeline.aws import source
from data_pipeline.aws.errors import explained
from data_pipeline.aws.run_documents import RunDocuments
from data_pipeline.aws.s3 import read_lines
from data_pipeline.aws.session import Connection
from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean, one_of, quoted
from data_pipeline.core.progress import coverage as covered
from data_pipeline.core.progress.coverage import Acceptance, DatasetCoverage, PublishedFile, coverage
from data_pipeline.core.uploads import StoredObject, split_uri
from data_pipeline.etl.documents import acceptances, patterns
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.state import entries

from . import refusing

#: shards of the ledger, a year each, that ``recent`` reads of a data set.
_RECENT = 2


def recent(env: Environment, connection: Connection, output: str) -> list[DatasetCoverage]:
    """Of each data set whose files have periods, as far as the last two years go; the input is not looked at."""
    through = _accepted(connection, output)
    found = (
        coverage(
            name, patterns_of(each), _published(connection, output, name, _RECENT), None, accepted=through
        )
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
    ``look``: list the input, too, and read what runs say of files that are not published. UserError for a name that
    is none, or a ledger that cannot be read.
    """
    for name in names:
        if name not in env.datasets:
            near = did_you_mean(name, env.datasets)
            raise UserError(
                f"--dataset {name}: found no data set {quoted(name)}, expected {one_of(env.datasets)}"
                + (f"; {near}" if near else "")
            )
    there = _there(connection, input_) if look else None
    chosen = {name: patterns_of(each) for name, each in env.datasets.items() if name in names or not names}
    published = {name: [*_published(connection, output, name)] for name in chosen}
    unread = {
        path: there[path]
        for name, texts in chosen.items()
        for path in covered.unread(texts, {each.path: each.etag for each in published[name]}, there or {})
        if there is not None
    }
    refused = refusing.refusals(connection, output, unread)
    through = _accepted(connection, output)
    fed = _mirrored(connection, output) if env.mirrors and look else []
    now = datetime.now(UTC)
    return [
        coverage(name, texts, published[name], there, refused, through, _due(texts, fed, now))
        for name, texts in chosen.items()
    ]


def _there(connection: Connection, uri: str) -> dict[str, StoredObject]:
    """Path below the input → object."""
    bucket, prefix = split_uri(uri)
    with explained():
        return source.stored_objects(connection.client("s3"), bucket, prefix, folders=True)


def _due(texts: Sequence[patterns.Pattern], fed: Sequence[str], now: datetime) -> str:
    """The last period that the source of a mirrored data set could have published; nothing of one that is not."""
    unit = next((each.unit for each in texts if each.unit), "")
    is_fed = any(covered.claimed(texts, path) for path in fed)
    return covered.ended(unit, now) if is_fed else ""


def _mirrored(connection: Connection, output: str) -> list[str]:
    """The paths of the files that were mirrored."""
    with explained():
        found = refusing.json_object(RunDocuments(connection, f"{output}state/").read("mirror.json"))
    return [*found.get("objects", ())]


def _accepted(connection: Connection, output: str) -> list[Acceptance]:
    """What runs have let through, as far as they have noted it."""
    documents = RunDocuments(connection, f"{output}state/{acceptances.FOLDER}/")
    bucket, prefix = split_uri(documents.where)
    found: list[Acceptance] = []
    with explained():
        names = source.stored_objects(connection.client("s3"), bucket, prefix)
        contents = documents.read_all(sorted(names))
    for name, content in contents.items():
        try:
            each = acceptances.read(content or b"", documents.where + name)
        except JobError as error:
            raise UserError(str(error)) from error
        found += [
            Acceptance(each.run, each.by, one.of, one.rule, one.source, one.version) for one in each.findings
        ]
    return found


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
                    yield _file(*entries.entry(line, known, place))
        except JobError as error:
            raise UserError(str(error)) from error


def _file(path: str, each: entries.Entry) -> PublishedFile:
    parts = tuple(each.parts.items())
    counts = each.rows, each.quarantined, each.size
    return PublishedFile(path, each.period, parts, each.etag, *counts, each.run)
