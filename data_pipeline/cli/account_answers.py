"""What ``doctor`` looks up: one answer after another, each by itself, so that a refusal hides no other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from data_pipeline.aws import account, buckets, leftovers
from data_pipeline.aws.account import answer_of
from data_pipeline.aws.cloudformation import Stacks
from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment.simulation import deployer_policy
from data_pipeline.core.doctor.answers import Answers, Bucket, Key, Refusal, Unanswered
from data_pipeline.core.doctor.buckets import named_keys
from data_pipeline.core.doctor.leftovers import log_group_names
from data_pipeline.core.facts.deployer_policy import text as policy_text
from data_pipeline.core.machine.state_machine import machines
from data_pipeline.stacks.render import compact

from .project import root

T = TypeVar("T")


def look(env: Environment, connection: Connection) -> Answers:
    """All answers, read-only."""
    names, deployed = env.names, _deployed(env, connection)
    rendered = {f"templates/{file}": body for file, body in compact(env).items()}
    missing = [file for file in rendered if not (root() / file).exists()]
    who = answer_of(connection, lambda: account.principal(connection))
    own_machines = [names.state_machine, *([names.maintenance] if env.maintenance else [])]
    groups = [names.feature_group(group) for group in env.managed_features]
    services = sorted({job.service for job in env.jobs.values()})
    return Answers(
        account=connection.account,
        caller=connection.identity,
        partition=_partition(connection),
        principal=who,
        opt_in=answer_of(connection, lambda: account.region_opt_in(connection)),
        quotas=_each(connection, services, partial(account.quotas, connection)),
        templates=_each(
            connection,
            [file for file in rendered if file not in missing],
            lambda file: account.template_refusal(connection, rendered[file]),
        ),
        missing=missing,
        definitions=_definitions(env, connection),
        stacks=deployed.stacks,
        resources=deployed.resources,
        buckets=bucket_answers(connection, {"data": deployed.data, "artifact": deployed.artifacts}),
        keys=key_answers(env, connection),
        log_groups=answer_of(connection, lambda: account.log_group_names(connection, log_group_names(env))),
        databases=answer_of(connection, lambda: leftovers.database_names(connection, [names.database])),
        feature_groups=answer_of(connection, lambda: leftovers.feature_group_names(connection, groups)),
        data_buckets=answer_of(
            connection, lambda: leftovers.bucket_names(connection, f"{names.storage_stack}-databucket-")
        ),
        machines=answer_of(connection, lambda: leftovers.machine_states(connection, own_machines)),
        schedules=answer_of(connection, lambda: leftovers.schedule_states(connection, names.schedule_group)),
        log_policies=answer_of(connection, lambda: leftovers.log_policy_names(connection)),
        lake=answer_of(connection, lambda: leftovers.lake(connection)),
        deployer=_deployer(env, connection, who, deployed.artifacts),
        roles=_each(connection, deployed.roles, partial(account.role_refusals, connection)),
    )


@dataclass(frozen=True)
class _Deployed:
    """What is there of an environment: stack → status, resources by type and name, and its two buckets."""

    stacks: dict[str, str | None]
    resources: list[tuple[str, str]]
    data: str | None
    artifacts: str | None

    @property
    def roles(self) -> list[str]:
        return sorted(name for kind, name in self.resources if kind == "AWS::IAM::Role")


def _deployed(env: Environment, connection: Connection) -> _Deployed:
    stacks = Stacks(connection.client("cloudformation"))
    found = {name: stacks.find(name) for name in (env.names.storage_stack, env.names.pipeline_stack)}
    storage, pipeline = found.values()
    there = [stack.name for stack in (storage, pipeline) if stack]
    return _Deployed(
        stacks={name: stack.status if stack else None for name, stack in found.items()},
        resources=[each for stack in there for each in account.stack_resources(connection, stack)],
        data=env.data.bucket or (storage.outputs.get("DataBucket") if storage else None),
        artifacts=account.stack_parameter(connection, pipeline.name, "ArtifactBucket") if pipeline else None,
    )


def _each(connection: Connection, names: Iterable[str], ask: Callable[[str], T]) -> dict[str, T | Unanswered]:
    """The answer for each of the names."""
    return {name: answer_of(connection, partial(ask, name)) for name in names}


def bucket_answers(connection: Connection, named: dict[str, str | None]) -> dict[str, Bucket | Unanswered]:
    """The buckets that are known, by what they are for."""
    return {
        role: answer_of(connection, partial(buckets.bucket, connection, name))
        for role, name in named.items()
        if name
    }


def key_answers(env: Environment, connection: Connection) -> dict[str, Key | Unanswered]:
    """The keys that the configuration names."""
    return _each(connection, named_keys(env), partial(buckets.key, connection))


def _definitions(env: Environment, connection: Connection) -> dict[str, list[tuple[str, str]] | Unanswered]:
    """What Step Functions says of the state machines in the rendered templates."""
    texts = {
        name: _with_names(json.dumps(definition), connection) for name, definition in machines(env).items()
    }
    return _each(connection, texts, lambda name: account.definition_diagnostics(connection, texts[name]))


def _with_names(definition: str, connection: Connection) -> str:
    """The definition with something in place of each ``${…}``, as CloudFormation will put it there."""
    known = {"PartitionName": _partition(connection), "RegionName": connection.region}
    return re.sub(r"\$\{(\w+)\}", lambda match: known.get(match[1], match[1]), definition)


def _partition(connection: Connection) -> str:
    return connection.client("s3").meta.partition


def _deployer(
    env: Environment, connection: Connection, who: str | Unanswered | None, artifacts: str | None
) -> list[Refusal] | Unanswered | None:
    """What the caller lacks of the deployer's policy."""
    if who is None or isinstance(who, Unanswered):
        return who
    policy = json.loads(policy_text())
    asking = list(deployer_policy(policy, env, connection.account, _partition(connection), artifacts))
    return answer_of(connection, lambda: account.refused(connection, who, asking))
