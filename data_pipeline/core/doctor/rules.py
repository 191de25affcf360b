"""The table of all rules, in the order of a deployment: name → (environment, answers) → findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from data_pipeline.core.config.environment import Environment

from . import buckets, capacity, deployment, lake, leftovers
from .answers import Answers, CheckResult

Rule = Callable[[Environment, Answers], Iterator[CheckResult]]

#: what concerns the buckets that are there already; deploy refuses their problems before it changes anything.
OF_BUCKETS: Mapping[str, Rule] = {
    "bucket-exists": buckets.exists,
    "bucket-owner": buckets.owner,
    "bucket-region": buckets.region,
    "bucket-public-access": buckets.public_access,
    "bucket-ownership": buckets.ownership,
    "bucket-key": buckets.key_is_named,
    "key-state": buckets.key_state,
    "key-policy": buckets.key_lets_us_in,
}

RULES: Mapping[str, Rule] = {
    "identity": deployment.identity,
    "account-guard": deployment.account_guard,
    "partition": capacity.partition,
    "region": capacity.region_is_open,
    "instance-types": capacity.instance_types,
    "cluster-instances": capacity.clusters,
    "one-instance": capacity.one_instance,
    "glue-capacity": capacity.glue_units,
    "images": capacity.published_images,
    "python-shell": capacity.python_shell,
    "templates": deployment.templates,
    "definitions": deployment.definitions,
    "stacks": deployment.stacks,
    **OF_BUCKETS,
    "lake-formation": lake.open_to_iam,
    "lake-administrator": lake.administrator,
    "retained-database": leftovers.retained_database,
    "retained-feature-groups": leftovers.retained_feature_groups,
    "retained-buckets": leftovers.retained_buckets,
    "log-groups": leftovers.taken_log_groups,
    "log-policies": leftovers.log_policies,
    "state-machines": leftovers.taken_state_machines,
    "schedules": deployment.schedules,
    "deployer": deployment.deployer,
    "above-the-deployer": deployment.above_the_deployer,
    "roles": deployment.roles,
}


def examine(env: Environment, answers: Answers, rules: Mapping[str, Rule] = RULES) -> Iterator[CheckResult]:
    """Every finding of the rules in turn, each with its rule's name."""
    for name, rule in rules.items():
        for finding in rule(env, answers):
            yield replace(finding, rule=name)
