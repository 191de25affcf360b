"""State machines: what runs, what is refused, and the limits that AWS has."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from waiting import until

from tests.embedded_aws.conftest import allow

LIMIT = 262_144
Machine = Callable[..., Any]


def definition(**states: Any) -> dict[str, Any]:
    """A machine that starts at the first of its states."""
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


@pytest.fixture
def run(aws: Any, create: Any) -> Callable[..., dict[str, Any]]:
    """``run(definition, input, *statements)``: the ended execution's description, with its events."""

    def make(machine: dict[str, Any], data: Any = None, *statements: Any, **more: Any) -> dict[str, Any]:
        states = aws("stepfunctions")
        arn = create(machine, *statements, **more)
        execution = states.start_execution(stateMachineArn=arn, input=json.dumps(data or {}))["executionArn"]
        return ended(states, execution)

    return make


def ended(states: Any, execution: str) -> dict[str, Any]:
    """DescribeExecution of an execution, once it has ended, with its ``events``."""
    found: dict[str, Any] = until(
        lambda: (d := states.describe_execution(executionArn=execution))["status"] != "RUNNING" and d
    )
    found["events"] = states.get_execution_history(executionArn=execution, maxResults=1000)["events"]
    return found


def output(execution: dict[str, Any]) -> Any:
    """The output of a succeeded execution."""
    assert execution["status"] == "SUCCEEDED", execution
    return json.loads(execution["output"])


PASS = {"Type": "Pass", "End": True}


def test_context_variables_and_functions(run: Any) -> None:
    """The context object, variables, $hash and $parse have the values that AWS documents."""
    machine = definition(
        First={"Type": "Pass", "Assign": {"n": "{% $states.input.n + 1 %}", "none": None}, "Next": "Second"},
        Second={
            "Type": "Succeed",
            "Output": {
                "n": "{% $n %}",
                "none": "{% $none %}",
                "name": "{% $states.context.Execution.Name %}",
                "id": "{% $states.context.Execution.Id %}",
                "redrive": "{% $states.context.Execution.RedriveCount %}",
                "state": "{% $states.context.State.Name %}",
                "retries": "{% $states.context.State.RetryCount %}",
                "entered": "{% $exists($states.context.State.EnteredTime) %}",
                "machine": "{% $states.context.StateMachine.Name %}",
                "hash": "{% $hash('abc', 'SHA-256') %}",
                "parsed": "{% $parse('{\"a\": [1]}').a %}",
            },
        },
    )
    ran = run(machine, {"n": 41})
    result = output(ran)
    assert result["n"] == 42
    assert result["none"] is None
    assert (result["id"], result["name"]) == (ran["executionArn"], ran["name"])
    assert (result["redrive"], result["retries"], result["state"]) == (0, 0, "Second")
    assert result["entered"] is True
    assert result["machine"] == ran["stateMachineArn"].rsplit(":", 1)[1]
    assert result["hash"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert result["parsed"] == [1]


def test_choice_assigns_and_fail_keeps_error_and_cause(run: Any) -> None:
    """A rule's Assign takes effect, and a Fail state evaluates its Error and Cause."""
    machine = definition(
        Which={
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $states.input.n > 5 %}", "Assign": {"why": "large"}, "Next": "Failed"},
            ],
            "Default": "Small",
        },
        Small={"Type": "Succeed"},
        Failed={
            "Type": "Fail",
            "Error": "{% 'My.' & $why %}",
            "Cause": "{% 'n is ' & $string($states.input.n) %}",
        },
    )
    failed = run(machine, {"n": 6})
    assert (failed["status"], failed["error"], failed["cause"]) == ("FAILED", "My.large", "n is 6")
    assert [event["type"] for event in failed["events"]][-2:] == ["FailStateEntered", "ExecutionFailed"]


def test_undefined_expression_fails_with_its_field(run: Any) -> None:
    """An expression without a value is States.QueryEvaluationError, and the cause names the field."""
    failed = run(definition(P={**PASS, "Output": {"a": "{% $states.input.nothing %}"}}))
    assert failed["error"] == "States.QueryEvaluationError"
    assert "'Output/a'" in failed["cause"]


@pytest.mark.parametrize(("extra", "status"), [(0, "SUCCEEDED"), (1, "FAILED")])
def test_state_output_limit(run: Any, extra: int, status: str) -> None:
    """A state's output may have 262,144 bytes of JSON, and not one more."""
    length = LIMIT - len('""') + extra
    ran = run(definition(P={**PASS, "Output": f"{{% $pad('', {length}, 'x') %}}"}))
    assert ran["status"] == status
    if extra:
        assert ran["error"] == "States.DataLimitExceeded"


