"""What the state machine does when a call or a job fails.

A *call* that fails is retried by name, where trying again can help. A *job* that ended badly arrives as
``States.TaskFailed`` whatever the reason: a Choice reads the service's own words in its cause. Where the
service lacked capacity or broke, the step waits and starts a new job, a bounded number of times. Where a quota
of SageMaker refused the job, the step looks whether another job of this pipeline is in progress; while one is, it
waits and tries again, for a bounded time. Where none is, the other job may have ended between the refusal and the look:
it tries once more. Anything else (the script's failure, a refused permission) fails at once, with the original error
and cause.
"""

from __future__ import annotations

from typing import Any

from . import jsonata

#: how often a step's job is started again after the service failed it.
RESTARTS = 2
#: seconds between two attempts of a job that a quota refused, and how many such waits there are: two hours in all.
QUOTA_PAUSE, QUOTA_WAITS = 300, 24
#: seconds until a job that a quota refused is tried once more where no other is in progress.
ALONE_PAUSE = 5

#: the error of a step that ended well without the result that the next state reads.
NO_RESULT = "NoResult"

#: what an execution holds before its first step: how often the present step's job has been started again, how often
#: it has waited for a quota, how many other jobs were in progress at the last look (-1: nobody has looked), and how
#: many looks in a row have found none.
START = {"attempt": 0, "waits": 0, "others": -1, "alone": 0}

#: SageMaker's error of a quota. Its name in Step Functions is documented nowhere: it stands in the error or, where
#: that is the service's general one, in the cause. A job's own words, in the cause of TaskFailed, do not count.
_QUOTA = "$failure.Error != 'States.TaskFailed' and $contains($failure.Error & $failure.Cause, 'ResourceLimitExceeded')"

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


def catch_result(step: str, file: str, following: str) -> dict[str, Any]:
    """As ``catch``, of a state that reads the result of ``step``, named first; ``file``: JSONata of its URI.

    S3 says 404 for what is not there to a caller who may list, and the reading of no JSON is an error of JSONata.
    """
    left = f"'step {step} ended well, but left no result: expected the file ' & {file}"
    found = {
        "S3.NoSuchKeyException": "'; found none; write it before the job ends'",
        "States.QueryEvaluationError": "' with a JSON object; found something else; write it before the job ends'",
    }
    own = [
        {
            "ErrorEquals": [error],
            "Assign": {
                "failure": {"Error": NO_RESULT, "Cause": jsonata.expression(f"{left} & {words}")},
            },
            "Output": {},
            "Next": following,
        }
        for error, words in found.items()
    ]
    return {"Catch": [*own, *catch(following)["Catch"]]}


def judge(retry: str, fail: str, look: str | None = None) -> dict[str, Any]:
    """Choose between another attempt and the end, by the cause of the failure.

    ``look``: the state that looks for other jobs and comes back, of a job that a quota may refuse.
    """
    services = " or ".join(f"$contains($failure.Cause, {pattern})" for pattern in _SERVICE_FAILED)
    restart = {
        "pause": jsonata.expression("60 * $power(4, $attempt)"),
        "attempt": jsonata.expression("$attempt + 1"),
    }
    again = [_rule(f"$attempt < {RESTARTS} and ({services})", retry, restart)]
    if look:
        wait = {"pause": QUOTA_PAUSE, "waits": jsonata.expression("$waits + 1"), "others": -1}
        again += [
            _rule(f"$others = -1 and $waits < {QUOTA_WAITS} and {_QUOTA}", look),
            _rule("$others > 0", retry, wait),
            _rule("$others = 0 and $alone = 1", retry, {**wait, "pause": ALONE_PAUSE}),
        ]
    return {"Type": "Choice", "Choices": again, "Default": fail}


def look_for_jobs(listing: str, prefix: str, following: str, fail: str) -> dict[str, Any]:
    """Count the processing jobs in progress whose names hold ``prefix``, the newest first, up to 100.

    ``listing`` is the resource of ListProcessingJobs. A look that fails leaves the failure that led to it.
    """
    found = "$states.result.ProcessingJobSummaries"
    newest = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 100}
    return {
        "Type": "Task",
        "Resource": listing,
        "Arguments": {"NameContains": prefix, "StatusEquals": "InProgress", **newest},
        "TimeoutSeconds": 60,
        "Retry": [retry_call(["SageMaker.SageMakerException", "SageMaker.SdkClientException"], attempts=4)],
        "Assign": {
            "others": jsonata.expression(f"$count({found})"),
            "alone": jsonata.expression(f"$count({found}) = 0 ? $alone + 1 : 0"),
        },
        "Output": {},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Output": {}, "Next": fail}],
        "Next": following,
    }


def back_off(again: str) -> dict[str, Any]:
    """Wait as long as the judge said. It counts, too: restarts are part of the next job's name."""
    return {"Type": "Wait", "Seconds": jsonata.expression("$pause"), "Next": again}


def _rule(condition: str, following: str, assign: dict[str, Any] | None = None) -> dict[str, Any]:
    assigned = {"Assign": assign} if assign else {}
    return {"Condition": jsonata.expression(condition), **assigned, "Next": following}
