"""Requests to S3 that MiniStack takes without doing what they say: refused as S3 refuses them, or by name.

Sources: the pages of the operations in the Amazon S3 API Reference, "Error responses" there, and "Bucket naming rules",
"Object key naming guidelines" and "Categorizing your objects using tags" of its user guide.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.etree.ElementTree import Element, ParseError, fromstring

LONGEST_KEY, MOST_METADATA, MOST_DELETED = 1024, 2048, 1000
_MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"
_RESERVED = re.compile(
    r"(xn--|sthree-|amzn-s3-demo-).*|.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)", re.DOTALL
)
_WHOLE = re.compile(r"\d+", re.ASCII)
_HEADER = re.compile(r"[\t -~\xa0-\xff]*")
"""What may stand in a header of an answer."""
_METADATA = "x-amz-meta-"
_CHECKSUM = "x-amz-checksum-"
#: Headers of S3 that have no effect here → the operation that they make of a request.
_UNHEEDED = {
    "x-amz-write-offset-bytes": "appending to an object",
    "x-amz-mfa": "deleting with multi-factor authentication",
    "x-amz-optional-object-attributes": "listings with attributes of objects",
}
_OWNERSHIP = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
_ACTIONS = (
    *("Expiration", "Transition", "NoncurrentVersionExpiration", "NoncurrentVersionTransition"),
    "AbortIncompleteMultipartUpload",
)
_TAGGED = ("Filter/Tag", "Filter/And/Tag")


class Wrong(Exception):  # noqa: N818 - an answer, not an error of ours
    """HTTP status, S3's code, and its message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(frozen=True)
class Request:
    """A request to S3; ``account`` owns every bucket. The body is the first bytes of one that came as a file."""

    method: str
    bucket: str
    key: str
    headers: Mapping[str, str]
    query: Mapping[str, Any]
    body: bytes
    account: str

    def given(self, name: str) -> str:
        """The first value of a parameter of the query, or ""."""
        value = self.query.get(name, "")
        return str(value[0] if isinstance(value, list) else value)

    @property
    def copied(self) -> str:
        """Bucket, key and version that are copied, or ""."""
        return self.headers.get("x-amz-copy-source", "").lstrip("/")


def check(request: Request) -> None:
    """Wrong for what is not taken."""
    _check_owner(request)
    _check_unheeded(request)
    _check_names(request)
    _check_overrides(request)
    _check_listing(request)
    if request.method in ("PUT", "POST"):
        _check_written(request)
        for name, reader in _BODIES.items():
            if name in request.query:
                reader(request)


def without_ranges(headers: dict[str, str]) -> dict[str, str]:
    """The headers without a range of several parts: S3 gives the whole object then."""
    several = "," in headers.get("range", "")
    return {name: value for name, value in headers.items() if name != "range"} if several else headers


def _check_owner(request: Request) -> None:
    for header in ("x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"):
        owner = request.headers.get(header)
        if owner is not None and not re.fullmatch(r"\d{12}", owner, re.ASCII):
            message = "The value of the expected bucket owner parameter must be an AWS account ID."
            raise Wrong(400, "InvalidBucketOwnerAWSAccountID", message)
        if owner not in (None, request.account):
            raise Wrong(403, "AccessDenied", f"Access Denied: {request.bucket} is not of account {owner}.")


def _check_unheeded(request: Request) -> None:
    """Wrong for a header that would have no effect, by its name."""
    for header, what in _UNHEEDED.items():
        if header in request.headers:
            raise _not_emulated(f"{what} ({header})")
    algorithm = request.headers.get("x-amz-checksum-algorithm", "")
    if "uploads" in request.query and algorithm.upper() == "CRC64NVME":  # it is always one of the whole
        raise _not_emulated(f"an upload in parts with x-amz-checksum-algorithm: {algorithm}")
    kind = request.headers.get("x-amz-checksum-type", "COMPOSITE")
    if kind != "COMPOSITE" and ("uploads" in request.query or "uploadId" in request.query):
        if algorithm.upper().startswith("SHA"):
            message = (
                f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
            )
            raise Wrong(400, "InvalidRequest", message)
        raise _not_emulated(f"an upload in parts with x-amz-checksum-type: {kind}")


def _check_names(request: Request) -> None:
    if len(request.key.encode("utf-8", "surrogatepass")) > LONGEST_KEY:
        raise Wrong(400, "KeyTooLongError", "Your key is too long")
    makes_bucket = request.method == "PUT" and not request.key and not request.query
    if makes_bucket and _RESERVED.fullmatch(request.bucket):
        raise Wrong(400, "InvalidBucketName", "The specified bucket is not valid.")


def _check_overrides(request: Request) -> None:
    """Wrong for a header of the answer, as GetObject's query may give them, that cannot be written."""
    for name in request.query:
        if name.startswith("response-") and not _HEADER.fullmatch(request.given(name)):
            raise Wrong(400, "InvalidArgument", "Header value cannot be represented using ISO-8859-1.")


def _check_listing(request: Request) -> None:
    if request.method != "GET":
        if request.method == "HEAD" and "partNumber" in request.query:
            raise _not_emulated("HEAD of one part (partNumber)")
        return
    for name in ("max-keys", "max-parts", "max-uploads"):
        if name in request.query and not _WHOLE.fullmatch(request.given(name)):
            raise Wrong(400, "InvalidArgument", f"Provided {name} not an integer or within integer range")
    if request.given("version-id-marker") and not request.given("key-marker"):
        message = "A version-id marker cannot be specified without a key marker."
        raise Wrong(400, "InvalidArgument", message)
    token = request.given("continuation-token")
    if token and not request.key and request.bucket and not _is_token(token):
        raise Wrong(400, "InvalidArgument", "The continuation token provided is incorrect")


