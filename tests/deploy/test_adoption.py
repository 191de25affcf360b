"""Stacks that somebody deleted are deployed again over what they retained, by the deployer's policy."""

from __future__ import annotations

from clients import client
from deploy.test_destroy import _publish, _published, deploy, owner, target  # noqa: F401 - fixtures
from deploy.test_rollback import few_files  # noqa: F401 - a fixture

from data_pipeline.cli.deploying.deployment import gather
from data_pipeline.cli.deploying.plan_page import plan_page
from data_pipeline.cli.deploying.target import Target
from data_pipeline.core.deployment.page import rendering
from data_pipeline.embedded_aws.server.endpoint import Endpoint


def _delete(target: Target, embedded: Endpoint) -> None:  # noqa: F811
    """Both stacks, as somebody who clears up an account deletes them."""
    root, names = client(embedded, "cloudformation"), target.environment.names
    for name in (names.pipeline_stack, names.storage_stack):
        root.update_termination_protection(StackName=name, EnableTerminationProtection=False)
        root.delete_stack(StackName=name)
        waiting = {"Delay": 0.05, "MaxAttempts": 200}
        root.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=waiting)


def test_what_deleted_stacks_left_is_shown_and_taken_over_as_it_is(
    target: Target,  # noqa: F811
    embedded: Endpoint,
) -> None:
    """The bucket, which the record names, and the database; then there is nothing more to do."""
    outputs = deploy(target)
    _publish(embedded, outputs)
    before = _published(embedded, outputs)
    _delete(target, embedded)
    plan = gather(target, create_bucket=False)
    shown = " ".join("\n".join(rendering.lines(plan_page(target, plan))).split())
    plan.discard(target.stacks)
    assert f"< DataBucket (AWS::S3::Bucket): {outputs['DataBucket']}" in shown
    assert f"< Database (AWS::Glue::Database): {outputs['Database']}" in shown
    assert "2 to take over" in shown
    assert deploy(target) == outputs
    assert _published(embedded, outputs) == before
    assert gather(target, create_bucket=False).nothing
