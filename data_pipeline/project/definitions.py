"""The data sets and tables of an environment with the SQL that lies in ``jobs/``, checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from data_pipeline.core.config import definitions as models
from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.config.tables import Table
from data_pipeline.core.errors import UserError, not_installed
from data_pipeline.core.loading import dataset_files, feature_rules, key_rules, load, publication_rules
from data_pipeline.core.problems import ConfigurationError, Place, Problem
from data_pipeline.etl.documents import rules
from data_pipeline.etl.documents.datasets import Definitions

if TYPE_CHECKING:
    from data_pipeline.sql_checks.review import SqlProblem

Columns = Mapping[str, str]
"""Column → type, as in ``documents.types``."""


def load_definitions(root: Path, env: Environment) -> Definitions:
    """What the jobs of an environment are told of its data sets and tables.

    ConfigurationError with all that is wrong with their SQL.
    """
    definitions, _ = checked(root, env)
    return definitions


def published_columns(root: Path, env: Environment) -> Mapping[str, Columns]:
    """Data set or table → the columns that it publishes; ConfigurationError as above."""
    _, columns = checked(root, env)
    return columns


def checked(root: Path, env: Environment) -> tuple[Definitions, Mapping[str, Columns]]:
    """Both of these, looked at once."""
    sql = _texts(root, env)
    if not _has_sql(env.datasets, env.tables):
        columns: dict[str, Columns] = {}
        for name, each in env.datasets.items():
            published = publication_rules.published(each, dataset_files.parsed(each)[0].names)
            columns |= models.columns_of(name, each, published)
        definitions = models.definitions(env.datasets, env.tables, sql, {})
        _refuse_wrong_features(root, env, columns, definitions)
        return definitions, columns
    try:
        from data_pipeline.sql_checks.review import review  # DuckDB, which a project without SQL does without
    except ModuleNotFoundError as error:
        raise not_installed(f"the SQL of {env.name} is checked", str(error.name)) from error
    found = review(env.datasets, env.tables, sql)
    if found.findings:
        raise ConfigurationError(_placed(root, env.name, found.findings))
    definitions = models.definitions(env.datasets, env.tables, sql, found.inputs)
    _refuse_wrong_features(root, env, found.columns, definitions)
    return definitions, found.columns


def with_feature_types(root: Path, env: Environment) -> Environment:
    """The environment, in which each feature of a group with a store has a type: that of its column, if none is
    written. ConfigurationError as above.
    """
    if all(
        feature.type for group in env.managed_features.values() for feature in group.every_feature.values()
    ):
        return env
    columns = published_columns(root, env)
    typed = {
        name: group.with_types(_whole(env, columns).get(group.table, {})) if group.managed else group
        for name, group in env.features.items()
    }
    return env.model_copy(update={"features": typed})


def _refuse_wrong_features(
    root: Path, env: Environment, columns: Mapping[str, Columns], definitions: Definitions
) -> None:
    """ConfigurationError for what feature groups and training sets read of the columns that are known now."""
    tables = frozenset((*columns, *(table for step in env.steps.values() for table in step.tables)))
    there = _whole(env, columns)
    inputs = {name: each.inputs for name, each in definitions.tables.items()}
    found = [
        *feature_rules.check(env.features, env.training_sets, tables, there, None),
        *key_rules.corrected(env.datasets, inputs, env.features, env.training_sets),
    ]
    if wrong := load.placed(root, env.name, found):
        raise ConfigurationError(wrong)


def _whole(env: Environment, columns: Mapping[str, Columns]) -> Mapping[str, Columns]:
    """The columns with those that the tool adds to the tables of data sets."""
    added = {
        table: publication_rules.added(each)
        for name, each in env.datasets.items()
        for table in models.tables_of(name, each)
    }
    return {name: {**of, **added.get(name, {})} for name, of in columns.items()}


def _has_sql(datasets: Mapping[str, Dataset], tables: Mapping[str, Table]) -> bool:
    """Whether there is anything for an SQL engine to look at."""
    if tables or any(each.sql or each.checks or each.deleted for each in datasets.values()):
        return True
    return any(rules.parse(key, text).own for each in datasets.values() for key, text in each.rules.items())


def _texts(root: Path, env: Environment) -> dict[str, str]:
    """File in jobs/ → its text."""
    given: list[Dataset | Table] = [*env.datasets.values(), *env.tables.values()]
    found: dict[str, str] = {}
    for file in sorted({each.sql for each in given if each.sql}):
        try:
            found[file] = (root / "jobs" / file).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise UserError(
                f"jobs/{file}: found bytes that are no text, expected UTF-8; save it as UTF-8"
            ) from error
    return found


def _placed(root: Path, name: str, findings: tuple[SqlProblem, ...]) -> list[Problem]:
    """Each finding at the line of the SQL file or of the configuration."""
    at_files = [
        Problem(Place(f"jobs/{each.file}", each.line), said.path, said.found, said.expected, said.advice)
        for each in findings
        if each.file
        for said in (each.violation,)
    ]
    return [*at_files, *load.placed(root, name, (each.violation for each in findings if not each.file))]
