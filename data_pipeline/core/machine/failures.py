"""What the state machine does when a call or a job fails.

A *call* that fails is retried by name, where trying again can help. A *job* that ended badly arrives as
``States.TaskFailed`` whatever the reason: a Choice reads the service's own words in its cause. Where the
service lacked capacity or broke, the step waits and starts a new job, a bounded number of times; anything
else (the script's failure, a quota, a refused permission) fails at once, with the original error and cause.
"""

from __future__ import annotations

from typing import Any

from . import jsonata

#: how often a step's job is started again after the service failed it.
RESTARTS = 2

#: the beginning of the reason by which each service reports its own failure, in the job's description as
#: JSON: SageMaker's FailureReason starts with the class of the error, Glue's ErrorMessage with its words.
_SERVICE_FAILED = (
    '/"FailureReason": *"(InternalServerError|CapacityError)/',
    '/"ErrorMessage": *"(Error Category: \\w+; *)?'
    "(Internal ?service ?(error|exception)|Resource ?unavailable)/i",
)


def retry_call(errors: list[str], attempts: int) -> dict[str, Any]:
    """A retrier for API calls: exponential back-off with full jitter."""
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": 2,
        "BackoffRate": 2,
        "MaxAttempts": attempts,
        "MaxDelaySeconds": 120,
        "JitterStrategy": "FULL",
    }


def catch(following: str) -> dict[str, Any]:
    """Keep the error and its cause in the variable ``failure`` and go on at ``following``."""
    error = "$states.errorOutput"
    failure = {
        "Error": jsonata.expression(f"{error}.Error"),
        "Cause": jsonata.expression(f"$exists({error}.Cause) ? {error}.Cause : ''"),
    }
    return {
        "Catch": [
            {
                "ErrorEquals": ["States.ALL"],
                "Assign": {"failure": failure},
                "Output": {},
                "Next": following,
            }
        ]
    }


def judge(retry: str, fail: str) -> dict[str, Any]:
    """Choose between another attempt and the end, by the cause of the failure."""
    services = " or ".join(f"$contains($failure.Cause, {pattern})" for pattern in _SERVICE_FAILED)
    return {
        "Type": "Choice",
        "Choices": [
            {
                "Condition": jsonata.expression(f"$attempt < {RESTARTS} and ({services})"),
                "Next": retry,
            }
        ],
        "Default": fail,
    }


def back_off(again: str) -> dict[str, Any]:
    """Wait, longer each time, and count; the count is part of the next job's name."""
    return {
        "Type": "Wait",
        "Seconds": jsonata.expression("60 * $power(4, $attempt)"),
        "Assign": {"attempt": jsonata.expression("$attempt + 1")},
        "Next": again,
    }
