"""How an execution ends other than at Published or Failed, and what decides it.

A step's result may say ``"proceed": false``, by which the run ends well at NothingNew, or ``"passed": false``
with ``failed_rules`` (``rule``, ``source``, ``value``, ``limit``), by which it fails at QualityGateFailed.
An execution that finds an earlier one still running ends well at AlreadyRunning: a schedule is delivered at
least once, and two runs would do the same work twice.

The verdict of data sets may say besides how many tables are ``published`` although a rule failed: these are ingested
before the run fails. And how many ``warnings`` there are: with any, the run ends well at PublishedWithWarnings. Their
decision names data sets that are ``held`` because their definition has changed: the others are published, and then the
run fails at DefinitionChanged.
"""

from __future__ import annotations

from typing import Any

from . import execution, failures, jsonata

NOTHING_NEW = "NothingNew"
GATE_FAILED = "QualityGateFailed"
ALREADY_RUNNING = "AlreadyRunning"
WARNED = "PublishedWithWarnings"
DEFINITION_CHANGED = "DefinitionChanged"
#: the states that look, after the tables that passed are ingested, whether others failed, and for warnings.
CHECK_REST, CHECK_WARNINGS = "CheckRest", "CheckWarnings"
#: the states that a machine has besides where there are data sets.
OF_DATASETS = (CHECK_WARNINGS, WARNED, DEFINITION_CHANGED)
LOOK, COMPARE = "LookForOthers", "CheckOthers"

#: the state machine's own ARN, also where the context should have it with the version or the alias that was started.
_OWN_MACHINE = "$join($split($states.context.StateMachine.Id, ':')[[0..6]], ':')"

#: executions at which one look stops: as a result of some 500 bytes each they fit a state many times.
_LOOKED_AT = 100
#: characters of a failed rule's parts, and of all of them together; a cause may have 32,768.
_LONGEST_NAME, _LONGEST_SOURCE, _LONGEST_VALUE, _LONGEST = 64, 200, 40, 4000

State = dict[str, Any]
Rule = dict[str, Any]


def rules(result: str) -> list[Rule]:
    """The rules of the Choice after a result was read into the variable ``result``."""
    return [
        _ends(f"${result}.proceed = false", result, NOTHING_NEW),
        _ends(f"${result}.passed = false", result, GATE_FAILED),
    ]


def of_publication(result: str, ingest: str, *, deferring: bool) -> list[Rule]:
    """The same of a verdict of data sets, where a state ingests what is published although a rule failed.

    ``deferring``: a run that leaves tables for a later one leaves the ingestion, too.
    """
    some = f"$type(${result}.published) = 'number' ? ${result}.published > 0 : false"
    nothing_new, failed = rules(result)
    rest = {"Condition": jsonata.expression(f"${result}.passed = false and ({some})"), "Next": ingest}
    later = {"Condition": jsonata.expression(execution.DEFERRED), "Next": CHECK_REST}
    return [nothing_new, *([later] if deferring else []), rest, failed]


def check_rest(result: str, following: str) -> State:
    """The Choice after that ingestion: what failed its rules makes the run fail now."""
    return {
        "Type": "Choice",
        "Choices": [_ends(f"${result}.passed = false", result, GATE_FAILED)],
        "Default": following,
    }


def of_comparison(result: str) -> list[Rule]:
    """The rules after the comparison of data sets: one that is held, with nothing else to do, fails the run."""
    held = f"${result}.proceed = false and ({_held(result)})"
    return [{"Condition": jsonata.expression(held), "Next": DEFINITION_CHANGED}, *rules(result)]


def _held(result: str) -> str:
    return f"$type(${result}.held) = 'array' ? $count(${result}.held) > 0 : false"


def definition_changed(result: str) -> State:
    """The end of a run with data sets that are held; ``result``: of the comparison."""
    named = f"'the definition has changed of ' & $join(${result}.held, ', ')"
    answers = "'not loaded until a run says --rebuild NAME or --from-now-on NAME'"
    cause = f"$substring($join([{named}, {answers}, ${result}.messages], '; '), 0, {_LONGEST})"
    return {"Type": "Fail", "Error": DEFINITION_CHANGED, "Cause": jsonata.expression(cause)}


