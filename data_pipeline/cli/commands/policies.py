"""``policies ENV``: who may do what, on what, under which condition, and why."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.examples import examples
from data_pipeline.cli.feature_types import with_feature_types
from data_pipeline.cli.project import root
from data_pipeline.core.deployment import templates
from data_pipeline.core.deployment.policies import Policy, Statement
from data_pipeline.core.deployment.policies import policies as read_policies
from data_pipeline.core.loading.load import load_environment
from data_pipeline.stacks import render

#: what all ARNs of the stack's own account have in common; the service stands before the action.
_ARN = re.compile(r"arn:\$\{AWS::Partition\}:\w+:(?:\$\{AWS::Region\})?:(?:\$\{AWS::AccountId\}:|:)?")
_OPERATORS = {
    "StringEquals": "=",
    "StringLike": "~",
    "StringLikeIfExists": "~",
    "ArnEquals": "=",
    "ArnLike": "~",
    "Bool": "=",
}
#: principals by what they mean.
_WHO = {"*": "everybody", "root": "roles of this account"}
#: for a terminal of unknown width: what a page across holds.
_WIDTH = 160


@click.command("policies", epilog=examples("policies dev"))
@environment_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def policies(env: str, as_json: bool) -> None:
    """Print who may do what in ENV, on what, under which condition, and why.

    Reads the configuration alone, and asks nothing of AWS: the table is what the rendered templates grant.
    ${Name} is a parameter or a resource of the stack.
    """
    rendered = render(with_feature_types(root(), load_environment(root(), env)))
    found = read_policies({name: templates.read_rendered(body) for name, body in rendered.items()})
    if as_json:
        whole = {"environment": env, "policies": [asdict(policy) for policy in found]}
        click.echo(json.dumps(whole, indent=2))
        return
    screen = Console(
        file=sys.stdout, highlight=False, markup=False, width=None if sys.stdout.isatty() else _WIDTH
    )
    for policy in found:
        screen.print(Text(_heading(policy), style="bold"), soft_wrap=True)
        screen.print(Padding(_table(policy), (0, 0, 0, 2)))
    wild = sum("*" in s.resources for p in found if p.kind == "role" for s in p.statements)
    roles = sum(policy.kind == "role" for policy in found)
    count = sum(len(policy.statements) for policy in found)
    screen.print(
        f"{count} statements, {roles} roles, {wild} statements on every resource (their reason in brackets)"
    )


def _heading(policy: Policy) -> str:
    """Who: a role by what it is for and who takes it; a resource by its policy's name."""
    if policy.kind != "role":
        return f"{policy.name}: on {policy.description}"
    taken = "; ".join(_taken(trust) for trust in policy.trusts)
    within = f", within {_short(policy.boundary)}" if policy.boundary else ""
    return f"{policy.description} ({policy.name}), taken by {taken}{within}"


def _taken(trust: Statement) -> str:
    sources = [c.split(" ", 2)[2].split(", ") for c in trust.conditions if c.startswith("aws:SourceArn")]
    named = ", ".join(_resources(sources[0]).splitlines()) if sources else ""
    for_whom = f" for {named} of this account" if named else ""
    return ", ".join(trust.principals) + for_whom


def _table(policy: Policy) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0), expand=True)
    for ratio in (32, 40, 28, 30):
        table.add_column(ratio=ratio, overflow="fold")
    for statement in policy.statements:
        table.add_row(
            _actions(statement),
            _resources(statement.resources),
            "\n".join(_condition(condition) for condition in statement.conditions),
            statement.why + (f" [{statement.why_everything}]" if statement.why_everything else ""),
        )
    return table


def _actions(statement: Statement) -> str:
    """``s3: PutObject, AbortMultipartUpload``, and of whom in a resource's policy."""
    names: dict[str, list[str]] = {}
    for action in statement.actions:
        service, _, name = action.partition(":")
        names.setdefault(service, []).append(name)
    said = "; ".join(f"{service}:{', '.join(actions)}" for service, actions in names.items())
    if not statement.principals:
        return said
    who = ", ".join(_WHO.get(principal, principal) for principal in map(_short, statement.principals))
    return f"{'refused to ' if statement.effect == 'Deny' else ''}{who}: {said}"


def _resources(resources: Iterable[str]) -> str:
    """Names without what all ARNs have; those of one bucket, or of one kind, share their beginning."""
    grouped: dict[str, list[str]] = {}
    names = list(dict.fromkeys(map(_short, resources)))
    for name in names:
        if name.removesuffix(":*") in names and name.endswith(":*"):
            continue  # a log group's second spelling: its streams
        head, slash, rest = name.rpartition("/") if name.startswith("table/") else name.partition("/")
        shared = head.startswith(("${", "table/"))
        grouped.setdefault(head + slash if shared else name, []).append(rest if shared else "")
    return "\n".join(f"{head}{' '.join(filter(None, rests))}" for head, rests in grouped.items())


def _condition(condition: str) -> str:
    key, operator, values = condition.split(" ", 2)
    return f"{key} {_OPERATORS.get(operator, operator)} {_short(values).replace(', ', ' ')}"


def _short(text: str) -> str:
    """A text whose ARNs are without what is the same in all of them."""
    return _ARN.sub("", text).replace("${AWS::AccountId}", "this account")
