"""What AWS's refusals become."""

from __future__ import annotations

import botocore.exceptions as raised
import pytest
from botocore.exceptions import ClientError

from data_pipeline.aws.errors import explained
from data_pipeline.core.errors import UserError

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:nyc-tlc-dev"
WHO = "arn:aws:iam::123456789012:user/ci"
DENIED = (
    f"User: {WHO} is not authorized to perform: states:CreateStateMachine on resource: {ARN} because no "
    "identity-based policy allows the states:CreateStateMachine action"
)
STS = "https://sts.us-east-1.amazonaws.com"


def refusal(code: str, message: str = "AWS's words.") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            refusal("AccessDenied", DENIED),
            f"{WHO} needs the action states:CreateStateMachine on {ARN}. docs/",
        ),
        (refusal("AccessDeniedException", ""), "AWS refuses DescribeStacks to these credentials (no reason"),
        (refusal("ExpiredToken"), "have expired (AWS's words). Sign in again (for example: aws sso login)"),
        (refusal("InvalidClientTokenId"), "does not know these credentials (AWS's words). Check AWS_PROFILE"),
        (refusal("SignatureDoesNotMatch"), "the secret key does not belong to the access key"),
        (refusal("RequestTimeTooSkewed"), "this machine's clock differs from AWS's (AWS's words). Set it"),
        (refusal("Throttling"), "throttling DescribeStacks: too many requests in this account"),
        (refusal("AuthorizationHeaderMalformed"), "wrong region (AWS's words). Set `region:` in the"),
        (refusal("OptInRequired"), "not signed up for the service behind DescribeStacks"),
        (raised.NoCredentialsError(), "no AWS credentials found. Sign in (aws sso login)"),
        (raised.PartialCredentialsError(provider="env", cred_var="x"), "Set both the access key and"),
        (raised.UnauthorizedSSOTokenError(), "Run: aws sso login"),
        (raised.SSOTokenLoadError(error_msg="none"), "Run: aws sso login"),
        (raised.TokenRetrievalError(provider="sso", error_msg="expired"), "Run: aws sso login"),
        (raised.LoginRefreshRequired(), "Run: aws login"),
        (raised.CredentialRetrievalError(provider="process", error_msg="boom"), "could not be fetched"),
        (raised.ProfileNotFound(profile="nobody"), "export AWS_PROFILE=NAME"),
        (raised.EndpointConnectionError(endpoint_url=STS), "AWS cannot be reached"),
        (raised.ConnectTimeoutError(endpoint_url=STS), "Check the network"),
        (raised.ReadTimeoutError(endpoint_url=STS), "Check the network"),
        (raised.EndpointConnectionError(endpoint_url="http://127.0.0.1:4566/"), "embedded AWS stopped"),
        (raised.ProxyConnectionError(proxy_url="http://proxy"), "Check HTTPS_PROXY"),
        (raised.SSLError(endpoint_url=STS, error="self-signed"), "AWS_CA_BUNDLE"),
        (raised.InvalidRegionError(region_name="not a region"), "not a region"),
    ],
)
def test_a_refusal_says_what_to_do(error: Exception, words: str) -> None:
    """One line that names the cause and the next step."""
    with pytest.raises(UserError) as found, explained():
        raise error
    assert words in str(found.value)
    assert "\n" not in str(found.value)
    assert found.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        refusal("InternalFailure"),
        refusal("ValidationError"),
        raised.ParamValidationError(report="x"),
        KeyError("x"),
    ],
)
def test_what_a_user_cannot_mend_stays_what_it_is(error: Exception) -> None:
    """A bug is shown as one."""
    with pytest.raises(type(error)) as found, explained():
        raise error
    assert found.value is error


def test_it_decorates_a_function_too() -> None:
    """Used as ``@explained()``, more than once."""

    @explained()
    def ask() -> None:
        raise raised.NoCredentialsError

    for _ in range(2):
        with pytest.raises(UserError):
            ask()
