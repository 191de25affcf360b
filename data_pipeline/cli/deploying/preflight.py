"""Before a deployment changes anything: whether the buckets that are there already will do, and their keys."""

from __future__ import annotations

import click

from data_pipeline.aws.session import Connection
from data_pipeline.cli.account_answers import bucket_answers, key_answers
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.doctor.answers import Answers
from data_pipeline.core.doctor.rules import OF_BUCKETS, examine
from data_pipeline.core.errors import UserError


def refuse_unfit_buckets(env: Environment, connection: Connection, artifacts: str | None) -> None:
    """UserError with all that would fail a job; what only should be better is told on stderr.

    ``artifacts``: the artifact bucket, if there is one already.
    """
    answers = Answers(
        account=connection.account,
        caller=connection.identity,
        partition=connection.session.get_partition_for_region(connection.region),
        buckets=bucket_answers(connection, {"data": env.data.bucket, "artifact": artifacts}),
        keys=key_answers(env, connection),
    )
    found = list(examine(env, answers, OF_BUCKETS))
    for finding in found:
        if finding.level == "warning":
            remedy = f"; {finding.remedy}" if finding.remedy else ""
            click.echo(f"warning: {finding.check}: {finding.found}{remedy}", err=True)
    problems = [finding for finding in found if finding.level == "problem"]
    if problems:
        lines = [f"  {one.check}: {one.found}\n  → {one.remedy}" for one in problems]
        raise UserError("\n".join(["the jobs could not use these buckets; nothing was changed:", *lines]))
