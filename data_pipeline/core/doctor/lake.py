"""Rules on Lake Formation: whether IAM's permissions alone open a database, and who may grant otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from data_pipeline.core.config.environment import Environment

from .answers import Answers, CheckResult, Unanswered, unanswered


def open_to_iam(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    """What is new belongs to IAMAllowedPrincipals unless an administrator has said otherwise."""
    check = "Lake Formation"
    if isinstance(answers.lake, Unanswered):
        yield unanswered(check, answers.lake)
    elif answers.lake.open or env.lake_formation:
        yield CheckResult(
            check, "ok", "grants are made" if env.lake_formation else "open to IAM's permissions"
        )
    else:
        found = "new databases and tables are not open to IAMAllowedPrincipals: the roles would be denied the tables"
        yield CheckResult(check, "problem", found, f"lake_formation: true in config/{env.name}.yaml")


def administrator(env: Environment, answers: Answers) -> Iterator[CheckResult]:
    """Only an administrator, or who was given the right to grant, can deploy the grants."""
    if not env.lake_formation or isinstance(answers.lake, Unanswered):
        return
    who = answers.principal if isinstance(answers.principal, str) else answers.caller
    if who not in answers.lake.administrators:
        found = f"{who} is no data lake administrator: granting the roles their tables may be refused"
        yield CheckResult(
            "Lake Formation's grants", "warning", found, "let an administrator deploy, or add this one"
        )
