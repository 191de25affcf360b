"""``plan ENV``: what a deployment would change, as a page."""

from __future__ import annotations

import json
import sys

import click

from data_pipeline.aws.errors import explained
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.arguments import revert_drift
from data_pipeline.cli.deploying.deployment import gather
from data_pipeline.cli.deploying.plan_page import fingerprint_of, place_of, plan_page, show
from data_pipeline.cli.examples import examples
from data_pipeline.core.deployment.page import rendering

from .deploy import open_target


@click.command(
    epilog=examples("plan dev", "plan dev my-artifact-bucket --markdown", "plan dev --json > plan.json")
)
@environment_argument
@click.argument("bucket", metavar="[BUCKET]", required=False)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, which `deploy ENV --plan FILE` applies."
)
@revert_drift
@click.option("--markdown", is_flag=True, help="Print Markdown, for a pull request.")
def plan(env: str, bucket: str | None, as_json: bool, revert_drift: bool, markdown: bool) -> int:
    """Say what deploying ENV would change, and change nothing.

    BUCKET is the artifact bucket; once ENV is deployed it is known. Makes change sets and deletes them again, and may
    put a template that is too large for a request into BUCKET. Exits 0 without changes, and 2 with some.
    """
    if as_json and markdown:
        raise click.UsageError("--json and --markdown are both given: expected one of them.")
    with explained():
        target = open_target(env, bucket)
        found = gather(target, create_bucket=True, revert_drift=revert_drift)
        try:
            page, print_ = plan_page(target, found), fingerprint_of(found)
        finally:
            found.discard(target.stacks)
    if as_json:
        where = dict(zip(("environment", "account", "region"), place_of(target), strict=True))
        applied = {**where, "bucket": target.bucket, "fingerprint": print_}
        click.echo(json.dumps({**rendering.as_json(page), **applied}, indent=2))
    elif markdown:
        click.echo(rendering.markdown(page), nl=False)
    else:
        show(page, sys.stdout)
    return 2 if page.changes else 0
