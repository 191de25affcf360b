"""A publication that is taken up again until it is committed, or can never be."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.exceptions import CommitFailedException, ValidationException

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.exits import log
from data_pipeline.etl.storage.objects import ChangedError

ATTEMPTS = 12
_PASSING = {
    "ConcurrentModificationException",
    "InternalServiceException",
    "OperationTimeoutException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottlingException",
}
T = TypeVar("T")


def commit_with_retry(what: str, attempt: Callable[[], T], pause: Callable[[float], None] = time.sleep) -> T:
    """What ``attempt`` returns; it is made again, after a while, when it loses a race or AWS is busy."""
    for n in range(1, ATTEMPTS + 1):
        try:
            return attempt()
        except (CommitFailedException, ValidationException, ChangedError) as error:
            problem: Exception = error
            log(f"{what}: another publisher was faster; looking again ({type(error).__name__})")
        except (ClientError, BotoCoreError) as error:
            problem = error
            if isinstance(error, ClientError) and error.response["Error"]["Code"] not in _PASSING:
                raise JobError(f"{what} cannot be published: {error}") from error
        except OSError as error:
            raise JobError(f"{what} cannot be published: {error}") from error
        pause(min(5.0, 0.05 * 2**n) * random.uniform(0.5, 1))  # noqa: S311 - not for secrecy
    raise JobError(
        f"{what} could not be published in {ATTEMPTS} attempts; the next run tries again: {problem}"
    )
