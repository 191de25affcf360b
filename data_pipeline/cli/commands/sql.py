"""``sql``: a SELECT over the published tables, by Athena on AWS and by DuckDB on the embedded AWS."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pyarrow as pa

from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.examples import examples
from data_pipeline.core import sql as dialect
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean, one_of, quoted
from data_pipeline.core.uploads import amount
from data_pipeline.features.formats import FORMATS, encoded
from data_pipeline.project.asking import ask
from data_pipeline.project.features import readable, store_of

_SHOWN = 100
_TABLE = "table"


@click.command(
    epilog=examples(
        'sql dev "SELECT count(*) AS orders FROM orders"', "sql dev --named newest --format csv -o newest.csv"
    )
)
@environment_argument
@click.argument("query", metavar="QUERY", required=False)
@click.option(
    "--named", metavar="NAME", help="The query of this name in the configuration, in place of QUERY."
)
@click.option(
    "--format",
    "form",
    type=click.Choice((_TABLE, *FORMATS)),
    help="Format of the rows; the default is a table on a terminal, else csv.",
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file, in place of stdout."
)
def sql(env: str, query: str | None, named: str | None, form: str | None, output: Path | None) -> None:
    """Run QUERY, one SELECT in Athena's SQL, over the published tables; - reads it from stdin.

    Tables are called as in the Glue catalog, orders or shop_dev.orders; an earlier state of one is
    orders FOR VERSION AS OF 123 or FOR TIMESTAMP AS OF TIMESTAMP '2026-11-25 12:00:00 UTC'. What a query may read
    is limited by athena.gb_per_query; what it has read is said at the end.
    """
    screen = output is None and sys.stdout.isatty()
    form = form or (_TABLE if screen else "csv")
    if screen and form in ("parquet", "arrow"):
        raise UserError(f"a terminal cannot show {form}: name a file with -o FILE, or take --format csv")
    environment, connection = open_environment(env)
    statement = dialect.read(_text(environment, query, named))
    with readable():
        answer = ask(environment, connection, store_of(environment, connection).tables, statement)
    _write(answer.rows, form, output)
    rows = "1 row" if len(answer.rows) == 1 else f"{len(answer.rows):,} rows"
    click.echo(f"{rows}; {amount(answer.bytes)} scanned", err=True)


def _text(environment: Environment, query: str | None, named: str | None) -> str:
    """The statement that was asked for. UserError unless it was asked for in exactly one way."""
    if (query is None) == (named is None):
        raise UserError('expected a query or the name of one: sql ENV "SELECT …" or sql ENV --named NAME')
    if query is not None:
        return sys.stdin.read() if query == "-" else query
    known = environment.athena.queries
    if named is not None and named in known:
        return known[named].sql
    has = f"the configuration has {one_of(known)}" if known else "the configuration has none"
    near = did_you_mean(str(named), known)
    raise UserError(f"there is no query {quoted(str(named))}: {has}" + (f"; {near}" if near else ""))


def _write(rows: pa.Table, form: str, output: Path | None) -> None:
    if form == _TABLE:
        content = _drawn(rows, None if output else _SHOWN).encode()
    else:
        content = encoded(rows, next(known for known in FORMATS if known == form))
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        if form == _TABLE and len(rows) > _SHOWN:
            click.echo(f"… {len(rows) - _SHOWN:,} more rows; --format csv shows all of them", err=True)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror}") from error


def _drawn(rows: pa.Table, most: int | None) -> str:
    """Columns side by side, numbers to the right; at most so many rows."""
    shown = rows.slice(0, most) if most is not None else rows
    columns = []
    for field, values in zip(shown.schema, shown.columns, strict=True):
        cells = [field.name, *("" if value is None else str(value) for value in values.to_pylist())]
        width = max(map(len, cells))
        right = (
            pa.types.is_integer(field.type)
            or pa.types.is_floating(field.type)
            or pa.types.is_decimal(field.type)
        )
        columns.append([cell.rjust(width) if right else cell.ljust(width) for cell in cells])
    lines = ["  ".join(line).rstrip() for line in zip(*columns, strict=True)]
    return "\n".join(lines) + "\n"
