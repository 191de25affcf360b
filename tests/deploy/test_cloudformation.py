"""States of CloudFormation that an emulator does not pass through, played by botocore's Stubber."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

from data_pipeline.aws.change_set_request import Request
from data_pipeline.aws.cloudformation import ChangeSet, Stacks
from data_pipeline.aws.stack_watch import follow
from data_pipeline.cli.deploying import stack_progress
from data_pipeline.cli.deploying.stack_apply import Prepared, apply, prepare
from data_pipeline.core.deployment import operators
from data_pipeline.core.deployment.changes import StackChanges
from data_pipeline.core.deployment.stack_states import CREATE_ENDS, UPDATE_ENDS, Treatment, treatment
from data_pipeline.core.errors import UserError

NAME = "nyc-tlc-dev-pipeline"
ARN = f"arn:aws:cloudformation:us-east-1:123456789012:stack/{NAME}/1"
SET = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/deploy-1/2"
BODY = "Resources: {Queue: {Type: 'AWS::SQS::Queue'}}\n"
WANTED = Request(NAME, True, {}, {"pipeline": "nyc-tlc"}, body=BODY)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Played:
    """CloudFormation that answers what a test has written down, in that order, and nothing else."""

    def __init__(self) -> None:
        client = boto3.client(
            "cloudformation", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        self.stub = Stubber(client)
        self.slept: list[float] = []
        self.stacks = Stacks(client, sleep=self.slept.append, pace=2.0)

    def answers(self, operation: str, response: dict[str, Any] | None = None, **expected: Any) -> Played:
        self.stub.add_response(operation, response or {}, expected)
        return self

    def stack(self, status: str, reason: str = "", by: str = ANY) -> Played:
        found = {"StackName": NAME, "StackId": ARN, "StackStatus": status, "CreationTime": NOW}
        return self.answers(
            "describe_stacks", {"Stacks": [{**found, "StackStatusReason": reason}]}, StackName=by
        )

    def no_stack(self) -> Played:
        self.stub.add_client_error(
            "describe_stacks", "ValidationError", f"Stack with id {NAME} does not exist"
        )
        return self

    def events(self, *statuses: str) -> Played:
        """All events so far, oldest first: ``status`` of the stack, or ``Name=status=reason``."""
        raw = [_event(number, told) for number, told in enumerate(statuses)]
        return self.answers("describe_stack_events", {"StackEvents": raw[::-1]}, StackName=ARN)

    def change_set(self, status: str = "CREATE_COMPLETE", reason: str = "", kind: str = "UPDATE") -> Played:
        fixed = {"ChangeSetType": kind, "Capabilities": ["CAPABILITY_IAM"], "TemplateBody": BODY}
        fixed |= {"Parameters": [], "Tags": [{"Key": "pipeline", "Value": "nyc-tlc"}]}
        fixed |= {"OnStackFailure": "DELETE"} if kind == "CREATE" else {}
        made = {"Id": SET, "StackId": ARN}
        self.answers("create_change_set", made, StackName=NAME, ChangeSetName=ANY, **fixed)
        described = {"ChangeSetId": SET, "StackId": ARN, "Status": status, "StatusReason": reason}
        self.answers("describe_change_set", described, ChangeSetName=SET, StackName=ARN)
        if status != "CREATE_COMPLETE":
            return self
        return self.answers(
            "describe_change_set", described, ChangeSetName=SET, StackName=ARN, IncludePropertyValues=True
        )

    def executed(self) -> Played:
        return self.answers("execute_change_set", ChangeSetName=SET, StackName=ARN, RetainExceptOnCreate=True)


def _event(number: int, told: str) -> dict[str, Any]:
    name, _, rest = told.rpartition("=") if told.count("=") < 2 else told.partition("=")
    status, _, reason = rest.partition("=")
    return {
        "StackId": ARN,
        "StackName": NAME,
        "EventId": str(number),
        "LogicalResourceId": name or NAME,
        "PhysicalResourceId": "" if name else ARN,
        "ResourceType": "AWS::SQS::Queue" if name else "AWS::CloudFormation::Stack",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "Timestamp": NOW,
    }


@pytest.fixture
def played() -> Iterator[Played]:
    """Every answer must have been asked for at the end."""
    played = Played()
    with played.stub:
        yield played
        played.stub.assert_no_pending_responses()


def never(plan: StackChanges) -> bool:
    raise AssertionError(f"a second question: {plan}")


def test_a_change_set_is_waited_for_and_read_page_by_page(played: Played) -> None:
    """Pending, in progress, then complete: two pages of changes, with what each resource has before and after."""
    described = {"ChangeSetId": SET, "StackId": ARN}
    change = {"Action": "Add", "ResourceType": "AWS::SQS::Queue", "Details": []}
    pages = [
        {"Type": "Resource", "ResourceChange": {**change, "LogicalResourceId": name}} for name in ("B", "A")
    ]
    played.change_set("CREATE_PENDING", kind="CREATE")
    ask = {"ChangeSetName": SET, "StackName": ARN}
    played.answers("describe_change_set", {**described, "Status": "CREATE_IN_PROGRESS"}, **ask)
    complete = {**described, "Status": "CREATE_COMPLETE"}
    played.answers("describe_change_set", complete, **ask)
    pages[0]["ResourceChange"]["AfterContext"] = '{"Properties": {"Name": "q"}}'
    pages[1]["ResourceChange"]["BeforeContext"] = "no JSON"
    first = {**complete, "Changes": pages[:1], "NextToken": "more"}
    played.answers("describe_change_set", first, IncludePropertyValues=True, **ask)
    rest = {"Changes": pages[1:]}
    played.answers("describe_change_set", rest, IncludePropertyValues=True, NextToken="more", **ask)
    found = played.stacks.create_change_set(WANTED)
    assert found is not None
    assert [each.logical_id for each in found.changes] == ["A", "B"]
    assert [each.after for each in found.changes] == [{}, {"Properties": {"Name": "q"}}]
    assert [each.before for each in found.changes] == [{}, {}]
    assert played.slept == pytest.approx([0.2, 0.3])


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information.",
        "No updates are to be performed.",
    ],
)
def test_no_changes_is_an_outcome_and_not_a_failure(played: Played, reason: str) -> None:
    """AWS calls the change set failed; it is deleted, and the stack is as it should be."""
    played.stack("UPDATE_COMPLETE", by=NAME).change_set("FAILED", reason)
    played.answers("delete_change_set", ChangeSetName=SET, StackName=ARN).stack("UPDATE_COMPLETE")
    assert prepare(played.stacks, WANTED, BODY, ready=True).plan.nothing


def test_a_change_set_that_fails_is_an_error_and_leaves_no_stack_in_review(played: Played) -> None:
    """AWS's reason in one line; the stack that only the change set had made is deleted."""
    played.no_stack().change_set("FAILED", "Template error: no such thing", kind="CREATE")
    played.answers("delete_change_set", ChangeSetName=SET, StackName=ARN).stack("REVIEW_IN_PROGRESS")
    played.answers("list_change_sets", {"Summaries": []}, StackName=NAME)
    played.answers("delete_stack", StackName=ARN)
    with pytest.raises(UserError, match=f"{NAME}: AWS refuses the change set: Template error: no such thing"):
        prepare(played.stacks, WANTED, BODY, ready=True)


