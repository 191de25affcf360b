"""A request is let in with one whole signature that was verified, and not otherwise: every service and path."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
import pytest
from botocore.config import Config

from data_pipeline.embedded_aws.server.endpoint import Endpoint
from tests.embedded_aws.signed import SERVICES, Answer, Raw, declaring, keys, plain, presign, send, sign

NOW = "%Y%m%dT%H%M%SZ"
#: What a request that was not let in is answered with; anything else came from a service.
REFUSALS = frozenset(
    [
        "AccessDenied",
        "AuthorizationHeaderMalformed",
        "AuthorizationQueryParametersError",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteBody",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidArgument",
        "InvalidClientTokenId",
        "InvalidRequest",
        "InvalidSignatureException",
        "InvalidToken",
        "InvalidURI",
        "MethodNotAllowed",
        "MissingAuthenticationToken",
        "NotImplemented",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnknownOperationException",
        "UnrecognizedClientException",
        "XAmzContentSHA256Mismatch",
    ]
)


def refused(answer: Answer) -> None:
    """The request was not let in, nothing was done, and no page in a browser can read why."""
    assert answer.status in (400, 403, 404, 405, 501), answer
    assert answer.code in REFUSALS, answer
    assert not [name for name in answer.headers if name.startswith("access-control-")], answer


def made_up(endpoint: Endpoint, service: str, day: str | None = None) -> str:
    """An Authorization header that looks right and was made without any secret."""
    today = day or datetime.now(UTC).strftime("%Y%m%d")
    return (
        f"AWS4-HMAC-SHA256 Credential={endpoint.access_key}/{today}/us-east-1/{service}/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
    )


def made_up_query(endpoint: Endpoint) -> str:
    """A presigned query of S3 that names root's key and was made without its secret."""
    now = datetime.now(UTC)
    credential = quote(f"{endpoint.access_key}/{now:%Y%m%d}/us-east-1/s3/aws4_request", safe="")
    return (
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={now.strftime(NOW)}"
        f"&X-Amz-Expires=600&X-Amz-SignedHeaders=host&X-Amz-Signature={'0' * 64}"
    )


def now_header(raw: Raw) -> Raw:
    """With X-Amz-Date of this moment."""
    return raw.with_header("X-Amz-Date", datetime.now(UTC).strftime(NOW))


def edited(raw: Raw, old: str, new: str) -> Raw:
    """With another Authorization header."""
    before = raw.header("authorization")
    assert old in before
    return raw.with_header("Authorization", before.replace(old, new))


def at(endpoint: Endpoint, service: str, minutes: float, monkeypatch: pytest.MonkeyPatch) -> Raw:
    """Signed so many minutes from now."""
    moment = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=minutes)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda **_: moment)
    return sign(endpoint, plain(service), service)


Form = Callable[[Endpoint, str], Raw]
OTHER = {"sts": "iam"}

