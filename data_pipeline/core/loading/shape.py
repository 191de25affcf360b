"""Finding one's way in the models: from a path of keys to the field that describes its value."""

from __future__ import annotations

from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from data_pipeline.core.config.environment import Environment
from data_pipeline.core.config.sizes import Expected
from data_pipeline.core.problems import Path


@dataclass(frozen=True)
class ModelField:
    """A type without ``Annotated`` and ``| None``, and what was annotated."""

    type: Any
    metadata: tuple[Any, ...] = ()
    optional: bool = False

    @property
    def origin(self) -> Any:
        return get_origin(self.type)

    @property
    def model(self) -> type[BaseModel] | None:
        return self.type if isinstance(self.type, type) and issubclass(self.type, BaseModel) else None

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values of a ``Literal``; empty for anything else."""
        return get_args(self.type) if self.origin is Literal else ()

    def below(self, part: str | int) -> ModelField | None:
        """The spot of a key, an entry or an item."""
        if self.model:
            field = fields(self.model).get(str(part))
            return model_field(field.annotation, tuple(field.metadata)) if field else None
        if self.origin in (dict, tuple):
            inner = get_args(self.type)
            return model_field(inner[1] if self.origin is dict else inner[0])
        return None

    @property
    def expected(self) -> str:
        """In words, what belongs here."""
        for item in self.metadata:
            if isinstance(item, Expected):
                return item.words
        if self.type is int:
            low, high = self._bound(annotated_types.Ge, "ge"), self._bound(annotated_types.Le, "le")
            return f"a whole number from {low} to {high}" if high is not None else "a whole number"
        if self.choices:
            return " or ".join(str(choice) for choice in self.choices)
        kinds = {str: "text", bool: "true or false", float: "a number", tuple: "a list", dict: "a map"}
        return kinds.get(self.origin or self.type, "a map")

    def _bound(self, kind: type, attribute: str) -> Any:
        return next((getattr(m, attribute) for m in self.metadata if isinstance(m, kind)), None)


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the keys that they have in YAML."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def model_field(annotation: Any, metadata: tuple[Any, ...] = ()) -> ModelField:
    """``Annotated[str, …] | None`` → text that may be null, with its annotations."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return model_field(inner, (*metadata, *more))
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        found = model_field(kinds[0], metadata)
        return ModelField(found.type, found.metadata, optional=True)
    return ModelField(annotation, metadata)


def field_at(path: Path) -> ModelField | None:
    """The spot of a path from the top of the configuration; ``None`` where no field is."""
    found: ModelField | None = ModelField(Environment)
    for part in path:
        found = found.below(part) if found else None
    return found