def test_limit_counts_bytes_not_characters(run: Any) -> None:
    """The limit counts UTF-8: as many two-byte letters as half of it are already too much with the quotes."""
    failed = run(definition(P={**PASS, "Output": f"{{% $pad('', {LIMIT // 2}, 'é') %}}"}))
    assert failed["error"] == "States.DataLimitExceeded"


def test_variable_limit(run: Any) -> None:
    """What one Assign stores is limited like a state's data."""
    machine = definition(P={**PASS, "Assign": {"big": f"{{% $pad('', {LIMIT}, 'x') %}}"}})
    assert run(machine)["error"] == "States.DataLimitExceeded"


def test_execution_input_limit(aws: Any, create: Any) -> None:
    """An execution's input may have 262,144 bytes; one more is a ValidationException."""
    arn = create(definition(P={"Type": "Succeed", "Output": {}}))
    states = aws("stepfunctions")
    text = json.dumps("x" * (LIMIT - 2))
    assert ended(states, states.start_execution(stateMachineArn=arn, input=text)["executionArn"])
    with pytest.raises(ClientError, match=r"ValidationException.*262144"):
        states.start_execution(stateMachineArn=arn, input=text + " ")


def test_result_limit_counts_the_escaped_body(aws: Any, run: Any, name: str) -> None:
    """A body that the task reads counts as JSON, with its escapes: 150,000 quotes are too much."""
    aws("s3").create_bucket(Bucket=name)
    aws("s3").put_object(Bucket=name, Key="k", Body=b'"' * 150_000)
    resource = "arn:aws:states:::aws-sdk:s3:getObject"
    task = {"Type": "Task", "Resource": resource, "Arguments": {"Bucket": name, "Key": "k"}, "End": True}
    failed = run(definition(T={**task, "Output": {}}), {}, allow("s3:GetObject", f"arn:aws:s3:::{name}/*"))
    assert failed["error"] == "States.DataLimitExceeded"


def test_catch_all_does_not_match_data_limit(run: Any) -> None:
    """States.ALL catches neither States.DataLimitExceeded nor States.Runtime; the error's own name does."""
    big = f"{{% $pad('', {LIMIT}, 'x') %}}"
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:listStateMachines",
        "Arguments": {},
        "End": True,
    }
    caught = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    machine = definition(T={**task, "Output": big, "Catch": caught}, Caught={"Type": "Succeed"})
    failed = run(machine, {}, allow("states:ListStateMachines"))
    assert (failed["status"], failed["error"]) == ("FAILED", "States.DataLimitExceeded")


def test_sdk_call_runs_under_the_role(aws: Any, run: Any, name: str) -> None:
    """A call that the machine's role does not allow is denied, also when the machine was made and started
    by root.
    """
    aws("s3").create_bucket(Bucket=name)
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Arguments": {"Bucket": name, "Key": "k"},
        "Catch": [
            {
                "ErrorEquals": ["States.TaskFailed"],
                "Assign": {"error": "{% $states.errorOutput.Error %}"},
                "Output": "{% $states.errorOutput %}",
                "Next": "Caught",
            }
        ],
        "End": True,
    }
    caught = {"Type": "Succeed", "Output": {"error": "{% $error %}", "cause": "{% $states.input.Cause %}"}}
    result = output(run(definition(T=task, Caught=caught)))
    assert result["error"] == "S3.S3Exception"
    assert "is not authorized to perform: s3:" in result["cause"]


def test_missing_object_has_the_sdk_name(aws: Any, run: Any, name: str) -> None:
    """An error that the service models is named after its class: S3.NoSuchKeyException."""
    aws("s3").create_bucket(Bucket=name)
    resource = "arn:aws:states:::aws-sdk:s3:getObject"
    task = {"Type": "Task", "Resource": resource, "Arguments": {"Bucket": name, "Key": "k"}, "End": True}
    statements = [allow(["s3:GetObject", "s3:ListBucket"])]
    failed = run(definition(T=task), {}, *statements)
    assert failed["error"] == "S3.NoSuchKeyException"
    types = [event["type"] for event in failed["events"]]
    expected = [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskFailed",
        "ExecutionFailed",
    ]
    assert types == expected
    scheduled = failed["events"][2]["taskScheduledEventDetails"]
    assert (scheduled["resourceType"], scheduled["resource"]) == ("aws-sdk:s3", "getObject")
    assert json.loads(scheduled["parameters"]) == {"Bucket": name, "Key": "k"}


