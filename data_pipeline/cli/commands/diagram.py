"""``diagram``: draw a pipeline's state machine and what it published, for the README."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
import yaml

from data_pipeline.aws.errors import explained
from data_pipeline.aws.exports import read_export
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import deployed_outputs
from data_pipeline.cli.files import write_atomically
from data_pipeline.cli.project import root
from data_pipeline.core.drawing.diagram import draw
from data_pipeline.core.errors import UserError

_NOT_DATASETS = frozenset(("timestamp", "num_rides", "minutes", "dow", "month", "doy"))
_STATE_MACHINE = "AWS::StepFunctions::StateMachine"
#: logical id of the machine that runs the steps; the maintenance has one beside it.
_STEPS = "StateMachine"

Counts = list[tuple[datetime, dict[str, int]]]


@click.command()
@click.argument("env", metavar="ENV")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="SVG file to write.",
)
@click.option(
    "--features",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="X.parquet whose rides to draw, instead of the one that ENV has published.",
)
def diagram(env: str, output: Path, features: Path | None) -> None:
    """Draw ENV's state machine, from its rendered template, and the ride counts that it has published."""
    definition = read_definition(root() / "templates" / f"{env}-pipeline.yaml")
    counts = _counts_of_file(features) if features else _published_counts(env)
    write_atomically(output, draw(definition, counts))
    click.echo(str(output))


def read_definition(template: Path) -> dict[str, Any]:
    """The state machine's definition in a rendered template, its substitutions left as they are."""
    if not template.is_file():
        raise UserError(f"{template}: no such template; render it with: python data_pipeline_create.py")
    resources = yaml.load(template.read_bytes(), Loader=_Tolerant).get("Resources", {})  # noqa: S506 - is safe
    machine = resources.get(_STEPS, {})
    if machine.get("Type") != _STATE_MACHINE:
        raise UserError(f"{template}: expected a resource {_STEPS} of type {_STATE_MACHINE}")
    definition: dict[str, Any] = machine["Properties"]["Definition"]
    return definition


def read_counts(features: BinaryIO, where: str) -> Counts:
    """(window start, data set → rides) of every row of an X.parquet; the total where it names no data set."""
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(features)
        types = dict(zip(file.schema_arrow.names, file.schema_arrow.types, strict=True))
        missing = [name for name in ("timestamp", "num_rides") if name not in types]
        if missing:
            raise UserError(f"{where}: not a table of features: it has no column {' and no '.join(missing)}")
        named = [n for n, kind in types.items() if n not in _NOT_DATASETS and pyarrow.types.is_integer(kind)]
        columns = file.read(["timestamp", *(named or ["num_rides"])]).to_pydict()
    except pyarrow.ArrowException as error:
        raise UserError(f"{where}: not a table of features: {error}") from error
    starts = columns.pop("timestamp")
    if not named:
        columns = {"rides": columns["num_rides"]}
    rows = zip(*columns.values(), strict=True)
    return [(start, dict(zip(columns, row, strict=True))) for start, row in zip(starts, rows, strict=True)]


def _counts_of_file(features: Path) -> Counts:
    with features.open("rb") as file:
        return read_counts(file, str(features))


def _published_counts(env: str) -> Counts:
    """The counts in the table that the deployed environment has published last."""
    environment, connection = open_environment(env)
    uri = f"{deployed_outputs(environment, connection)['OutputUri']}export/X.parquet"
    with explained():
        content = read_export(connection.client("s3"), uri)
    if content is None:
        raise UserError(
            f"{uri}: nothing has been published yet. Run the pipeline with: python data_pipeline_run.py {env}"
        )
    return read_counts(io.BytesIO(content), uri)


class _Tolerant(yaml.SafeLoader):
    """Reads CloudFormation's short forms (``!Sub``, ``!GetAtt``) as the values behind them."""


def _value(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]


_Tolerant.add_multi_constructor("!", _value)