EARLY = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. Use DescribeEvents."
)


def test_early_validation_is_asked_for_its_reasons(played: Played) -> None:
    """By the change set's ARN, page by page, before the change set is deleted: what is wrong, and what to do."""
    played.stack("UPDATE_COMPLETE", by=NAME).change_set("FAILED", EARLY)
    event = {"EventId": "1", "StackId": ARN, "Timestamp": NOW, "EventType": "VALIDATION_ERROR"}
    wrong = {"LogicalResourceId": "Queue", "ValidationStatusReason": "#/DelaySeconds: 901 is too much"}
    taken = {"LogicalResourceId": "Group", "ValidationName": "NAME_CONFLICT_VALIDATION"}
    ask = {"ChangeSetName": SET, "Filters": {"FailedEvents": True}}
    played.answers("describe_events", {"OperationEvents": [{**event, **wrong}], "NextToken": "t"}, **ask)
    played.answers("describe_events", {"OperationEvents": [{**event, **taken}]}, **ask, NextToken="t")
    played.answers("delete_change_set", ChangeSetName=SET, StackName=ARN).stack("UPDATE_COMPLETE")
    with pytest.raises(UserError) as found:
        prepare(played.stacks, WANTED, BODY, ready=True)
    said = str(found.value)
    assert f"{NAME}: AWS refuses the change set: {EARLY}\n  Queue: #/DelaySeconds: 901 is too much" in said
    assert "\n  Group: no reason given\n    it exists and is not in this stack" in said


