"""``doctor ENV``: looks, read-only, at everything that a deployment needs of an account."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from data_pipeline.aws.errors import explained
from data_pipeline.cli.account_answers import look
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.examples import examples
from data_pipeline.core.assumptions import Assumption, matters
from data_pipeline.core.doctor.answers import CheckResult, Level
from data_pipeline.core.doctor.rules import examine

#: of what was never observed on AWS, so many entries are told: the least sure ones.
_ENTRIES = 5
_STYLES: dict[Level, str] = {"ok": "green", "warning": "yellow", "problem": "red", "unchecked": "dim"}


@click.command("doctor", epilog=examples("doctor dev"))
@environment_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def doctor(env: str, as_json: bool) -> None:
    """Look, read-only, at what ENV needs of its account: quotas, permissions, buckets and keys, left-overs.

    Exits 1 if anything would make a deployment or a run fail.
    """
    environment, connection = open_environment(env)
    with explained():
        findings = list(examine(environment, look(environment, connection)))
    open_ones = matters(environment)
    if as_json:
        where = {"environment": env, "account": connection.account, "region": connection.region}
        report = {
            "findings": [asdict(finding) for finding in findings],
            "assumptions": [each.title for each in open_ones],
        }
        click.echo(json.dumps(where | report, indent=2))
    else:
        _print(findings)
        print_assumptions(open_ones)
    if any(finding.level == "problem" for finding in findings):
        raise click.exceptions.Exit(1)


def _print(findings: list[CheckResult]) -> None:
    wide = None if sys.stdout.isatty() else 2000
    screen = Console(file=sys.stdout, highlight=False, soft_wrap=True, width=wide, markup=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for finding in findings:
        table.add_row(finding.level, finding.check, finding.found, style=_STYLES[finding.level])
        if finding.remedy:
            table.add_row("", "", f"→ {finding.remedy}")
    screen.print(table)
    counts = Counter(finding.level for finding in findings)
    screen.print(", ".join(f"{level}: {counts[level]}" for level in _STYLES))


def print_assumptions(found: Sequence[Assumption]) -> None:
    """What this environment relies on and nobody has seen on AWS yet."""
    if not found:
        return
    click.echo(
        "\nassumed of AWS and never observed; docs/reference/on-aws.md has the command that shows each:"
    )
    for each in found[:_ENTRIES]:
        click.echo(f"  {each.sure}: {each.title}")
    if len(found) > _ENTRIES:
        click.echo(f"  and {len(found) - _ENTRIES} more that concern this environment")
