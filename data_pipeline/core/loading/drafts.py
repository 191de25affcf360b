"""A merged configuration → the draft that the rules take: its parts that are valid by themselves."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from data_pipeline.core.config.access import Artifacts, Kms, Security, Vpc
from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.config.environment import Data, Environment, Maintenance, Step
from data_pipeline.core.config.feature_groups import FeatureGroup, TrainingSet
from data_pipeline.core.config.notify import Notify
from data_pipeline.core.config.sources import Mirror, Source
from data_pipeline.core.config.tables import Table
from data_pipeline.core.facts.service_limits import REGIONS
from data_pipeline.core.naming import MAINTENANCE, Names

from . import table_columns
from .rules import Draft
from .table_columns import Columns
from .yaml_lines import Node

_TOOLS_SCRIPTS = Path(__file__).parents[2] / "etl" / "jobs"

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Project:
    """What of the project's own files rules ask for, each looked up once."""

    root: Path

    @cached_property
    def scripts(self) -> tuple[str, ...]:
        jobs = self.root / "jobs"
        return tuple(
            sorted({file.name for folder in (_TOOLS_SCRIPTS, jobs) for file in folder.glob("[!_]*.py")})
        )

    @cached_property
    def columns(self) -> Columns:
        files = sorted((self.root / "jobs").rglob(table_columns.NAME_OF_FILE))
        found = [
            table_columns.read(f.read_text(encoding="utf-8"), f.relative_to(self.root).as_posix())
            for f in files
        ]
        return {table: columns for one in found for table, columns in one.items()}

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Modules and SQL below jobs/, by path."""
        jobs = self.root / "jobs"
        found = (file.relative_to(jobs) for kind in ("*.py", "*.sql") for file in jobs.rglob(kind))
        return tuple(sorted(file.as_posix() for file in found if not file.as_posix().startswith(".")))


def draft(name: str, node: Node, env: Environment | None, project: Project) -> Draft:
    """The parts of the environment ``name``; where all is valid (``env``), they are not validated once more."""
    parts = _Parts(node, env)
    steps = parts.steps()
    words = {key: at.value for key, at in node.keys.items() if isinstance(at.value, str)}
    region = words.get("region")
    return Draft(
        names=Names(words["pipeline"], name) if "pipeline" in words else None,
        region=region if region in REGIONS else None,
        account=words.get("account"),
        endpoint=words.get("endpoint"),
        data=parts.one("data", Data) if "data" in node.keys else Data.model_construct(),
        vpc=parts.whole("vpc", Vpc),
        kms=parts.whole("kms", Kms),
        artifacts=parts.whole("artifacts", Artifacts),
        lake_formation="lake_formation" in node.keys and node.keys["lake_formation"].value is True,
        security=parts.whole("security", Security),
        notify=parts.whole("notify", Notify),
        named=tuple(key for key, at in node.keys.items() if at.value is not None),
        steps={step: valid for step, valid in steps.items() if valid},
        step_names=tuple(steps),
        scripts=project.scripts,
        columns=project.columns,
        maintenance=parts.one(MAINTENANCE, Maintenance),
        datasets=parts.right("datasets", Dataset),
        dataset_names=tuple(node.keys["datasets"].keys) if "datasets" in node.keys else (),
        tables=parts.right("tables", Table),
        files=project.files if "datasets" in node.keys else (),
        sources=parts.right("sources", Source),
        mirror=parts.one("mirror", Mirror) or Mirror.model_construct(),
        features=parts.each("features", FeatureGroup),
        training_sets={n: valid for n, valid in parts.each("training_sets", TrainingSet).items() if valid},
    )


@dataclass(frozen=True)
class _Parts:
    """The parts of a configuration by their key; ``env``: all of it, where it is valid."""

    node: Node
    env: Environment | None

    def one(self, key: str, model: type[M]) -> M | None:
        """A part, as far as it is valid."""
        return self._of_env(key) or (_part(model, self.node.keys[key]) if key in self.node.keys else None)

    def whole(self, key: str, model: type[M]) -> M | None:
        """A part in which nothing is wrong: what is left out of it means something."""
        return self._of_env(key) or (_whole(model, self.node.keys[key]) if key in self.node.keys else None)

    def right(self, key: str, model: type[M]) -> dict[str, M]:
        """The entries of a map that are right by themselves: of one that is not, its own findings say enough."""
        read = ((name, _whole(model, at)) for name, at in self._entries(key).items())
        return self._of_env(key) or {name: valid for name, valid in read if valid}

    def each(self, key: str, model: type[M]) -> dict[str, M | None]:
        """The entries of a map, each as far as it is valid."""
        return self._of_env(key) or {name: _part(model, at) for name, at in self._entries(key).items()}

    def steps(self) -> dict[str, Step | None]:
        """Each step, as far as it is valid, those included that a valid environment leaves out."""
        valid = self.env.steps if self.env else {}
        return {name: valid.get(name) or _part(Step, at) for name, at in self._entries("steps").items()}

    def _entries(self, key: str) -> dict[str, Node]:
        return self.node.keys[key].keys if key in self.node.keys else {}

    def _of_env(self, key: str) -> Any:
        return getattr(self.env, key) if self.env and key in self.node.keys else None


def _part(model: type[M], node: Node) -> M | None:
    """A part of the environment, without the values whose own findings say that they are wrong.

    ``None`` where it cannot do without them, or would mean something else (a step's ``after``).
    """
    try:
        return model.model_validate(node.plain(), strict=True)
    except ValidationError as error:
        wrong = {item["loc"][0] for item in error.errors(include_url=False) if item["loc"]}
    if not wrong & node.keys.keys() or "after" in wrong:
        return None
    return _part(model, Node({key: at for key, at in node.keys.items() if key not in wrong}, node.place))


def _whole(model: type[M], node: Node) -> M | None:
    with contextlib.suppress(ValidationError):
        return model.model_validate(node.plain(), strict=True)
    return None
