"""ARNs of state machines: ``…:stateMachine:name``, which a version's number or an alias's name may qualify."""

from __future__ import annotations

import re

from data_pipeline.embedded_aws.answers import Response, error

_MACHINE = re.compile(r"(arn:aws:states:[a-z0-9-]+:\d{12}:stateMachine:[^:#/]+)(?::([^:#/]+))?")


def split(arn: str) -> tuple[str, str]:
    """The state machine's own ARN and the qualifier, which is empty where there is none; an ARN of something else
    stays as it is.
    """
    match = _MACHINE.fullmatch(arn)
    return (match[1], match[2] or "") if match else (arn, "")


def is_version(qualifier: str) -> bool:
    """Whether a qualifier is a version's number; any other is an alias's name."""
    return re.fullmatch(r"[0-9]+", qualifier) is not None


def wrong(arn: object, *, qualified: bool | None = None) -> Response | None:
    """InvalidArn for what is no state machine's ARN, or not as ``qualified`` as it must be (None: as it likes)."""
    match = _MACHINE.fullmatch(arn) if isinstance(arn, str) else None
    if match is None or (qualified is not None and bool(match[2]) != qualified):
        return error("InvalidArn", f"Invalid Arn: '{arn}'")
    return None


def unknown(arn: str) -> Response:
    """The answer where there is no such state machine, version or alias."""
    return error("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
