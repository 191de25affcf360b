"""Rules on the buckets that the user brings, and on their keys; deploy obeys them before it changes anything."""

from __future__ import annotations

import json
from collections.abc import Iterator

from data_pipeline.core.bucket_keys import owners_statement
from data_pipeline.core.config.environment import Environment

from . import key_policy
from .answers import Answers, Bucket, CheckResult, Unanswered, unanswered

_OWNED = "BucketOwnerEnforced"


def exists(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    """Whether the buckets are there, and can be looked at."""
    for role, look in answers.buckets.items():
        if isinstance(look, Unanswered):
            yield unanswered(f"{role} bucket", look)
        elif not look.exists:
            yield _problem(role, look, "does not exist", f"make it, or change config/{env.name}.yaml")
        elif not look.hidden and look.region == env.region:
            yield CheckResult(_check(role, look), "ok", f"ours, in {look.region}")


def owner(_: Environment, answers: Answers) -> Iterator[CheckResult]:
    for role, look in answers.buckets.items():
        if isinstance(look, Bucket) and look.hidden:
            found = f"is not in account {answers.account}, or may not be seen (s3:ListBucket)"
            yield _problem(role, look, found, "name a bucket of this account")


def region(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    for role, look in answers.buckets.items():
        if isinstance(look, Bucket) and look.exists and not look.hidden and look.region != env.region:
            yield _problem(role, look, f"is in {look.region}, not in {env.region}", "name one of this region")


def public_access(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    for role, look in _usable(env, answers):
        if look.public_access_blocked is None:
            yield _not_known(role, look, "whether the public is shut out", "s3:GetBucketPublicAccessBlock")
        elif not look.public_access_blocked:
            remedy = (
                f"aws s3api put-public-access-block --bucket {look.name} --public-access-block-configuration "
                "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
            )
            yield CheckResult(_check(role, look), "warning", "public access is not blocked", remedy)


def ownership(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    """Where objects belong to whoever wrote them, the roles cannot read those of another account."""
    for role, look in _usable(env, answers):
        if look.ownership is None:
            yield _not_known(role, look, "whose its objects are", "s3:GetBucketOwnershipControls")
        elif look.ownership != _OWNED:
            found = f"Object Ownership is {look.ownership}: an object of another account's writer may be closed to us"
            remedy = (
                f"aws s3api put-bucket-ownership-controls --bucket {look.name} --ownership-controls "
                f"Rules=[{{ObjectOwnership={_OWNED}}}]"
            )
            yield CheckResult(_check(role, look), "warning", found, remedy)


def key_is_named(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    """The roles may use the key that the configuration names, and no other."""
    for role, look in _usable(env, answers):
        named, place = _named(env, role), f"{'data' if role == 'data' else 'artifacts'}.kms_key"
        if role == "data" and env.data.bucket is None:
            continue  # the stack's own, under the stack's own key if any
        if look.key is None:
            yield _not_known(role, look, "which key encrypts it", "s3:GetEncryptionConfiguration")
        elif look.key == named or (not look.key and not named):
            continue
        elif not look.key:
            found = f"is not encrypted with {place}, which the roles may use: {named}"
            yield CheckResult(
                _check(role, look), "warning", found, f"remove {place}, if no object is under that key"
            )
        else:
            found = f"is encrypted with {look.key}, which {place} does not name: the roles would be denied its objects"
            yield _problem(role, look, found, f"{place}: {look.key} in config/{env.name}.yaml")


def key_state(_: Environment, answers: Answers) -> Iterator[CheckResult]:
    for arn, key in answers.keys.items():
        if isinstance(key, Unanswered):
            yield unanswered(f"key {arn}", key)
        elif key.state != "Enabled":
            yield CheckResult(
                f"key {arn}",
                "problem",
                f"is {key.state}: nothing can be read or written under it",
                "enable it",
            )


def key_lets_us_in(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    """The key's policy, simulated for this account's roles through S3; of another account's key it cannot be read."""
    suffix = "amazonaws.com.cn" if answers.partition == "aws-cn" else "amazonaws.com"
    statement = owners_statement(answers.account, env.region, answers.partition, suffix)
    remedy = f"let its owner add to the key's policy: {json.dumps(statement)}"
    via = f"s3.{env.region}.{suffix}"
    for arn, key in answers.keys.items():
        check = f"policy of key {arn}"
        if isinstance(key, Unanswered) or key.state != "Enabled":
            continue
        if key.policy is None:
            found = "cannot be read from here: whether it lets this account's roles in is not known"
            yield CheckResult(check, "warning", found, remedy)
            continue
        asked = [
            (action, key_policy.Request(answers.account, answers.partition, via, action))
            for action in statement["Action"]
        ]
        decisions = {action: key_policy.decide(key.policy, request) for action, request in asked}
        closed = [
            f"{action} is {decision}"
            for action, decision in decisions.items()
            if decision in ("refused", "denied")
        ]
        if closed:
            yield CheckResult(
                check, "problem", f"{' and '.join(closed)} to this account's roles through S3", remedy
            )
        elif "unsure" in decisions.values():
            found = "has conditions that cannot be judged from here: a run shows whether it lets the roles in"
            yield CheckResult(check, "warning", found, remedy)
        else:
            yield CheckResult(check, "ok", "lets this account's roles use the key through S3")


def named_keys(env: Environment) -> list[str]:
    """The ARNs of the keys that the configuration names."""
    return [*dict.fromkeys(key for key in (env.data.kms_key, env.artifacts.kms_key) if key)]


def _named(env: Environment, role: str) -> str | None:
    return env.data.kms_key if role == "data" else env.artifacts.kms_key


def _usable(env: Environment, answers: Answers) -> Iterator[tuple[str, Bucket]]:
    """The buckets with which nothing else is wrong already."""
    for role, look in answers.buckets.items():
        if isinstance(look, Bucket) and look.exists and not look.hidden and look.region == env.region:
            yield role, look


def _check(role: str, look: Bucket) -> str:
    return f"{role} bucket {look.name}"


def _problem(role: str, look: Bucket, found: str, remedy: str) -> CheckResult:
    return CheckResult(_check(role, look), "problem", found, remedy)


def _not_known(role: str, look: Bucket, what: str, action: str) -> CheckResult:
    return CheckResult(
        _check(role, look), "warning", f"{what} is not known", f"needs {action} to be looked up"
    )
