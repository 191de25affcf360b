"""What S3 refuses is refused, and what is taken has its effect: no header and no document is read past."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ministack.services import s3 as storage

from data_pipeline.embedded_aws.objectstore import conditions, requests
from data_pipeline.embedded_aws.objectstore.requests import Request, Wrong

ACCOUNT, OTHER = "000000000000", "111122223333"
NS = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def request(
    method: str = "PUT", path: str = "b/k", query: str = "", body: str = "", **headers: str
) -> Request:
    """A request; ``query`` is ``name=value`` or a name, ``_`` in the name of a header is a dash."""
    bucket, _, key = path.partition("/")
    name, _, value = query.partition("=")
    named = {header.replace("_", "-"): text for header, text in headers.items()}
    return Request(method, bucket, key, named, {name: [value]} if name else {}, body.encode(), ACCOUNT)


def rule(*parts: str, root: str = "LifecycleConfiguration") -> str:
    """A configuration with one rule of these elements."""
    return f"<{root}{NS}><Rule>{''.join(parts)}</Rule></{root}>"


def tags(*names: str) -> str:
    """A set of tags with these names."""
    return (
        f"<Tagging{NS}><TagSet>"
        + "".join(f"<Tag><Key>{name}</Key><Value>v</Value></Tag>" for name in names)
        + "</TagSet></Tagging>"
    )


ON, EXPIRE = "<Status>Enabled</Status>", "<Expiration><Days>1</Days></Expiration>"
ABORT = "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>"
TAGGED = "<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>"
LIFECYCLE = {"path": "b", "query": "lifecycle"}
LISTED = {"method": "GET", "path": "b"}

REFUSED = {
    "another owner": (request(x_amz_expected_bucket_owner=OTHER), "AccessDenied"),
    "another owner of a source": (request(x_amz_source_expected_bucket_owner=OTHER), "AccessDenied"),
    "no owner": (request(x_amz_expected_bucket_owner="me"), "InvalidBucketOwnerAWSAccountID"),
    "bytes after the object": (request(x_amz_write_offset_bytes="5"), "NotImplemented"),
    "a deletion with a device": (request("DELETE", x_amz_mfa="device 123456"), "NotImplemented"),
    "attributes of a listing": (
        request(**LISTED, x_amz_optional_object_attributes="RestoreStatus"),
        "NotImplemented",
    ),
    "an ETag that must not be there": (request(if_none_match='"e"'), "NotImplemented"),
    "a long key": (request(path="b/" + "ä" * 513), "KeyTooLongError"),
    "much metadata": (request(x_amz_meta_a="x" * 2048), "MetadataTooLarge"),
    "a tag twice": (request(x_amz_tagging="a=1&a=2"), "InvalidTag"),
    "a tag of AWS": (request(x_amz_tagging="aws%3Aa=1"), "InvalidTag"),
    "a copy of itself": (request(x_amz_copy_source="/b/k"), "InvalidRequest"),
    "a reserved name": (request(path="xn--b"), "InvalidBucketName"),
    "a reserved end": (request(path="b-s3alias"), "InvalidBucketName"),
    "fewer than no keys": (request(**LISTED, query="max-keys=-1"), "InvalidArgument"),
    "a version without a key": (request(**LISTED, query="version-id-marker=v"), "InvalidArgument"),
    "no token": (request(**LISTED, query="continuation-token=garbage!"), "InvalidArgument"),
    "a header that ends": (request("GET", query="response-expires=\0"), "InvalidArgument"),
    "a header of two lines": (request("GET", query="response-content-type=a\r\nb: c"), "InvalidArgument"),
    "a header of no bytes": (request("GET", query="response-cache-control=日"), "InvalidArgument"),
    "the head of a part": (request("HEAD", query="partNumber=1"), "NotImplemented"),
    "SHA-256 of the whole": (
        request(
            "POST",
            query="uploads",
            x_amz_checksum_algorithm="SHA256",
            x_amz_checksum_type="FULL_OBJECT",
        ),
        "InvalidRequest",
    ),
    "a checksum of the whole": (
        request("POST", query="uploadId=u", x_amz_checksum_type="FULL_OBJECT"),
        "NotImplemented",
    ),
    "CRC-64 of parts": (
        request("POST", query="uploads", x_amz_checksum_algorithm="CRC64NVME"),
        "NotImplemented",
    ),
    "a lifecycle with prefix and filter": (
        request(**LIFECYCLE, body=rule(ON, EXPIRE, "<Prefix>a</Prefix>", "<Filter/>")),
        "MalformedXML",
    ),
    "a lifecycle that does nothing": (request(**LIFECYCLE, body=rule(ON, "<Filter/>")), "InvalidRequest"),
    "a lifecycle of parts by tag": (request(**LIFECYCLE, body=rule(ON, TAGGED, ABORT)), "InvalidRequest"),
    "two rules of one name": (
        request(
            **LIFECYCLE,
            body=f"<L>{2 * f'<Rule><ID>a</ID>{ON}{EXPIRE}</Rule>'}</L>",
        ),
        "InvalidArgument",
    ),
    "no XML": (request(**LIFECYCLE, body="<a"), "MalformedXML"),
    "tags of one name": (request(path="b", query="tagging", body=tags("a", "a")), "InvalidTag"),
    "tags of AWS": (request(query="tagging", body=tags("aws:a")), "InvalidTag"),
    "an owner that is none": (
        request(path="b", query="ownershipControls", body=rule("<ObjectOwnership>No</ObjectOwnership>")),
        "MalformedXML",
    ),
    "a rule without encryption": (request(path="b", query="encryption", body=rule()), "MalformedXML"),
    "versions with a device": (
        request(
            path="b",
            query="versioning",
            body="<V><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></V>",
        ),
        "NotImplemented",
    ),
    "1,001 deletions": (
        request("POST", path="b", query="delete", body=f"<D>{1001 * '<Object><Key>a</Key></Object>'}</D>"),
        "MalformedXML",
    ),
}
TAKEN = {
    "the owner": request(x_amz_expected_bucket_owner=ACCOUNT),
    "an object that must not be there": request(if_none_match="*"),
    "the longest key": request(path="b/" + "ä" * 512),
    "the most metadata": request(x_amz_meta_a="x" * 2047),
    "two tags": request(x_amz_tagging="a=1&b=1"),
    "a copy of itself with other metadata": request(
        x_amz_copy_source="b/k", x_amz_metadata_directive="REPLACE"
    ),
    "a copy of an older version": request(x_amz_copy_source="b/k?versionId=v"),
    "a name": request(path="b-s3alias-1"),
    "no keys": request(**LISTED, query="max-keys=0"),
    "a token": request(**LISTED, query="continuation-token=YQ=="),
    "a lifecycle": request(**LIFECYCLE, body=rule(ON, EXPIRE, "<Filter><Prefix>a</Prefix></Filter>")),
    "a lifecycle by tag": request(**LIFECYCLE, body=rule(ON, EXPIRE, TAGGED)),
    "tags": request(query="tagging", body=tags("a", "b")),
    "versions without a device": request(
        path="b", query="versioning", body="<V><Status>Enabled</Status><MfaDelete>Disabled</MfaDelete></V>"
    ),
    "an owner": request(
        path="b", query="ownershipControls", body=rule("<ObjectOwnership>ObjectWriter</ObjectOwnership>")
    ),
    "an encryption": request(
        path="b",
        query="encryption",
        body=rule(
            "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
            "</ApplyServerSideEncryptionByDefault>"
        ),
    ),
    "checksums of parts": request("POST", query="uploads", x_amz_checksum_algorithm="CRC32C"),
    "CRC-64 of an object": request(x_amz_checksum_algorithm="CRC64NVME"),
    "1,000 deletions": request(
        "POST", path="b", query="delete", body=f"<D>{1000 * '<Object><Key>a</Key></Object>'}</D>"
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    """Each request that S3 refuses, or that would have no effect here."""
    asked, code = REFUSED[case]
    with pytest.raises(Wrong) as wrong:
        requests.check(asked)
    assert wrong.value.code == code


@pytest.mark.parametrize("case", TAKEN)
def test_taken(case: str) -> None:
    """What lies beside them is taken."""
    requests.check(TAKEN[case])


@pytest.fixture
def s3(aws: Any, name: str) -> Any:
    """A client of S3, and a bucket with the object ``k``."""
    client = aws("s3")
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="k", Body=b"0123456789", Tagging="a=1")
    return client


def test_refusals_reach_the_client(s3: Any, name: str) -> None:
    """Over HTTP, and what was refused is not done."""
    past = datetime(2020, 1, 1, tzinfo=UTC)
    place: dict[str, Any] = {"Bucket": name, "Key": "k"}
    asked: list[tuple[str, Callable[[], Any]]] = [
        ("AccessDenied", lambda: s3.delete_object(**place, ExpectedBucketOwner=OTHER)),
        ("NotImplemented", lambda: s3.put_object(**place, Body=b"x", WriteOffsetBytes=10)),
        ("PreconditionFailed", lambda: s3.copy_object(**place, CopySource=f"{name}/other", IfNoneMatch="*")),
        ("PreconditionFailed", lambda: s3.copy_object(**place, CopySource=f"{name}/other", IfMatch='"e"')),
        ("PreconditionFailed", lambda: s3.get_object(**place, IfUnmodifiedSince=past)),
        ("InvalidPartNumber", lambda: s3.get_object(**place, PartNumber=2)),
    ]
    s3.put_object(Bucket=name, Key="other", Body=b"other")
    for code, ask in asked:
        with pytest.raises(ClientError, match=code):
            ask()
    assert s3.get_object(**place)["Body"].read() == b"0123456789"


def test_archived_objects_are_not_copied(s3: Any, name: str) -> None:
    """They are restored first; nor are they read."""
    s3.put_object(Bucket=name, Key="old", Body=b"x", StorageClass="GLACIER")
    source = f"{name}/old"
    with pytest.raises(ClientError, match="ObjectNotInActiveTierError"):
        s3.copy_object(Bucket=name, Key="new", CopySource=source)
    with pytest.raises(ClientError, match="InvalidObjectState"):
        s3.get_object(Bucket=name, Key="old")
    upload = s3.create_multipart_upload(Bucket=name, Key="new")["UploadId"]
    with pytest.raises(ClientError, match="ObjectNotInActiveTierError"):
        s3.upload_part_copy(Bucket=name, Key="new", UploadId=upload, PartNumber=1, CopySource=source)


def test_ranges(s3: Any, name: str) -> None:
    """HEAD has a range's length; several ranges at once are the whole object, as S3 takes one alone."""
    head = s3.head_object(Bucket=name, Key="k", Range="bytes=2-4")
    assert (head["ContentLength"], head["ContentRange"]) == (3, "bytes 2-4/10")
    whole = s3.get_object(Bucket=name, Key="k", Range="bytes=0-1,3-4")
    assert whole["Body"].read() == b"0123456789"


