"""``python jobs/sample.py DIR``: write trip files to try the pipeline with, and their true counts."""

from __future__ import annotations

import re
from pathlib import Path

import click
from taxi.sample.catalogue import DATASETS, FORMATS, chosen
from taxi.sample.errors import SampleError
from taxi.sample.layouts import Month
from taxi.sample.write import TRUTH_CSV, TRUTH_JSON, write_sample


class Months(click.ParamType[tuple[Month, Month]]):
    """``2019-01..2019-06``, or one month; both ends belong to it."""

    name = "months"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Month, Month]:
        ends = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])(?:\.\.(\d{4})-(0[1-9]|1[0-2]))?", str(value))
        if ends is None:
            self.fail(f"{value!r}: expected months like 2019-01..2019-06", param, ctx)
        year, month, last_year, last_month = ends.groups()
        return (int(year), int(month)), (int(last_year or year), int(last_month or month))


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", default=1, show_default=True, help="Another number gives other trips.")
@click.option("--rows", type=click.IntRange(min=1), help="Rows over all files; millions are fine.")
@click.option(
    "--dataset", "datasets", type=click.Choice(DATASETS), multiple=True, help="Only this one; repeatable."
)
@click.option(
    "--months", type=Months(), help="Every month of a range (2019-01..2019-06) in place of the picked ones."
)
@click.option("--format", "file_format", type=click.Choice(FORMATS), help="Only this format.")
def sample(
    directory: Path,
    seed: int,
    rows: int | None,
    datasets: tuple[str, ...],
    months: tuple[Month, Month] | None,
    file_format: str | None,
) -> None:
    """Write made-up trip files of every published layout to DIR, with the true counts beside them.

    The same options write the same content every time. DIR is new, empty or an earlier sample.
    """
    try:
        written = write_sample(directory, chosen(datasets, months, file_format, rows), seed)
    except SampleError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{written.files} trip files, {written.rows:,} rows ({written.refused} of them not to be counted),"
        f" {written.bytes / 1e6:,.1f} MB in {directory}"
    )
    click.echo(f"true counts: {directory / TRUTH_CSV} (per window), {directory / TRUTH_JSON} (per file)")


if __name__ == "__main__":
    sample()