def test_read_object_and_parse_it(aws: Any, run: Any, name: str) -> None:
    """A task reads an object's body as text, in the result's Body."""
    aws("s3").create_bucket(Bucket=name)
    aws("s3").put_object(Bucket=name, Key="k", Body=b'{"rows": 3}')
    resource = "arn:aws:states:::aws-sdk:s3:getObject"
    task = {
        "Type": "Task",
        "Resource": resource,
        "Arguments": {"Bucket": name, "Key": "k"},
        "Output": "{% $parse($states.result.Body) %}",
        "End": True,
    }
    assert output(run(definition(T=task), {}, allow("s3:GetObject", f"arn:aws:s3:::{name}/k"))) == {"rows": 3}


def test_retry_counts_and_waits(aws: Any, run: Any, name: str) -> None:
    """A retried task sees its RetryCount, waits no longer than MaxDelaySeconds, and gives up after
    MaxAttempts.
    """
    aws("s3").create_bucket(Bucket=name)
    retry = {
        "ErrorEquals": ["S3.NoSuchKeyException"],
        "IntervalSeconds": 1,
        "MaxDelaySeconds": 1,
        "BackoffRate": 100,
        "JitterStrategy": "FULL",
        "MaxAttempts": 3,
    }
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Arguments": {"Bucket": name, "Key": "{% 'k' & $string($states.context.State.RetryCount) %}"},
        "Retry": [retry],
        "End": True,
    }
    began = time.monotonic()
    failed = run(definition(T=task), {}, allow(["s3:GetObject", "s3:ListBucket"]))
    assert time.monotonic() - began < 60
    tried = [
        json.loads(event["taskScheduledEventDetails"]["parameters"])["Key"]
        for event in failed["events"]
        if event["type"] == "TaskScheduled"
    ]
    assert tried == ["k0", "k1", "k2", "k3"]


def test_execution_timeout(run: Any) -> None:
    """TimeoutSeconds of the machine ends the execution as TIMED_OUT."""
    machine = {**definition(W={"Type": "Wait", "Seconds": 30, "End": True}), "TimeoutSeconds": 1}
    ran = run(machine)
    assert ran["status"] == "TIMED_OUT"
    assert ran["events"][-1]["type"] == "ExecutionTimedOut"


def test_stop_keeps_error_and_cause(aws: Any, create: Any) -> None:
    """A stopped execution is ABORTED with the error and cause given, and its thread adds nothing
    afterwards.
    """
    states = aws("stepfunctions")
    arn = create(definition(W={"Type": "Wait", "Seconds": 2, "End": True}))
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    states.stop_execution(executionArn=execution, error="E", cause="because")
    stopped = ended(states, execution)
    assert (stopped["status"], stopped["error"], stopped["cause"]) == ("ABORTED", "E", "because")
    assert stopped["events"][-1]["executionAbortedEventDetails"] == {"error": "E", "cause": "because"}


def test_execution_names(aws: Any, create: Any) -> None:
    """80 characters with `_` and `.` are a valid name; 81, and a space, are not."""
    states = aws("stepfunctions")
    arn = create(definition(P=PASS))
    longest = ("a_b.c-" * 14)[:80]
    execution = states.start_execution(stateMachineArn=arn, name=longest)["executionArn"]
    assert ended(states, execution)["name"] == longest
    for wrong in (longest + "x", "a b", "a/b"):
        with pytest.raises(ClientError, match="InvalidName"):
            states.start_execution(stateMachineArn=arn, name=wrong)


