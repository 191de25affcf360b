"""Requests signed by botocore, taken apart so that a test can change them, and sent byte by byte."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from data_pipeline.embedded_aws.server.endpoint import Endpoint


@dataclass(frozen=True)
class Raw:
    """A request as it goes over the wire; ``headers`` may name one twice."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """A header's value, or nothing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def with_header(self, name: str, value: str | None) -> Raw:
        """The request with this header instead (None: without it)."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))

    def with_query(self, query: str) -> Raw:
        """The request with this query too."""
        return replace(self, target=self.target + ("&" if "?" in self.target else "?") + query)


@dataclass(frozen=True)
class Answer:
    """Status, AWS's error code (empty when there is none), headers in lower case, body."""

    status: int
    code: str
    headers: dict[str, str] = field(repr=False)
    body: str


#: A request of each service that root may make and that changes nothing: target or action, content type, body.
_JSON = {
    "athena": ("AmazonAthena.ListWorkGroups", "1.1"),
    "glue": ("AWSGlue.GetDatabases", "1.1"),
    "logs": ("Logs_20140328.DescribeLogGroups", "1.1"),
    "sagemaker": ("SageMaker.ListProcessingJobs", "1.1"),
    "sqs": ("AmazonSQS.ListQueues", "1.0"),
    "states": ("AWSStepFunctions.ListStateMachines", "1.0"),
}
_QUERY = {
    "cloudformation": ("DescribeStacks", "2010-05-15"),
    "iam": ("ListRoles", "2010-05-08"),
    "sns": ("ListTopics", "2010-03-31"),
    "sts": ("GetCallerIdentity", "2011-06-15"),
}
SERVICES = sorted([*_JSON, *_QUERY, "s3", "scheduler"])


def plain(service: str) -> Raw:
    """The unsigned request of a service."""
    if service in _JSON:
        target, version = _JSON[service]
        headers = (("Content-Type", f"application/x-amz-json-{version}"), ("X-Amz-Target", target))
        return Raw("POST", "/", headers, b"{}")
    if service in _QUERY:
        action, version = _QUERY[service]
        form = urlencode({"Action": action, "Version": version}).encode()
        headers = (("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),)
        return Raw("POST", "/", headers, form)
    return Raw("GET", "/schedules" if service == "scheduler" else "/")


def keys(endpoint: Endpoint, **other: str) -> Credentials:
    """Root's credential, or access_key, secret_key and token as given."""
    return Credentials(
        other.get("access_key", endpoint.access_key),
        other.get("secret_key", endpoint.secret_key),
        other.get("token"),
    )


def sign(endpoint: Endpoint, raw: Raw, service: str, credentials: Credentials | None = None) -> Raw:
    """The request with botocore's Authorization header."""
    signer = auth.S3SigV4Auth if service == "s3" else auth.SigV4Auth
    request = AWSRequest(raw.method, endpoint.url + raw.target, dict(raw.headers), raw.body)
    signer(credentials or keys(endpoint), service, endpoint.region).add_auth(request)
    return _of(endpoint, request, raw.body)


def presign(
    endpoint: Endpoint,
    raw: Raw,
    service: str = "s3",
    credentials: Credentials | None = None,
    *,
    expires: int = 600,
    old: bool = False,
) -> Raw:
    """The request with botocore's presigned query: Signature Version 4, or 2 (``old``)."""
    request = AWSRequest(raw.method, endpoint.url + raw.target, dict(raw.headers))
    signer: Any
    if old:
        signer = auth.HmacV1QueryAuth(credentials or keys(endpoint), expires=expires)
    else:
        kind = auth.S3SigV4QueryAuth if service == "s3" else auth.SigV4QueryAuth
        signer = kind(credentials or keys(endpoint), service, endpoint.region, expires=expires)
    signer.add_auth(request)
    url = urlsplit(request.url)
    return Raw(raw.method, f"{url.path}?{url.query}", raw.headers, raw.body)


def declaring(
    endpoint: Endpoint, path: str, declared: str, body: bytes, headers: tuple[tuple[str, str], ...] = ()
) -> Raw:
    """A PUT whose signature is right and covers ``x-amz-content-sha256`` as given."""

    class Declaring(auth.SigV4Auth):
        def payload(self, request: AWSRequest) -> str:
            return declared

        def _normalize_url_path(self, path: str) -> str:
            return path

    request = AWSRequest("PUT", endpoint.url + path, dict(headers), body)
    if declared:
        request.headers["X-Amz-Content-SHA256"] = declared
    Declaring(keys(endpoint), "s3", endpoint.region).add_auth(request)
    return Raw("PUT", path, tuple(request.headers.items()), body)


def send(endpoint: Endpoint, raw: Raw) -> Answer:
    """Send it as it is; only Host and Content-Length are added where they are missing."""
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=20)
    connection.putrequest(raw.method, raw.target, skip_host=True, skip_accept_encoding=True)
    named = {name.lower() for name, _ in raw.headers}
    if "host" not in named:
        connection.putheader("Host", urlsplit(endpoint.url).netloc)
    if "content-length" not in named and (raw.body or raw.method in ("POST", "PUT")):
        connection.putheader("Content-Length", str(len(raw.body)))
    for name, value in raw.headers:
        connection.putheader(name, value.encode("latin-1"))
    try:
        connection.endheaders(raw.body or None)
        response = connection.getresponse()
        body = response.read().decode("utf-8", "replace")
    finally:
        connection.close()
    headers = {name.lower(): value for name, value in response.getheaders()}
    code = re.search(r'<Code>(.+?)</Code>|"__type": ?"(.+?)"', body)
    named_code = next((part for part in code.groups() if part), "") if code else ""
    return Answer(response.status, named_code or headers.get("x-amzn-errortype", ""), headers, body)


def _of(endpoint: Endpoint, request: AWSRequest, body: bytes) -> Raw:
    headers = {**dict(request.headers.items()), "Host": urlsplit(endpoint.url).netloc}
    return Raw(request.method, request.url.removeprefix(endpoint.url), tuple(headers.items()), body)
