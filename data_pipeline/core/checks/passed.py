"""What the states of a template's machine pass to its jobs: do job, role and options exist?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from data_pipeline.core.problems import Path, did_you_mean, nearest, one_of, quoted

from .cloudformation.functions import target
from .command_line import CommandLine
from .findings import Finding
from .integrations import call_of
from .values import is_expression, is_substituted
from .walk import JSONATA, scopes

_WHOLE = re.compile(r"\$\{(\w+)\}")
_JOB, _ROLE = "AWS::Glue::Job", "AWS::IAM::Role"

#: parameters that Glue takes for itself, after "Using job parameters in AWS Glue jobs".
_OF_GLUE = frozenset(
    """
    JOB_ID JOB_NAME JOB_RUN_ID SECURITY_CONFIGURATION TempDir RedshiftTempDir additional-python-modules class
    conf continuous-log-conversionPattern continuous-log-logGroup continuous-log-logStreamPrefix
    customer-driver-env-vars customer-executor-env-vars custom-logGroup-prefix custom-logStream-prefix
    datalake-formats disable-proxy disable-proxy-v2 enable-auto-scaling enable-continuous-cloudwatch-log
    enable-continuous-log-filter enable-data-lineage enable-glue-datacatalog enable-job-insights enable-metrics
    enable-observability-metrics enable-s3-parquet-optimized-committer enable-spark-ui encryption-type
    executor-cores extra-files extra-jars extra-py-files job-bookmark-from job-bookmark-option job-bookmark-to
    job-language library-set python-modules-installer-option scriptLocation spark-event-logs-path
    use-postgres-driver user-jars-first write-shuffle-files-to-s3 write-shuffle-spills-to-s3
    """.split()  # noqa: SIM905 - a list of that length is read as prose
)


def check_states(
    path: Path,
    definition: Any,
    given: dict[str, Any],
    resources: dict[str, dict[str, Any]],
    scripts: dict[str, CommandLine],
) -> Iterator[Finding]:
    """Findings about the jobs that the machine at ``path`` starts; ``given`` are its substitutions."""
    if not isinstance(definition, dict):
        return
    for scope in scopes(definition, path):
        for name, state in scope.states.items():
            call = call_of(state) if state.get("Type") == "Task" else None
            field = "Arguments" if scope.language_of(state) == JSONATA else "Parameters"
            arguments = state.get(field)
            if call is None or not isinstance(arguments, dict):
                continue
            where = (*scope.at(name), field)
            if (call.service, call.action) == ("glue", "startJobRun"):
                yield from _glue(where, arguments, given, resources, scripts)
            elif (call.service, call.action) == ("sagemaker", "createProcessingJob"):
                yield from _kind((*where, "RoleArn"), arguments.get("RoleArn"), given, resources, _ROLE)
                yield from _sagemaker(where, arguments, scripts)


def _glue(
    path: Path,
    arguments: dict[str, Any],
    given: dict[str, Any],
    resources: dict[str, dict[str, Any]],
    scripts: dict[str, CommandLine],
) -> Iterator[Finding]:
    name = arguments.get("JobName")
    yield from _kind((*path, "JobName"), name, given, resources, _JOB)
    job = _resource(name, given, resources)
    if job is None or job.get("Type") != _JOB:
        return
    properties = job.get("Properties", {})
    command = properties.get("Command")
    location = command.get("ScriptLocation") if isinstance(command, dict) else None
    line = scripts.get(_file_name(location))
    passed, defaults = arguments.get("Arguments", {}), properties.get("DefaultArguments", {})
    if line and isinstance(passed, dict) and isinstance(defaults, dict):
        own = {k: v for k, v in passed.items() if k.removeprefix("--") not in _OF_GLUE}
        always = {k.removeprefix("--") for k in defaults}
        yield from _options((*path, "Arguments"), {k: (k, v) for k, v in own.items()}, line, always)


def _sagemaker(path: Path, arguments: dict[str, Any], scripts: dict[str, CommandLine]) -> Iterator[Finding]:
    application = arguments.get("AppSpecification")
    if not isinstance(application, dict):
        return
    entry, passed = application.get("ContainerEntrypoint"), application.get("ContainerArguments", [])
    if not isinstance(entry, list) or not isinstance(passed, list):
        return
    line = next((scripts[_file_name(word)] for word in reversed(entry) if _file_name(word) in scripts), None)
    if line is None:
        return
    options: dict[str | int, tuple[str, Any]] = {}
    for index, word in enumerate(passed):
        if isinstance(word, str) and word.startswith("--"):
            name, equals, value = word.partition("=")
            options[index] = (
                name,
                value if equals else passed[index + 1] if index + 1 < len(passed) else None,
            )
    yield from _options((*path, "AppSpecification", "ContainerArguments"), options, line, set())


def _options(
    path: Path, passed: dict[Any, tuple[str, Any]], line: CommandLine, always: set[str]
) -> Iterator[Finding]:
    """``passed``: key or index in the arguments → option and value."""
    names: set[str] = set(always)
    for key, (option, value) in passed.items():
        name = option.removeprefix("--")
        names.add(name)
        if not line.may_have(name):
            known = [f"--{each}" for each in line.options]
            near = did_you_mean(option, known)
            names.update(meant.removeprefix("--") for meant in nearest(option, known))
            yield Finding("option-unknown", (*path, key), f"the script has no option {quoted(option)}", near)
        elif (choices := line.options.get(name)) and _is_known(value) and value not in choices:
            message = f"{option} takes {one_of(choices)}, not {quoted(value)}"
            yield Finding("option-value", (*path, key), message, did_you_mean(value, choices))
    for name in sorted(line.required - names):
        yield Finding("option-missing", path, f"the script requires --{name}")


def _resource(
    name: Any, given: dict[str, Any], resources: dict[str, dict[str, Any]]
) -> dict[str, Any] | None:
    """The resource that an argument names, by a substitution or by its own name."""
    whole = _WHOLE.fullmatch(name) if isinstance(name, str) else None
    if whole:
        return resources.get(target(given.get(whole[1])) or "")
    jobs = [each for each in resources.values() if each.get("Type") == _JOB]
    return next((each for each in jobs if each.get("Properties", {}).get("Name") == name), None)


def _kind(
    path: Path, value: Any, given: dict[str, Any], resources: dict[str, dict[str, Any]], kind: str
) -> Iterator[Finding]:
    """Whether a job's or a role's name leads to a job or a role, as far as the template knows."""
    whole = _WHOLE.fullmatch(value) if isinstance(value, str) else None
    resource = _resource(value, given, resources)
    if whole and resource is not None and resource.get("Type") != kind:
        logical = target(given.get(whole[1]))
        message = f"{quoted(str(logical))} is {resource.get('Type')}, expected {kind}"
        yield Finding("reference-kind", path, message)
    elif (
        kind == _JOB
        and isinstance(value, str)
        and not is_expression(value)
        and "${" not in value
        and resource is None
    ):
        jobs = [
            each.get("Properties", {}).get("Name") for each in resources.values() if each.get("Type") == _JOB
        ]
        near = did_you_mean(value, [job for job in jobs if isinstance(job, str)])
        if near:
            yield Finding("reference-unknown", path, f"the template has no job {quoted(value)}", near)


def _is_known(value: Any) -> bool:
    return isinstance(value, str) and not is_expression(value) and not is_substituted(value)


def _file_name(value: Any) -> str:
    """``prepare.py`` of a path, a URI or a ``Sub`` of one."""
    while isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, list) and value:
        value = value[0]
    return value.rpartition("/")[2] if isinstance(value, str) else ""
