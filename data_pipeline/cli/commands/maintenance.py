"""``maintenance``: the upkeep of an environment's tables, started by hand in place of its schedule."""

from __future__ import annotations

from typing import Any

import click

from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import deployed_outputs
from data_pipeline.cli.examples import examples
from data_pipeline.cli.running import following
from data_pipeline.cli.running.outcome import failure_text, print_pointers, with_pointers
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.progress.failure_reason import described
from data_pipeline.project import runs

_ARN = "MaintenanceStateMachineArn"

Record = dict[str, Any]


@click.group(epilog=examples("maintenance run dev"))
def maintenance() -> None:
    """The upkeep of the tables: old snapshots, and the files that only they needed."""


@maintenance.command(epilog=examples("maintenance run dev", "maintenance run dev --no-wait"))
@environment_argument
@click.option("--wait/--no-wait", default=True, help="Follow it to its end (the default), or only start it.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout, everything else on stderr."
)
def run(env: str, wait: bool, as_json: bool) -> None:
    """Expire old snapshots of ENV's tables, and delete the files that only they needed.

    How long snapshots stay is in the configuration (maintenance.arguments: retain-days, retain-last); one with
    a tag or a branch stays always. Readers and runs may go on meanwhile.
    """
    record: Record = {"environment": env, "status": "NOT_STARTED"}
    with following.recorded(record, as_json):
        environment, connection = open_environment(env)
        record |= {"account": connection.account, "region": connection.region}
        arn = runs.start(connection, _machine(environment, deployed_outputs(environment, connection)), {})
        record |= {
            "status": "RUNNING",
            "executionArn": arn,
            "execution": arn.rpartition(":")[2],
            "input": {},
            "results": {},
        }
        if not wait:
            if not as_json:
                click.echo(arn)
            print_pointers(environment, arn)
            return
        progress = following.follow(environment, connection, arn)
        record |= runs.times(progress)
        if progress.failure is not None:
            record |= runs.failed(environment, connection, progress.failure)
            said = failure_text(environment, progress, progress.failure, record)
            raise UserError(with_pointers(said, environment, arn))
        record["output"] = dict(described(progress.output))
        if not as_json:
            _print(record["output"].get("tables", {}))


def _machine(env: Environment, deployed: Any) -> str:
    """The state machine's ARN; UserError, with what to do, where there is none."""
    if env.maintenance is None:
        raise UserError(
            f"environment {env.name!r} has no maintenance: neither config/pipeline.yaml nor "
            f"config/{env.name}.yaml has a block 'maintenance' (docs/reference/configuration.md describes it)."
        )
    if _ARN not in deployed:
        raise UserError(
            f"the maintenance of {env.name!r} is not deployed: stack {env.names.pipeline_stack} has no output "
            f"{_ARN}.\nDeploy it with: ./deploy.sh {env.name} BUCKET"
        )
    arn: str = deployed[_ARN]
    return arn


def _print(tables: Record) -> None:
    if not tables:
        click.echo("there are no tables yet, so there was nothing to do")
    for name, done in tables.items():
        click.echo(
            f"{name:<12} {done['snapshots']:,} snapshots expired, {done['files']:,} files deleted "
            f"({done['bytes'] / 1e6:,.1f} MB)"
        )
