"""Whether a signature is that of the request: it is computed again with the secret."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
from urllib.parse import quote

from .claim import ALGORITHM, Claim
from .request import Refused, Request

UNSIGNED = "UNSIGNED-PAYLOAD"
#: Parameters that Signature Version 2 signs ("Constructing the CanonicalizedResource element").
_SIGNED_OLD = frozenset(
    [
        *("accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle"),
        *("location", "logging", "metrics", "notification", "object-lock", "partNumber", "policy"),
        *("replication", "requestPayment", "restore", "select", "select-type", "storageClass", "tagging"),
        *("torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website"),
        *(f"response-{name}" for name in ("cache-control", "content-disposition", "content-encoding")),
        *(f"response-{name}" for name in ("content-language", "content-type", "expires")),
    ]
)
#: Parameters that it does not sign and that only say which part of a listing is asked for.
_UNSIGNED_OLD = frozenset(
    [
        *("continuation-token", "delimiter", "encoding-type", "fetch-owner", "key-marker", "list-type"),
        *("marker", "max-keys", "max-parts", "max-uploads", "part-number-marker", "prefix", "start-after"),
        *("upload-id-marker", "version-id-marker", "x-id"),
        *("content-md5", "content-type"),  # botocore repeats these headers; S3 reads the headers
    ]
)
_OWN_OLD = frozenset(["AWSAccessKeyId", "Expires", "Signature"])
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
    "Key and signing method. Consult the service documentation for details."
)


def verify(request: Request, claim: Claim, secret: str, payload: str) -> None:
    """Refused unless the holder of the secret signed this request; ``payload`` is the body's hash or S3's
    word for it.
    """
    if claim.old:
        # A bucket is signed as /bucket/ by botocore and as /bucket by whoever reads the documentation.
        paths = {request.path, request.path + "/"} if request.path.count("/") == 1 else {request.path}
        expected = [_old(request, claim, secret, path) for path in sorted(paths)]
    else:
        expected = [_signature(request, claim, secret, payload)]
    if not any(hmac.compare_digest(text.encode(), claim.signature.encode()) for text in expected):
        raise Refused("SignatureDoesNotMatch", _MISMATCH)


@functools.lru_cache(maxsize=256)
def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """The key of a day, a region and a service."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def scope(claim: Claim) -> str:
    """The scope that a signature is good for."""
    return f"{claim.day}/{claim.region}/{claim.service}/aws4_request"


def _signature(request: Request, claim: Claim, secret: str, payload: str) -> str:
    missing = sorted({"host", *_amz(request)} - set(claim.names))
    absent = [name for name in claim.names if name not in request.headers]
    if missing or absent:
        what = f"not signed: {', '.join(missing)}. " if missing else ""
        what += f"signed, but not sent: {', '.join(absent)}." if absent else ""
        raise Refused("SignatureDoesNotMatch", f"Headers of the request are {what}")
    canonical = "\n".join(
        [
            request.method,
            _path(request.path, claim.service),
            _query(request),
            *(f"{name}:{_folded(request, name)}" for name in claim.names),
            "",
            ";".join(claim.names),
            payload,
        ]
    )
    text = "\n".join(
        [
            ALGORITHM,
            claim.time,
            scope(claim),
            hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest(),
        ]
    )
    key = signing_key(secret, claim.day, claim.region, claim.service)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _path(path: str, service: str) -> str:
    """S3 signs the path as it is sent, every other service encodes it once more."""
    if service == "s3":
        return path
    if "//" in path or {".", ".."} & set(path.split("/")):
        raise Refused("InvalidURI", f"The path {path} is not normalised.", 400)
    return quote(path, safe="/-_.~")


def _query(request: Request) -> str:
    pairs = [
        (quote(name, safe="-_.~"), quote(value or "", safe="-_.~"))
        for name, value in request.query
        if name != "X-Amz-Signature"
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _folded(request: Request, name: str) -> str:
    return ",".join(" ".join(value.split()) for value in request.headers[name])


def _amz(request: Request) -> list[str]:
    return [name for name in request.headers if name.startswith("x-amz-")]


def _old(request: Request, claim: Claim, secret: str, path: str) -> str:
    """The signature of Signature Version 2; what it would leave unsigned, and is no part of a listing, is
    refused.
    """
    amz = {name: request.header(name).strip() for name in _amz(request)}
    for name, value in request.query:
        if name.startswith("x-amz-"):
            if name in amz:
                raise Refused("InvalidArgument", f"{name} is in the header and in the query.", 400)
            amz[name] = (value or "").strip()
        elif name not in _SIGNED_OLD | _UNSIGNED_OLD | _OWN_OLD:
            raise Refused(
                "InvalidArgument",
                f"Signature Version 2 does not sign the parameter {name}: presign with Signature Version 4 "
                "(botocore: signature_version='s3v4').",
                400,
            )
    signed = sorted((pair for pair in request.query if pair[0] in _SIGNED_OLD), key=lambda pair: pair[0])
    resource = "&".join(name if value is None else f"{name}={value}" for name, value in signed)
    text = "\n".join(
        [
            request.method,
            request.header("content-md5").strip(),
            request.header("content-type").strip(),
            str(claim.expires),
            *(f"{name}:{amz[name]}" for name in sorted(amz)),
            path + (f"?{resource}" if resource else ""),
        ]
    )
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
