"""Deployments recorded, and brought back exactly; all with the deployer's policy alone."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from clients import client
from deploy.test_deployment import PIPELINE, never, target  # noqa: F401 - a fixture
from randomness import SOAK

from data_pipeline.aws.cloudformation import Stacks
from data_pipeline.cli.deploying import deployment, package, plan_page
from data_pipeline.cli.deploying.deployment import carry_out, gather, note_present, plan_stacks
from data_pipeline.cli.deploying.recorded import recorded
from data_pipeline.cli.deploying.target import Target
from data_pipeline.core.deployment.deployment_record import Deployment, current, earlier
from data_pipeline.core.deployment.page import rendering
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.server.endpoint import Endpoint

#: what can be planned, and fails when it is made.
BROKEN = {
    "Type": "AWS::SQS::QueuePolicy",
    "Properties": {"Queues": ["https://nowhere"], "PolicyDocument": {}},
}


@pytest.fixture(autouse=True)
def few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The jobs without the tool's own 190 files, which would be uploaded by each test."""

    def own(root: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (root / "jobs").glob("*.py")}

    monkeypatch.setattr(package, "shipped", own)


def _write(target: Target, seconds: int, job: str) -> None:  # noqa: F811
    """The project with a queue of this visibility timeout, and a job."""
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": seconds}}
    folder: Path = deployment.root()
    body = yaml.safe_dump({**PIPELINE, "Resources": {"Queue": queue}})
    (folder / "templates" / f"{target.environment.name}-pipeline.yaml").write_text(body)
    (folder / "jobs" / "prepare.py").write_text(job)


def _deploy(target: Target) -> Deployment:  # noqa: F811
    plan = gather(target, create_bucket=True)
    try:
        carry_out(target, plan, never)
    finally:
        plan.discard(target.stacks)
    return target.record.read()[-1]


def _state(target: Target, embedded: Endpoint) -> tuple[Any, ...]:  # noqa: F811
    """What is deployed: template, parameters and outputs of the pipeline stack."""
    name = target.environment.names.pipeline_stack
    stacks = Stacks(client(embedded, "cloudformation"))
    stack = stacks.find(name)
    assert stack is not None
    return stacks.template(name), stack.parameters, stack.outputs


def test_an_earlier_deployment_comes_back_exactly(
    target: Target,  # noqa: F811
    embedded: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Template, parameters and jobs, whatever the project here has become; the page says what changes; the record has a
    deployment more. Once more is no change.
    """
    monkeypatch.setattr(plan_page, "root", deployment.root)
    _write(target, 30, "print(1)\n")
    first = _deploy(target)
    state = _state(target, embedded)
    _write(target, 60, "print(2)\n")
    second = _deploy(target)
    assert _state(target, embedded) != state
    _write(target, 90, "print(3)\n")
    assert earlier(target.record.read(), None, "dev") == first
    plan = plan_stacks(target, recorded(target, first), exists=True)
    page = "\n".join(rendering.lines(plan_page.plan_page(target, plan)))
    assert "VisibilityTimeout: 60 → 30" in page
    assert "  ~ jobs/prepare.py\n" in page
    carry_out(target, plan, never)
    assert _state(target, embedded) == state
    *before, third = target.record.read()
    assert before == [first, second]
    assert (third.number, third.back_to, third.templates, third.parameters) == (
        *(3, 1),
        *(first.templates, first.parameters),
    )
    again = plan_stacks(target, recorded(target, first), exists=True)
    assert again.nothing
    note_present(target, again)
    assert target.record.read()[-1] == third


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="deploys a stack")
def test_what_has_gone_of_a_deployment_is_named(target: Target, embedded: Endpoint) -> None:  # noqa: F811
    """Before anything is planned."""
    _write(target, 30, "print(1)\n")
    first = _deploy(target)
    for key in (first.artifacts[0] + "prepare.py", first.artifacts[0] + "jobs-0-py3-none-any.whl"):
        client(embedded, "s3").delete_object(Bucket=target.bucket, Key=key)
    found = client(embedded, "s3").list_objects_v2(Bucket=target.bucket, Prefix=first.artifacts[0])
    for item in found.get("Contents", []):
        client(embedded, "s3").delete_object(Bucket=target.bucket, Key=item["Key"])
    with pytest.raises(UserError, match=f"s3://{target.bucket}/{first.artifacts[0]} has gone"):
        recorded(target, first)
    client(embedded, "s3").delete_object(Bucket=target.bucket, Key=first.templates[1])
    with pytest.raises(UserError, match=f"{first.templates[1]} has gone"):
        recorded(target, first)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="deploys a stack")
def test_a_deployment_that_was_killed_did_not_end_and_the_next_one_says_what_is_there(
    target: Target,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed when all but the last note was done: no change follows, which ends it. One that fails says why, and keeps
    what it had noted of the storage stack.
    """
    _write(target, 30, "print(1)\n")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deployment, "outputs", killed)
        with pytest.raises(KeyboardInterrupt):
            _deploy(target)
    (begun,) = target.record.read()
    assert (begun.number, begun.well, begun.failed, begun.ended) == (1, False, "", "")
    plan = gather(target, create_bucket=False)
    assert plan.nothing
    note_present(target, plan)
    (ended,) = target.record.read()
    assert ended.well
    assert current([ended]) == ended
    body = yaml.safe_dump({**PIPELINE, "Resources": {"Policy": BROKEN}})
    folder: Path = deployment.root()
    (folder / "templates" / f"{target.environment.name}-pipeline.yaml").write_text(body)
    with pytest.raises(UserError, match="the deployment failed"):
        _deploy(target)
    failed = target.record.read()[-1]
    assert (failed.number, failed.well) == (2, False)
    assert failed.failed.startswith("Policy (AWS::SQS::QueuePolicy): ")
    assert failed.retained == ended.retained


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="deploys a stack")
def test_the_commit_is_recorded_and_changes_nothing(target: Target) -> None:  # noqa: F811
    """Absent without git; with changes beside it, it says so; another commit alone is no change to deploy."""
    _write(target, 30, "print(1)\n")
    assert _deploy(target).commit == ""
    folder: Path = deployment.root()

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        done = subprocess.run(
            ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    assert gather(target, create_bucket=False).nothing
    _write(target, 60, "print(1)\n")
    recorded_ = _deploy(target)
    assert (recorded_.commit, recorded_.dirty) == (git("rev-parse", "HEAD"), True)
    git("commit", "-q", "-a", "-m", "second")
    assert gather(target, create_bucket=False).nothing
