"""Turns what botocore raises into short errors that say what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as raised
from botocore.exceptions import BotoCoreError, ClientError

from data_pipeline.core.errors import UserError

ACCESS_DENIED = frozenset(
    [
        "AccessDenied",
        "AccessDeniedException",
        "AccessForbidden",
        "UnauthorizedOperation",
        "AuthorizationError",
        "Forbidden",
        "403",
    ]
)
#: AWS asks for slower requests; it says nothing about the execution.
_THROTTLED = frozenset(
    ["ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"]
)
SIGN_IN = (
    "Sign in again (for example: aws sso login), or export a fresh AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY "
    "and AWS_SESSION_TOKEN."
)
CHOOSE_PROFILE = "choose one with: export AWS_PROFILE=NAME"

#: error codes of AWS → what to say; {said} is AWS's own message, {operation} the API call.
_ANSWERS: tuple[tuple[str, str], ...] = (
    (
        "ExpiredToken ExpiredTokenException RequestExpired",
        "the AWS credentials have expired ({said}). " + SIGN_IN,
    ),
    (
        "InvalidClientTokenId UnrecognizedClientException InvalidAccessKeyId AuthFailure",
        "AWS does not know these credentials ({said}). Check AWS_PROFILE and AWS_ACCESS_KEY_ID, and that the "
        "environment's region is enabled in the account.",
    ),
    (
        "SignatureDoesNotMatch InvalidSignatureException",
        "AWS refuses the signature of these credentials: the secret key does not belong to the access key, "
        "or this machine's clock is wrong.",
    ),
    ("RequestTimeTooSkewed", "this machine's clock differs from AWS's ({said}). Set it and try again."),
    (
        "Throttling ThrottlingException ThrottledException TooManyRequestsException RequestLimitExceeded "
        "SlowDown",
        "AWS is throttling {operation}: too many requests in this account and region. Wait a minute and run "
        "the "
        "same command again.",
    ),
    (
        "PermanentRedirect AuthorizationHeaderMalformed IllegalLocationConstraintException 301",
        "{operation} went to the wrong region ({said}). Set `region:` in the environment's YAML to the "
        "region of "
        "the resource.",
    ),
    (
        "OptInRequired SubscriptionRequiredException",
        "the account is not signed up for the service behind {operation} ({said}).",
    ),
)

#: exceptions that came without an answer of AWS → what to say; the first that fits is taken.
_FAILURES: tuple[tuple[tuple[type[BotoCoreError], ...], str], ...] = (
    (
        (raised.NoCredentialsError,),
        "no AWS credentials found. Sign in (aws sso login), name a profile (export AWS_PROFILE=NAME), or set "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    ),
    (
        (raised.PartialCredentialsError,),
        "incomplete AWS credentials: {said}. Set both the access key and its secret.",
    ),
    (
        (raised.SSOError, raised.TokenRetrievalError, raised.NoAuthTokenError),
        "the AWS single sign-on session is missing or has expired ({said}). Run: aws sso login",
    ),
    ((raised.LoginError,), "the AWS login session is missing or has expired ({said}). Run: aws login"),
    ((raised.CredentialRetrievalError,), "the AWS credentials could not be fetched ({said}). " + SIGN_IN),
    (
        (raised.ProfileNotFound,),
        "{said}. `aws configure list-profiles` shows the known ones; " + CHOOSE_PROFILE,
    ),
    ((raised.ConfigParseError, raised.InvalidRegionError), "{said}."),
    (
        (raised.SSLError,),
        "no secure connection to AWS ({said}). Behind a proxy that inspects traffic, set AWS_CA_BUNDLE to "
        "its "
        "certificate.",
    ),
    ((raised.ProxyConnectionError,), "the proxy does not answer ({said}). Check HTTPS_PROXY."),
    (
        (raised.ConnectionError, raised.HTTPClientError),
        "AWS cannot be reached ({said}). Check the network and `region:` in the environment's YAML, then "
        "run the "
        "same command again.",
    ),
)
_EMBEDDED_STOPPED = (
    "the embedded AWS stopped answering ({said}). `python -m data_pipeline local logs` says why; the next "
    "command "
    "starts it again."
)
_DENIAL = re.compile(
    r"(?P<who>arn:\S+?) is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?: on resource: \"?(?P<what>[^\s\"]+))?"
)
_POLICY = "docs/reference/deployer-policy.json lists what a deployment needs."


@contextmanager
def explained() -> Iterator[None]:
    """Around the body of a command (``with explained():`` or ``@explained()``): AWS's refusals become
    UserErrors.

    An error about which a user can do nothing is a bug, and passes through unchanged.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        message = explanation(error)
        if message is None:
            raise
        raise UserError(message) from error


def is_denied(error: UserError) -> bool:
    """Whether ``explained`` made it of a permission that was missing."""
    return isinstance(error.__cause__, ClientError) and error_code(error.__cause__) in ACCESS_DENIED


def error_code(error: ClientError) -> str:
    """AWS's code of an error, such as ``AccessDenied``."""
    return error.response.get("Error", {}).get("Code", "")


def error_message(error: ClientError) -> str:
    """AWS's own words of an error."""
    return error.response.get("Error", {}).get("Message", "")


def passing(error: ClientError | BotoCoreError) -> bool:
    """Whether the same request may be answered a little later."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error_code(error) in _THROTTLED or (status >= 500 and status != 501)
    return isinstance(error, (raised.ConnectionError, raised.HTTPClientError))


def explanation(error: ClientError | BotoCoreError) -> str | None:
    """What happened and what to do; None when the user can do nothing about it."""
    if isinstance(error, ClientError):
        return _answered(error_code(error), error_message(error).rstrip("."), error.operation_name)
    said = str(error).rstrip(".")
    if isinstance(error, (raised.ConnectionError, raised.HTTPClientError)) and "://127.0.0.1" in said:
        return _EMBEDDED_STOPPED.format(said=said)
    return next((text.format(said=said) for kinds, text in _FAILURES if isinstance(error, kinds)), None)


def _answered(code: str, said: str, operation: str) -> str | None:
    if code in ACCESS_DENIED:
        return _denied(said, operation)
    template = next((text for codes, text in _ANSWERS if code in codes.split()), None)
    return template and template.format(said=said or code, operation=operation)


def _denied(said: str, operation: str) -> str:
    """Who needs which action on what, as far as AWS says so (S3 does not)."""
    match = _DENIAL.search(said)
    if match is None:
        reason = said or "no reason given"
        return f"access denied: AWS refuses {operation} to these credentials ({reason}). {_POLICY}"
    where = f" on {match['what'].rstrip('.')}" if match["what"] else ""
    return f"access denied: {match['who']} needs the action {match['action']}{where}. {_POLICY}"
