"""``new NAME --from …``: looks at samples and writes the block of a data set into pipeline.yaml."""

from __future__ import annotations

import shlex

import click

from data_pipeline.cli import project, proposals
from data_pipeline.cli.examples import examples
from data_pipeline.cli.files import write_bytes_atomically
from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_all


@click.command(epilog=examples("new orders --from samples --match 'orders/*'"))
@click.argument("name", metavar="NAME")
@click.option(
    "--from",
    "given",
    metavar="FILE|DIR|s3://…",
    required=True,
    help="The files, as they will lie below the input: a file, a folder or a prefix in S3.",
)
@click.option(
    "--match", metavar="GLOB", help="Of these, the files alone whose path is like this, as in 'orders/*'."
)
def new(name: str, given: str, match: str | None) -> None:
    """Look at samples and write the data set NAME into config/pipeline.yaml, where all else stays as it is.

    It says what it looked at, which rows of the samples would be refused and why, and what it was unsure of. It writes
    nothing that `create` refuses.
    """
    root = project.root()
    path = root / "config" / "pipeline.yaml"
    proposals.refuse_name(name)
    loaded = load_all(root)
    if any(name in each.datasets or name in each.tables for each in loaded.values()):
        raise UserError(
            f"{name}: the project has a data set or table of this name, expected a new one; nothing was changed"
        )
    before = path.read_bytes()
    found = proposals.proposed(name, given, match)
    content = proposals.inserted(before, found)
    proposals.refuse_what_create_refuses(root, content)
    if path.read_bytes() != before:
        raise UserError(
            f"{path}: changed meanwhile, expected nobody else to write it; run the same command again"
        )
    write_bytes_atomically(path, content)
    proposals.report(found)
    lines = content.count(b"\n") - before.count(b"\n")
    click.echo(f"written     config/pipeline.yaml: the data set {name}, {lines} lines; look at it")
    if not given.startswith("s3:"):
        click.echo(f"next        data-pipeline try {name} {shlex.quote(str(proposals.source_folder(given)))}")
