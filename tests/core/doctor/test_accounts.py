"""`doctor dev` against accounts of many kinds: a healthy one of which nothing is said, and the same with one thing
after another that is not as it should be, each told by a rule of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from environments import ALL_ON_SAGEMAKER, BUCKET_KEY, CLUSTER, STORES, environment

from data_pipeline.core.config.environment import Environment
from data_pipeline.core.doctor.answers import (
    Answers,
    Bucket,
    CheckResult,
    Key,
    Lake,
    Quota,
    Refusal,
    Unanswered,
)
from data_pipeline.core.doctor.rules import RULES, examine

ME = "arn:aws:iam::123456789012:user/me"
ROOT = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    "Action": "kms:*",
    "Resource": "*",
}
OWN_KEY = BUCKET_KEY.replace("210987654321", "123456789012")
M5, M5_2 = "ml.m5.xlarge for processing job usage", "ml.m5.2xlarge for processing job usage"
DPUS, RUNS = "max task dpus per account", "max concurrent job runs per account"
QUOTAS = {
    "sagemaker": {M5: Quota(M5, "L-1", 4), M5_2: Quota(M5_2, "L-2", 20)},
    "glue": {
        RUNS: Quota("Max concurrent job runs per account", "L-3", 30),
        DPUS: Quota("Max task DPUs per account", "L-4", 100),
    },
}
BUCKET = Bucket("b", region="us-east-1", public_access_blocked=True, ownership="BucketOwnerEnforced", key="")
LEFT = "is left of a deleted stack, with the data in it"
EITHER = "a deployment takes it over, or says why not; to start without it:"
STATEMENT = (
    '{"Sid": "UseThroughS3By123456789012", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, '
    '"Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*", "Condition": {"StringEquals": '
    '{"kms:CallerAccount": "123456789012", "kms:ViaService": "s3.us-east-1.amazonaws.com"}}}'
)
TO_OWNER = f"let its owner add to the key's policy: {STATEMENT}"

HEALTHY = Answers(
    account="123456789012",
    caller=ME,
    principal=ME,
    opt_in="opt-in-not-required",
    quotas=QUOTAS,
    templates={"templates/dev-storage.yaml": None, "templates/dev-pipeline.yaml": None},
    definitions={"nyc-tlc-dev": []},
    stacks={"nyc-tlc-dev-storage": None, "nyc-tlc-dev-pipeline": None},
    buckets={"artifact": BUCKET},
    log_groups=(),
    databases=(),
    feature_groups=(),
    data_buckets=(),
    machines={},
    schedules={},
    log_policies=("AWSLogDeliveryWrite20150319",),
    lake=Lake(open=True),
    deployer=(),
)
GUARD = {"account": "123456789012"}


def changed(part: str, **quotas: Quota) -> dict[str, Any]:
    return {"quotas": {**QUOTAS, part: {**QUOTAS[part], **quotas}}}


@dataclass(frozen=True)
class Case:
    """``answers`` and ``config``: what is not as in the healthy account; the rest is what is said of it."""

    rule: str
    level: str
    check: str
    found: str
    remedy: str
    answers: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)


def bucket(**changes: Any) -> dict[str, Any]:
    return {"buckets": {"artifact": replace(BUCKET, **changes)}}


def key(state: str = "Enabled", *statements: dict[str, Any], arn: str = OWN_KEY) -> dict[str, Any]:
    """An artifact bucket under a key with this policy; None of statements: it cannot be read."""
    policy = {"Statement": list(statements)} if statements else None
    return {**bucket(key=arn), "keys": {arn: Key(state, policy)}}


def named(arn: str = OWN_KEY) -> dict[str, Any]:
    return {"artifacts": {"kms_key": arn}}


DENY_OTHERS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "kms:Decrypt",
    "Resource": "*",
    "Condition": {"StringNotEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}},
}
CASES = {
    "root": Case(
        "identity",
        "warning",
        "identity",
        "arn:aws:iam::123456789012:root in account 123456789012",
        "use a role or user with docs/reference/deployer-policy.json instead of the account's root",
        {"caller": "arn:aws:iam::123456789012:root"},
    ),
    "no guard": Case(
        "account-guard",
        "warning",
        "account",
        "config/dev.yaml names no account: deploy and run take whatever the credentials say",
        'account: "123456789012" in config/dev.yaml',
        config={"account": None},
    ),
    "another partition": Case(
        "partition",
        "problem",
        "partition",
        "us-east-1 is in the partition aws-iso, for which nothing here is made",
        "choose a region of aws, aws-cn, aws-us-gov",
        {"partition": "aws-iso"},
    ),
    "a region that is not enabled": Case(
        "region",
        "problem",
        "region",
        "us-east-1 is not enabled in this account (not-opted-in)",
        "aws account enable-region --region-name us-east-1",
        {"opt_in": "not-opted-in"},
    ),
    "a quota of 0": Case(
        "instance-types",
        "problem",
        "maintenance: ml.m5.xlarge",
        f"the quota '{M5}' is 0",
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-1 "
        "--desired-value 1 --region us-east-1",
        changed("sagemaker", **{M5: Quota(M5, "L-1", 0)}),
    ),
    "a quota of 1": Case(
        "one-instance",
        "warning",
        "one ml.m5.xlarge",
        f"the quota '{M5}' is 1: a run (prepare, load) and the maintenance wait for each other, up to 2 hours "
        "for each job",
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-1 "
        "--desired-value 2 --region us-east-1",
        changed("sagemaker", **{M5: Quota(M5, "L-1", 1)}),
    ),
    "a cluster beyond the quota": Case(
        "cluster-instances",
        "problem",
        "load on a cluster: ml.m5.2xlarge",
        f"the quota '{M5_2}' is 2, needed 10",
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-2 "
        "--desired-value 10 --region us-east-1",
        changed("sagemaker", **{M5_2: Quota(M5_2, "L-2", 2)}),
        {"steps": {**ALL_ON_SAGEMAKER["steps"], **CLUSTER["steps"]}},
    ),
    "no processing units": Case(
        "glue-capacity",
        "problem",
        "glue: max task dpus per account",
        "1, needed 4",
        "aws service-quotas request-service-quota-increase --service-code glue --quota-code L-4 --desired-value 4 "
        "--region us-east-1",
        changed("glue", **{DPUS: Quota("Max task DPUs per account", "L-4", 1)}),
        {"steps": {**ALL_ON_SAGEMAKER["steps"], "load": {"service": "glue"}}},
    ),
    "a region without the image": Case(
        "images",
        "problem",
        "image of sagemaker-python",
        "none is published in mars-north-1",
        "choose another region, or: python -m data_pipeline images refresh",
        {"buckets": {}},
        {"region": "mars-north-1"},
    ),
    "an old Python": Case(
        "python-shell",
        "warning",
        "prepare: Python 3.9",
        "Glue Python shell has Python 3.9: its support ended in October 2025, boto3's for it in April 2026",
        "steps.prepare.service: sagemaker in config/dev.yaml",
        config={"steps": {"prepare": {"service": "glue"}}},
    ),
    "a template that is refused": Case(
        "templates",
        "problem",
        "templates/dev-storage.yaml",
        "Template format error",
        "python data_pipeline_create.py",
        {"templates": {"templates/dev-storage.yaml": "Template format error"}},
    ),
    "a template that is missing": Case(
        "templates",
        "problem",
        "templates/dev-storage.yaml",
        "is missing",
        "python data_pipeline_create.py dev",
        {"missing": ["templates/dev-storage.yaml"]},
    ),
    "a definition that is refused": Case(
        "definitions",
        "problem",
        "state machine nyc-tlc-dev",
        "/States/A no such state",
        "the jobs in config/pipeline.yaml make it",
        {"definitions": {"nyc-tlc-dev": [("ERROR", "/States/A no such state")]}},
    ),
    "a stack that is stuck": Case(
        "stacks",
        "problem",
        "stack nyc-tlc-dev-pipeline",
        "UPDATE_ROLLBACK_FAILED",
        "./deploy.sh dev BUCKET will finish the roll-back of a failed update, then update it",
        {
            "stacks": {
                "nyc-tlc-dev-storage": "CREATE_COMPLETE",
                "nyc-tlc-dev-pipeline": "UPDATE_ROLLBACK_FAILED",
            }
        },
    ),
    "a bucket that is gone": Case(
        "bucket-exists",
        "problem",
        "artifact bucket b",
        "does not exist",
        "make it, or change config/dev.yaml",
        bucket(exists=False),
    ),
    "a foreign owner": Case(
        "bucket-owner",
        "problem",
        "artifact bucket b",
        "is not in account 123456789012, or may not be seen (s3:ListBucket)",
        "name a bucket of this account",
        bucket(hidden=True),
    ),
    "another region": Case(
        "bucket-region",
        "problem",
        "artifact bucket b",
        "is in eu-west-1, not in us-east-1",
        "name one of this region",
        bucket(region="eu-west-1"),
    ),
    "open to the public": Case(
        "bucket-public-access",
        "warning",
        "artifact bucket b",
        "public access is not blocked",
        "aws s3api put-public-access-block --bucket b --public-access-block-configuration "
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
        bucket(public_access_blocked=False),
    ),
    "writers own their objects": Case(
        "bucket-ownership",
        "warning",
        "artifact bucket b",
        "Object Ownership is ObjectWriter: an object of another account's writer may be closed to us",
        "aws s3api put-bucket-ownership-controls --bucket b --ownership-controls "
        "Rules=[{ObjectOwnership=BucketOwnerEnforced}]",
        bucket(ownership="ObjectWriter"),
    ),
    "what may not be looked up": Case(
        "bucket-ownership",
        "warning",
        "artifact bucket b",
        "whose its objects are is not known",
        "needs s3:GetBucketOwnershipControls to be looked up",
        bucket(ownership=None),
    ),
    "a key that nobody named": Case(
        "bucket-key",
        "problem",
        "artifact bucket b",
        f"is encrypted with {OWN_KEY}, which artifacts.kms_key does not name: the roles would be denied its objects",
        f"artifacts.kms_key: {OWN_KEY} in config/dev.yaml",
        bucket(key=OWN_KEY),
    ),
    "a data bucket under a key that nobody named": Case(
        "bucket-key",
        "problem",
        "data bucket my-trips",
        f"is encrypted with {OWN_KEY}, which data.kms_key does not name: the roles would be denied its objects",
        f"data.kms_key: {OWN_KEY} in config/dev.yaml",
        {"buckets": {"data": replace(BUCKET, name="my-trips", key=OWN_KEY)}},
        {"data": {"bucket": "my-trips"}},
    ),
    "a key that the bucket does not have": Case(
        "bucket-key",
        "warning",
        "artifact bucket b",
        f"is not encrypted with artifacts.kms_key, which the roles may use: {OWN_KEY}",
        "remove artifacts.kms_key, if no object is under that key",
        {"keys": {OWN_KEY: Key("Enabled", {"Statement": [ROOT]})}},
        named(),
    ),
    "a key that is to be deleted": Case(
        "key-state",
        "problem",
        f"key {OWN_KEY}",
        "is PendingDeletion: nothing can be read or written under it",
        "enable it",
        key("PendingDeletion", ROOT),
        named(),
    ),
    "a key that denies": Case(
        "key-policy",
        "problem",
        f"policy of key {OWN_KEY}",
        "kms:Decrypt is denied to this account's roles through S3",
        TO_OWNER,
        key("Enabled", ROOT, DENY_OTHERS),
        named(),
    ),
    "a key that lets nobody in": Case(
        "key-policy",
        "problem",
        f"policy of key {OWN_KEY}",
        "kms:Decrypt is refused and kms:GenerateDataKey is refused to this account's roles through S3",
        TO_OWNER,
        key("Enabled", {**ROOT, "Action": ["kms:Describe*", "kms:Put*"]}),
        named(),
    ),
    "a key of another account": Case(
        "key-policy",
        "warning",
        f"policy of key {BUCKET_KEY}",
        "cannot be read from here: whether it lets this account's roles in is not known",
        TO_OWNER,
        key(arn=BUCKET_KEY),
        named(BUCKET_KEY),
    ),
    "a lake that is closed": Case(
        "lake-formation",
        "problem",
        "Lake Formation",
        "new databases and tables are not open to IAMAllowedPrincipals: the roles would be denied the tables",
        "lake_formation: true in config/dev.yaml",
        {"lake": Lake(open=False)},
    ),
    "grants without an administrator": Case(
        "lake-administrator",
        "warning",
        "Lake Formation's grants",
        f"{ME} is no data lake administrator: granting the roles their tables may be refused",
        "let an administrator deploy, or add this one",
        {"lake": Lake(open=False, administrators=("arn:aws:iam::123456789012:role/Lake",))},
        {"lake_formation": True},
    ),
    "a retained database": Case(
        "retained-database",
        "warning",
        "Glue database nyc_tlc_dev",
        LEFT,
        f"{EITHER} aws glue delete-database --name nyc_tlc_dev --region us-east-1",
        {"databases": ["nyc_tlc_dev"]},
    ),
    "a retained feature group": Case(
        "retained-feature-groups",
        "warning",
        "feature group nyc-tlc-dev-rides",
        LEFT,
        f"{EITHER} aws sagemaker delete-feature-group --feature-group-name nyc-tlc-dev-rides "
        "--region us-east-1",
        {"feature_groups": ["nyc-tlc-dev-rides"]},
        STORES,
    ),
    "a retained bucket": Case(
        "retained-buckets",
        "warning",
        "data bucket nyc-tlc-dev-storage-databucket-1abc",
        LEFT,
        "a deployment takes it over if the record of the last one names it, and makes a new one if not; to start "
        "without it: aws s3 rb s3://nyc-tlc-dev-storage-databucket-1abc --force",
        {"data_buckets": ["nyc-tlc-dev-storage-databucket-1abc"]},
    ),
    "a left-over log group": Case(
        "log-groups",
        "warning",
        "log group /aws/vendedlogs/states/nyc-tlc-dev",
        "is left of a deleted stack, or somebody else's",
        "a deployment takes it over; to start without it: "
        "aws logs delete-log-group --log-group-name /aws/vendedlogs/states/nyc-tlc-dev --region us-east-1",
        {"log_groups": ["/aws/vendedlogs/states/nyc-tlc-dev"]},
    ),
    "a log group beside the stack": Case(
        "log-groups",
        "problem",
        "log group /aws/vendedlogs/states/nyc-tlc-dev",
        "exists, and is not the stack's: a deployment fails on it",
        "aws logs delete-log-group --log-group-name /aws/vendedlogs/states/nyc-tlc-dev --region us-east-1",
        {
            "log_groups": ["/aws/vendedlogs/states/nyc-tlc-dev"],
            "stacks": {"nyc-tlc-dev-storage": None, "nyc-tlc-dev-pipeline": "UPDATE_COMPLETE"},
        },
    ),
    "ten log policies": Case(
        "log-policies",
        "problem",
        "log resource policies",
        "10 of 10, none is AWSLogDeliveryWrite20150319: a log cannot be delivered",
        "aws logs delete-resource-policy --policy-name NAME, one that nobody needs any more",
        {"log_policies": [f"policy-{n}" for n in range(10)]},
    ),
    "a state machine of the name": Case(
        "state-machines",
        "problem",
        "state machine nyc-tlc-dev on AWS",
        "exists, and is not the stack's: a deployment fails on it",
        "aws stepfunctions delete-state-machine --state-machine-arn ARN-OF-nyc-tlc-dev",
        {"machines": {"nyc-tlc-dev": "ACTIVE"}},
    ),
    "a state machine that is going": Case(
        "state-machines",
        "problem",
        "state machine nyc-tlc-dev on AWS",
        "is DELETING",
        "wait until its executions have ended and it is gone",
        {"machines": {"nyc-tlc-dev": "DELETING"}},
    ),
    "a schedule switched by hand": Case(
        "schedules",
        "warning",
        "schedule daily",
        "is ENABLED, the configuration says DISABLED",
        "python -m data_pipeline schedule show dev says whether it is paused, and schedule resume switches it on; or "
        "change config/dev.yaml",
        {"schedules": {"daily": "ENABLED", "maintenance": "DISABLED"}},
    ),
    "a deployer who lacks something": Case(
        "deployer",
        "problem",
        "permissions to deploy",
        "refused: iam:PassRole on arn:x (implicitDeny)",
        f"give {ME} the actions of docs/reference/deployer-policy.json",
        {"deployer": [Refusal("iam:PassRole on arn:x (implicitDeny)")]},
    ),
    "an organization that refuses": Case(
        "above-the-deployer",
        "problem",
        "limits above the deployer",
        "refused: glue:CreateJob on arn:x (explicitDeny by the organization)",
        "ask whoever keeps the organization's policies or the boundary for an exception, or another account",
        {"deployer": [Refusal("glue:CreateJob on arn:x (explicitDeny by the organization)", "organization")]},
    ),
    "a role under a boundary": Case(
        "roles",
        "problem",
        "role r",
        "refused: s3:GetObject on arn:x (implicitDeny by a permissions boundary)",
        "lift the permissions boundary or the organization's policy that refuses it",
        {
            "roles": {
                "r": [Refusal("s3:GetObject on arn:x (implicitDeny by a permissions boundary)", "boundary")]
            }
        },
    ),
}


def dev(changes: dict[str, Any]) -> Environment:
    """The environment dev on SageMaker, with its account named."""
    region = changes.get("region", "us-east-1")
    rest = {name: value for name, value in changes.items() if name != "region"}
    made = environment({**GUARD, **ALL_ON_SAGEMAKER, **rest})
    return made if region == "us-east-1" else made.model_copy(update={"region": region})


def worrying(case: Case) -> list[CheckResult]:
    return [f for f in examine(dev(case.config), replace(HEALTHY, **case.answers)) if f.level != "ok"]


def test_of_a_healthy_account_nothing_is_said() -> None:
    """Every rule that has something to look at says ok."""
    found = list(examine(dev({}), HEALTHY))
    assert {finding.level for finding in found} == {"ok"}
    assert {"identity", "region", "instance-types", "bucket-exists", "log-policies", "deployer"} <= {
        finding.rule for finding in found
    }


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_told_by_a_rule_of_its_own(name: str) -> None:
    """The whole message, and without the rule nothing is said of it."""
    case = CASES[name]
    assert CheckResult(case.check, case.level, case.found, case.remedy, case.rule) in worrying(case)  # type: ignore[arg-type]
    others = {rule: RULES[rule] for rule in RULES if rule != case.rule}
    left = examine(dev(case.config), replace(HEALTHY, **case.answers), others)
    expected = {"a region without the image": {"region"}}.get(name, set())
    assert {finding.rule for finding in left if finding.level != "ok"} == expected


def test_every_rule_has_a_case() -> None:
    """A rule that is added tomorrow brings the account in which it speaks."""
    assert {case.rule for case in CASES.values()} == RULES.keys()
    assert len(CASES) >= 20


def test_an_account_that_answers_nothing_is_never_ok() -> None:
    """Whoever may look up nothing is told so, and of what the embedded AWS lacks it is said that it is not there."""
    for emulated, level in ((True, "warning"), (False, "unchecked")):
        no = Unanswered("it may not", emulated)
        silent = Answers(
            account="1",
            caller=ME,
            principal=no,
            opt_in=no,
            quotas={"sagemaker": no, "glue": no},
            templates={"t": no},
            definitions={"m": no},
            buckets={"data": no},
            keys={OWN_KEY: no},
            log_groups=no,
            databases=no,
            feature_groups=no,
            data_buckets=no,
            machines=no,
            schedules=no,
            log_policies=no,
            lake=no,
            deployer=no,
            roles={"r": no},
        )
        found = list(examine(dev({**STORES, "steps": {"load": {"service": "glue"}}}), silent))
        without = {"identity", "images", "python-shell"}
        assert {finding.level for finding in found if finding.rule not in without} == {level}
        assert len({finding.rule for finding in found} - without) >= 16
