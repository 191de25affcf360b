"""``doctor ENV``: looks, read-only, at everything that a deployment needs of an account."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from data_pipeline.aws import account
from data_pipeline.aws.account import asked
from data_pipeline.aws.cloudformation import Stack, Stacks
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.core import doctor as checks
from data_pipeline.core.config import Environment, Step
from data_pipeline.core.doctor import Finding, Level, Unanswered
from data_pipeline.core.machine import machines
from data_pipeline.core.runtimes import RUNTIMES
from data_pipeline.core.simulation import deployer_policy
from data_pipeline.core.steps import runtimes
from data_pipeline.stacks.render import compact

from .connect import open_environment
from .project import ROOT

_STYLES: dict[Level, str] = {"ok": "green", "warning": "yellow", "problem": "red", "unchecked": "dim"}
_POLICY = "docs/deployer-policy.json"


@click.command("doctor")
@click.argument("env", metavar="ENV")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def doctor(env: str, as_json: bool) -> None:
    """Look, read-only, at what ENV needs of its account: quotas, permissions, buckets, templates.

    Exits 1 if anything would make a deployment or a run fail.
    """
    environment, connection = open_environment(env)
    with explained():
        findings = list(examine(environment, connection))
    if as_json:
        where = {"environment": env, "account": connection.account, "region": connection.region}
        click.echo(json.dumps(where | {"findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        _print(findings)
    if any(finding.level == "problem" for finding in findings):
        raise click.exceptions.Exit(1)


def examine(env: Environment, connection: Connection) -> Iterator[Finding]:
    """Every finding, in the order of a deployment."""
    yield checks.identity(env, connection.account, connection.identity)
    yield checks.region(env.region, asked(connection, lambda: account.region_opt_in(connection)))
    yield from _capacity(env, connection)
    yield from _definitions(env, connection)
    stacks = Stacks(connection.client("cloudformation"))
    storage, pipeline = stacks.find(env.names.storage_stack), stacks.find(env.names.pipeline_stack)
    deploy = f"./deploy.sh {env.name} BUCKET"
    yield checks.stack(env.names.storage_stack, storage.status if storage else None, deploy)
    yield checks.stack(env.names.pipeline_stack, pipeline.status if pipeline else None, deploy)
    artifacts = account.stack_parameter(connection, pipeline.name, "ArtifactBucket") if pipeline else None
    yield from _buckets(env, connection, storage, artifacts)
    resources = account.stack_resources(connection, pipeline.name) if pipeline else []
    yield from _log_groups(env, connection, resources)
    yield _deployer(env, connection, artifacts)
    yield from _roles(connection, resources)


def _capacity(env: Environment, connection: Connection) -> Iterator[Finding]:
    """Instance types, processing units and images of the jobs."""
    on = {
        service: {name: job for name, job in env.jobs.items() if job.service == service}
        for service in ("sagemaker", "glue")
    }
    if on["sagemaker"]:
        known = asked(connection, lambda: account.quotas(connection, "sagemaker"))
        for name, job in on["sagemaker"].items():
            yield checks.instance_type(name, job, env.region, known)
            if isinstance(job, Step) and job.cluster:
                yield checks.cluster_instances(name, job.cluster, env.region, known)
    if on["glue"]:
        known = asked(connection, lambda: account.quotas(connection, "glue"))
        yield from checks.glue_capacity(on["glue"], env.region, known)
    for runtime in runtimes(env):
        if RUNTIMES[runtime].image:
            yield checks.image(runtime, env.region)


def _definitions(env: Environment, connection: Connection) -> Iterator[Finding]:
    """What the services say of the rendered templates and of the state machines in them."""
    for file, body in compact(env).items():
        if not (ROOT / "templates" / file).exists():
            yield Finding(
                f"templates/{file}", "problem", "is missing", f"python data_pipeline_create.py {env.name}"
            )
            continue
        refusal = asked(connection, lambda body=body: account.template_refusal(connection, body))  # type: ignore[misc]
        yield checks.template(f"templates/{file}", refusal)
    for name, definition in machines(env).items():
        text = _with_names(json.dumps(definition), connection)
        told = asked(connection, lambda text=text: account.definition_diagnostics(connection, text))  # type: ignore[misc]
        yield checks.definition(name, told)


def _with_names(definition: str, connection: Connection) -> str:
    """The definition with something in place of each ``${…}``, as CloudFormation will put it there."""
    known = {"PartitionName": _partition(connection), "RegionName": connection.region}
    return re.sub(r"\$\{(\w+)\}", lambda match: known.get(match[1], match[1]), definition)


def _partition(connection: Connection) -> str:
    return connection.client("s3").meta.partition


def _buckets(
    env: Environment, connection: Connection, storage: Stack | None, artifacts: str | None
) -> Iterator[Finding]:
    data = env.data.bucket or (storage.outputs.get("DataBucket") if storage else None)
    for role, name in (("data", data), ("artifact", artifacts)):
        if name:
            look = asked(connection, lambda name=name: account.bucket(connection, name))  # type: ignore[misc]
            yield checks.bucket(role, env, connection.account, look)


def _log_groups(
    env: Environment, connection: Connection, resources: list[tuple[str, str]]
) -> Iterator[Finding]:
    wanted = [env.names.state_machine_log_group]
    if env.maintenance:
        wanted.append(env.names.maintenance_log_group)
    if any(RUNTIMES[job.runtime].glue_command == "glueetl" for job in env.jobs.values()):
        wanted += [f"{env.names.glue_log_group_prefix}/{kind}" for kind in ("output", "error")]
    own = [name for kind, name in resources if kind == "AWS::Logs::LogGroup"]
    existing = asked(connection, lambda: account.log_group_names(connection, wanted))
    yield from checks.log_groups(wanted, existing, own, env.region)


def _deployer(env: Environment, connection: Connection, artifacts: str | None) -> Finding:
    """Whether the caller has what docs/deployer-policy.json lists."""
    check = "permissions to deploy"
    who = asked(connection, lambda: account.principal(connection))
    if who is None:
        return Finding(check, "unchecked", f"IAM simulates users and roles only, not {connection.identity}")
    if isinstance(who, Unanswered):
        return checks.unanswered(check, who)
    policy = json.loads((ROOT / _POLICY).read_text(encoding="utf-8"))
    asking = list(deployer_policy(policy, env, connection.account, _partition(connection), artifacts))
    refused = asked(connection, lambda: account.refused(connection, who, asking))
    return checks.permissions(check, refused, f"give {who} the actions of {_POLICY}")


def _roles(connection: Connection, resources: list[tuple[str, str]]) -> Iterator[Finding]:
    """Whether anything above the roles of the deployed stack takes away what their policies grant."""
    for name in sorted(name for kind, name in resources if kind == "AWS::IAM::Role"):
        refused = asked(connection, lambda name=name: account.role_refusals(connection, name))  # type: ignore[misc]
        remedy = "lift the permissions boundary or the organization's policy that refuses it"
        yield checks.permissions(f"role {name}", refused, remedy)


def _print(findings: list[Finding]) -> None:
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
