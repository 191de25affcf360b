"""What is assumed of AWS and was never observed there: the entries of ``assumptions.yaml``, kept beside this module.

The page docs/reference/on-aws.md is written from them, and ``matters`` says which concern an environment.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from .config.environment import Environment

TABLE = Path(__file__).with_name("assumptions.yaml")

Evidence = Literal["document", "model", "report", "none"]
Sure = Literal["high", "likely", "open"]

#: the least sure first.
_ORDER: tuple[Sure, ...] = ("open", "likely", "high")

_HEAD = """\
# Assumptions about AWS

<!-- Written by `{command}` from data_pipeline/core/assumptions.yaml; do not edit. -->

This project is built and tested on an embedded AWS. This page lists what it assumes of the real AWS and what we have
**never observed** there. Each assumption has its evidence, and the command that shows it. Please report what you see.

The evidence is a document of AWS (or a standard), the model of a service or resource, a public report, or none. How
sure we are: *high* where a document or model says it literally, *likely* where it follows from them or others have
seen it, *open* where nothing says it or the sources differ.

Before the first deployment, `doctor` inspects the account, read-only. After it, run the tests on the account. They make an
environment of their own in `us-east-1` (or `DATA_PIPELINE_AWS_REGION`) and remove it:

```sh
python -m data_pipeline doctor dev
DATA_PIPELINE_AWS_TESTS=1 DATA_PIPELINE_AWS_BUCKET=my-artifact-bucket python -m pytest tests/aws -s
```

The commands below are for the environment `dev` of a pipeline `shop` with a table `orders` of files in `orders/`. They use
these variables; yours have the names of your configuration:

```sh
export AWS_DEFAULT_REGION=us-east-1 P=shop-dev TABLE=orders FILE=input/orders/2024-01-31.csv BUCKET=my-artifact-bucket
output() {{ aws cloudformation describe-stacks --stack-name "$P-$1" --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue" --output text; }}
MACHINE=$(output pipeline StateMachineArn) DATA=$(output storage DataBucket)
EXECUTION=$(aws stepfunctions list-executions --state-machine-arn "$MACHINE" --max-items 1 --query 'executions[0].executionArn' --output text)
JOB=$(aws sagemaker list-processing-jobs --name-contains "$P" --sort-by CreationTime --max-results 1 --query 'ProcessingJobSummaries[0].ProcessingJobName' --output text)
RUN=$(aws glue get-job-runs --job-name "$P-prepare" --max-items 1 --query 'JobRuns[0].Id' --output text)
```
"""  # noqa: E501 - commands are not wrapped

_CONFIRMED = """\
## Confirmed

These need no observation, because AWS's documents or models say them literally:
"""


@dataclass(frozen=True)
class Assumption:
    """One thing that is assumed: ``text`` says what depends on it, ``command`` (shell) shows it on AWS."""

    id: str
    title: str
    when: str
    evidence: Evidence
    source: str
    sure: Sure
    text: str
    command: str


@dataclass(frozen=True)
class Section:
    """Assumptions about one part of the pipeline."""

    name: str
    introduction: str
    entries: tuple[Assumption, ...]


@dataclass(frozen=True)
class Confirmed:
    """What was assumed once and is known by now."""

    what: str
    evidence: Evidence
    source: str


def _on(service: str) -> Callable[[Environment], bool]:
    return lambda env: any(job.service == service for job in env.jobs.values())


def _runs(runtime: str) -> Callable[[Environment], bool]:
    return lambda env: any(runtime in job.runtimes for job in env.jobs.values())


#: ``when`` of an entry → whether it concerns an environment.
CONDITIONS: dict[str, Callable[[Environment], bool]] = {
    "always": lambda _: True,
    "sagemaker": _on("sagemaker"),
    "glue": _on("glue"),
    "sagemaker-scikit-learn": _runs("sagemaker-scikit-learn"),
    "glue-spark": _runs("glue-spark"),
    "glue-pythonshell": _runs("glue-pythonshell"),
    "cluster": _runs("sagemaker-spark"),
    "schedule": lambda env: env.schedule.enabled,
    "mirror": lambda env: bool(env.sources),
    "vpc": lambda env: env.vpc is not None,
    "boundary": lambda env: env.iam is not None and env.iam.permissions_boundary is not None,
    "customer-key": lambda env: env.customer_key,
    "glue-configuration": lambda env: env.glue_configuration,
    "bucket-key": lambda env: bool(env.data.kms_key or env.artifacts.kms_key),
    "lake-formation": lambda env: env.lake_formation,
    "feature-groups": lambda env: bool(env.features),
    "feature-store": lambda env: bool(env.managed_features),
    "online": lambda env: any(group.online for group in env.features.values()),
}


def matters(env: Environment) -> list[Assumption]:
    """What concerns an environment on AWS and is not sure, the least sure first; nothing for the embedded AWS."""
    if env.embedded:
        return []
    open_ones = [each for each in assumptions() if each.sure != "high" and CONDITIONS[each.when](env)]
    return sorted(open_ones, key=lambda each: _ORDER.index(each.sure))


def assumptions() -> list[Assumption]:
    """Every assumption, in the order of the page."""
    return [each for section in sections() for each in section.entries]


def sections() -> list[Section]:
    """The assumptions by section, in the order of the page."""
    return [
        Section(
            part["name"],
            part.get("introduction", ""),
            tuple(Assumption(**entry) for entry in part["entries"]),
        )
        for part in _table()["sections"]
    ]


def confirmed() -> list[Confirmed]:
    """What is known by now."""
    return [Confirmed(**each) for each in _table()["settled"]]


def page(command: str) -> str:
    """docs/reference/on-aws.md; ``command`` writes it."""
    parts = [_HEAD.format(command=command)]
    for section in sections():
        parts.append(f"## {section.name}\n")
        if section.introduction:
            parts.append(section.introduction)
        parts += [_entry(each) for each in section.entries]
    known = "".join(f"- {each.what} {_evidence(each.evidence, each.source)}\n" for each in confirmed())
    return "\n".join([*parts, _CONFIRMED, known])


def _entry(each: Assumption) -> str:
    known = f"How sure: **{each.sure}**. {_evidence(each.evidence, each.source)}"
    return f"### {each.title}\n\n{each.text}\n```sh\n{each.command}```\n\n{known}\n"


def _evidence(kind: Evidence, source: str) -> str:
    linked = re.sub(r"https://[^\s,;()]+", lambda url: f"<{url[0]}>", source)
    return f"Evidence: {kind}; {linked}"


@cache
def _table() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return loaded
