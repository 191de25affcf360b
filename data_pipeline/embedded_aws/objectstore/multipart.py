"""An object made of its parts, which stay files until they are joined.

In the place of MiniStack's own completion, which joins them in memory, in whatever order they are named. What
is refused is refused as the page of CompleteMultipartUpload (Amazon S3 API Reference) says.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError, SubElement

from ministack.core.responses import now_iso
from ministack.services import s3

from . import body as bodies
from .body import Body

Answer = tuple[int, dict[str, Any], Any]

#: Bytes of every part but the last; tests of uploads in parts ask for less, so that their files are small.
LEAST = int(os.environ.get("DATA_PIPELINE_LOCAL_LEAST_PART", 5 * 1024 * 1024))
_NOT_FOUND = "One or more of the specified parts could not be found."


class Named(NamedTuple):
    """A part, as the completion names it."""

    number: int
    etag: str
    checksums: dict[str, str]


class _Wrong(Exception):  # noqa: N818 - an answer, not an error of ours
    """Code and text of a refusal."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message


def part_of(stored: Mapping[str, Any]) -> Body:
    """The bytes of a stored part, as a file of its own."""
    body = stored["body"]
    assert isinstance(body, Body)
    return body


def complete(
    bucket_name: str, key: str, body: bytes, query: Mapping[str, Any], headers: dict[str, str] | None = None
) -> Answer:
    """The answer to CompleteMultipartUpload; the object is there when it is 200."""
    headers = headers or {}
    identity = str(s3._qp(query, "uploadId"))
    before = s3._completed_multipart_uploads.get(identity)
    if before is not None and before.get("key") == key:
        answer: Answer = before["response"]
        return answer
    bucket, upload = s3._ensure_bucket(bucket_name), s3._multipart_uploads.get(identity)
    if bucket is None:
        return s3._no_such_bucket(bucket_name)  # type: ignore[no-any-return]
    if upload is None or (upload["bucket"], upload["key"]) != (bucket_name, key):
        message = "The specified multipart upload does not exist."
        return s3._error("NoSuchUpload", message, 404, f"/{bucket_name}/{key}")  # type: ignore[no-any-return]
    refused = s3._check_sse_c_part(headers, upload)
    refused = refused or s3._check_put_preconditions(headers, bucket["objects"].get(key))
    if refused:
        return refused  # type: ignore[no-any-return]
    try:
        parts = _checked(_named(body), upload["parts"])
        record = _record(parts, upload, headers)
    except _Wrong as wrong:
        return s3._error(wrong.code, wrong.message, 400, f"/{bucket_name}/{key}")  # type: ignore[no-any-return]
    bodies_of = [part_of(upload["parts"][one.number]) for one in parts]
    version = _stored(bucket_name, key, bucket, record, bodies_of, upload.get("tags"))
    drop(upload["parts"])
    del s3._multipart_uploads[identity]
    answer = _answer(bucket_name, key, record, version, headers)
    s3._completed_multipart_uploads[identity] = {"key": key, "response": answer}
    return answer


def drop(parts: Mapping[int, Mapping[str, Any]]) -> None:
    """Remove the files of an upload's parts."""
    for stored in parts.values():
        part_of(stored).discard()


def _named(body: bytes) -> list[Named]:
    """The parts that a completion names, in its order."""
    try:
        elements = list(s3.fromstring(body).iter())
    except ParseError:
        elements = []
    found = []
    for element in elements:
        if _local(element) == "Part":
            fields = {_local(child): (child.text or "").strip() for child in element}
            if not fields.get("PartNumber", "").isdecimal():
                raise _Wrong("MalformedXML", "Each Part has a PartNumber.")
            checksums = {
                name.removeprefix("Checksum").upper(): value
                for name, value in fields.items()
                if name.startswith("Checksum") and value
            }
            found.append(Named(int(fields["PartNumber"]), fields.get("ETag", "").strip('"'), checksums))
    if not found:
        raise _Wrong(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema.",
        )
    return found


