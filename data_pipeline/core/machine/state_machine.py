"""Steps → the state machine, as a dict of the Amazon States Language (JSONata, variables).

Strings hold CloudFormation's substitutions, ``${Name}``: ``DataBucketName``, ``DatabaseName``,
``ArtifactBucketName``, ``DataKeyArn``, ``NotificationTopicArn``, ``CodeVersionHash``, ``RegionName``,
``DefinitionsHash``;
per step ``<Step>RoleArn`` and ``<Step>JobName``;
per runtime ``<Runtime>Image`` and ``<Runtime>WheelsHash``. The template says what they become.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from data_pipeline.core.config.default_steps import DECISION, INGEST, LOAD, PREPARE, VERDICT
from data_pipeline.core.config.environment import Environment, Job, Step
from data_pipeline.core.config.locations import key_prefix
from data_pipeline.core.config.sources import takes_sources
from data_pipeline.core.naming import MAINTENANCE

from . import beginning, cluster, end_states, execution, failures, jsonata, notifications, tasks
from .steps import camel, cluster_state, in_order

#: the result that the maintenance's job leaves: what it expired and deleted, by table.
MAINTAINED = "maintained"

State = dict[str, Any]
Named = tuple[str, Step]


def state_machine(env: Environment) -> dict[str, Any]:
    """The definition of an environment's state machine."""
    steps = in_order(env.steps)
    first = beginning.STATE if len(steps) > 1 else camel(steps[0][0])
    states: dict[str, State] = {}
    _add(states, "CheckInput", _check_input(steps, first))
    for name, state in end_states.alone(tasks.resource(env, "aws-sdk:sfn:listExecutions"), first).items():
        _add(states, name, state)
    if len(steps) > 1:
        _add(states, beginning.STATE, beginning.state(steps))
    output = "{}"
    for place in range(len(steps)):
        output = _add_step(states, env, steps, place) or output
    output = _with_partial(env, steps, output)
    if env.datasets:
        for name, state in end_states.last_checks(DECISION, VERDICT, output).items():
            _add(states, name, state)
    _add(states, "Published", {"Type": "Succeed", "Output": jsonata.expression(output)})
    if any(step.result for _, step in steps):
        for name, state in end_states.ends().items():
            _add(states, name, state)
    _add(states, "Failed", _failed())
    return {
        "Comment": f"{env.pipeline} in {env.name}: "
        + ", then ".join(name for name, _ in steps)
        + "; one run of the whole",
        "QueryLanguage": "JSONata",
        "StartAt": "CheckInput",
        "States": notifications.tell(env, states),
    }


def maintenance(env: Environment, job: Job) -> dict[str, Any]:
    """The definition of the maintenance's state machine: one job, tried again as a step is.

    A machine of its own, not a step: it must neither delay a publication nor be stopped by one that fails. It
    needs no look for another execution, since expiry commits as every publication does and deletes nothing
    that is young.
    """
    first = camel(MAINTENANCE)
    states: dict[str, State] = {"Begin": {"Type": "Pass", "Assign": failures.START, "Next": first}}
    _add_job(states, env, first, tasks.task(env, MAINTENANCE, job), f"Read{camel(MAINTAINED)}")
    read = {**_read_result(env, MAINTENANCE, MAINTAINED, jsonata.RUN), "Next": camel(MAINTAINED)}
    _add(states, f"Read{camel(MAINTAINED)}", read)
    output = jsonata.expression(f"${MAINTAINED}")
    _add(states, camel(MAINTAINED), {"Type": "Succeed", "Output": output})
    _add(states, "Failed", _failed())
    return {
        "Comment": f"{env.pipeline} in {env.name}: the upkeep of its tables",
        "QueryLanguage": "JSONata",
        "StartAt": "Begin",
        "States": notifications.tell(env, states),
    }


def machines(env: Environment) -> dict[str, dict[str, Any]]:
    """Name → definition of every state machine of an environment."""
    found = {env.names.state_machine: state_machine(env)}
    if env.maintenance:
        found[env.names.maintenance] = maintenance(env, env.maintenance)
    return found


def callers(definition: Mapping[str, Any]) -> dict[str, str]:
    """Integration (``glue:startJobRun.sync``) → which states call it, in words."""
    states: dict[str, list[str]] = {}
    for name, state in definition["States"].items():
        if state["Type"] == "Task":
            states.setdefault(state["Resource"].split(":", 5)[5], []).append(name)
    return {
        integration: ("states " if len(names) > 1 else "state ") + f"{', '.join(names)} ({integration})"
        for integration, names in states.items()
    }


def _add(states: dict[str, State], name: str, state: State) -> None:
    assert name not in states, f"two states called {name}"  # refused by rules.states before
    states[name] = state


