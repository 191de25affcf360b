"""``rollback`` and ``destroy`` as they are typed: what they ask, refuse, print, and with which status they end."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from clients import client
from deploy.conftest import environment
from deploy.test_destroy import change, deploy, owner, target  # noqa: F401 - fixtures
from deploy.test_rollback import few_files  # noqa: F401 - a fixture

from data_pipeline.aws.cloudformation import Stacks
from data_pipeline.aws.session import EmbeddedCredentials, connect
from data_pipeline.cli.commands import destroy, rollback
from data_pipeline.cli.deploying import deployment, plan_page
from data_pipeline.cli.deploying.deployment import gather
from data_pipeline.cli.deploying.recorded import rules_since
from data_pipeline.cli.deploying.target import Target
from data_pipeline.cli.main import status_of
from data_pipeline.core.deployment.deployment_record import Deployment, dump
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.server.endpoint import Endpoint

#: the words of a command line → its status, and what it wrote to stdout and stderr
Typed = Callable[..., tuple[int, str, str]]


class Terminal(io.StringIO):
    """Somebody who types this."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(
    target: Target,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Typed:
    """Runs a command on the target's environment. ``answer``: what is typed when it asks; None: there is no terminal.
    ``by``: the environment that the project has, where it is another one.
    """
    monkeypatch.setattr(plan_page, "root", deployment.root)

    def run(verb: str, *words: str, answer: str | None = None, by: Target = target) -> tuple[int, str, str]:
        for module in (destroy, rollback):
            monkeypatch.setattr(module, "open_environment", lambda _: (by.environment, by.connection))
        monkeypatch.setattr(sys, "stdin", io.StringIO() if answer is None else Terminal(f"{answer}\n"))
        capfd.readouterr()
        status = status_of(verb, [by.environment.name, *words], verb)
        said = capfd.readouterr()
        lines = [line for line in said.err.splitlines() if not line.lower().startswith("error: ")]
        assert (
            answer or [line for line in lines if len(line) > 80] == []
        )  # nobody's answer ends its line here
        return status, said.out, said.err

    return run


def test_rollback_asks_before_it_goes_back(target: Target, typed: Typed) -> None:  # noqa: F811
    """Without an answer, or with a no, nothing changes; then it does, and once more there is nothing to do."""
    deploy(target)
    status, _, said = typed("rollback", "--yes")
    assert (status, f"{target.environment.name} has no earlier deployment" in said) == (1, True)
    change(target, 60)
    deploy(target)
    for words, why in (
        (("--to", "9"), "found no deployment 9"),
        (("--with-data",), "--with-data needs --to N"),
        (("--bucket", "another", "--yes"), "--bucket another: expected"),
        ((), "there is no terminal to ask on; to apply this, add --yes"),
    ):
        status, out, said = typed("rollback", *words)
        assert (status, out) == (1, ""), words
        assert why in said
    status, out, said = typed("rollback", answer="n")
    assert (status, out) == (1, "")
    assert said.startswith("back to deployment 1 of ")
    assert "VisibilityTimeout: 60 → 30" in said
    assert said.endswith("error: nothing was changed.\n")
    first, second = target.record.read()
    since = rules_since(target, [first, second], first)
    assert [(each.number, [rule["ID"] for rule in each.rules]) for each in since] == [
        (1, ["older"]),
        (2, ["older"]),
    ]
    status, out, _ = typed("rollback", answer="y")
    assert (status, target.record.read()[-1].back_to) == (0, 1)
    assert "Code " in out
    status, out, said = typed("rollback", "--to", "1", "--json")
    assert (status, json.loads(out)["changed"], "no changes" in said) == (0, False, True)