def _checked(named: list[Named], stored: Mapping[int, Mapping[str, Any]]) -> list[Named]:
    """The parts, which are there, as named, in order and long enough."""
    numbers = [part.number for part in named]
    if numbers != sorted(set(numbers)):
        raise _Wrong(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
        )
    for part in named:
        found = stored.get(part.number)
        if found is None or (part.etag and part.etag != found["etag"].strip('"')):
            raise _Wrong("InvalidPart", f"{_NOT_FOUND} The part number {part.number} is invalid.")
        known = found.get("checksums") or {}
        if any(known.get(name) != value for name, value in part.checksums.items()):
            raise _Wrong("InvalidPart", f"{_NOT_FOUND} The checksum of part {part.number} is another one.")
    for part in named[:-1]:
        if stored[part.number]["size"] < LEAST:
            raise _Wrong(
                "EntityTooSmall",
                f"Your proposed upload is smaller than the minimum allowed size: part {part.number} has "
                f"{stored[part.number]['size']} bytes, every part but the last has at least {LEAST}.",
            )
    return named


def _record(parts: list[Named], upload: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    """MiniStack's record of the object, without its body."""
    stored = [upload["parts"][part.number] for part in parts]
    size = sum(part["size"] for part in stored)
    declared = headers.get("x-amz-mp-object-size")
    if declared is not None and declared != str(size):
        raise _Wrong("InvalidRequest", f"x-amz-mp-object-size is {declared}, the parts have {size} bytes.")
    algorithm = upload.get("checksum_algorithm")
    lacking = [part.number for part in parts if algorithm not in part.checksums]
    if algorithm and lacking:
        raise _Wrong(
            "InvalidRequest",
            f"The upload was created using a {algorithm.lower()} checksum. The complete request must include the "
            f"checksum for each part. It was missing for part {lacking[0]} in the request.",
        )
    sums = [(part.get("checksums") or {}).get(algorithm) for part in stored]
    composite = s3._composite_checksum(algorithm, sums)
    asked = headers.get(f"x-amz-checksum-{algorithm.lower()}") if algorithm else None
    if asked and asked != composite:
        raise _Wrong("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")
    digests = b"".join(bytes.fromhex(part["etag"].strip('"')) for part in stored)
    etag = hashlib.md5(digests, usedforsecurity=False).hexdigest()
    return {
        "content_type": upload["content_type"],
        "content_encoding": upload.get("content_encoding"),
        "etag": f'"{etag}-{len(parts)}"',
        "last_modified": now_iso(),
        "size": size,
        "metadata": upload["metadata"],
        "preserved_headers": upload.get("preserved_headers", {}),
        "storage_class": upload.get("storage_class") or "STANDARD",
        "parts": [
            {"PartNumber": part.number, "Size": one["size"]} for part, one in zip(parts, stored, strict=True)
        ],
        "checksums": {algorithm: composite} if composite else {},
        "checksum_type": "COMPOSITE" if composite else None,
    }


def _stored(
    bucket_name: str,
    key: str,
    bucket: dict[str, Any],
    record: dict[str, Any],
    parts: list[Body],
    tags: dict[str, str] | None,
) -> str | None:
    """Make the record the key's object; its version, where the bucket has versions. OSError with the parts as
    they were.
    """
    first = parts[0]
    whole = bodies.join(parts, first.path.with_name(f"{first.path.name}-joined"))
    record["body"] = whole
    before = bucket["objects"].get(key)
    bucket["objects"][key] = record
    try:
        version = s3._record_object_version(bucket_name, key, before, record, None)
        s3._object_tags.pop((bucket_name, key, record.get("version_id")), None)
        if tags:
            s3._object_tags[(bucket_name, key, record.get("version_id"))] = tags
        s3._persist_object(bucket_name, key, record)
    except OSError:
        bodies.part(whole, first)
        raise
    return None if version is None else str(version)


def _answer(
    bucket_name: str, key: str, record: Mapping[str, Any], version: str | None, headers: Mapping[str, str]
) -> Answer:
    root = Element("CompleteMultipartUploadResult", xmlns=s3.S3_NS)
    fields = {
        "Location": f"http://{headers.get('host', 'localhost')}/{bucket_name}/{key}",
        "Bucket": bucket_name,
        "Key": key,
        "ETag": record["etag"],
        **{f"Checksum{name}": value for name, value in record["checksums"].items()},
    }
    if record["checksums"]:
        fields["ChecksumType"] = "COMPOSITE"
    for name, value in fields.items():
        SubElement(root, name).text = value
    given = {"Content-Type": "application/xml", **s3._stored_sse_headers(record)}
    return 200, given | ({"x-amz-version-id": version} if version else {}), s3._xml_body(root)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]