def _is_token(text: str) -> bool:
    """Whether this is a key as the listings of this server write one."""
    try:
        base64.b64decode(text, validate=True).decode()
    except ValueError:
        return False
    return True


def _check_written(request: Request) -> None:
    headers = request.headers
    if headers.get("if-none-match", "*") != "*":
        raise _not_emulated("writing with an If-None-Match that is not *, as S3 does not")
    size = sum(
        len(name.removeprefix(_METADATA).encode()) + len(value.encode())
        for name, value in headers.items()
        if name.startswith(_METADATA)
    )
    if size > MOST_METADATA:
        message = "Your metadata headers exceed the maximum allowed metadata size"
        raise Wrong(400, "MetadataTooLarge", message)
    _check_tags(parse_qsl(headers.get("x-amz-tagging", ""), keep_blank_values=True))
    if request.copied and "uploadId" not in request.query and _copies_itself(request):
        message = (
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )
        raise Wrong(400, "InvalidRequest", message)


def _copies_itself(request: Request) -> bool:
    """Whether nothing would change. Left out: an encryption that the bucket has from its configuration, with which S3
    may take such a copy.
    """
    headers = request.headers
    changing = ("x-amz-storage-class", "x-amz-website-redirect-location", "x-amz-server-side-encryption")
    return (
        unquote(request.copied) == f"{request.bucket}/{request.key}"
        and headers.get("x-amz-metadata-directive", "COPY").upper() != "REPLACE"
        and not any(name in headers for name in changing)
    )


def _check_tags(pairs: Iterable[tuple[str, str]]) -> None:
    counted = Counter(name for name, _ in pairs)
    if any(number > 1 for number in counted.values()):
        raise Wrong(400, "InvalidTag", "Cannot provide multiple Tags with the same key")
    if any(name.lower().startswith("aws:") for name in counted):
        raise Wrong(400, "InvalidTag", "System tags cannot be added/updated by requester")


def _check_tagging(request: Request) -> None:
    tags = [tag for tag in _document(request).iter() if tag.tag == "Tag"]
    _check_tags((_text(tag, "Key"), _text(tag, "Value")) for tag in tags)


def _check_delete(request: Request) -> None:
    objects = [each for each in _document(request).iter() if each.tag == "Object"]
    if len(objects) > MOST_DELETED:
        raise Wrong(400, "MalformedXML", f"{_MALFORMED}: {len(objects)} objects, at most {MOST_DELETED}.")


def _check_versioning(request: Request) -> None:
    if _text(_document(request), "MfaDelete") == "Enabled":
        raise _not_emulated("versioning with MfaDelete")


def _check_ownership(request: Request) -> None:
    rules = _document(request).findall("Rule")
    if len(rules) != 1 or _text(rules[0], "ObjectOwnership") not in _OWNERSHIP:
        raise Wrong(400, "MalformedXML", _MALFORMED)


def _check_encryption(request: Request) -> None:
    rules = _document(request).findall("Rule")
    default = "ApplyServerSideEncryptionByDefault"
    if len(rules) != 1 or not any(rules[0].findall(name) for name in (default, "BlockedEncryptionTypes")):
        raise Wrong(400, "MalformedXML", _MALFORMED)


def _check_lifecycle(request: Request) -> None:
    rules = _document(request).findall("Rule")
    names = [_text(rule, "ID") for rule in rules if _text(rule, "ID")]
    if len(names) > len(set(names)):
        message = "Rule ID must be unique. Found same ID for more than one rule"
        raise Wrong(400, "InvalidArgument", message)
    for rule in rules:
        if rule.find("Filter") is not None and rule.find("Prefix") is not None:
            raise Wrong(400, "MalformedXML", _MALFORMED)
        if not any(rule.find(action) is not None for action in _ACTIONS):
            message = "At least one action needs to be specified in a rule"
            raise Wrong(400, "InvalidRequest", message)
        tagged = any(rule.find(path) is not None for path in _TAGGED)
        if tagged and rule.find("AbortIncompleteMultipartUpload") is not None:
            message = "AbortIncompleteMultipartUpload cannot be specified with Tags"
            raise Wrong(400, "InvalidRequest", message)


#: Subresource → what holds its document.
_BODIES = {
    "delete": _check_delete,
    "encryption": _check_encryption,
    "lifecycle": _check_lifecycle,
    "ownershipControls": _check_ownership,
    "tagging": _check_tagging,
    "versioning": _check_versioning,
}


def _document(request: Request) -> Element:
    """The body's root, its names without a namespace."""
    try:
        root = fromstring(request.body)  # noqa: S314 - expat of Python 3.11 bounds what entities grow to
    except ParseError as error:
        raise Wrong(400, "MalformedXML", _MALFORMED) from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _not_emulated(what: str) -> Wrong:
    return Wrong(501, "NotImplemented", f"The embedded AWS does not emulate s3: {what}.")


def algorithms(headers: Mapping[str, str]) -> Iterator[str]:
    """The checksums that a request carries, in capitals, its trailer's among them."""
    for name in (*headers, headers.get("x-amz-trailer", "")):
        found = name.strip().lower().removeprefix(_CHECKSUM)
        if name.lower().startswith(_CHECKSUM) and found not in ("algorithm", "type", "mode"):
            yield found.upper()