def test_duplicate_execution_name(aws: Any, create: Any) -> None:
    """While it runs, the same start again is the same execution; otherwise the name is taken."""
    states = aws("stepfunctions")
    arn = create(definition(W={"Type": "Wait", "Seconds": 2, "End": True}))
    first = states.start_execution(stateMachineArn=arn, name="one", input='{"a": 1}')
    again = states.start_execution(stateMachineArn=arn, name="one", input='{"a": 1}')
    assert again["executionArn"] == first["executionArn"]
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        states.start_execution(stateMachineArn=arn, name="one", input='{"a": 2}')
    assert ended(states, first["executionArn"])["status"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        states.start_execution(stateMachineArn=arn, name="one", input='{"a": 1}')
    second = states.start_execution(stateMachineArn=arn, name="two", input='{"a": 1}')
    assert ended(states, second["executionArn"])["status"] == "SUCCEEDED"


def test_input_must_be_json(aws: Any, create: Any) -> None:
    """Text that is not JSON is InvalidExecutionInput."""
    with pytest.raises(ClientError, match="InvalidExecutionInput"):
        aws("stepfunctions").start_execution(stateMachineArn=create(definition(P=PASS)), input="{")


SDK = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "End": True}
WRONG = {
    "start": ({**definition(P=PASS), "StartAt": "Q"}, "MISSING_TRANSITION_TARGET.*'StartAt' target: Q"),
    "next": (
        definition(P={"Type": "Pass", "Next": "Q"}),
        "MISSING_TRANSITION_TARGET.*'Next' target: Q at /States/P/Next",
    ),
    "no type": (definition(P={"End": True}), "SCHEMA_VALIDATION_FAILED.*Type must be"),
    "unknown field": (definition(P={**PASS, "Ende": True}), "Field 'Ende' is not supported at /States/P"),
    "jsonpath field": (definition(P={**PASS, "ResultPath": "$"}), "'ResultPath' is not supported with"),
    "no end": (definition(P={"Type": "Pass", "Next": "P"}), "NO_TERMINAL_STATE"),
    "neither": (definition(P={"Type": "Pass"}), "either Next or End"),
    "unreachable": (definition(P=PASS, Q=PASS), "The state Q cannot be reached"),
    "expression": (
        definition(P={**PASS, "Output": "{% $( %}"}),
        "INVALID_JSONATA_EXPRESSION.*/States/P/Output",
    ),
    "choice": (definition(C={"Type": "Choice", "Choices": [], "Default": "P"}, P=PASS), "at least one rule"),
    "catch": (definition(T={**SDK, "Catch": [{"ErrorEquals": ["A"], "Next": "Q"}]}), "'Next' target: Q"),
    "retry": (definition(T={**SDK, "Retry": [{"ErrorEquals": ["A"], "MaxDelay": 1}]}), "Field 'MaxDelay'"),
    "catch all": (
        definition(T={**SDK, "Catch": [{"ErrorEquals": ["States.ALL", "A"], "Next": "P"}]}, P=PASS),
        "States.ALL must stand alone",
    ),
    "service": (
        definition(T={**SDK, "Resource": "arn:aws:states:::aws-sdk:ec2:runInstances"}),
        "NOT_EMULATED.*ec2",
    ),
    "integration": (
        definition(T={**SDK, "Resource": "arn:aws:states:::batch:submitJob.sync"}),
        "NOT_EMULATED.*batch",
    ),
    "lambda": (
        definition(T={**SDK, "Resource": "arn:aws:lambda:us-east-1:1:function:f"}),
        "not the ARN of a service",
    ),
    "map": (definition(M={"Type": "Map", "End": True}), "NOT_EMULATED.*Map"),
    "jsonpath": ({"StartAt": "P", "States": {"P": PASS}}, "NOT_EMULATED.*JSONata only"),
    "timeout": ({**definition(P=PASS), "TimeoutSeconds": 0}, "TimeoutSeconds must be a positive integer"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_definition_is_refused(create: Any, aws: Any, case: str) -> None:
    """A definition that AWS refuses, or that is not emulated, is InvalidDefinition, and says where."""
    machine, message = WRONG[case]
    with pytest.raises(ClientError, match=f"InvalidDefinition.*{message}"):
        create(machine)
    diagnosed = aws("stepfunctions").validate_state_machine_definition(definition=json.dumps(machine))
    assert diagnosed["result"] == "FAIL"


def test_update_checks_too_and_changes_nothing(aws: Any, create: Any) -> None:
    """A refused update leaves the definition as it was; an accepted one replaces it."""
    states = aws("stepfunctions")
    arn = create(definition(P=PASS))
    with pytest.raises(ClientError, match="InvalidDefinition"):
        states.update_state_machine(
            stateMachineArn=arn, definition=json.dumps(definition(P={"Type": "Pass"}))
        )
    assert json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"]) == definition(P=PASS)
    states.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition(Q=PASS)))
    assert json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"]) == definition(Q=PASS)


def test_role_must_trust_step_functions(create: Any, role: Any) -> None:
    """A role whose trust policy names another service cannot be a state machine's."""
    with pytest.raises(ClientError, match=r"states.amazonaws.com.*authorized to assume"):
        create(definition(P=PASS), roleArn=role("glue.amazonaws.com"))