def test_reasons_that_may_not_be_asked_for_do_not_hide_the_failure(played: Played) -> None:
    """A policy of last year knows no DescribeEvents: the change set's own sentence, and the missing action."""
    played.stack("UPDATE_COMPLETE", by=NAME).change_set("FAILED", EARLY)
    played.stub.add_client_error(
        "describe_events", "AccessDenied", "not authorized: cloudformation:DescribeEvents"
    )
    played.answers("delete_change_set", ChangeSetName=SET, StackName=ARN).stack("UPDATE_COMPLETE")
    with pytest.raises(
        UserError, match=r"PropertyValidation(.|\n)*not authorized: cloudformation:DescribeEvents"
    ):
        prepare(played.stacks, WANTED, BODY, ready=True)


@pytest.mark.parametrize(
    ("status", "operation"),
    [("UPDATE_ROLLBACK_FAILED", "continue_update_rollback"), ("UPDATE_FAILED", "rollback_stack")],
)
def test_a_failed_roll_back_is_finished_first(
    played: Played, status: str, operation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing before the user's answer; then the roll-back, then a change set, which needs its own answer."""
    played.stack(status, by=NAME).answers("validate_template", TemplateBody=BODY)
    prepared = prepare(played.stacks, WANTED, BODY, ready=True)
    assert prepared.plan.unknown
    assert prepared.change_set is None
    played.events("UPDATE_FAILED").answers(operation, StackName=ARN)
    played.stack("UPDATE_ROLLBACK_IN_PROGRESS").events("UPDATE_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS")
    played.stack("UPDATE_ROLLBACK_COMPLETE")
    played.events("UPDATE_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE")
    played.stack("UPDATE_ROLLBACK_COMPLETE").change_set()
    asked: list[StackChanges] = []
    with pytest.raises(UserError, match="not changed"):
        apply(played.stacks, prepared, WANTED, lambda plan: bool(asked.append(plan)))
    assert len(asked) == 1
    assert f"{NAME}: rolled back " in capsys.readouterr().err


def test_a_leftover_that_cannot_be_deleted_is_named(played: Played) -> None:
    """The first resource that stays, AWS's reason, and the state that it leaves."""
    played.stack("DELETE_FAILED", by=NAME).answers("validate_template", TemplateBody=BODY)
    prepared = prepare(played.stacks, WANTED, BODY, ready=True)
    assert prepared.plan.treatment is Treatment.DELETE
    played.events("DELETE_FAILED").answers("delete_stack", StackName=ARN)
    played.stack("DELETE_FAILED")
    played.events("DELETE_FAILED", "Queue=DELETE_FAILED=it is in use", "DELETE_FAILED")
    played.stack("DELETE_FAILED")
    with pytest.raises(
        UserError, match=r"now DELETE_FAILED.\n  first failure: Queue \(AWS::SQS::Queue\): it is"
    ):
        apply(played.stacks, prepared, WANTED, never)


def _statuses() -> list[str]:
    """Every status that CloudFormation's own service model knows."""
    model = botocore.session.get_session().get_service_model("cloudformation")
    return sorted(model.shape_for("StackStatus").enum)


def _prepared(played: Played, status: str, how: Treatment) -> Prepared:
    """A stack that is found in this status; what its change will be is known at once, or once it is mended."""
    played.stack(status, by=NAME)
    if how is Treatment.WAIT:
        played.events(status).stack("UPDATE_COMPLETE").events(status, "UPDATE_COMPLETE")
        played.stack("UPDATE_COMPLETE", by=NAME)
    if how in (Treatment.CREATE, Treatment.UPDATE, Treatment.WAIT):
        played.change_set(kind="CREATE" if how is Treatment.CREATE else "UPDATE")
    else:
        played.answers("validate_template", TemplateBody=BODY)
    return prepare(played.stacks, WANTED, BODY, ready=True)


def _mended(played: Played, how: Treatment) -> None:
    """The calls that bring such a stack into one that can be deployed, and its change set then."""
    operation = {
        Treatment.DELETE: "delete_stack",
        Treatment.ROLL_BACK: "rollback_stack",
        Treatment.CONTINUE_ROLLBACK: "continue_update_rollback",
    }.get(how)
    if operation is None:
        return
    end = "DELETE_COMPLETE" if how is Treatment.DELETE else "UPDATE_ROLLBACK_COMPLETE"
    played.events("BEGIN").answers(operation, StackName=ARN)
    played.stack(end).events("BEGIN", end).stack(end)
    played.change_set(kind="CREATE" if how is Treatment.DELETE else "UPDATE")


@pytest.mark.parametrize("status", _statuses())
def test_every_status_has_a_way_on(played: Played, status: str) -> None:
    """From each, a deployment comes to a stack that is as it should be, by the calls that its treatment needs."""
    how = treatment(status)
    prepared = _prepared(played, status, how)
    assert (prepared.plan.unknown is None) == (how not in (Treatment.ROLL_BACK, Treatment.CONTINUE_ROLLBACK))
    _mended(played, how)
    played.events("BEGIN").executed()
    end = "CREATE_COMPLETE" if how in (Treatment.CREATE, Treatment.DELETE) else "UPDATE_COMPLETE"
    played.stack(end).events("BEGIN", end).stack(end)
    assert apply(played.stacks, prepared, WANTED, lambda plan: True).status == end


def test_an_operation_under_way_is_waited_for(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody else's update: its events are shown until it has ended, then the change set is made."""
    failed = "Queue=UPDATE_FAILED=no such key"
    played.stack("UPDATE_IN_PROGRESS", by=NAME).events("UPDATE_IN_PROGRESS")
    played.stack("UPDATE_IN_PROGRESS").events("UPDATE_IN_PROGRESS")
    played.stack("UPDATE_COMPLETE").events("UPDATE_IN_PROGRESS", failed, "UPDATE_COMPLETE")
    played.stack("UPDATE_COMPLETE", by=NAME).change_set()
    assert prepare(played.stacks, WANTED, BODY, ready=True).plan.treatment is Treatment.UPDATE
    shown = capsys.readouterr().err
    assert (
        f"{NAME}: waiting, another operation is under way\n  (UPDATE_IN_PROGRESS, not by data-pipeline"
        in shown
    )
    assert "  ! Queue (AWS::SQS::Queue) failed: no such key" in shown
    assert f"{NAME}: updated" in shown


def test_the_second_of_two_deployers_learns_who_is_at_it(played: Played) -> None:
    """Who and since when, from the token of the first one's operation; with --no-wait it ends there."""
    begun = _event(1, "UPDATE_IN_PROGRESS") | {"ClientRequestToken": "deploy--user-ann--0123abcd"}
    running = _event(2, "Queue=UPDATE_IN_PROGRESS=")
    played.stack("UPDATE_IN_PROGRESS", by=NAME)
    played.answers("describe_stack_events", {"StackEvents": [running, begun]}, StackName=ARN)
    played.stacks.wait = False
    with pytest.raises(UserError, match="nothing was changed") as found:
        prepare(played.stacks, WANTED, BODY, ready=True)
    assert "(UPDATE_IN_PROGRESS, by user-ann since 2026-01-01 00:00:00 UTC)" in str(found.value)


def test_a_deployment_says_whose_it_is(played: Played) -> None:
    """Its operations carry the caller's name, in letters that CloudFormation takes."""
    played.stacks.identity = "arn:aws:sts::123456789012:assumed-role/Deployer/ann@example.com"
    played.stub.add_response(
        "execute_change_set",
        {},
        {"ChangeSetName": SET, "StackName": ARN, "RetainExceptOnCreate": True, "ClientRequestToken": ANY},
    )
    given: list[str] = []
    register = played.stacks.client.meta.events.register
    register("before-parameter-build", lambda params, **_: given.append(params["ClientRequestToken"]))
    assert played.stacks.execute(ChangeSet(SET, ARN, ()))
    assert operators.who(given[0]) == "assumed-role-Deployer-ann-example-com"


def test_a_network_that_goes_and_comes_back_is_waited_for(played: Played) -> None:
    """One line when AWS does not answer and one when it does; no event is lost, none told twice."""
    played.stack("UPDATE_IN_PROGRESS").events("UPDATE_COMPLETE", "UPDATE_IN_PROGRESS")
    played.stub.add_client_error("describe_stacks", "InternalFailure", "oops", http_status_code=503)
    played.stub.add_client_error("describe_stacks", "Throttling", "slower", http_status_code=400)
    played.stack("UPDATE_COMPLETE").events("UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    said: list[str] = []
    followed = list(follow(played.stacks, ARN, "0", UPDATE_ENDS, said.append))
    assert [event.status for event in followed] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert [line.partition(":")[0] for line in said] == [
        "AWS does not answer, trying again",
        "AWS answers again",
    ]
    assert played.slept == [2.0, 2.0, 4.0]


def test_what_waiting_cannot_mend_ends_the_wait(played: Played) -> None:
    """Credentials that have expired."""
    played.stub.add_client_error("describe_stacks", "ExpiredToken", "expired", http_status_code=403)
    with pytest.raises(ClientError, match="expired"):
        list(follow(played.stacks, ARN, "0", UPDATE_ENDS))
    assert played.slept == []


def test_an_update_is_not_over_before_it_has_begun(played: Played) -> None:
    """Right after the order the stack may still be as it was; only its own last event ends the wait."""
    played.stack("UPDATE_COMPLETE").events("UPDATE_COMPLETE")
    played.stack("UPDATE_IN_PROGRESS").events("UPDATE_COMPLETE", "UPDATE_IN_PROGRESS")
    played.stack("UPDATE_COMPLETE").events("UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    followed = list(follow(played.stacks, ARN, "0", UPDATE_ENDS))
    assert [event.status for event in followed] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert played.slept == [2.0, 2.0]


def test_a_create_that_failed_is_over_when_it_is_deleted(played: Played) -> None:
    """The roll-back before the deletion is not the end, though the stack rests there for a moment."""
    before = ["REVIEW_IN_PROGRESS", "Queue=CREATE_FAILED=quota", "ROLLBACK_COMPLETE"]
    played.stack("ROLLBACK_COMPLETE").events(*before)
    played.stack("ROLLBACK_COMPLETE").events(*before)
    played.stack("DELETE_COMPLETE").events(*before, "DELETE_COMPLETE")
    followed = list(follow(played.stacks, ARN, "0", CREATE_ENDS))
    assert [event.status for event in followed] == ["CREATE_FAILED", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"]


def test_a_stack_at_rest_is_not_waited_for_without_end(played: Played) -> None:
    """An operation whose last event came before the wait began ends the wait after some questions."""
    for _ in range(15):
        played.stack("CREATE_COMPLETE").events("CREATE_COMPLETE")
    assert list(follow(played.stacks, ARN, "0")) == []


def test_events_are_read_page_by_page_back_to_the_last_one_seen(played: Played) -> None:
    """The newest come first in pages; what was seen is not read again."""
    newest, older = [_event(3, "Q=B="), _event(2, "Q=A=")], [_event(1, "Q=C="), _event(0, "Q=D=")]
    played.answers("describe_stack_events", {"StackEvents": newest, "NextToken": "t"}, StackName=ARN)
    played.answers("describe_stack_events", {"StackEvents": older}, StackName=ARN, NextToken="t")
    assert [event.id for event in played.stacks.events(ARN, "0")] == ["1", "2", "3"]


ROLE = "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume it."


def _failed_creation(played: Played, reason: str) -> None:
    """A change set of a new stack that is applied, fails with this reason, and takes the stack along."""
    events = ["REVIEW_IN_PROGRESS", f"Queue=CREATE_FAILED={reason}", "DELETE_COMPLETE"]
    played.events("REVIEW_IN_PROGRESS").executed()
    played.stack("DELETE_COMPLETE").events(*events).stack("DELETE_COMPLETE")


def test_a_creation_is_tried_once_more_where_a_role_is_not_known(
    played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second change set of the same request, without a question; what happened is said."""
    played.no_stack().change_set(kind="CREATE")
    prepared = prepare(played.stacks, WANTED, BODY, ready=True)
    _failed_creation(played, ROLE)
    played.change_set(kind="CREATE").events("REVIEW_IN_PROGRESS").executed()
    played.stack("CREATE_COMPLETE").events("REVIEW_IN_PROGRESS", "CREATE_COMPLETE").stack("CREATE_COMPLETE")
    assert apply(played.stacks, prepared, WANTED, never).status == "CREATE_COMPLETE"
    assert "a role was not known yet to who uses it; trying once more" in capsys.readouterr().err


def test_a_creation_is_not_tried_a_third_time(played: Played) -> None:
    """A role that is really wrong says the same: the second failure is the user's."""
    played.no_stack().change_set(kind="CREATE")
    prepared = prepare(played.stacks, WANTED, BODY, ready=True)
    _failed_creation(played, ROLE)
    played.change_set(kind="CREATE")
    _failed_creation(played, ROLE)
    with pytest.raises(
        UserError, match=r"DELETE_COMPLETE.\n  first failure: Queue (.|\n)*authorized to assume"
    ):
        apply(played.stacks, prepared, WANTED, never)


def test_a_creation_that_fails_otherwise_is_not_tried_again(played: Played) -> None:
    """One attempt, for every reason that is not a role's."""
    played.no_stack().change_set(kind="CREATE")
    prepared = prepare(played.stacks, WANTED, BODY, ready=True)
    _failed_creation(played, "it exists already")
    with pytest.raises(UserError, match="it exists already"):
        apply(played.stacks, prepared, WANTED, never)


def _applying(played: Played) -> Prepared:
    """An update that is ready to be applied, and then begins."""
    played.stack("CREATE_COMPLETE", by=NAME).change_set()
    prepared = prepare(played.stacks, WANTED, BODY, ready=True)
    played.events("CREATE_COMPLETE").executed()
    played.stack("UPDATE_IN_PROGRESS").events("CREATE_COMPLETE", "UPDATE_IN_PROGRESS")
    return prepared


def _interrupted(played: Played, times: int) -> None:
    """^C, so many times, where the command sleeps."""
    left = [times]

    def sleep(_: float) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise KeyboardInterrupt

    played.stacks.sleep = sleep


def _at_a_terminal(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    """Somebody who types this; an empty text is ^C."""
    monkeypatch.setattr("sys.stdin", _Terminal(typed))
    monkeypatch.setattr(stack_progress, "_interactive", lambda: True)


class _Terminal(io.StringIO):
    """Its end is ^C."""

    def readline(self, *_: Any) -> str:
        line = super().readline()
        if not line:
            raise KeyboardInterrupt
        return line


@pytest.mark.parametrize("typed", [None, ""], ids=["no terminal", "a second ^C"])
def test_an_interruption_says_what_goes_on(
    played: Played, typed: str | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """^C while a stack is changed ends the command, not the deployment, and says how to look."""
    prepared = _applying(played)
    _interrupted(played, 1)
    if typed is not None:
        _at_a_terminal(monkeypatch, typed)
    with pytest.raises(KeyboardInterrupt):
        apply(played.stacks, prepared, WANTED, never)
    said = " ".join(capsys.readouterr().err.split())
    assert f"{NAME}: this goes on without the command. Deploying again waits for its end" in said
    assert f"aws cloudformation describe-stack-events --stack-name {NAME}" in said
    assert prepared.change_set is None, "a change set that is being applied is not discarded"


def test_an_update_is_cancelled_on_request(
    played: Played, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """^C asks; a yes has AWS roll it back, which is waited for, and the stack is as it was."""
    prepared = _applying(played)
    _interrupted(played, 1)
    _at_a_terminal(monkeypatch, "y\n")
    played.answers("cancel_update_stack", StackName=ARN)
    events = [
        "CREATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    played.stack("UPDATE_ROLLBACK_COMPLETE").events(*events).stack("UPDATE_ROLLBACK_COMPLETE")
    with pytest.raises(UserError, match=f"{NAME}: the update was cancelled; the stack is as it was before"):
        apply(played.stacks, prepared, WANTED, never)
    assert f"cancel the update of {NAME}?" in capsys.readouterr().err


@pytest.mark.parametrize("late", [False, True], ids=["no", "too late"])
def test_an_update_goes_on_where_it_is_not_cancelled(
    played: Played, late: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a no, and where AWS can no longer cancel it."""
    prepared = _applying(played)
    _interrupted(played, 1)
    _at_a_terminal(monkeypatch, "y\n" if late else "n\n")
    if late:
        refused = "CancelUpdateStack cannot be called from current stack status"
        played.stub.add_client_error("cancel_update_stack", "ValidationError", refused)
    played.stack("UPDATE_COMPLETE").events("CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    played.stack("UPDATE_COMPLETE")
    assert apply(played.stacks, prepared, WANTED, never).status == "UPDATE_COMPLETE"
    assert f"{NAME}: {'too late to cancel; ' if late else ''}going on" in capsys.readouterr().err


def test_a_creation_is_not_cancelled_and_the_second_interruption_leaves_it(
    played: Played, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS cancels updates alone."""
    played.no_stack().change_set(kind="CREATE")
    prepared = prepare(played.stacks, WANTED, BODY, ready=True)
    played.events("REVIEW_IN_PROGRESS").executed()
    for _ in range(2):
        played.stack("CREATE_IN_PROGRESS").events("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS")
    _interrupted(played, 2)
    _at_a_terminal(monkeypatch, "never read")
    with pytest.raises(KeyboardInterrupt):
        apply(played.stacks, prepared, WANTED, never)
    said = capsys.readouterr().err
    assert said.index("AWS cannot cancel this; waiting for its end") < said.index(
        "this goes on without the command"
    )
