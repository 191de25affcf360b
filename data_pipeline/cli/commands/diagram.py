"""``diagram``: draw a pipeline's state machine and what it published of a table, as for a README."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.examples import examples
from data_pipeline.cli.files import write_atomically
from data_pipeline.cli.project import root
from data_pipeline.core.config.datasets import Series
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.drawing.chart import TableSeries
from data_pipeline.core.drawing.diagram import draw
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean, one_of, quoted

if TYPE_CHECKING:
    from pyiceberg.table import Table

_STATE_MACHINE = "AWS::StepFunctions::StateMachine"
#: logical id of the machine that runs the steps; the maintenance has one beside it.
_STEPS = "StateMachine"

Named = dict[str, Any]


@click.command(
    epilog=examples("diagram dev -o diagram.svg", "diagram dev -o orders.svg --table orders --value amount")
)
@environment_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="SVG file to write.",
)
@click.option(
    "--table",
    metavar="NAME",
    help="The published table to draw; without it, the first with a `series` in the configuration, else the first with "
    "a time.",
)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A Parquet file to draw in place of a published table.",
)
@click.option(
    "--time", metavar="COLUMN", help="The column with the time; without it, the series' or the first one."
)
@click.option(
    "--value",
    "values",
    metavar="COLUMN",
    multiple=True,
    help="The column to add up in each window; repeatable, each is an area then. Without it, the weight of the series, "
    "else rows are counted.",
)
@click.option(
    "--by", metavar="COLUMN", multiple=True, help="The column whose values are drawn apart; repeatable."
)
def diagram(env: str, output: Path, table: str | None, file: Path | None, **named: Any) -> None:
    """Draw ENV's state machine, from its rendered template, and a table with times that it has published.

    The table is drawn as stacked areas, over the days that have most to show.
    """
    definition = read_definition(root() / "templates" / f"{env}-pipeline.yaml")
    if table and file:
        raise UserError("found --table and --file, expected one of them; leave one out")
    published = _of_file(file, named) if file else _published(env, table, named)
    write_atomically(output, draw(definition, published))
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


def _of_file(file: Path, named: Named) -> TableSeries:
    import pyarrow
    import pyarrow.parquet

    from data_pipeline.cli import table_series

    try:
        content = pyarrow.parquet.ParquetFile(file)
        columns = table_series.choose(str(file), content.schema_arrow, **named)
        batches = content.iter_batches(columns=[*columns.names])
        return table_series.read(file.stem, str(file), columns, batches)
    except pyarrow.ArrowException as error:
        raise UserError(f"{file}: found no Parquet file that can be read, expected one: {error}") from error


def _published(env: str, name: str | None, named: Named) -> TableSeries:
    """What the deployed environment has published of a table."""
    environment, connection = open_environment(env)
    from data_pipeline.cli import table_series
    from data_pipeline.project.features import readable, store_of

    known = _tables(environment)
    if name is not None and name not in known:
        near = did_you_mean(name, [*known])
        raise UserError(
            f"--table {name}: found no table {quoted(name)}, expected {one_of(known)}"
            + (f"; {near}" if near else "")
        )
    with readable():
        tables = store_of(environment, connection).tables
        wanted = (name,) if name else sorted(known, key=lambda each: known[each] is None)
        there = {each: found for each in wanted if (found := tables.find(each)) and found.current_snapshot()}
        if not there:
            raise UserError(
                f"{environment.names.database}: nothing has been published yet"
                f"{f' of {name}' if name else ''}. Run the pipeline with: python data_pipeline_run.py {env}"
            )
        chosen = name or _with_time(there)
        where, found = f"table {chosen}", there[chosen]
        columns = table_series.choose(where, found.schema().as_arrow(), known[chosen], **named)
        batches = found.scan(selected_fields=columns.names).to_arrow_batch_reader()
        return table_series.read(chosen, where, columns, batches)


def _tables(env: Environment) -> dict[str, Series | None]:
    """The tables that an environment publishes, with their series, in the order of the configuration."""
    own = {name: each.series for name, each in env.datasets.items()}
    made = {name: each.series for name, each in env.tables.items()}
    return own | made or {name: None for step in env.steps.values() for name in step.tables}


def _with_time(tables: dict[str, Table]) -> str:
    """The first table with a time; the first one where none has any."""
    from data_pipeline.cli.table_series import time_column

    return next(
        (name for name, each in tables.items() if time_column(each.schema().as_arrow())), next(iter(tables))
    )


class _Tolerant(yaml.SafeLoader):
    """Reads CloudFormation's short forms (``!Sub``, ``!GetAtt``) as the values behind them."""


def _value(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]


_Tolerant.add_multi_constructor("!", _value)
