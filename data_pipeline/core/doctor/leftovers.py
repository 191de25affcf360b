"""Rules on what is in a deployment's way: names that are taken, and limits that are reached."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment.stack_states import Treatment, treatment
from data_pipeline.core.facts.runtimes import RUNTIMES

from .answers import Answers, CheckResult, Unanswered, unanswered

#: CloudWatch Logs takes so many resource policies in a region; the one that Step Functions' log delivery extends.
LOG_POLICIES, LOG_DELIVERY = 10, "AWSLogDeliveryWrite20150319"


def log_group_names(env: Environment) -> list[str]:
    """The log groups that the stack makes."""
    wanted = [env.names.state_machine_log_group]
    if env.maintenance:
        wanted.append(env.names.maintenance_log_group)
    if any(RUNTIMES[job.runtime].glue_command == "glueetl" for job in env.jobs.values()):
        wanted += [f"{env.names.glue_log_group_prefix}/{kind}" for kind in ("output", "error")]
    return wanted


def taken_log_groups(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    own = [name for kind, name in answers.resources if kind == "AWS::Logs::LogGroup"]
    new = treatment(answers.stacks.get(env.names.pipeline_stack)) in (Treatment.CREATE, Treatment.DELETE)
    yield from log_groups(log_group_names(env), answers.log_groups, own, env.region, new)


def retained_database(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    remedy = f"aws glue delete-database --name {env.names.database} --region {env.region}"
    yield from _retained(env, answers, "Glue database", answers.databases, remedy)


def retained_feature_groups(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    if env.managed_features:
        remedy = f"aws sagemaker delete-feature-group --feature-group-name NAME --region {env.region}"
        yield from _retained(env, answers, "feature group", answers.feature_groups, remedy)


def retained_buckets(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    if env.data.bucket is None:
        taken = (
            "a deployment takes it over if the record of the last one names it, and makes a new one if not"
        )
        remedy = "aws s3 rb s3://NAME --force"
        yield from _retained(env, answers, "data bucket", answers.data_buckets, remedy, taken)


def taken_state_machines(_: Environment, answers: Answers) -> Iterator[CheckResult]:
    """A state machine of the same name makes the stack's creation fail; one that is being deleted, too."""
    if isinstance(answers.machines, Unanswered):
        yield unanswered("state machines", answers.machines)
        return
    own = [name for kind, name in answers.resources if kind == "AWS::StepFunctions::StateMachine"]
    for name, status in answers.machines.items():
        check = f"state machine {name} on AWS"
        if status != "ACTIVE":
            yield CheckResult(
                check, "problem", f"is {status}", "wait until its executions have ended and it is gone"
            )
        elif any(arn.endswith(f":{name}") for arn in own):
            yield CheckResult(check, "ok", "the stack's own, active")
        else:
            remedy = f"aws stepfunctions delete-state-machine --state-machine-arn ARN-OF-{name}"
            yield CheckResult(
                check, "problem", "exists, and is not the stack's: a deployment fails on it", remedy
            )


def log_policies(_: Environment, answers: Answers) -> Iterator[CheckResult]:
    """The first state machine with a log in an account's region needs a resource policy of CloudWatch Logs."""
    check = "log resource policies"
    if isinstance(answers.log_policies, Unanswered):
        yield unanswered(check, answers.log_policies)
    elif len(answers.log_policies) >= LOG_POLICIES and LOG_DELIVERY not in answers.log_policies:
        found = f"{len(answers.log_policies)} of {LOG_POLICIES}, none is {LOG_DELIVERY}: a log cannot be delivered"
        remedy = "aws logs delete-resource-policy --policy-name NAME, one that nobody needs any more"
        yield CheckResult(check, "problem", found, remedy)
    else:
        yield CheckResult(check, "ok", f"{len(answers.log_policies)} of {LOG_POLICIES}")


def log_groups(
    wanted: Collection[str],
    existing: Collection[str] | Unanswered,
    own: Collection[str],
    where: str,
    new_stack: bool,
) -> Iterator[CheckResult]:
    """Log groups that the stack makes: one that is there already is taken over by a new stack, and fails the
    deployment of a stack that exists.
    """
    for name in wanted:
        check = f"log group {name}"
        if isinstance(existing, Unanswered):
            yield unanswered(check, existing)
        elif name in own:
            yield CheckResult(check, "ok", "the stack's own")
        elif name in existing and new_stack:
            found = "is left of a deleted stack, or somebody else's"
            remedy = f"a deployment takes it over; to start without it: {_delete_log_group(name, where)}"
            yield CheckResult(check, "warning", found, remedy)
        elif name in existing:
            found = "exists, and is not the stack's: a deployment fails on it"
            yield CheckResult(check, "problem", found, _delete_log_group(name, where))
        else:
            yield CheckResult(check, "ok", "free")


def _delete_log_group(name: str, where: str) -> str:
    return f"aws logs delete-log-group --log-group-name {name} --region {where}"


def _retained(
    env: Environment,
    answers: Answers,
    what: str,
    names: Collection[str] | Unanswered,
    remedy: str,
    taken: str = "a deployment takes it over, or says why not",
) -> Iterator[CheckResult]:
    """What a stack that is deleted has left: only where there is no storage stack to own it."""
    if isinstance(names, Unanswered):
        yield unanswered(what, names)
    elif treatment(answers.stacks.get(env.names.storage_stack)) is not Treatment.CREATE:
        return
    else:
        for name in names:
            found = "is left of a deleted stack, with the data in it"
            advice = f"{taken}; to start without it: {remedy}"
            yield CheckResult(f"{what} {name}", "warning", found, advice.replace("NAME", name))
