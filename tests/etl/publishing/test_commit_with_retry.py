"""A step of the publication is made again when it loses a race or AWS is busy, and not otherwise."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from pyiceberg.exceptions import CommitFailedException, ValidationException

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing.commits import ATTEMPTS, commit_with_retry
from data_pipeline.etl.storage.objects import ChangedError


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said AWS"}}, "UpdateTable")


AGAIN = [
    CommitFailedException("stale"),
    ValidationException("conflict"),
    ChangedError("s3://b/x"),
    client_error("ThrottlingException"),
    client_error("ConcurrentModificationException"),
    EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
]


@pytest.mark.parametrize("error", AGAIN, ids=lambda error: str(error)[:40])
def test_it_tries_again_until_it_succeeds(error):
    """Two failures of a passing kind, each followed by a pause, and then the answer."""
    errors, pauses = [error, error], []

    def attempt():
        if errors:
            raise errors.pop()
        return "done"

    assert commit_with_retry("x", attempt, pauses.append) == "done"
    assert len(pauses) == 2
    assert all(0 < pause <= 5 for pause in pauses)


@pytest.mark.parametrize("error", AGAIN, ids=lambda error: str(error)[:40])
def test_it_gives_up_after_a_while(error):
    """Failures without end become a JobError that says what was not published and that the next run tries
    again.
    """
    tries = []

    def attempt():
        tries.append(1)
        raise error

    with pytest.raises(JobError, match="x could not be published in 12 attempts; the next run tries again"):
        commit_with_retry("x", attempt, lambda _: None)
    assert len(tries) == ATTEMPTS == 12


@pytest.mark.parametrize("error", [client_error("AccessDeniedException"), OSError("AWS Error ACCESS_DENIED")])
def test_what_will_not_pass_fails_at_once(error):
    """A missing permission, from boto3 or from PyArrow, is a JobError with AWS's reason after one attempt."""
    pauses = []

    def attempt():
        raise error

    with pytest.raises(JobError) as caught:
        commit_with_retry("x", attempt, pauses.append)
    assert str(caught.value) == f"x cannot be published: {error}"
    assert pauses == []


def test_a_bug_is_not_hidden():
    """Any other exception comes out as it is."""

    def attempt():
        raise KeyError("bug")

    with pytest.raises(KeyError, match="bug"):
        commit_with_retry("x", attempt, lambda _: None)
