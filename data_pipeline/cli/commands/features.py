"""``features``: what the published tables offer to models, as records of feature groups."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import pyarrow as pa

from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.examples import examples
from data_pipeline.core.errors import UserError
from data_pipeline.features.formats import FORMATS, Format, encoded
from data_pipeline.project.features import read_offline, read_online, readable, store_of

from .feature_state import diff, list_groups, show


class _Time(click.ParamType[datetime]):
    """A day or a time as in ISO 8601; whether it has a zone is for the option to say."""

    name = "TIME"

    def __init__(self, with_zone: bool) -> None:
        self.with_zone = with_zone

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        text = str(value)
        try:
            found = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
        except ValueError:
            self.fail(
                f"{text!r}: expected a day or a time, as in 2021-07-01 or 2021-07-01T06:15:00", param, ctx
            )
        if self.with_zone:
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        if found.tzinfo:
            self.fail(f"{text!r}: expected a time without a zone, on the table's wall clock", param, ctx)
        return found


@click.group(epilog=examples("features list dev"))
def features() -> None:
    """Feature groups: what the published tables offer to models."""


features.add_command(list_groups)
features.add_command(show)
features.add_command(diff)


@features.command(epilog=examples("features get dev --group orders --format csv"))
@environment_argument
@click.option("--group", metavar="NAME", help="The feature group; needed where there are several.")
@click.option(
    "--as-of", type=_Time(True), help="As it was published at this time (UTC unless it says otherwise)."
)
@click.option("--snapshot", metavar="ID", help="As it is in this snapshot of the table.")
@click.option("--run", metavar="RUN", help="As this run has published it.")
@click.option("--since", type=_Time(False), help="Event times from this one on.")
@click.option("--until", type=_Time(False), help="Event times before this one.")
@click.option(
    "--offline",
    is_flag=True,
    help="What the offline store of SageMaker has, in place of the published table.",
)
@click.option(
    "--athena",
    is_flag=True,
    help="Have Athena read the table, under the limit athena.gb_per_query, in place of reading its files here.",
)
@click.option(
    "--record",
    "records",
    metavar="ID",
    multiple=True,
    help="The newest record of this record identifier, from the online store of SageMaker; repeatable.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="parquet",
    show_default=True,
    help="Format of the rows.",
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file, in place of stdout."
)
def get(
    env: str,
    group: str | None,
    as_of: datetime | None,
    snapshot: str | None,
    run: str | None,
    since: datetime | None,
    until: datetime | None,
    offline: bool,
    athena: bool,
    records: tuple[str, ...],
    form: Format,
    output: Path | None,
) -> None:
    """Write the records of a feature group: the newest state, or what was published then.

    With the record identifier and the event time of each record come available_at, from when on it could be
    known, and available_by: "published" when that was noted, "lag" when the source's lag was taken.
    """
    if output is None and form != "csv" and sys.stdout.isatty():
        raise UserError(f"a terminal cannot show {form}: name a file with -o FILE, or take --format csv")
    states = {"--as-of": as_of, "--snapshot": snapshot, "--run": run, "--since": since, "--until": until}
    given = [option for option, value in states.items() if value is not None]
    others = [option for option, asked in (("--offline", offline), ("--athena", athena)) if asked]
    if records:
        _refuse("--record has the newest records alone", [*given, *others])
        _write(read_online(*open_environment(env), group, records), form, output)
    elif offline:
        _refuse("--offline has the records as they are now", given)
        _write(read_offline(*open_environment(env), group, athena=athena), form, output)
    else:
        store = store_of(*open_environment(env), athena=athena)
        with readable():
            rows = store.get(group, as_of=as_of, snapshot=snapshot, run=run, since=since, until=until)
        _write(rows, form, output)


def _refuse(why: str, options: Sequence[str]) -> None:
    """UserError if any of these options is given."""
    if options:
        raise UserError(f"{why}: leave out {' and '.join(options)}")


def _write(rows: pa.Table, form: Format, output: Path | None) -> None:
    content = encoded(rows, form)
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"{'1 record' if len(rows) == 1 else f'{len(rows):,} records'} in {output}", err=True)
