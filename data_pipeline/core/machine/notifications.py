"""How the state machine tells somebody of its end: a publication to SNS right before it, which changes nothing.

The states are put in front of the ends of a definition that is complete without them, so that whatever leads to an
end is told. A notification that cannot be published is caught: the run ends as it would have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from data_pipeline.core.config.default_steps import DECISION
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.config.notify import End, Notify

from . import end_states, failures, jsonata, tasks

State = dict[str, Any]

#: end → (the state that tells of it, as which of the ends in the configuration)
NOTIFYING: dict[str, tuple[str, tuple[End, ...]]] = {
    "Failed": ("NotifyFailure", ("failure",)),
    end_states.GATE_FAILED: ("NotifyGateFailure", ("failure",)),
    end_states.DEFINITION_CHANGED: ("NotifyDefinitionChanged", ("failure",)),
    end_states.WARNED: ("NotifyWarnings", ("warning", "success")),
    "Published": ("NotifyPublished", ("success",)),
    end_states.NOTHING_NEW: ("NotifyNothingNew", ("nothing_new",)),
}
_SAID = {
    "Published": "published",
    end_states.WARNED: "published with warnings",
    end_states.NOTHING_NEW: "found nothing new",
}

#: SNS takes subjects of fewer than 100 characters, ASCII without line ends; messages of 262,144 bytes.
_LONGEST_SUBJECT = 99
#: characters of an error's name, of its cause and of a result in a message: far below that limit in any encoding.
_LONGEST_ERROR, _LONGEST_CAUSE, _LONGEST_RESULT, _LONGEST_ACCEPT = 200, 2000, 4000, 1000

#: JSONata of what was published although a rule failed.
_PUBLISHED_NOTHING = "'Nothing was published: a quality rule failed.'"
_PUBLISHED_OTHERS = (
    "($type($states.input.published) = 'number' and $states.input.published > 0"
    " ? 'A quality rule failed: what it is about was not published; ' & $states.input.published"
    " & ($states.input.published = 1 ? ' other table is' : ' other tables are') & ' up to date.'"
    " : 'Nothing was published: a quality rule failed.')"
)

#: JSONata of the rules that the run was told to let through, which it would fail by without that.
_ACCEPTED = "$join($states.context.Execution.Input.accept.(' --accept ' & $), '')"

_CONSOLES = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}

#: what the service says of a failed job, as JSON, that tells why: the first of these members, in its order. Whole
#: escapes only, so that what is cut off can still be read; \x5c is a backslash that no reader of patterns mistakes.
_WHY = (
    r'/"(ExitMessage|ErrorMessage|FailureReason)": *"'
    r'((\x5cu[0-9a-fA-F]{4}|\x5c[^u]|[^\x5c"]){0,1000})/'
)


def email_parameters(notify: Notify) -> dict[str, str]:
    """Parameter of the pipeline stack → the address that it stands for."""
    return {f"NotificationEmail{place}": address for place, address in enumerate(notify.emails, 1)}


def parameters(env: Environment) -> dict[str, str]:
    """What deploy fills the parameters of the pipeline stack with."""
    if env.notify is None:
        return {}
    topic = {"NotificationTopicArn": env.notify.topic} if env.notify.topic else {}
    return {**email_parameters(env.notify), **topic}


def tell(env: Environment, states: dict[str, State]) -> dict[str, State]:
    """The states of a machine, with one in front of each end that somebody wants to hear of."""
    if env.notify is None:
        return states
    notifying = names(env.notify, states)
    found: dict[str, State] = {}
    for name, state in states.items():
        if name in notifying:
            found[notifying[name]] = _publish(env, name, state)
        found[name] = _redirected(_placed(state), notifying)
    return found


def names(notify: Notify, ends: Collection[str]) -> dict[str, str]:
    """Which of these ends are told of → the state that does it."""
    return {
        end: name for end, (name, kinds) in NOTIFYING.items() if end in ends and {*kinds} & {*notify.when}
    }


def _publish(env: Environment, end: str, state: State) -> State:
    """The state that tells of an end and goes on to it, with the same input, whether or not that went well."""
    subject, lines = _text(env, end, state)
    unchanged = {"Output": jsonata.expression("$states.input"), "Next": end}
    return {
        "Type": "Task",
        "Resource": tasks.resource(env, "sns:publish"),
        "Arguments": {
            "TopicArn": "${NotificationTopicArn}",
            "Subject": jsonata.expression(f"$substring({subject}, 0, {_LONGEST_SUBJECT})"),
            "Message": jsonata.expression(f"$join([{', '.join(lines)}], '\\n')"),
        },
        "TimeoutSeconds": 60,
        # What has no name of its own in SNS's model, throttling among it, is an AmazonSNSException.
        "Retry": [
            failures.retry_call(
                ["SNS.AmazonSNSException", "SNS.InternalErrorException", "SNS.KMSThrottlingException"],
                attempts=4,
            )
        ],
        "Catch": [{"ErrorEquals": ["States.ALL"], **unchanged}],
        **unchanged,
    }


def _text(env: Environment, end: str, state: State) -> tuple[str, list[str]]:
    """JSONata of the subject and of each line of the message."""
    run = f"{env.pipeline} in {env.name}"
    if end == "Failed":
        said, error, cause = "failed", "$failure.Error", _cause("$failure.Cause")
        where = ["'state: ' & $failure.State"]
    elif end == end_states.GATE_FAILED:
        said, error, cause = "failed", jsonata.literal(end_states.GATE_FAILED), end_states.failed_rules()
        where = [_PUBLISHED_OTHERS if env.datasets else _PUBLISHED_NOTHING]
    elif end == end_states.DEFINITION_CHANGED:
        said, error = "failed", jsonata.literal(end)
        cause, where = _code(state["Cause"]), ["'Other data sets were published, if they had anything new.'"]
    else:
        said = _SAID[end]
        result = _code(state["Output"]) if "Output" in state else "$states.input"
        shown = f"'result: ' & $substring($string({result}), 0, {_LONGEST_RESULT})"
        return jsonata.literal(f"{run}: {said}"), [*_opening(env, said), shown, _link(env)]
    short = f"$substring({error}, 0, {_LONGEST_ERROR})"
    ascii_only = f"$replace({short}, /[^ -~]/, '?')"
    lines = [*_opening(env, said), *where, f"'error: ' & {short}", f"'cause: ' & ({cause})"]
    lines += [
        *_after(env, end),
        f"{_command('look', 'runs show', env.name)} & ' ' & {jsonata.RUN}",
        _link(env),
    ]
    return f"{jsonata.literal(f'{run}: {said}: ')} & {ascii_only}", lines


def _after(env: Environment, end: str) -> Iterator[str]:
    """JSONata of what a reader of a failure should know and may do."""
    if end == "Failed":
        yield "'What was published before stays as it is.'"
    elif end == end_states.GATE_FAILED:
        said = f"$substring($join($states.input.messages, '\\n'), 0, {_LONGEST_CAUSE})"
        yield from ([f"($exists($states.input.messages[0]) ? {said})"] if env.datasets else [])
        yield "'What was published of it before stays as it is.'"
        at = f" & '@' & {jsonata.RUN}" if env.datasets else ""
        rule = f"' --accept ' & $trim($substringBefore($string($), '(')){at}"
        rules = (
            f"$substring($join($distinct($states.input.failed_rules.rule).({rule})), 0, {_LONGEST_ACCEPT})"
        )
        yield f"{_command('to let it through', 'run', env.name)} & {_ACCEPTED} & {rules}"
    else:
        names = f"$join(${DECISION}.held, ' --rebuild ')"
        yield f"{_command('to read it anew', 'run', env.name)} & ' --rebuild ' & {names}"


def _command(why: str, command: str, env: str) -> str:
    """JSONata of a line with a command."""
    return jsonata.literal(f"{why}: python -m data_pipeline {command} {env}")


def _opening(env: Environment, said: str) -> Iterator[str]:
    yield f"{jsonata.literal(f'{env.pipeline} in {env.name}: the run ')} & {jsonata.RUN} & ' {said}.'"


def _cause(cause: str) -> str:
    """JSONata of a cause in short: of a failed job, what it or the service said, else its beginning."""
    quoted = f"$match($cause, {_WHY})[0].groups[1]"
    return (
        f"($cause := {cause}; $told := {quoted}; "
        f"$substring($exists($told) ? $parse('\"' & $told & '\"') : $cause, 0, {_LONGEST_CAUSE}))"
    )


def _link(env: Environment) -> str:
    host = next(
        (h for start, h in _CONSOLES.items() if env.region.startswith(start)), "console.aws.amazon.com"
    )
    page = jsonata.literal(f"https://{host}/states/home?region={env.region}#/v2/executions/details/")
    return f"{page} & $states.context.Execution.Id"


def _placed(state: State) -> State:
    """The state, keeping with a failure where it was: the name of the state is told, too."""
    caught = [_with_place(rule) for rule in state.get("Catch", [])]
    choices = [_with_place(rule) for rule in state.get("Choices", [])]
    return {**state, **({"Catch": caught} if caught else {}), **({"Choices": choices} if choices else {})}


def _with_place(rule: dict[str, Any]) -> dict[str, Any]:
    failure = rule.get("Assign", {}).get("failure")
    if failure is None:
        return rule
    placed = {**failure, "State": jsonata.expression("$states.context.State.Name")}
    return {**rule, "Assign": {**rule["Assign"], "failure": placed}}


def _redirected(state: State, targets: dict[str, str]) -> State:
    """The state, going to what tells of an end where it went to the end."""
    changed = {
        key: targets.get(value, value) if key in ("Next", "Default") else value
        for key, value in state.items()
    }
    for key in ("Catch", "Choices"):
        if key in state:
            changed[key] = [{**rule, "Next": targets.get(rule["Next"], rule["Next"])} for rule in state[key]]
    return changed


def _code(output: Any) -> str:
    return str(output).removeprefix("{%").removesuffix("%}").strip()
