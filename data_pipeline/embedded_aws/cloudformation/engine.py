"""CloudFormation: MiniStack's engine of stacks and change sets, over resource types of our own
(``provision``).

A template with any other type is refused before anything is made, as AWS refuses an unrecognized type.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

from . import (
    catalog,
    early,
    existing,
    features,
    identity,
    machine_versions,
    orchestration,
    queries,
    queues,
    storage,
    topics,
)
from .kinds import Kind
from .templates import conditions, parameters, references
from .templates.functions import lookups

_log = logging.getLogger("embedded.cloudformation")

#: Status of a stack whose operation a killed server left → the status that says that it did not end.
INTERRUPTED = {
    "CREATE_IN_PROGRESS": "CREATE_FAILED",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
    "IMPORT_IN_PROGRESS": "IMPORT_ROLLBACK_FAILED",
    "IMPORT_ROLLBACK_IN_PROGRESS": "IMPORT_ROLLBACK_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "UPDATE_IN_PROGRESS": "UPDATE_FAILED",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
}
#: Types that MiniStack does not know at all.
OURS = {
    *("AWS::Athena::NamedQuery", "AWS::SageMaker::FeatureGroup"),
    *("AWS::StepFunctions::StateMachineAlias", "AWS::StepFunctions::StateMachineVersion"),
}
REASON = "The embedded AWS was stopped or killed during this operation."


#: What MiniStack says of a type that AWS may well have, and what there is to be done about it.
_UNRECOGNIZED = "Unrecognized resource types"
_EMULATED = (
    "The embedded AWS emulates the types that a pipeline's stacks have, without keys of KMS: leave the others out here "
    "by a condition on a parameter."
)


def kinds() -> Iterable[Kind]:
    """Every resource type that is emulated."""
    made = (storage, catalog, identity, orchestration, machine_versions, queries, queues, topics, features)
    return [kind for family in made for kind in family.KINDS]


def install() -> None:
    """Put our resource types in MiniStack's place, and run them off the event loop, which they call."""
    ours = {kind.type: kind.handler() for kind in kinds()}
    missing = sorted(set(ours) - set(provisioners._RESOURCE_HANDLERS) - OURS)
    if missing:
        raise AttributeError(f"MiniStack's CloudFormation has no {missing}: the pin of its version moved")
    provisioners._RESOURCE_HANDLERS.clear()
    provisioners._RESOURCE_HANDLERS.update(ours)
    provisioners._STACK_TAG_PROPERTY.clear()
    provisioners._REPLACING_PROPERTIES.clear()
    provisioners._REPLACING_PROPERTIES.update({kind.type: kind.create_only for kind in kinds()})
    tagged = {kind.type: ("Tags", kind.tags) for kind in kinds() if kind.tags}
    provisioners._STACK_TAG_PROPERTY.update(tagged)
    stacks._runs_on_worker_thread = lambda _type: True
    existing.install({kind.type: kind for kind in kinds()})
    early.install()
    _check_templates({kind.type: kind.returns for kind in kinds()})


def _check_templates(attributes: Mapping[str, frozenset[str]]) -> None:
    """Refuse what CloudFormation refuses of a template, in every operation that is given one."""
    engine._evaluate_conditions = _evaluated
    handlers._evaluate_conditions = _evaluated
    changesets._evaluate_conditions = _evaluated
    stacks._evaluate_conditions = _evaluated
    handlers._resolve_parameters = _checked_parameters(handlers._resolve_parameters)
    changesets._resolve_parameters = _checked_parameters(changesets._resolve_parameters)
    handlers.validate_template_support = _checked(handlers.validate_template_support, attributes)
    changesets.validate_template_support = _checked(changesets.validate_template_support, attributes)


def _evaluated(template: dict[str, Any], values: dict[str, Any]) -> dict[str, bool]:
    """Whether each condition of a template holds. MiniStack's own takes a pseudo parameter for its name."""
    conditions.check_conditions(template)
    return conditions.evaluate(template, lambda value: _resolved(template, value, values, {}))


def _resolved(template: Any, value: Any, values: Mapping[str, Any], held: Mapping[str, bool]) -> Any:
    """What a value that names no resource comes to."""
    return engine._resolve_refs(value, {}, values, held, template.get("Mappings") or {}, "", "")


def _checked_parameters(theirs: Callable[..., Any]) -> Callable[..., Any]:
    def resolve(
        template: dict[str, Any], given: list[dict[str, Any]], before: dict[str, Any] | None = None
    ) -> Any:
        parameters.check_given(template, [value["Key"] for value in given if "Key" in value])
        return theirs(template, given, before)

    return resolve


def _checked(theirs: Callable[..., None], attributes: Mapping[str, frozenset[str]]) -> Callable[..., None]:
    def validate(template: dict[str, Any], held: dict[str, bool], params: Any = None) -> None:
        if template.get("Transform"):
            raise ValueError(f"The embedded AWS does not emulate transforms: {template['Transform']}.")
        references.check(template, attributes, held)
        try:
            theirs(template, held, params)
        except ValueError as error:
            if _UNRECOGNIZED in str(error):
                raise ValueError(f"{error}. {_EMULATED}") from error
            raise
        if params is not None:
            for lookup in lookups([template["Resources"], template.get("Outputs", {})], held):
                _resolved(template, lookup, params, held)  # a mapping that is not there is a ValueError

    return validate


def recover() -> None:
    """Say of every stack that was being changed when the last server ended that this did not end, and give resources
    of an earlier version's server the attributes that it did not know.
    """
    for stack in cloudformation._stacks._data.values():
        machine_versions.complete(stack.get("_resources", {}).values())
        status = INTERRUPTED.get(stack.get("StackStatus", ""))
        if status is not None:
            _log.warning("%s: %s becomes %s", stack["StackName"], stack["StackStatus"], status)
            stack.update(StackStatus=status, StackStatusReason=REASON)
