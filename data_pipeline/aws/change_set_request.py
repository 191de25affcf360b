"""What a stack shall become, and the arguments of CreateChangeSet for it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """What a stack shall become; ``body`` or ``url`` is the template, ``create`` tells new from updated.

    ``imports``: entries of ``ResourcesToImport``; the change set then does nothing else. ``adopt_named``: what the
    template would add under a name of its own, and exists, is taken over.
    """

    stack: str
    create: bool
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    body: str | None = None
    url: str | None = None
    imports: tuple[Mapping[str, Any], ...] = ()
    adopt_named: bool = False
    #: an update also brings back what was changed by hand
    revert_drift: bool = False
    #: logical id of a schedule that is off because somebody has paused it, which is no change
    paused: str = ""


def arguments_of(request: Request) -> dict[str, Any]:
    """The arguments of CreateChangeSet."""
    arguments: dict[str, Any] = {
        "StackName": request.stack,
        "ChangeSetName": f"deploy-{uuid.uuid4().hex}",
        "ChangeSetType": "CREATE" if request.create else "UPDATE",
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in request.parameters.items()
        ],
        "Tags": [{"Key": key, "Value": value} for key, value in request.tags.items()],
        "Capabilities": ["CAPABILITY_IAM"],
    }
    arguments |= {"TemplateURL": request.url} if request.body is None else {"TemplateBody": request.body}
    if request.imports:
        # An import may give a stack neither tags nor outputs: the update that follows does.
        del arguments["Tags"], arguments["Parameters"]
        return arguments | {"ChangeSetType": "IMPORT", "ResourcesToImport": list(request.imports)}
    if request.adopt_named:
        arguments["ImportExistingResources"] = True
    if request.create:
        arguments["OnStackFailure"] = "DELETE"
    elif request.revert_drift:
        arguments["DeploymentMode"] = "REVERT_DRIFT"
    return arguments
