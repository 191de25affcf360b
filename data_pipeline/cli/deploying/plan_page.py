"""What a deployment will change, gathered for its page: change sets, deployed code and documents, and what is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import IO

from data_pipeline.aws import s3
from data_pipeline.aws.errors import explained, is_denied
from data_pipeline.aws.results import read_json
from data_pipeline.cli.project import root
from data_pipeline.cli.screen import console
from data_pipeline.core.config import dataset_document
from data_pipeline.core.config.environment import Data
from data_pipeline.core.config.locations import output_prefix
from data_pipeline.core.deployment import drifts, hashes, renamed
from data_pipeline.core.deployment.deployment_record import current
from data_pipeline.core.deployment.page.entries import (
    ADDED,
    CHANGED,
    REMOVED,
    REPLACED,
    TAKEN_OVER,
    WARNED,
    Page,
)
from data_pipeline.core.deployment.page.files import Stored
from data_pipeline.core.deployment.page.page import Given, page
from data_pipeline.core.deployment.page.rendering import lines
from data_pipeline.core.deployment.page.reviewed import fingerprint
from data_pipeline.core.deployment.renamed import Other
from data_pipeline.core.errors import UserError
from data_pipeline.core.naming import Names
from data_pipeline.etl.documents import datasets, form
from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.errors import JobError
from data_pipeline.project import drifting
from data_pipeline.project.definitions import load_definitions
from data_pipeline.project.scheduling import find_pause
from data_pipeline.stacks.roles import job_role_id

from .deployment import Plan
from .recorded import BUCKET, CODE
from .recording import Record
from .target import Target

_NEW_STYLE, _CHANGED_STYLE = "green", "yellow"
_STYLES = {
    ADDED: _NEW_STYLE,
    REMOVED: "red",
    CHANGED: _CHANGED_STYLE,
    REPLACED: "bold red",
    TAKEN_OVER: "cyan",
    WARNED: "bold red",
}
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


def plan_page(target: Target, plan: Plan) -> Page:
    """The page of a plan. Reads the deployed code's listing and its document of data sets, and nothing else of AWS."""
    old = plan.pipeline.stack.parameters if plan.pipeline.stack else {}
    new, env = plan.package.parameters, target.environment
    given = Given(
        environment=env.name,
        hashes=hashes.changed(old, new),
        steps={job_role_id(name): name for name in env.steps},
        code=_code(target, plan, old),
        shipped=plan.package.code,
        encrypted=bool(env.artifacts.kms_key),
        before=_before(target, plan, old),
        after=_after(target, plan),
        uploads={key: len(content) for key, content in plan.package.missing.items()},
        bucket=target.bucket,
        makes_bucket=not plan.bucket_exists,
        notes=tuple(notes(target, plan)),
        deployed=plan.pipeline.stack is not None,
        names=_names(target, plan),
    )
    return page([plan.storage.plan, plan.pipeline.plan], given)


def show(page: Page, file: IO[str] | None = None) -> None:
    """Print a page to a file, or to stderr; in colour where that is a terminal."""
    screen = console(file)
    for line in lines(page):
        screen.print(line, markup=False, style=_style(line))


def _style(line: str) -> str | None:
    """That of a title, or of the sign that a line begins with."""
    if line and not line.startswith(" "):
        return "bold"
    sign, _, rest = line.lstrip().partition(" ")
    return _STYLES.get(sign) if rest else None


def _names(target: Target, plan: Plan) -> dict[str, str]:
    """The ARNs of the objects in both buckets, by what the buckets are called."""
    stack = plan.storage.stack
    data = target.environment.data.bucket or (stack.outputs.get("DataBucket", "") if stack else "")
    buckets = {data: "DataBucket", target.bucket: BUCKET}
    return {
        f"arn:{partition}:s3:::{bucket}/": f"{name}/"
        for partition in _PARTITIONS
        for bucket, name in buckets.items()
        if bucket
    }


def place_of(target: Target) -> tuple[str, str, str]:
    """Environment, account and region of a deployment."""
    return target.environment.name, target.connection.account, target.connection.region


def fingerprint_of(plan: Plan) -> str:
    """What tells this plan from any other: all that it would apply."""
    return fingerprint(plan.package.parameters, plan.wanted.bodies, [plan.storage.plan, plan.pipeline.plan])