def _add_step(states: dict[str, State], env: Environment, steps: Sequence[Named], place: int) -> str | None:
    """The states of the step at ``place``; the JSONata of its result, if it leaves one."""
    name, step = steps[place]
    following = steps[place + 1] if place + 1 < len(steps) else None
    before = steps[place - 1][1].result if place else None
    end = end_states.CHECK_WARNINGS if env.datasets else "Published"
    onwards = camel(following[0]) if following else end
    if env.datasets and name == INGEST:
        rest = end_states.check_rest(VERDICT, onwards)
        _add(states, end_states.CHECK_REST, rest)
        onwards = end_states.CHECK_REST
    after = f"Read{camel(step.result)}" if step.result else onwards
    _add_job(states, env, camel(name), tasks.task(env, name, step), after)
    if step.cluster and step.on_cluster and before:
        instances = cluster.instances(step.cluster, before, step.service)
        _add_job(states, env, cluster_state(name), tasks.task(env, name, step.on_cluster, instances), after)
    if not step.result:
        return None
    rules = end_states.rules(step.result)
    if env.datasets and name == PREPARE:
        rules = end_states.of_comparison(step.result)
    elif env.datasets and name == LOAD and INGEST in env.steps:
        rules = end_states.of_publication(step.result, camel(INGEST), deferring=_makes_more(env))
    rules += beginning.skipping(steps, place)
    if following and following[1].cluster:
        rules.append(cluster.rule(following[1].cluster, step.result, cluster_state(following[0])))
    judge = f"Check{camel(step.result)}"
    _add(
        states, after, {**_read_result(env, name, step.result, beginning.folder(steps, place)), "Next": judge}
    )
    _add(states, judge, {"Type": "Choice", "Choices": rules, "Default": onwards})
    return f"${step.result}"


def _makes_more(env: Environment) -> bool:
    """Whether anything is made of data sets, by which a later run knows that one before it has left it."""
    return bool(env.tables) or any(each.key or each.export for each in env.datasets.values())


def _with_partial(env: Environment, steps: Sequence[Named], output: str) -> str:
    """JSONata of the output of a run that published, which says whether the mirror before it was partial."""
    results = [step.result for _, step in steps if step.result and takes_sources(step.arguments)]
    if not env.mirrors or not results:
        return output
    return f"$merge([{output}, {{'partial': ${results[0]}.partial = true}}])"


def _add_job(states: dict[str, State], env: Environment, state: str, task: State, after: str) -> None:
    """A task, and what becomes of it when its job fails. Glue itself queues a run that exceeds a quota."""
    failure, again = f"{state}Failure", f"{state}Backoff"
    look = f"{state}OtherJobs" if "createProcessingJob" in task["Resource"] else None
    _add(states, state, {**task, **failures.catch(failure), "Next": after})
    _add(states, failure, failures.judge(again, "Failed", look))
    if look:
        listing = tasks.resource(env, "aws-sdk:sagemaker:listProcessingJobs")
        _add(states, look, failures.look_for_jobs(listing, f"{env.names.prefix}-", failure, "Failed"))
    _add(states, again, failures.back_off(state))


def _check_input(steps: Sequence[Named], first: str) -> State:
    """Refuse what ``execution.SCHEMA`` refuses, and a step at which no execution begins, before anything is started."""
    given = "$states.input"
    refused = {
        f"$not({execution.is_valid(given)})": execution.why_not(given),
        beginning.unknown(steps, given): beginning.why_unknown(steps, given),
    }
    start = {**failures.START, beginning.PLANNED: jsonata.expression(jsonata.RUN)}
    return {
        "Type": "Choice",
        "Choices": [
            *(
                {
                    "Condition": jsonata.expression(condition),
                    "Assign": {"failure": {"Error": "InvalidInput", "Cause": jsonata.expression(cause)}},
                    "Next": "Failed",
                }
                for condition, cause in refused.items()
            ),
            {"Condition": jsonata.expression(execution.CONCURRENT), "Assign": start, "Next": first},
        ],
        "Assign": start,
        "Default": end_states.LOOK,
    }


def _read_result(env: Environment, step: str, result: str, run: str) -> State:
    """Read ``<output>/runs/<run>/<result>.json``, which the step has left, into the variable ``<result>``; ``run``:
    JSONata of the run's name.
    """
    parsed = jsonata.expression("$parse($states.result.Body)")
    key = jsonata.concatenation(
        [jsonata.literal(key_prefix(env.data, "runs")), run, jsonata.literal(f"/{result}.json")]
    )
    return {
        "Type": "Task",
        "Resource": tasks.resource(env, "aws-sdk:s3:getObject"),
        "Arguments": {"Bucket": "${DataBucketName}", "Key": jsonata.expression(key)},
        "TimeoutSeconds": 60,
        "Retry": [failures.retry_call(["S3.S3Exception", "S3.SdkClientException"], attempts=4)],
        "Assign": {result: parsed},
        "Output": {},
        **failures.catch_result(step, f"'s3://${{DataBucketName}}/' & {key}", "Failed"),
    }


def _failed() -> State:
    return {
        "Type": "Fail",
        "Error": jsonata.expression("$failure.Error"),
        "Cause": jsonata.expression("$failure.Cause"),
    }
