"""Who is let in: every request has one whole signature that was verified, on a path of the service it is for.

MiniStack's own reading of signatures is replaced: it takes the key ``test``, a twelve-digit number and no key
at all for root, and verifies what it recognises. Here each request is verified once, before MiniStack sees it,
and must say the same to both.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from ministack import app as ministack
from ministack.core import router

from data_pipeline.embedded_aws.identity import sessions
from data_pipeline.embedded_aws.identity.signing import body as bodies
from data_pipeline.embedded_aws.identity.signing import claim as claims
from data_pipeline.embedded_aws.identity.signing import request as requests
from data_pipeline.embedded_aws.identity.signing.claim import Claim
from data_pipeline.embedded_aws.identity.signing.request import Refused, Request
from data_pipeline.embedded_aws.identity.signing.verify import verify
from data_pipeline.embedded_aws.objectstore import arriving
from data_pipeline.embedded_aws.objectstore.body import Body
from data_pipeline.embedded_aws.objectstore.register import spool

from . import members
from .endpoint import REGION

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

#: A page in a browser can make any name lead to this machine, but not one of these.
_HOSTS = ("127.0.0.1", "localhost")
#: Bytes of a request to any service but S3; the longest that AWS takes is below a megabyte.
LONGEST = 16 * 1024 * 1024
#: Services whose requests have paths of their own; every other one but S3 is asked at ``/``.
_PATHS = {
    "sagemaker": re.compile(r"/(FeatureGroup/.+|BatchGetRecord|BatchWriteRecord)?", re.DOTALL),
    "scheduler": re.compile(r"/(schedules|schedule-groups|tags)(/.*)?"),
    "sqs": re.compile(r"/(\d{12}/[\w.-]+)?"),
}
#: A path of S3 begins with a bucket's name; these would be taken for something else by MiniStack.
_BUCKET_PATH = re.compile(
    r"/(?!(health|login|logout|oauth2|v20180820)(/|$)|iceberg)([a-z0-9][a-z0-9.-]{2,62}(/.*)?)?", re.DOTALL
)
_ROOT = re.compile("/")
#: Services whose operation is told by the path.
_WITH_PATHS = ("sagemaker", "scheduler")
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")


class Admitted(NamedTuple):
    """A verified request: whose, for which service, and what MiniStack is to see of it: headers and messages,
    whose body is checked while it is read. ``body`` is one that came as a file; the messages are empty then.
    ``operation`` is empty for S3 and for what has paths of its own.
    """

    claim: Claim
    operation: str
    headers: arriving.Headers
    receive: Receive
    body: Body | None = None


def check_host(headers: dict[str, str]) -> None:
    """Refused for a request that was sent to another name than this machine's own."""
    host = headers.get("host", "")
    if host.partition(":")[0].lower() not in _HOSTS:
        raise Refused("InvalidRequest", f"The Host is {host!r}; expected {' or '.join(_HOSTS)}.")


async def admit(scope: Scope, headers: dict[str, str], receive: Receive) -> Admitted:
    """The request, verified; Refused with the reason if it is not let in."""
    raw = scope.get("raw_path") or b""
    query = scope.get("query_string", b"")
    request = requests.read(scope["method"], raw, query, scope["headers"])
    claim = claims.read(request, REGION)
    _check_service(claim.service, scope["path"])
    _check_same_for_ministack(claim, scope, headers, query.decode("ascii"))
    claims.check_time(claim, time.time())
    secret = sessions.secret_of(claim.key, claim.token)
    if claim.service == "s3":
        payload, check = bodies.check_for(request, claim, secret)
        verify(request, claim, secret, payload)
        if arriving.is_large(request, scope["path"]):
            arrived = await arriving.take(request, check, receive, spool())
            given = arriving.without_body(scope["headers"], check.trailer)
            return Admitted(claim, "", given, arriving.nothing, arrived)
        return Admitted(claim, "", scope["headers"], _checked(check, headers, scope["method"], receive))
    body = await _whole(receive)
    verify(request, claim, secret, _hash_of(request, body))
    target = headers.get("x-amz-target", "").rpartition(".")[2]
    if target or claim.service in _WITH_PATHS:
        place = (scope["method"], scope["path"])
        body = members.checked(claim.service, *place, target, query.decode("ascii"), body)
    operation = target or operation_of_query(query.decode("ascii"), body)
    return Admitted(claim, operation, scope["headers"], _again(body, receive))


def operation_of_query(query: str, body: bytes) -> str:
    """The operation of the query protocol, which stands in the body or, of a GET too, in the query."""
    action = _ACTION.search(body)
    return action[1].decode() if action else parse_qs(query).get("Action", [""])[0]


def _check_service(service: str, path: str) -> None:
    """Refused for a service, or a path, that is not served."""
    if service not in ministack.SERVICE_HANDLERS:
        served = ", ".join(sorted(ministack.SERVICE_HANDLERS))
        message = f"The embedded AWS does not emulate the service '{service}'. It serves: {served}."
        raise Refused("NotImplemented", message, 501)
    known = _BUCKET_PATH if service == "s3" else _PATHS.get(service, _ROOT)
    if not known.fullmatch(path):
        message = f"{path} is not a path of {service} on this endpoint."
        raise Refused("UnknownOperationException", message, 404)


def _check_same_for_ministack(claim: Claim, scope: Scope, headers: dict[str, str], query: str) -> None:
    """Refused where MiniStack would take the request for another caller's or another service's."""
    parameters = parse_qs(query, keep_blank_values=True)
    service = router.detect_service(scope["method"], scope["path"], headers, parameters)
    if service != claim.service:
        message = f"Credential should be scoped to correct service: '{service}', not '{claim.service}'."
        raise Refused("SignatureDoesNotMatch", message)
    if router.extract_access_key_id(headers, parameters) != claim.key:
        raise Refused("InvalidArgument", "The request names more than one access key.", 400)


def _hash_of(request: Request, body: bytes) -> str:
    """The body's hash, which the request may name too; no service but S3 takes an unsigned body."""
    found = hashlib.sha256(body).hexdigest()
    declared = request.header("x-amz-content-sha256")
    if declared and declared != found:
        message = f"x-amz-content-sha256 is {declared}, the SHA-256 of the body is {found}."
        raise Refused("SignatureDoesNotMatch", message)
    return found


async def _whole(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionResetError
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > LONGEST:
            raise Refused("RequestEntityTooLarge", f"The body is longer than {LONGEST} bytes.", 413)
        if not message.get("more_body", False):
            return b"".join(pieces)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever follows."""
    left = [body]

    async def again() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return again


def _checked(check: bodies.Check, headers: dict[str, str], method: str, receive: Receive) -> Receive:
    """The same messages, checked on the way: Refused before MiniStack has the last of a wrong body."""
    if not (headers.get("content-length") or headers.get("transfer-encoding") or method in ("POST", "PUT")):
        check.end()  # MiniStack reads no body then
        return receive

    async def checked() -> Message:
        message = await receive()
        if message["type"] == "http.request":
            check.update(message.get("body", b""))
            if not message.get("more_body", False):
                check.end()
        return message

    return checked