def notes(target: Target, plan: Plan) -> Iterator[str]:
    """What a deployment leaves as it is, and somebody should know.

    UserError where a pipeline is deployed for the first time, and another one has published where it would.
    """
    env = target.environment
    if plan.pipeline.stack is None and plan.bucket_exists:
        others, own = _others(target), _own_output(env.data)
        if own:
            renamed.refuse_shared_output(env.names, others, own)
        yield from renamed.notes(env.names, others, own)
    paused = find_pause(env, target.connection, target.bucket) if plan.bucket_exists else None
    if paused is not None:
        yield f"schedule: {paused}; it stays paused"
    if drifted := drift(target, plan):
        yield drifted
    if env.data.bucket:
        yield (
            f"retention: bucket {env.data.bucket} is yours: its lifecycle rules are left as they are "
            "(docs/how-to/retention.md says which to add)"
        )
    if env.embedded and env.notify:
        yield "alarms: none, the embedded AWS keeps no metrics: a deployment on AWS has alarms as well"


def _own_output(data: Data) -> str | None:
    """Where a pipeline writes in a bucket of the user's own, which has no pipeline in it."""
    return f"s3://{data.bucket}/{output_prefix(data)}" if data.bucket else None


def _others(target: Target) -> list[Other]:
    """The pipelines that were deployed in this environment from the same artifact bucket. One whose stack may not be
    looked at is taken to be there. Where they write is looked up only for a bucket of the user's own.
    """
    found = []
    folders = s3.first_folders(target.connection, target.bucket)
    for names in renamed.candidates(folders, target.environment.names):
        if not s3.existing_sizes(target.connection, target.bucket, renamed.record_key(names)):
            continue
        try:
            with explained():
                there = target.stacks.find(names.pipeline_stack) is not None
        except UserError as error:
            if not is_denied(error):
                raise
            there = True
        output = _recorded_output(target, names) if target.environment.data.bucket else None
        found.append(Other(names, there, output))
    return found


def _recorded_output(target: Target, names: Names) -> str | None:
    """Where another pipeline has published; None where that may not be looked at, or no record says so."""
    try:
        with explained():
            last = current(Record(target.connection, target.bucket, names.artifacts).read())
    except UserError:  # of another version of the tool, or not for this deployer to read
        return None
    return last.outputs.get("OutputUri") if last else None


def drift(target: Target, plan: Plan) -> str:
    """That something was changed by hand, which a deployment does not see where the template has not changed."""
    dates = [
        each.stack.drifted for each in (plan.storage, plan.pipeline) if each.stack and each.stack.drifted
    ]
    if not dates:
        return ""
    env, now = target.environment, datetime.now(UTC)
    try:
        found = drifts.summary(drifting.drifts(env, target.connection, anew=False), now)
    except UserError:  # it may be asked what stacks there are, and not what drifted in them
        found = f"resources changed by hand, as detected {drifts.age(min(dates), now)}"
    says = f"python -m data_pipeline drift show {env.name} says which, and deploy --revert-drift brings them back"
    return "" if found.startswith("none") else f"drift: {found}; {says}"


def _code(target: Target, plan: Plan, old: Mapping[str, str]) -> dict[str, Stored] | None:
    """The files of the deployed code; None where there are none, or where they are those of now.

    ``old``: the parameters of the deployed stack, whose artifact bucket may be another one.
    """
    deployed = old.get(CODE)
    if deployed is None or deployed == plan.package.parameters[CODE]:
        return None
    prefix = f"{target.environment.names.artifacts}/code/{deployed}/"
    try:
        with explained():
            return s3.stored_files(target.connection, old.get(BUCKET, target.bucket), prefix) or None
    except UserError:  # of another bucket, which may not be looked at or has gone
        return None


def _definitions(target: Target, parameters: Mapping[str, str], bucket: str) -> Definitions | None:
    """The data sets and tables of a stack with these parameters; None without any, or where they cannot be read."""
    digest = parameters.get(dataset_document.PARAMETER)
    if digest is None:
        return None
    uri = f"s3://{bucket}/{dataset_document.key(target.environment.names.artifacts, digest)}"
    try:
        with explained():
            found = read_json(target.connection.client("s3"), uri)
        return None if found is None else datasets.read(form.text(found), uri)
    except (JobError, UserError):  # a document of another version of the tool, or a bucket that has gone
        return None


def _before(target: Target, plan: Plan, old: Mapping[str, str]) -> Definitions | None:
    """The data sets and tables that are deployed; None without any, or where they are those of now."""
    name = dataset_document.PARAMETER
    if old.get(name) == plan.package.parameters.get(name):
        return None
    return _definitions(target, old, old.get(BUCKET, target.bucket))


def _after(target: Target, plan: Plan) -> Definitions | None:
    """The data sets and tables that will be."""
    if plan.wanted.recorded is not None:
        return _definitions(target, plan.package.parameters, target.bucket)
    return load_definitions(root(), target.environment) if target.environment.datasets else None
