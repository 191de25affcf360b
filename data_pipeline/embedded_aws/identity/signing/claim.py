"""What the signature of a request claims: who signed what, when, for which service. Nothing is verified here."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from .request import Refused, Request

ALGORITHM = "AWS4-HMAC-SHA256"
_SCOPE = (
    r"(?P<key>[A-Za-z0-9]{1,128})/(?P<day>[0-9]{8})/(?P<region>[a-z0-9-]{1,64})/"
    r"(?P<service>[a-z0-9-]{1,64})/aws4_request"
)
_NAMES = r"(?P<names>[a-z0-9-]+(?:;[a-z0-9-]+)*)"
_HEADER = re.compile(
    rf"{ALGORITHM} +Credential={_SCOPE}, *SignedHeaders={_NAMES}, *Signature=(?P<signature>[0-9a-f]{{64}})"
)
_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_SECONDS = re.compile(r"[0-9]{1,12}")
_SESSION, _OLD_SESSION = "X-Amz-Security-Token", "x-amz-security-token"
#: The parameters of a presigned query, all of them and each once, beside the token of a session.
_PRESIGNED = frozenset(
    [
        *("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires"),
        *("X-Amz-SignedHeaders", "X-Amz-Signature"),
    ]
)
#: … and of one of Signature Version 2, which botocore makes for S3 unless it is told otherwise.
_PRESIGNED_OLD = frozenset(["AWSAccessKeyId", "Expires", "Signature"])
#: Any of these, in whatever case, makes a query one that means to be signed.
_MARKS = frozenset(
    name.lower()
    for name in (
        *_PRESIGNED,
        _SESSION,
        *_PRESIGNED_OLD,
        "SignatureMethod",
        "SignatureVersion",
        "X-Amz-Region-Set",
    )
)
#: Seconds that a request may be older or newer than the clock: S3's figure, and that of all others.
_SKEW_S3, _SKEW = 900, 300
_LONGEST = 7 * 86_400


@dataclass(frozen=True)
class Claim:
    """One complete signature. ``expires``: seconds since the epoch until which a presigned query is good;
    ``names``: the signed headers; ``day`` and ``time`` are empty in Signature Version 2 (``old``).
    """

    key: str
    service: str
    region: str
    signature: str
    token: str = ""
    day: str = ""
    time: str = ""
    names: tuple[str, ...] = ()
    expires: int | None = None
    old: bool = False

    @property
    def presigned(self) -> bool:
        """Whether the signature is in the query."""
        return self.expires is not None


def read(request: Request, region: str) -> Claim:
    """The one signature of a request; Refused when there is none, more than one, or an incomplete one.

    ``region`` is that of Signature Version 2, which names none.
    """
    marks = Counter(name for name, _ in request.query if name.lower() in _MARKS)
    if "authorization" in request.headers:
        if marks:
            raise Refused(
                "InvalidArgument",
                "Only one signature is taken: an Authorization header, or a presigned query. The query of this "
                f"request has {', '.join(sorted(marks))} too.",
                400,
            )
        return _in_header(request)
    if not marks:
        raise Refused(
            "MissingAuthenticationToken", "Missing Authentication Token: the request is not signed."
        )
    old = set(marks) & _PRESIGNED_OLD
    expected, token = (_PRESIGNED_OLD, _OLD_SESSION) if old else (_PRESIGNED, _SESSION)
    if set(marks) - {token} != expected or max(marks.values()) > 1:
        raise Refused(
            "AuthorizationQueryParametersError",
            f"A presigned query has {', '.join(sorted(expected))} (and {token} for a session), each once and "
            f"spelled so; found {', '.join(sorted(marks.elements()))}.",
            400,
        )
    return _old_query(request, region) if old else _query(request)


def check_time(claim: Claim, now: float) -> None:
    """Refused when the request was signed too long ago, in the future, or for a time that is over."""
    skew = _SKEW_S3 if claim.service == "s3" else _SKEW
    signed = None if claim.old else _seconds(claim.time)
    if claim.expires is not None:
        if signed is not None and signed > now + _SKEW_S3:
            raise Refused("AccessDenied", f"Request is not yet valid: it was signed at {claim.time}.")
        if now >= claim.expires:
            raise Refused("AccessDenied", "Request has expired.")
    elif signed is None or abs(signed - now) > skew:
        found = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        raise Refused(
            "RequestTimeTooSkewed",
            f"The request was signed at {claim.time}, more than {skew // 60} minutes from {found}.",
        )


def _in_header(request: Request) -> Claim:
    match = _HEADER.fullmatch(request.header("authorization"))
    if match is None:
        raise Refused(
            "IncompleteSignature",
            f"The Authorization header must be '{ALGORITHM} Credential=KEY/YYYYMMDD/REGION/SERVICE/aws4_request, "
            "SignedHeaders=…, Signature=…', in this order; other algorithms and SigV4A are not taken.",
            400,
        )
    return _claim(match, request.header("x-amz-date"), request.header("x-amz-security-token"))


def _query(request: Request) -> Claim:
    algorithm, credential, time, expires, names, signature = (
        request.given(name)[0]
        for name in (
            *("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires"),
            *("X-Amz-SignedHeaders", "X-Amz-Signature"),
        )
    )
    header = f"{algorithm} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    match = _HEADER.fullmatch(header)
    if match is None or not _SECONDS.fullmatch(expires) or not 1 <= int(expires) <= _LONGEST:
        raise Refused(
            "AuthorizationQueryParametersError",
            f"A presigned query has X-Amz-Algorithm={ALGORITHM}, "
            f"X-Amz-Credential=KEY/YYYYMMDD/REGION/s3/aws4_request, X-Amz-Expires from 1 to {_LONGEST}, signed "
            "headers in lower case and a signature of 64 hexadecimal digits.",
            400,
        )
    if "x-amz-security-token" in request.headers:
        raise Refused("InvalidArgument", "The token of a presigned query is in its query alone.", 400)
    if match["service"] != "s3":
        raise Refused(
            "MissingAuthenticationToken", "Presigned queries are taken for S3 alone: sign with a header."
        )
    return _claim(match, time, (request.given(_SESSION) or [""])[0], int(expires))


def _old_query(request: Request, region: str) -> Claim:
    key, signature, expires = (request.given(name)[0] for name in ("AWSAccessKeyId", "Signature", "Expires"))
    if not re.fullmatch(r"[A-Za-z0-9]{1,128}", key) or not _SECONDS.fullmatch(expires):
        raise Refused(
            "AuthorizationQueryParametersError",
            "A presigned query of Signature Version 2 has an AWSAccessKeyId of letters and digits, and Expires in "
            "seconds since 1970.",
            400,
        )
    token = (request.given(_OLD_SESSION) or [""])[0]
    return Claim(key, "s3", region, signature, token, expires=int(expires), old=True)


def _claim(match: re.Match[str], time: str, token: str, lifetime: int | None = None) -> Claim:
    names = tuple(match["names"].split(";"))
    if list(names) != sorted(set(names)):
        raise Refused("IncompleteSignature", "SignedHeaders must name each header once, in order.", 400)
    if not _TIME.fullmatch(time):
        raise Refused("IncompleteSignature", "X-Amz-Date must be there, as YYYYMMDDTHHMMSSZ.", 400)
    if time[:8] != match["day"]:
        raise Refused(
            "SignatureDoesNotMatch",
            f"Date in Credential scope does not match X-Amz-Date: {match['day']} and {time}.",
        )
    return Claim(
        match["key"],
        match["service"],
        match["region"],
        match["signature"],
        token,
        match["day"],
        time,
        names,
        None if lifetime is None else _seconds(time) + lifetime,
    )


def _seconds(time: str) -> int:
    try:
        return int(datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise Refused("IncompleteSignature", f"X-Amz-Date={time} is no time.", 400) from error