def test_tags_are_those_of_the_object(s3: Any, name: str) -> None:
    """An upload in parts has the tags that it was begun with; an object that is replaced leaves none behind."""
    upload = s3.create_multipart_upload(Bucket=name, Key="p", Tagging="b=2")["UploadId"]
    part = s3.upload_part(Bucket=name, Key="p", UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=name, Key="p", UploadId=upload, MultipartUpload=parts)
    assert s3.get_object_tagging(Bucket=name, Key="p")["TagSet"] == [{"Key": "b", "Value": "2"}]
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    assert s3.get_object_tagging(Bucket=name, Key="k")["TagSet"] == []


@pytest.mark.parametrize(
    ("before", "status"), [({"a": "1"}, 507), ({"a": "1"}, 412), ({}, 507), ({"a": "1"}, 200)]
)
def test_tags_are_those_of_what_was_written(name: str, before: dict[str, str], status: int) -> None:
    """One write has the new object without the old one's tags; where it fails, the old one has its own again."""
    place = (name, "k", None)
    if before:
        storage._object_tags[place] = before

    def theirs(*_request: Any) -> Any:
        assert place not in storage._object_tags
        storage._object_tags[place] = {"new": "2"}
        if status == 507:
            raise OSError
        return status, {}, b""

    put = conditions.of_put(theirs)
    with pytest.raises(OSError) if status == 507 else nullcontext():
        put(name, "k", b"new", {"x-amz-tagging": "new=2"})
    assert storage._object_tags.pop(place, {}) == ({"new": "2"} if status == 200 else before)


def test_checksums_of_parts(s3: Any, name: str) -> None:
    """A part has the checksum that the upload was begun with, and the completion names it."""
    upload = s3.create_multipart_upload(Bucket=name, Key="p", ChecksumAlgorithm="SHA256")["UploadId"]
    place = {"Bucket": name, "Key": "p", "UploadId": upload}
    with pytest.raises(ClientError, match="Checksum Type mismatch"):
        s3.upload_part(**place, PartNumber=1, Body=b"x", ChecksumAlgorithm="CRC32")
    part = s3.upload_part(**place, PartNumber=1, Body=b"x", ChecksumAlgorithm="SHA256")
    named = {"PartNumber": 1, "ETag": part["ETag"]}
    with pytest.raises(ClientError, match="must include the checksum for each part"):
        s3.complete_multipart_upload(**place, MultipartUpload={"Parts": [named]})
    named["ChecksumSHA256"] = part["ChecksumSHA256"]
    done = s3.complete_multipart_upload(**place, MultipartUpload={"Parts": [named]})
    assert done["ChecksumSHA256"].endswith("-1")