#: Name → (endpoint, service) → a request that must not be let in.
FORMS: dict[str, Form] = {
    "nothing": lambda e, s: plain(s),
    "made-up header": lambda e, s: now_header(plain(s)).with_header("Authorization", made_up(e, s)),
    "made-up header and query": lambda e, s: (
        now_header(plain(s)).with_header("Authorization", made_up(e, s)).with_query(made_up_query(e))
    ),
    "made-up header scoped to S3, and query": lambda e, s: (
        now_header(plain(s)).with_header("Authorization", made_up(e, "s3")).with_query(made_up_query(e))
    ),
    "no algorithm, and query": lambda e, s: (
        plain(s)
        .with_header("Authorization", made_up(e, s).removeprefix("AWS4-HMAC-SHA256 "))
        .with_query(made_up_query(e))
    ),
    "another scheme, and query": lambda e, s: (
        plain(s).with_header("Authorization", f"Bearer {made_up(e, s)}").with_query(made_up_query(e))
    ),
    "made-up query": lambda e, s: plain(s).with_query(made_up_query(e)),
    "made-up query in lower case": lambda e, s: plain(s).with_query(
        made_up_query(e).replace("X-Amz-", "x-amz-")
    ),
    "query without algorithm": lambda e, s: plain(s).with_query(made_up_query(e).partition("&")[2]),
    "query with credential only": lambda e, s: plain(s).with_query(made_up_query(e).split("&")[1]),
    "made-up old query": lambda e, s: plain(s).with_query(
        f"AWSAccessKeyId={e.access_key}&Signature=AAAA&Expires=9999999999"
    ),
    "old query without expiry": lambda e, s: plain(s).with_query(
        f"AWSAccessKeyId={e.access_key}&Signature=AA"
    ),
    "right header and made-up query": lambda e, s: sign(e, plain(s), s).with_query(made_up_query(e)),
    "right header over a query": lambda e, s: sign(e, plain(s).with_query(made_up_query(e)), s),
    "made-up header and right query": lambda e, s: presign(
        e, now_header(plain(s)).with_header("Authorization", made_up(e, s))
    ),
    "old header": lambda e, s: plain(s).with_header("Authorization", f"AWS {e.access_key}:AAAA"),
    "SigV4A": lambda e, s: edited(sign(e, plain(s), s), "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
    "scheme in lower case": lambda e, s: edited(sign(e, plain(s), s), "AWS4-HMAC-SHA256", "aws4-hmac-sha256"),
    "two headers": lambda e, s: Raw(
        (r := sign(e, plain(s), s)).method, r.target, (("Authorization", made_up(e, s)), *r.headers), r.body
    ),
    "right header twice": lambda e, s: Raw(
        (r := sign(e, plain(s), s)).method,
        r.target,
        (("authorization", r.header("authorization")), *r.headers),
        r.body,
    ),
    "no signature": lambda e, s: edited(sign(e, plain(s), s), "Signature=", "Signatur="),
    "signature in upper case": lambda e, s: (r := sign(e, plain(s), s)).with_header(
        "Authorization", r.header("authorization")[:-64] + r.header("authorization")[-64:].upper()
    ),
    "signature cut": lambda e, s: (r := sign(e, plain(s), s)).with_header(
        "Authorization", r.header("authorization")[:-1]
    ),
    "host unsigned": lambda e, s: edited(sign(e, plain(s), s), "host;", ""),
    "date unsigned": lambda e, s: edited(sign(e, plain(s), s), "x-amz-date", "x-amz-dat"),
    "no date": lambda e, s: sign(e, plain(s), s).with_header("X-Amz-Date", None),
    "another date": lambda e, s: sign(e, plain(s), s).with_header("X-Amz-Date", "20260101T000000Z"),
    "no such date": lambda e, s: sign(e, plain(s), s).with_header("X-Amz-Date", "20261399T000000Z"),
    "another region": lambda e, s: edited(sign(e, plain(s), s), "/us-east-1/", "/eu-west-1/"),
    "another service": lambda e, s: edited(
        sign(e, plain(s), s), f"/{s}/", f"/{'iam' if s == 'sts' else 'sts'}/"
    ),
    "another secret": lambda e, s: sign(e, plain(s), s, keys(e, secret_key="x")),
    "no secret": lambda e, s: sign(e, plain(s), s, keys(e, secret_key="")),
    "the key test": lambda e, s: sign(e, plain(s), s, keys(e, access_key="test", secret_key="test")),
    "an account": lambda e, s: sign(e, plain(s), s, keys(e, access_key="000000000000", secret_key="test")),
    "a token of none": lambda e, s: sign(e, plain(s), s, keys(e, token="t")),
    "an unsigned header of AWS": lambda e, s: sign(e, plain(s), s).with_header("X-Amz-Acl", "public-read"),
    "an unsigned token": lambda e, s: sign(e, plain(s), s).with_header("X-Amz-Security-Token", "t"),
    "another body": lambda e, s: Raw((r := sign(e, plain(s), s)).method, r.target, r.headers, r.body + b" "),
    "another parameter": lambda e, s: sign(e, plain(s), s).with_query("prefix=x"),
    "another method": lambda e, s: Raw("PUT", (r := sign(e, plain(s), s)).target, r.headers, r.body),
    "another host": lambda e, s: sign(e, plain(s), s).with_header("Host", f"localhost:{e.port}"),
    "a name of another machine": lambda e, s: sign(
        e, plain(s).with_header("Host", f"rebound.example.com:{e.port}"), s
    ).with_header("Host", f"rebound.example.com:{e.port}"),
    "OPTIONS": lambda e, s: sign(e, Raw("OPTIONS", plain(s).target), s),
    "a preflight": lambda e, s: Raw(
        "OPTIONS",
        plain(s).target,
        (("Origin", "http://evil.example.com"), ("Access-Control-Request-Method", "PUT")),
    ),
}


@pytest.mark.parametrize("service", SERVICES)
def test_a_whole_signature_is_let_in(embedded: Endpoint, service: str) -> None:
    """botocore's own signature of a request to each service is right: what the forms below change matters."""
    answer = send(
        embedded, sign(embedded, plain(service).with_header("Origin", "http://a.example.com"), service)
    )
    assert answer.status == 200, answer
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("service", SERVICES)
def test_anything_less_is_refused(embedded: Endpoint, service: str, subtests: Any) -> None:
    """Malformed, mixed, missing and foreign signatures open no service."""
    for name, form in FORMS.items():
        with subtests.test(name):
            refused(send(embedded, form(embedded, service)))


@pytest.mark.parametrize("service", [service for service in SERVICES if service not in ("s3", "scheduler")])
def test_a_presigned_query_is_for_s3_alone(embedded: Endpoint, service: str) -> None:
    """A right presigned query, scoped to the service or to S3, opens no other service."""
    for scope, old in ((service, False), ("s3", False), ("s3", True)):
        refused(send(embedded, presign(embedded, plain(service), scope, old=old)))


def test_a_presigned_query_for_a_path_of_scheduler_is_one_for_a_bucket(embedded: Endpoint) -> None:
    """EventBridge Scheduler takes no presigned query; S3 takes the same path for a bucket's name."""
    refused(send(embedded, presign(embedded, plain("scheduler"), "scheduler")))
    assert send(embedded, presign(embedded, plain("scheduler"))).code == "NoSuchBucket"


@pytest.mark.parametrize("service", SERVICES)
def test_the_clock_counts(embedded: Endpoint, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request signed more than a quarter of an hour from now is refused."""
    for minutes in (-16, 16, -60 * 24 * 365):
        refused(send(embedded, at(embedded, service, minutes, monkeypatch)))


PATHS = [
    *(
        "/_ministack/reset",
        "/_ministack/config",
        "/_ministack/health",
        "/_ministack/ready",
        "/_localstack/health",
    ),
    *(
        "/_ministack/sqs/messages",
        "/_ministack/ses/messages",
        "/_ministack/sns/sms-messages",
        "/_aws/sqs/messages",
    ),
    *(
        "/_ministack/rds/iam-auth",
        "/_ministack/cfn-response/x",
        "/_ministack/cfn-signal/x",
        "/_alb/x",
        "/health",
    ),
    *("/_ministack/lambda-code/x/y/z/a", "/_ministack/eks-auth/x", "/iceberg/v1/config", "/oauth2/authorize"),
    *(
        "/logout",
        "/login",
        "/v20180820/tags/x",
        "/WriteGetObjectResponse",
        "/Execute",
        "/v2/email",
    ),
]


def test_ministacks_own_paths_are_closed(embedded: Endpoint, aws: Any, name: str) -> None:
    """Neither without a signature nor with root's is any of MiniStack's own paths answered; nothing is reset."""
    aws("s3").create_bucket(Bucket=name)
    for path in PATHS:
        for method in ("GET", "POST", "PUT"):
            raw = Raw(method, path, (), b"" if method == "GET" else b"{}")
            refused(send(embedded, raw))
            refused(send(embedded, presign(embedded, raw)))
            for service in ("s3", "sts", "sagemaker", "scheduler", "sqs"):
                refused(send(embedded, sign(embedded, raw, service)))
    assert aws("s3").head_bucket(Bucket=name)


def test_health_needs_its_token_and_its_host(embedded: Endpoint) -> None:
    """The lifecycle's own path says nothing to whoever does not know the token, whatever it is spelled in."""
    good = ("x-local-token", embedded.token)
    assert send(embedded, Raw("GET", "/_local/health", (good,))).status == 200
    for headers in ((), (("x-local-token", "wrong"),), (("x-local-token", "é"),)):
        assert send(embedded, Raw("GET", "/_local/health", headers)).status == 403
    assert send(embedded, Raw("GET", "/_local/health", (good, ("Host", "rebound.example.com")))).status == 403


@pytest.mark.parametrize(
    "host", ["127.0.0.1.example.com", "localhost.example.com", "0.0.0.0", "[::1]", "x@127.0.0.1"]
)
def test_other_names_of_this_machine_are_refused(embedded: Endpoint, host: str) -> None:
    """A page whose name was made to lead to this machine is sent away, however well it signs."""
    raw = plain("sts").with_header("Host", host)
    refused(send(embedded, sign(embedded, raw, "sts").with_header("Host", host)))


def test_a_target_with_another_host_is_refused(embedded: Endpoint) -> None:
    """A request line in the absolute form, as to a proxy, is for nobody here."""
    raw = sign(embedded, plain("s3"), "s3")
    refused(send(embedded, Raw("GET", f"http://rebound.example.com{raw.target}", raw.headers)))


def test_http2_is_asked_for_the_same(embedded: Endpoint) -> None:
    """A connection that changes to HTTP/2 in the clear gives nothing without a signature."""
    with socket.create_connection(("127.0.0.1", embedded.port), timeout=10) as connection:
        lines = ["GET / HTTP/1.1", f"Host: 127.0.0.1:{embedded.port}", "Connection: Upgrade, HTTP2-Settings"]
        lines += ["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        connection.settimeout(2)
        found = b""
        try:
            while b"Missing Authentication Token" not in found and (piece := connection.recv(65536)):
                found += piece
        except TimeoutError:
            pass
    assert b"Buckets" not in found
    assert b"Missing Authentication Token" in found


@pytest.fixture
def bucket(aws: Any, name: str) -> str:
    """A bucket with the object ``k``."""
    aws("s3").create_bucket(Bucket=name)
    aws("s3").put_object(Bucket=name, Key="k", Body=b"here", Metadata={"a": "b"})
    return name


@pytest.mark.parametrize(("version", "session"), [(None, False), ("s3v4", True), (None, True)])
def test_boto3s_presigned_urls_open_what_they_name(
    embedded: Endpoint, aws: Any, bucket: str, version: str | None, session: bool, user: Any, role: Any
) -> None:
    """What boto3 presigns by default (SigV2 in us-east-1), and when told, reads and writes that object; not
    with another method, object or parameter.
    """
    options = _session(aws, role, user) if session else {}
    s3 = _presigner(embedded, version, **options)
    read = _raw("GET", s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"}))
    assert ("AWSAccessKeyId=" in read.target) == (version != "s3v4")
    assert send(embedded, read).body == "here"
    arguments = {"Bucket": bucket, "Key": "new", "Metadata": {"x": "y"}}
    write = _raw("PUT", s3.generate_presigned_url("put_object", arguments), b"there")
    if version == "s3v4":  # which signs the header, where SigV2 moves it to the query
        refused(send(embedded, write))
        write = write.with_header("X-Amz-Meta-X", "y")
    assert send(embedded, write).status == 200
    assert aws("s3").head_object(Bucket=bucket, Key="new")["Metadata"] == {"x": "y"}
    listing = _raw("GET", s3.generate_presigned_url("list_objects_v2", {"Bucket": bucket, "Prefix": "k"}))
    assert "<Key>k</Key>" in send(embedded, listing).body
    for wrong in (
        Raw("DELETE", read.target),
        Raw("GET", read.target.replace("/k?", "/new?")),
        Raw("GET", write.target),
        Raw(
            "PUT",
            write.target.replace("x-amz-meta-x=y", "x-amz-meta-x=z"),
            (("X-Amz-Meta-X", "z"),),
            b"there",
        ),
        read.with_query("acl"),
        read.with_query("encryption"),
        read.with_query("X-Amz-Acl=public-read"),
        read.with_header("X-Amz-Copy-Source", f"/{bucket}/k"),
        Raw("GET", read.target.replace("Expires=", "Expires=1")),
        Raw("GET", read.target.replace("Expires=", "expires=")),
        read.with_query("Expires=9999999999&X-Amz-Expires=604800"),
    ):
        refused(send(embedded, wrong))
    assert send(embedded, read).body == "here"


@pytest.mark.parametrize("old", [False, True])
def test_a_presigned_url_ends(
    embedded: Endpoint, bucket: str, old: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time, or before it was signed, a presigned query opens nothing; nor when it is good for ever."""
    raw = Raw("GET", f"/{bucket}/k")
    refused(send(embedded, presign(embedded, raw, expires=-10, old=old)))
    if not old:
        for expires in (0, 604_801):
            refused(send(embedded, presign(embedded, raw, expires=expires)))
        moment = datetime.now(UTC).replace(tzinfo=None)
        for minutes, good in ((-9, True), (-11, False), (16, False)):
            then = moment + timedelta(minutes=minutes)
            monkeypatch.setattr("botocore.auth.get_current_datetime", lambda then=then, **_: then)
            answer = send(embedded, presign(embedded, raw, expires=600))
            assert (answer.status == 200) == good, answer


WRONG_BODIES = {
    "another hash": (hashlib.sha256(b"other").hexdigest(), b"here"),
    "hash of nothing": (hashlib.sha256(b"").hexdigest(), b"here"),
    "no hash at all": ("", b"here"),
    "a hash in upper case": (hashlib.sha256(b"here").hexdigest().upper(), b"here"),
    "chunks without chunks": ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", b"here"),
    "chunks with a wrong signature": (
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        f"4;chunk-signature={'0' * 64}\r\nhere\r\n0;chunk-signature={'0' * 64}\r\n\r\n".encode(),
    ),
    "chunks without signatures": ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", b"4\r\nhere\r\n0\r\n\r\n"),
    "an unknown word": ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", b"here"),
}


@pytest.mark.parametrize("case", WRONG_BODIES)
def test_a_body_that_was_not_signed_is_refused(embedded: Endpoint, aws: Any, bucket: str, case: str) -> None:
    """A body that is not what x-amz-content-sha256 says is refused, and the object stays what it was."""
    declared, body = WRONG_BODIES[case]
    refused(send(embedded, declaring(embedded, f"/{bucket}/k", declared, body)))
    refused(send(embedded, declaring(embedded, f"/{bucket}/new", declared, body)))
    assert [item["Key"] for item in aws("s3").list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]
    assert aws("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"here"


def test_bodies_that_were_signed_arrive(embedded: Endpoint, aws: Any, bucket: str) -> None:
    """A body under its hash, unsigned, and in chunks with the trailer that was announced."""
    good = hashlib.sha256(b"there").hexdigest()
    digest = base64.b64encode(hashlib.sha256(b"there").digest()).decode()
    trailer = f"x-amz-checksum-sha256:{digest}\r\n"
    chunked = f"3\r\nthe\r\n2\r\nre\r\n0\r\n{trailer}\r\n".encode()
    announced = (("X-Amz-Trailer", "x-amz-checksum-sha256"), ("X-Amz-Decoded-Content-Length", "5"))
    for declared, body, headers in (
        (good, b"there", ()),
        ("UNSIGNED-PAYLOAD", b"there", ()),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", chunked, announced),
    ):
        aws("s3").put_object(Bucket=bucket, Key="k", Body=b"before")
        answer = send(embedded, declaring(embedded, f"/{bucket}/k", declared, body, headers))
        assert answer.status == 200, answer
        assert aws("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"there"
    smuggled = chunked.replace(trailer.encode(), trailer.encode() + b"x-amz-acl:public-read\r\n")
    refused(
        send(
            embedded,
            declaring(embedded, f"/{bucket}/k", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", smuggled, announced),
        )
    )


def test_a_session_needs_its_own_token(embedded: Endpoint, aws: Any, role: Any, user: Any) -> None:
    """A session's key with no token, with another session's, or with root's secret is nobody's."""
    options = _session(aws, role, user)
    raw = plain("sts")
    assert send(embedded, sign(embedded, raw, "sts", keys(embedded, **options))).status == 200
    for changed in ({"token": "x"}, {"token": ""}, {"secret_key": embedded.secret_key}):
        refused(send(embedded, sign(embedded, raw, "sts", keys(embedded, **{**options, **changed}))))


def _session(aws: Any, role: Any, user: Any) -> dict[str, str]:
    """Temporary credentials that may do everything."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    person = user(everything)
    arn = aws("sts", **person).get_caller_identity()["Arn"]
    made = role("glue.amazonaws.com", everything)
    trust = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "%s"}, '
        '"Action": "sts:AssumeRole"}]}'
    )
    aws("iam").update_assume_role_policy(RoleName=made.rpartition("/")[2], PolicyDocument=trust % arn)
    given = aws("sts", **person).assume_role(RoleArn=made, RoleSessionName="session")["Credentials"]
    return {
        "access_key": given["AccessKeyId"],
        "secret_key": given["SecretAccessKey"],
        "token": given["SessionToken"],
    }


def _presigner(embedded: Endpoint, version: str | None, **credentials: str) -> Any:
    found = keys(embedded, **credentials)
    return boto3.session.Session().client(
        "s3",
        endpoint_url=embedded.url,
        region_name="us-east-1",
        aws_access_key_id=found.access_key,
        aws_secret_access_key=found.secret_key,
        aws_session_token=found.token,
        config=Config(signature_version=version) if version else None,
    )


def _raw(method: str, url: str, body: bytes = b"") -> Raw:
    parts = urlsplit(url)
    return Raw(method, f"{parts.path}?{parts.query}", (), body)