def test_what_a_renamed_pipeline_leaves_is_told_and_taken_down(
    target: Target,  # noqa: F811
    typed: Typed,
    embedded: Endpoint,
) -> None:
    """By the command that the plan names. One that may not be looked at is taken to be there, one whose stack has gone
    is not, nor is another environment's. In a bucket of one's own it is asked where the others have published.
    """
    deploy(target)
    env = target.environment
    for there in (f"alien/{env.name}", f"{env.pipeline}-gone/{env.name}", f"{env.pipeline}-other/prod"):
        client(embedded, "s3").put_object(Bucket=target.bucket, Key=f"{there}/deployments.json", Body=b"{}")
    renamed = replace(target, environment=env.model_copy(update={"pipeline": f"{env.pipeline}-anew"}))
    keys = EmbeddedCredentials(embedded.url, embedded.access_key, embedded.secret_key)
    root, stacks = connect(environment(), keys), Stacks(client(embedded, "cloudformation"), pace=0.02)
    plan = gather(replace(renamed, connection=root, stacks=stacks), create_bucket=False)
    plan.discard(stacks)
    notes = plan_page.notes(renamed, plan)
    said, command = next(notes), next(notes)
    assert said.startswith(
        f"alien-{env.name}, {env.names.prefix} are deployed from this artifact bucket, too."
    )
    assert command == f"python -m data_pipeline destroy {env.name} --pipeline NAME"
    data = env.data.model_copy(update={"bucket": "mine", "output": "published"})
    theirs = replace(renamed, environment=renamed.environment.model_copy(update={"data": data}))
    said = next(plan_page.notes(theirs, plan))
    assert said.startswith("s3://mine/published/ is in a bucket of your own. If one of ")
    published = Deployment("2026-11-30T12:00:00+00:00", "me", (), {"OutputUri": "s3://mine/published/"})
    key = f"{env.pipeline}-gone/{env.name}/deployments.json"
    client(embedded, "s3").put_object(Bucket=target.bucket, Key=key, Body=dump([published]))
    assert next(plan_page.notes(theirs, plan)) == said, "this deployer may not read it"
    with pytest.raises(UserError, match=f"where {env.pipeline}-gone-{env.name} has published"):
        next(plan_page.notes(replace(theirs, connection=root), plan))
    status, out, said = typed("destroy", "--yes", by=renamed)
    assert (status, out) == (0, f"nothing to delete: {env.name} is not deployed\n")
    former, own = ("destroy", "--pipeline", env.pipeline), env.names.prefix
    for words, answer, why in (
        (("--with-data", "--confirm", env.name), None, f"--confirm {env.name}: expected {own}"),
        (("--with-data",), env.name, "error: nothing was deleted."),
        (("--with-data", "--yes"), None, f"add --confirm {own}"),
    ):
        status, out, said = typed(*former, *words, answer=answer, by=renamed)
        assert (status, out) == (1, ""), words
        assert why in said.replace("\n  ", " ")
    status, out, said = typed(*former, answer="y", by=theirs)
    assert (status, out) == (0, f"{env.names.prefix} is down\n")
    assert "bucket mine" not in said, "which is today's, and not of the old name"
    assert f"takes down {env.names.prefix}: all but its data" in said
    assert target.stacks.find(env.names.pipeline_stack) is None
    status, out, said = typed(*former, "--with-data", by=renamed)
    assert (status, f"{own} is not deployed, so its artifact bucket is not known" in said) == (1, True)
    status, out, said = typed(*former, "--with-data", "--confirm", own, "--bucket", target.bucket, by=renamed)
    assert (status, out) == (0, f"{own} is down\n")
    assert target.stacks.find(env.names.storage_stack) is None


def test_destroy_wants_the_name_before_data_go(target: Target, typed: Typed) -> None:  # noqa: F811
    """``--yes`` is not enough for them; another name, or none, deletes nothing."""
    deploy(target)
    name, pipeline = target.environment.name, target.environment.names.pipeline_stack
    for words, answer, why in (
        ((), None, "there is no terminal to ask on; to apply this, add --yes"),
        ((), "n", "error: nothing was deleted."),
        (("--with-data", "--yes"), None, f"to delete the data, add --confirm {name}"),
        (("--with-data",), "other", "error: nothing was deleted."),
        (("--with-data", "--confirm", "other"), None, f"--confirm other: expected {name}"),
    ):
        status, out, said = typed("destroy", *words, answer=answer)
        assert (status, out) == (1, ""), words
        assert why in said.replace("\n  ", " ")
        assert target.stacks.find(pipeline) is not None
    status, out, _ = typed("destroy", "--with-data", "--json", answer=name)
    told = {"environment": name, "pipeline": target.environment.pipeline, "deleted": True, "with_data": True}
    assert (status, json.loads(out)) == (0, told)
    assert target.stacks.find(target.environment.names.storage_stack) is None
    status, out, _ = typed("destroy")
    assert (status, out) == (0, f"nothing to delete: {name} is not deployed\n")