def test_an_explicit_deny_in_a_trust_policy_wins(aws: Any, create: Any, role: Any) -> None:
    """Whether it stands before or after the statement that allows; one about somebody else changes nothing."""
    arn = role("states.amazonaws.com")
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    denied = {**allowed, "Effect": "Deny"}
    other = {**denied, "Principal": {"Service": "glue.amazonaws.com"}}

    def trust(*statements: dict[str, Any]) -> None:
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        aws("iam").update_assume_role_policy(RoleName=arn.rsplit("/", 1)[1], PolicyDocument=policy)

    for statements in ((allowed, denied), (denied, allowed)):
        trust(*statements)
        with pytest.raises(ClientError, match=r"states.amazonaws.com.*authorized to assume"):
            create(definition(P=PASS), roleArn=arn)
    trust(other, allowed)
    assert create(definition(P=PASS), roleArn=arn)


def test_role_must_still_trust_at_the_start(aws: Any, create: Any, role: Any) -> None:
    """A role that lost its trust after the machine was made fails the execution's first call."""
    arn = role("states.amazonaws.com", allow("s3:*"))
    machine = create(definition(T={**SDK, "Arguments": {"Bucket": "b", "Key": "k"}}), roleArn=arn)
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    aws("iam").update_assume_role_policy(RoleName=arn.rsplit("/", 1)[1], PolicyDocument=json.dumps(policy))
    states = aws("stepfunctions")
    failed = ended(states, states.start_execution(stateMachineArn=machine)["executionArn"])
    assert "cannot be assumed by states.amazonaws.com" in failed["cause"]


DELIVERY = allow(
    [
        *(f"logs:{name}LogDelivery" for name in ("Create", "Get", "Update", "Delete")),
        *("logs:ListLogDeliveries", "logs:PutResourcePolicy"),
        *("logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
    ]
)


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("ALL", ["ExecutionStarted", "FailStateEntered", "ExecutionFailed"]),
        ("ERROR", ["FailStateEntered", "ExecutionFailed"]),
        ("FATAL", ["ExecutionFailed"]),
    ],
)
def test_logging(aws: Any, run: Any, name: str, level: str, expected: list[str]) -> None:
    """Events go to the configured log group at the level asked, without data unless that is asked for."""
    group = f"/aws/vendedlogs/states/{name}"
    aws("logs").create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:*"
    logging = {
        "level": level,
        "includeExecutionData": False,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
    }
    machine = definition(F={"Type": "Fail", "Error": "E", "Cause": "because"})
    ran = run(machine, {"secret": 1}, DELIVERY, loggingConfiguration=logging)
    events = [json.loads(e["message"]) for e in aws("logs").filter_log_events(logGroupName=group)["events"]]
    assert [event["type"] for event in events] == expected
    assert events[-1]["details"] == {"error": "E", "cause": "because"}
    assert {event["execution_arn"] for event in events} == {ran["executionArn"]}
    assert "secret" not in json.dumps(events)


def test_logging_needs_permission_and_group(aws: Any, create: Any, name: str) -> None:
    """A role that may not set up log delivery, and a group that does not exist, are refused at creation."""
    group = f"/aws/vendedlogs/states/{name}"
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:*"
    logging = {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]}
    with pytest.raises(ClientError, match=r"InvalidLoggingConfiguration.*does not exist"):
        create(definition(P=PASS), DELIVERY, loggingConfiguration=logging)
    aws("logs").create_log_group(logGroupName=group)
    with pytest.raises(ClientError, match=r"AccessDenied.*not authorized to access the Log Destination"):
        create(definition(P=PASS), loggingConfiguration=logging)


REFUSED = {
    "start_sync_execution": {"stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:m"},
    "list_map_runs": {"executionArn": "arn:aws:states:us-east-1:000000000000:execution:m:e"},
    "create_activity": {"name": "a"},
    "get_activity_task": {"activityArn": "arn:aws:states:us-east-1:000000000000:activity:a"},
    "send_task_success": {"taskToken": "t", "output": "{}"},
}


@pytest.mark.parametrize("operation", REFUSED)
def test_refused_by_name(aws: Any, operation: str) -> None:
    """What is not emulated is an error that names the operation."""
    named = "".join(part.title() for part in operation.split("_"))
    with pytest.raises(ClientError, match=f"does not emulate states:{named}") as refused:
        getattr(aws("stepfunctions", inject_host_prefix=False), operation)(**REFUSED[operation])
    assert refused.value.response["Error"]["Code"] == "NotImplementedException"


def test_express_is_refused(create: Any) -> None:
    """An Express machine, which would be another interpreter, is refused by name."""
    with pytest.raises(ClientError, match="does not emulate type"):
        create(definition(P=PASS), type="EXPRESS")
