"""Why a task failed, in one line: the cause that Step Functions records, reduced to what a reader needs.

A ``.sync`` task that ended badly has as its cause the service's description of the job as JSON text
(DescribeProcessingJob, GetJobRun); a refused call, a timeout or an abort has plain text, or nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

#: members of a job's description that say why it failed, the most telling first: what the job itself wrote
#: (``ExitMessage`` of SageMaker, ``ErrorMessage`` of Glue) before what the service says of it.
_TELLING = ("ExitMessage", "ErrorMessage", "FailureReason", "errorMessage", "StateDetail")
#: members that say at least how it ended.
_STATUS = ("ProcessingJobStatus", "JobRunState")
#: what stands before a job's own words: Glue's classification, the class by which a script ends, and the word
#: that every error has.
_PREAMBLE = re.compile(r"^(Error Category: \w+; *)?(Failed Line Number: \d+; *)?(SystemExit: )?(error: )?")
#: reasons of a service that only say that the script failed.
_EMPTY = re.compile(r"Command failed with exit code|AlgorithmError: See job logs|the job ended as ")
#: how a script's last word looks in its log: our own errors, or an exception's line.
_ERROR_LINE = re.compile(r"error: |(\w+\.)*\w*(Error|Exception|Interrupt|Exit)\b")
_LONGEST = 1000


def reason(error: str | None, cause: str | None) -> str:
    """The one line that matters of an error name and its cause."""
    description = described(cause)
    for key in _TELLING:
        line = _first_line(description.get(key))
        if line:
            return line
    if description:
        status = next((str(description[key]) for key in _STATUS if description.get(key)), None)
        if status:
            return f"the job ended as {status} and gave no reason"
    return _first_line(cause) or error or "no reason was given"


def reason_from_log(reason: str, lines: Sequence[str]) -> str:
    """The last error of a job's log, where the service's own reason says nothing; otherwise the reason.

    A Python shell job of Glue fails as "Command failed with exit code 1", a container without an exit message
    as "AlgorithmError: …"; the script's last word is in the log.
    """
    if not _EMPTY.match(reason):
        return reason
    return next((_first_line(line) for line in reversed(lines) if _ERROR_LINE.match(line)), reason)


def described(cause: str | None) -> Mapping[str, Any]:
    """The job's description in a cause, or nothing where the cause is plain text."""
    try:
        found = json.loads(cause or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _first_line(text: object) -> str:
    """The telling line of a text: the last one of a traceback, else the first."""
    if not isinstance(text, str):
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    chosen = (
        lines[-1] if any(line.startswith("Traceback (most recent call last)") for line in lines) else lines[0]
    )
    chosen = _PREAMBLE.sub("", chosen)
    return chosen if len(chosen) <= _LONGEST else chosen[: _LONGEST - 1] + "…"