def last_checks(comparison: str, result: str, output: str) -> dict[str, State]:
    """The states by which a run of data sets that are held fails, and one that published with warnings ends as such;
    ``output``: JSONata of its output.
    """
    warned = f"$type(${result}.warnings) = 'number' ? ${result}.warnings > 0 : false"
    return {
        CHECK_WARNINGS: {
            "Type": "Choice",
            "Choices": [
                {"Condition": jsonata.expression(_held(comparison)), "Next": DEFINITION_CHANGED},
                {"Condition": jsonata.expression(warned), "Next": WARNED},
            ],
            "Default": "Published",
        },
        DEFINITION_CHANGED: definition_changed(comparison),
        WARNED: {"Type": "Succeed", "Output": jsonata.expression(output)},
    }


def ends() -> dict[str, State]:
    """The states to which ``rules`` lead; each is given the result as its input."""
    return {
        NOTHING_NEW: {"Type": "Succeed"},
        GATE_FAILED: {
            "Type": "Fail",
            "Error": GATE_FAILED,
            "Cause": jsonata.expression(failed_rules()),
        },
    }


def alone(listing: str, following: str) -> dict[str, State]:
    """The states that let only the earliest of the running executions go on to ``following``.

    ``listing`` is the resource of ListExecutions. Of two that start at once, neither may wait for the other:
    the one that started later ends, and where both started in one millisecond the one whose ARN is greater.
    """
    return {
        LOOK: {
            "Type": "Task",
            "Resource": listing,
            "Arguments": {
                "StateMachineArn": jsonata.expression(_OWN_MACHINE),
                "StatusFilter": "RUNNING",
                "MaxResults": _LOOKED_AT,
            },
            "TimeoutSeconds": 60,
            "Retry": [failures.retry_call(["Sfn.SfnException", "Sfn.SdkClientException"], attempts=8)],
            "Assign": {"earlier": jsonata.expression(_earlier())},
            "Output": {},
            **failures.catch("Failed"),
            "Next": COMPARE,
        },
        COMPARE: {
            "Type": "Choice",
            "Choices": [
                {"Condition": jsonata.expression("$count($earlier) > 0"), "Next": ALREADY_RUNNING},
            ],
            "Default": following,
        },
        ALREADY_RUNNING: {"Type": "Succeed", "Output": {"running": jsonata.expression("$earlier")}},
    }


def _ends(condition: str, result: str, at: str) -> Rule:
    return {
        "Condition": jsonata.expression(condition),
        "Output": jsonata.expression(f"${result}"),
        "Next": at,
    }


def _earlier() -> str:
    """JSONata: the ARNs of the running executions that were started before this one."""
    mine = "$states.context.Execution"
    started, own = "$toMillis(StartDate)", f"$toMillis({mine}.StartTime)"
    tie = f"{started} = {own} and ExecutionArn < {mine}.Id"
    return f"[$states.result.Executions[{started} < {own} or ({tie})].ExecutionArn]"


def failed_rules() -> str:
    """JSONata: which rules failed, with value and limit, in one line of bounded length."""
    rule = jsonata.concatenation(
        [
            _part("rule", _LONGEST_NAME),
            f"($type(source) = 'string' ? ' of ' & {_part('source', _LONGEST_SOURCE)} : '')",
            "': '",
            _part("value", _LONGEST_VALUE),
            "', limit '",
            _part("limit", _LONGEST_VALUE),
        ]
    )
    failed = "$states.input.failed_rules"
    listed = f"$substring($join([{failed}.({rule})], '; '), 0, {_LONGEST})"
    return f"$exists({failed}.rule) ? {listed} : 'the result of the step names no rule'"


def _part(name: str, longest: int) -> str:
    return f"$substring($string({name}), 0, {longest})"
