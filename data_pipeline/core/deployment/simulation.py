"""A policy → the questions that IAM's simulator is asked about it; pure.

The simulator takes neither wildcards in actions nor patterns in resources: a pattern is asked about by one
resource that it matches, and a wildcard action by the actions that it is there for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from data_pipeline.core.config.environment import Environment

#: actions that deployer-policy.json abbreviates → the ones that a deployment uses.
EXAMPLES = {
    "s3:GetBucket*": ("s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketVersioning"),
    "s3:Get*Configuration": ("s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration"),
    **{
        f"states:{verb}StateMachine*": (f"states:{verb}StateMachine", f"states:{verb}StateMachineAlias")
        for verb in ("Create", "Delete", "Describe", "Update")
    },
}
#: statements of deployer-policy.json that not everybody needs.
_OPTIONAL = frozenset(["MakeArtifactBucket"])
#: services whose resources are called by the environment's prefix itself, with nothing after it.
_BARE = frozenset(["states", "scheduler", "logs"])


@dataclass(frozen=True)
class Question:
    """May the actions be done on the resources, in the context (key → (type, value))?"""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: tuple[tuple[str, str, str], ...] = ()


def deployer_policy(
    policy: Mapping[str, Any], env: Environment, account: str, partition: str, artifacts: str | None
) -> Iterator[Question]:
    """The questions of the deployer's policy for one environment.

    ``artifacts`` is the artifact bucket; the statements about it are left out while none is known, and those
    about the data bucket where the user brings one.
    """
    for statement in policy["Statement"]:
        text = str(statement["Resource"])
        if statement["Sid"] in _OPTIONAL or ("ARTIFACT_BUCKET" in text and artifacts is None):
            continue
        if statement["Sid"] == "DataBucket" and env.data.bucket is not None:
            continue
        filled = [
            _filled(resource, env, account, partition, artifacts) for resource in _list(statement["Resource"])
        ]
        yield from questions({**statement, "Resource": filled})


def questions(statement: Mapping[str, Any]) -> Iterator[Question]:
    """The questions of one Allow statement; where a condition lists values, one question for each of them."""
    if statement["Effect"] != "Allow":
        return
    actions = tuple(a for name in _list(statement["Action"]) for a in EXAMPLES.get(name, (name,)))
    resources = tuple(
        resource.replace("*", "x") if resource != "*" else "*" for resource in _list(statement["Resource"])
    )
    for context in _contexts(statement.get("Condition", {})):
        yield Question(actions, resources, context)


def _contexts(condition: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str, str], ...]]:
    """Contexts in which a condition holds: every first value, then each further value of each key in turn."""
    keys = [
        (key, "boolean" if operator.startswith("Bool") else "string", [str(value) for value in _list(values)])
        for operator, pairs in condition.items()
        for key, values in pairs.items()
    ]
    first = tuple((key, kind, values[0].replace("*", "x")) for key, kind, values in keys)
    yield first
    for place, (key, kind, values) in enumerate(keys):
        for value in values[1:]:
            yield (*first[:place], (key, kind, value.replace("*", "x")), *first[place + 1 :])


def _filled(resource: str, env: Environment, account: str, partition: str, artifacts: str | None) -> str:
    """A resource of the policy's template as it is called in this environment."""
    prefix = env.names.prefix
    named = prefix if resource.split(":")[2:3] and resource.split(":")[2] in _BARE else f"{prefix}-x"
    replaced = {
        "arn:aws:": f"arn:{partition}:",
        "ACCOUNT_ID": account,
        "REGION": env.region,
        "DATABASE_PREFIX_*": env.names.database,
        "role/PIPELINE-*": f"role{env.iam.role_path if env.iam else '/'}{named}",
        "PIPELINE-*": named,
        "PIPELINE": env.pipeline,
        "ARTIFACT_BUCKET": artifacts or "",
    }
    for old, new in replaced.items():
        resource = resource.replace(old, new)
    return resource


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
