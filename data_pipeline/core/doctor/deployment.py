"""Rules on what a deployment needs: who deploys, the stacks as they stand, the rendered files, permissions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment.stack_states import Treatment, is_moving, treatment
from data_pipeline.core.naming import DAILY

from .answers import Answers, CheckResult, Refusal, Unanswered, unanswered

_POLICY = "docs/reference/deployer-policy.json"


def identity(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    """Who asks; the account itself was compared before any look-up."""
    found = f"{answers.caller} in account {answers.account}"
    if answers.caller.endswith(":root") and not env.embedded:
        remedy = f"use a role or user with {_POLICY} instead of the account's root"
        yield CheckResult("identity", "warning", found, remedy)
    else:
        yield CheckResult("identity", "ok", found)


def account_guard(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    if env.account is None and not env.embedded:
        found = f"config/{env.name}.yaml names no account: deploy and run take whatever the credentials say"
        yield CheckResult(
            "account", "warning", found, f'account: "{answers.account}" in config/{env.name}.yaml'
        )


def stacks(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    for name, status in answers.stacks.items():
        yield stack(name, status, f"./deploy.sh {env.name} BUCKET")


def templates(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    for file in answers.missing:
        yield CheckResult(file, "problem", "is missing", f"python data_pipeline_create.py {env.name}")
    for file, refusal in answers.templates.items():
        yield template(file, refusal)


def definitions(_: Environment, answers: Answers) -> Iterator[CheckResult]:
    for name, diagnostics in answers.definitions.items():
        yield definition(name, diagnostics)


def deployer(_: Environment, answers: Answers) -> Iterator[CheckResult]:
    """Whether the caller has what docs/reference/deployer-policy.json lists; what is above it has a rule of its own."""
    check = "permissions to deploy"
    if answers.deployer is None:
        yield CheckResult(check, "unchecked", f"IAM simulates users and roles only, not {answers.caller}")
        return
    refused = answers.deployer
    if not isinstance(refused, Unanswered):
        refused = [one for one in refused if one.by == "policy"]
    yield permissions(check, refused, f"give {answers.principal} the actions of {_POLICY}")


def above_the_deployer(_: Environment, answers: Answers) -> Iterator[CheckResult]:
    """What no policy of the caller mends."""
    if answers.deployer is None or isinstance(answers.deployer, Unanswered):
        return
    above = [one for one in answers.deployer if one.by != "policy"]
    if above:
        remedy = "ask whoever keeps the organization's policies or the boundary for an exception, or another account"
        yield permissions("limits above the deployer", above, remedy)


def roles(_: Environment, answers: Answers) -> Iterator[CheckResult]:
    """Whether anything above the roles of the deployed stack takes away what their policies grant."""
    remedy = "lift the permissions boundary or the organization's policy that refuses it"
    for name, refused in answers.roles.items():
        yield permissions(f"role {name}", refused, remedy)


def schedules(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    """A schedule that somebody has switched by hand is not what the configuration says."""
    wanted = {DAILY: env.schedule.enabled}
    if env.maintenance:
        wanted["maintenance"] = env.maintenance.schedule.enabled
    if isinstance(answers.schedules, Unanswered):
        yield unanswered("schedules", answers.schedules)
        return
    for name, state in answers.schedules.items():
        want = "ENABLED" if wanted.get(name) else "DISABLED"
        if state == want:
            yield CheckResult(f"schedule {name}", "ok", state)
        else:
            found = f"is {state}, the configuration says {want}"
            remedy = (
                f"python -m data_pipeline schedule show {env.name} says whether it is paused, and schedule resume "
                f"switches it on; or change config/{env.name}.yaml"
            )
            yield CheckResult(f"schedule {name}", "warning", found, remedy)


def stack(name: str, status: str | None, deploy: str) -> CheckResult:
    """What state a stack is in."""
    check = f"stack {name}"
    what = treatment(status)
    if what is Treatment.CREATE:
        return CheckResult(check, "ok", "not deployed yet")
    if is_moving(status):
        return CheckResult(
            check, "warning", f"{status}", "an operation is under way; wait until it has ended"
        )
    if what is Treatment.UPDATE:
        return CheckResult(check, "ok", f"{status}")
    return CheckResult(check, "problem", f"{status}", f"{deploy} will {what.value}")


def template(file: str, refusal: str | Unanswered | None) -> CheckResult:
    """What CloudFormation says of a template; None when it takes it."""
    if isinstance(refusal, Unanswered):
        return unanswered(file, refusal)
    if refusal is None:
        return CheckResult(file, "ok", "CloudFormation accepts it")
    return CheckResult(file, "problem", refusal, "python data_pipeline_create.py")


def definition(name: str, diagnostics: Sequence[tuple[str, str]] | Unanswered) -> CheckResult:
    """What Step Functions says of the state machine ``name``: (severity, message)."""
    check = f"state machine {name}"
    if isinstance(diagnostics, Unanswered):
        return unanswered(check, diagnostics)
    if not diagnostics:
        return CheckResult(check, "ok", "Step Functions accepts its definition")
    errors = any(severity == "ERROR" for severity, _ in diagnostics)
    found = "; ".join(message for _, message in diagnostics)
    return CheckResult(
        check, "problem" if errors else "warning", found, "the jobs in config/pipeline.yaml make it"
    )


def permissions(check: str, refused: Sequence[Refusal] | Unanswered, remedy: str) -> CheckResult:
    """The outcome of a policy simulation."""
    if isinstance(refused, Unanswered):
        return unanswered(check, refused)
    if not refused:
        return CheckResult(check, "ok", "every action that is needed is allowed")
    more = f"; and {len(refused) - 5} more" if len(refused) > 5 else ""
    shown = "; ".join(one.said for one in refused[:5]) + more
    return CheckResult(check, "problem", f"refused: {shown}", remedy)
