"""``check``: says what is wrong with a pipeline, a template or a state machine before AWS sees it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from data_pipeline.aws.service_models import load
from data_pipeline.cli import job_code
from data_pipeline.cli.examples import examples
from data_pipeline.cli.feature_types import with_feature_types
from data_pipeline.cli.project import root
from data_pipeline.core.bucket_keys import brought
from data_pipeline.core.checks import command_line, integrations, keys, machine, template
from data_pipeline.core.checks.command_line import CommandLine
from data_pipeline.core.checks.findings import Finding
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment import templates
from data_pipeline.core.deployment.packages import imported_files
from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_all, load_environment
from data_pipeline.stacks import documents

_FILES = (".json", ".yaml", ".yml", ".template")


@click.command(epilog=examples("check", "check dev", "check templates/dev-pipeline.yaml"))
@click.argument("target", metavar="[ENV|TEMPLATE|ASL.json]", required=False)
def check(target: str | None) -> None:
    """Check the pipeline of ENV, of every environment without one, or a file: a CloudFormation TEMPLATE or a
    state machine, ASL.json.

    Asks nothing of AWS. The rules are in docs/reference/checks.md. Exits 1 with findings.
    """
    if target and (target.endswith(_FILES) or "/" in target):
        lines = check_file(Path(target))
    else:
        chosen = [load_environment(root(), target)] if target else [*load_all(root()).values()]
        sources = job_code.sources(root())
        refuse_wrong_sql(chosen)
        chosen = [with_feature_types(root(), env) for env in chosen]
        lines = [line for env in chosen for line in check_environment(env, documents(env), sources)]
    if lines:
        raise UserError(as_message(lines))
    click.echo("no findings")


def refuse_wrong_sql(chosen: Iterable[Environment]) -> None:
    """Raise ``UserError`` with what is wrong in the SQL of data sets and tables."""
    for env in chosen:
        if env.datasets:
            from data_pipeline.project.definitions import load_definitions

            load_definitions(root(), env)


def refuse_findings(
    env: Environment, rendered: Mapping[str, dict[str, Any]], sources: Mapping[str, str]
) -> None:
    """Raise ``UserError`` with what is wrong in an environment's templates; arguments as of ``check_environment``."""
    if lines := check_environment(env, rendered, sources):
        raise UserError(as_message(lines))


def check_environment(
    env: Environment, rendered: Mapping[str, dict[str, Any]], sources: Mapping[str, str]
) -> list[str]:
    """The findings in an environment's templates; ``rendered``: file name → template (``stacks.documents``),
    ``sources``: of the jobs (``job_code.sources``).
    """
    scripts = command_lines(sources, {job.script for job in env.jobs.values()})
    found = [
        f"templates/{name}: {finding}"
        for name, document in rendered.items()
        for finding in check_document(document, scripts)
    ]
    # The key is in one template and its users in the other, where a parameter has its name.
    together = {name: r for document in rendered.values() for name, r in document["Resources"].items()}
    return [
        *found,
        *(f"templates of {env.name}: {finding}" for finding in keys.check(together, brought(env))),
    ]


def check_file(path: Path) -> list[str]:
    """The findings in somebody's template or state machine."""
    try:
        return [f"{path}: {finding}" for finding in check_document(_read(path), {})]
    except RecursionError:
        raise UserError(f"{path}: nested too deeply to be read; a state machine has some levels") from None


def check_document(document: Any, scripts: dict[str, CommandLine]) -> list[Finding]:
    """The findings in a template or in a state machine, whichever it is."""
    if isinstance(document, dict) and {"Resources", "AWSTemplateFormatVersion"} & document.keys():
        return template.check(document, load(template.services(document)), scripts)
    return machine.check(document, load(integrations.services(document)))


def command_lines(sources: Mapping[str, str], scripts: Iterable[str]) -> dict[str, CommandLine]:
    """File name → command line of the scripts of the project's jobs and of the tool's."""
    return {
        Path(script).name: command_line.read(
            sources[script], [sources[name] for name in sorted(imported_files(script, sources) - {script})]
        )
        for script in sorted(scripts)
    }


def as_message(lines: list[str]) -> str:
    """One line for one finding, a list for several."""
    if len(lines) == 1:
        return lines[0]
    return "\n  ".join(
        [f"{len(lines)} findings; their codes are explained in docs/reference/checks.md", *lines]
    )


def _read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such file; an environment is named without its folder and suffix"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from error
    try:
        return (
            json.loads(text, object_pairs_hook=_without_repeats)
            if path.suffix == ".json"
            else templates.read(text)
        )
    except (ValueError, yaml.YAMLError) as error:
        raise UserError(f"{path}: neither JSON nor YAML: {error}") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; JSON takes the last of two equal keys in silence, and a state would be gone."""
    keys = [key for key, _ in pairs]
    if repeated := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"an object has the key {', '.join(repeated)} twice")
    return dict(pairs)
