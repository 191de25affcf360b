"""``lock``: the packages of the project's jobs, with hashes, for the runtimes that it uses."""

from __future__ import annotations

import click

from data_pipeline.cli import job_locks
from data_pipeline.cli.examples import examples
from data_pipeline.cli.project import root
from data_pipeline.core.facts.runtimes import RUNTIMES
from data_pipeline.core.loading.load import load_all
from data_pipeline.core.machine.steps import runtimes as used_runtimes


@click.command(epilog=examples("lock", "lock sagemaker-python"))
@click.argument("runtimes", metavar="[RUNTIME]...", nargs=-1, type=click.Choice(sorted(RUNTIMES)))
def lock(runtimes: tuple[str, ...]) -> None:
    """Write jobs/locks/RUNTIME.txt for the packages in jobs/requirements.txt and those of the tool; needs uv.

    Without RUNTIME: for each that an environment in config/ uses, and for each that has a lock already. Where the
    tool's own lock has all of it, none is written, and a former one is removed.
    """
    folder = root()
    chosen = runtimes or _needed()
    for name in chosen:
        own = job_locks.lock(folder, RUNTIMES[name])
        click.echo(f"{'written   ' if own else 'not needed'} {job_locks.FOLDER / name}.txt")


def _needed() -> list[str]:
    used = {name for env in load_all(root()).values() for name in used_runtimes(env)}
    return sorted(used | {*job_locks.locked(root())})
