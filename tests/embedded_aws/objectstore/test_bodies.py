"""Bodies that are longer than what is kept in memory: stored, read, copied and joined byte for byte."""

from __future__ import annotations

import hashlib
import http.client
import random
import re
import sys
import zlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from clients import client
from randomness import SEED, SOAK, times
from waiting import until

from data_pipeline.embedded_aws.objectstore import body as bodies
from data_pipeline.embedded_aws.objectstore.body import PIECE, Body
from data_pipeline.embedded_aws.server.endpoint import Endpoint
from tests.embedded_aws.signed import Raw, declaring, send, sign

MB = 1 << 20


def noise(size: int, seed: object = 0) -> bytes:
    """So many bytes that are always the same."""
    return random.Random(f"{SEED}-{seed}").randbytes(size)


def spooled(endpoint: Endpoint) -> list[Path]:
    """Bodies that belong to no object."""
    return list((endpoint.state / "spool").iterdir())


@pytest.fixture(scope="module")
def storage(embedded: Endpoint) -> Any:
    """A client of S3, made once."""
    return client(embedded, "s3")


@pytest.fixture
def s3(storage: Any, name: str) -> Any:
    """A client of S3, and a bucket with the test's name."""
    storage.create_bucket(Bucket=name)
    return storage


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_put_and_get(s3: Any, name: str, embedded: Endpoint, size: int) -> None:
    """What was put is got, whole and in ranges, with its ETag, length and own headers."""
    data = noise(size)
    put = s3.put_object(Bucket=name, Key="k", Body=data, Metadata={"a": "b"}, ContentType="text/x")
    found = s3.get_object(Bucket=name, Key="k")
    assert found["Body"].read() == data
    assert found["ETag"] == put["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
    assert (found["ContentLength"], found["Metadata"], found["ContentType"]) == (size, {"a": "b"}, "text/x")
    if size > 2:
        part = s3.get_object(Bucket=name, Key="k", Range=f"bytes=1-{size - 2}")
        assert part["Body"].read() == data[1:-1]
        assert part["ContentRange"] == f"bytes 1-{size - 2}/{size}"
        assert s3.get_object(Bucket=name, Key="k", Range="bytes=-2")["Body"].read() == data[-2:]
    assert spooled(embedded) == []


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums(s3: Any, name: str, algorithm: str) -> None:
    """The checksum that botocore sends after the body is verified, kept and given back."""
    data = noise(2 * PIECE + 7)
    s3.put_object(Bucket=name, Key="k", Body=data, ChecksumAlgorithm=algorithm)
    expected = {
        "CRC32": zlib.crc32(data).to_bytes(4, "big"),
        "SHA1": hashlib.sha1(data).digest(),
        "SHA256": hashlib.sha256(data).digest(),
    }[algorithm]
    found = s3.get_object(Bucket=name, Key="k", ChecksumMode="ENABLED")
    assert found[f"Checksum{algorithm}"] == b64encode(expected).decode()
    assert found["Body"].read() == data


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"ContentMD5": b64encode(b"0" * 16).decode()}, "BadDigest"),
        ({"ContentMD5": b64encode(b"0" * 15).decode()}, "InvalidDigest"),
        ({"ChecksumCRC32": "AAAAAA=="}, "BadDigest"),
        ({"ChecksumSHA256": b64encode(b"0" * 32).decode()}, "BadDigest"),
        ({"IfMatch": '"0"'}, "NoSuchKey"),
        ({"StorageClass": "NONE"}, "InvalidStorageClass"),
    ],
)
def test_refused(s3: Any, name: str, embedded: Endpoint, given: dict[str, str], code: str) -> None:
    """A long body is refused as a short one is, and leaves nothing."""
    for size in (10, 2 * PIECE):
        with pytest.raises(ClientError) as refused:
            s3.put_object(Bucket=name, Key="k", Body=noise(size), **given)
        assert refused.value.response["Error"]["Code"] == code
    assert "Contents" not in s3.list_objects_v2(Bucket=name)
    assert spooled(embedded) == []


def test_no_permission(s3: Any, aws: Any, user: Any, name: str, embedded: Endpoint) -> None:
    """Who may not write leaves nothing behind."""
    with pytest.raises(ClientError, match="AccessDenied"):
        aws("s3", **user()).put_object(Bucket=name, Key="k", Body=noise(2 * PIECE))
    assert spooled(embedded) == []


def test_versions(s3: Any, name: str) -> None:
    """Each version keeps its bytes, the one before versioning too; a deleted one uncovers the one below."""
    data = [noise(2 * PIECE, number) for number in range(3)]
    s3.put_object(Bucket=name, Key="k", Body=data[0])
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    versions = ["null", *(s3.put_object(Bucket=name, Key="k", Body=one)["VersionId"] for one in data[1:])]
    for version, one in zip(versions, data, strict=True):
        assert s3.get_object(Bucket=name, Key="k", VersionId=version)["Body"].read() == one
        part = s3.get_object(Bucket=name, Key="k", VersionId=version, Range="bytes=5-9")
        assert (part["Body"].read(), part["ContentRange"]) == (one[5:10], f"bytes 5-9/{len(one)}")
        with pytest.raises(ClientError, match="InvalidRange"):
            s3.get_object(Bucket=name, Key="k", VersionId=version, Range=f"bytes={len(one)}-")
    s3.delete_object(Bucket=name, Key="k", VersionId=versions[2])
    assert s3.get_object(Bucket=name, Key="k")["Body"].read() == data[1]
    marker = s3.delete_object(Bucket=name, Key="k")["VersionId"]
    s3.delete_object(Bucket=name, Key="k", VersionId=marker)
    assert s3.get_object(Bucket=name, Key="k")["Body"].read() == data[1]
    assert s3.get_object(Bucket=name, Key="k", VersionId="null")["Body"].read() == data[0]


def test_copy(s3: Any, name: str) -> None:
    """A copy has the bytes, and keeps them when its source is written or deleted."""
    data = noise(2 * PIECE)
    s3.put_object(Bucket=name, Key="a", Body=data)
    for target in ("b", "c/d"):
        s3.copy_object(Bucket=name, Key=target, CopySource=f"{name}/a")
    s3.copy_object(
        Bucket=name, Key="b", CopySource=f"{name}/b", MetadataDirective="REPLACE", Metadata={"x": "y"}
    )
    s3.put_object(Bucket=name, Key="a", Body=b"other")
    s3.delete_object(Bucket=name, Key="a")
    assert s3.get_object(Bucket=name, Key="c/d")["Body"].read() == data
    found = s3.get_object(Bucket=name, Key="b")
    assert (found["Body"].read(), found["Metadata"]) == (data, {"x": "y"})


@pytest.fixture
def upload(s3: Any, name: str) -> str:
    """An upload in parts, to the key ``k``."""
    return str(s3.create_multipart_upload(Bucket=name, Key="k", ContentType="text/x")["UploadId"])


def sent(s3: Any, name: str, upload: str, parts: dict[int, bytes]) -> list[dict[str, Any]]:
    """The parts, uploaded; as a completion names them."""
    given = {"Bucket": name, "Key": "k", "UploadId": upload}
    return [
        {"PartNumber": number, "ETag": s3.upload_part(**given, PartNumber=number, Body=data)["ETag"]}
        for number, data in parts.items()
    ]


def test_parts(s3: Any, name: str, upload: str, embedded: Endpoint) -> None:
    """Parts become one object, whichever came first; one that was sent again counts as it was last."""
    parts = {1: noise(5 * MB, 1), 7: noise(6 * MB, 7), 9: b"the end"}
    sent(s3, name, upload, {7: noise(5 * MB)})
    named = sorted(sent(s3, name, upload, dict(reversed(parts.items()))), key=lambda one: one["PartNumber"])
    done = {"Bucket": name, "Key": "k", "UploadId": upload, "MultipartUpload": {"Parts": named}}
    etag = s3.complete_multipart_upload(**done)["ETag"]
    digests = b"".join(hashlib.md5(data).digest() for data in parts.values())
    assert etag == f'"{hashlib.md5(digests).hexdigest()}-3"'
    assert s3.complete_multipart_upload(**done)["ETag"] == etag, "a completion may be repeated"
    found = s3.get_object(Bucket=name, Key="k")
    assert (found["Body"].read(), found["ContentType"]) == (b"".join(parts.values()), "text/x")
    second = s3.get_object(Bucket=name, Key="k", PartNumber=7)
    assert (second["Body"].read(), second["PartsCount"]) == (parts[7], 3)
    assert spooled(embedded) == []


def test_copied_parts(s3: Any, name: str, upload: str) -> None:
    """A part may be a range of an object."""
    data = noise(6 * MB)
    s3.put_object(Bucket=name, Key="a", Body=data)
    given = {"Bucket": name, "Key": "k", "UploadId": upload, "CopySource": f"{name}/a"}
    one = s3.upload_part_copy(**given, PartNumber=1, CopySourceRange=f"bytes=10-{6 * MB - 1}")
    two = s3.upload_part_copy(**given, PartNumber=2)
    named = [
        {"PartNumber": number, "ETag": made["CopyPartResult"]["ETag"]}
        for number, made in enumerate((one, two), 1)
    ]
    s3.complete_multipart_upload(Bucket=name, Key="k", UploadId=upload, MultipartUpload={"Parts": named})
    assert s3.get_object(Bucket=name, Key="k")["Body"].read() == data[10:] + data


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ([2, 1], "InvalidPartOrder"),
        ([1, 1], "InvalidPartOrder"),
        ([1, 3], "InvalidPart"),
        ([2, 9], "EntityTooSmall"),
        ([], "MalformedXML"),
    ],
)
def test_refused_completions(
    s3: Any, name: str, upload: str, embedded: Endpoint, named: list[int], code: str
) -> None:
    """What a completion may not name, after the page of CompleteMultipartUpload in the Amazon S3 API Reference.
    The upload goes on, and can be given up.
    """
    etags = {
        one["PartNumber"]: one["ETag"] for one in sent(s3, name, upload, {1: noise(5 * MB), 2: b"2", 9: b"9"})
    }
    parts = [{"PartNumber": number, "ETag": etags.get(number, '"0"')} for number in named]
    with pytest.raises(ClientError) as refused:
        s3.complete_multipart_upload(Bucket=name, Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    assert refused.value.response["Error"]["Code"] == code
    assert len(s3.list_parts(Bucket=name, Key="k", UploadId=upload)["Parts"]) == 3
    s3.abort_multipart_upload(Bucket=name, Key="k", UploadId=upload)
    assert spooled(embedded) == []


def test_a_client_that_goes_away_leaves_nothing(s3: Any, name: str, embedded: Endpoint) -> None:
    """A connection that ends within a body leaves no file and no object."""
    url = s3.generate_presigned_url("put_object", Params={"Bucket": name, "Key": "k"})
    connection = http.client.HTTPConnection("127.0.0.1", embedded.port)
    connection.putrequest("PUT", url.removeprefix(embedded.url))
    connection.putheader("Content-Length", str(8 * MB))
    connection.endheaders(noise(2 * MB))
    until(lambda: bool(spooled(embedded)), seconds=10)
    connection.close()
    until(lambda: not spooled(embedded), seconds=10)
    assert "Contents" not in s3.list_objects_v2(Bucket=name)


@pytest.mark.parametrize("attempt", range(times("bodies")))
def test_bodies_of_files(tmp_path: Path, attempt: int) -> None:
    """Slices, digests, placing and joining do what the same does to bytes."""
    chance = random.Random(f"{SEED}-bodies-{attempt}")
    parts = [
        chance.randbytes(chance.choice([0, 1, 100, PIECE, PIECE + 3])) for _ in range(chance.randint(1, 4))
    ]
    files = []
    for number, data in enumerate(parts):
        (tmp_path / f"part-{number}").write_bytes(data)
        files.append(Body(tmp_path / f"part-{number}", len(data), own=True))
    whole = bodies.join(files, tmp_path / "whole")
    data = b"".join(parts)
    assert (whole.read(), len(whole)) == (data, len(data))
    bodies.part(whole, files[0])
    assert [one.read() for one in files] == parts
    whole = bodies.join(files, tmp_path / "whole")
    start, end = sorted(chance.randint(-10, len(data) + 10) for _ in range(2))
    opened = Body.of(whole.path)
    assert opened[start:end].read() == data[start:end]
    assert whole.digest("CRC32") == zlib.crc32(data).to_bytes(4, "big")
    opened.place(tmp_path / "again")
    whole.place(tmp_path / "moved")
    (tmp_path / "moved").unlink()
    assert (tmp_path / "again").read_bytes() == opened.read() == data


CHUNKED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def chunks(data: bytes, crc: bytes) -> bytes:
    """A body in two chunks with its checksum after it, as botocore sends it."""
    half = len(data) // 2
    parts = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (data[:half], data[half:]))
    return parts + b"0\r\nx-amz-checksum-crc32:" + b64encode(crc) + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda raw: raw, ""),
        (lambda raw: replace(raw, body=raw.body[:-100] + b"1" * 100), "IncompleteBody"),
        (lambda raw: replace(raw, body=raw.body[:-4]), "IncompleteBody"),
        (lambda raw: replace(raw, body=raw.body.replace(b"crc32:", b"crc32:AAA")), "BadDigest"),
    ],
)
def test_long_bodies_in_chunks(
    s3: Any, name: str, embedded: Endpoint, change: Callable[[Raw], Raw], code: str
) -> None:
    """A long body in chunks is what was announced and signed, or is refused and leaves nothing."""
    data = noise(2 * PIECE)
    headers = (
        ("x-amz-trailer", "x-amz-checksum-crc32"),
        ("x-amz-decoded-content-length", str(len(data))),
        ("content-encoding", "gzip,aws-chunked"),
    )
    body = chunks(data, zlib.crc32(data).to_bytes(4, "big"))
    answer = send(embedded, change(declaring(embedded, f"/{name}/k", CHUNKED, body, headers)))
    assert answer.code == code
    assert spooled(embedded) == []
    if not code:
        found = s3.get_object(Bucket=name, Key="k", ChecksumMode="ENABLED")
        assert (found["Body"].read(), found["ContentEncoding"]) == (data, "gzip")
        assert found["ChecksumCRC32"] == b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
    else:
        assert "Contents" not in s3.list_objects_v2(Bucket=name)


def test_long_body_is_the_one_that_was_signed(s3: Any, name: str, embedded: Endpoint) -> None:
    """Another body than the one whose SHA-256 was signed is refused, and so is a declared length that is not its."""
    signed = sign(embedded, Raw("PUT", f"/{name}/k", (), noise(2 * PIECE)), "s3")
    assert send(embedded, replace(signed, body=noise(2 * PIECE, "other"))).code == "XAmzContentSHA256Mismatch"
    wrong = Raw("PUT", f"/{name}/k", (("x-amz-decoded-content-length", "1"),), noise(2 * PIECE))
    assert send(embedded, sign(embedded, wrong, "s3")).code == "IncompleteBody"
    assert "Contents" not in s3.list_objects_v2(Bucket=name)
    assert spooled(embedded) == []


class Ones:
    """So many bytes of 1, as a file to read from."""

    def __init__(self, size: int) -> None:
        self._size, self._place = size, 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        taken = self._size - self._place if size < 0 else min(size, self._size - self._place)
        self._place += taken
        return b"\1" * taken


def peak(endpoint: Endpoint) -> int:
    """The most memory that the server has had, in MB."""
    status = Path(f"/proc/{endpoint.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) // 1024  # type: ignore[union-attr]


@pytest.mark.soak
@pytest.mark.skipif(not SOAK or sys.platform != "linux", reason="a soak test that reads /proc")
def test_memory(s3: Any, name: str, embedded: Endpoint) -> None:
    """Half a gigabyte, whole and in parts, and a thousand objects: the server has under 100 MB more for it."""
    before, size = peak(embedded), 500 * MB
    s3.upload_fileobj(Ones(size), name, "parts")
    s3.copy_object(Bucket=name, Key="copy", CopySource=f"{name}/parts")
    s3.upload_fileobj(Ones(size), name, "whole", Config=TransferConfig(multipart_threshold=2 * size))
    for key in ("copy", "whole"):
        found = s3.get_object(Bucket=name, Key=key)["Body"]
        assert sum(len(piece) for piece in found.iter_chunks(PIECE)) == size
    for number in range(1_000):
        s3.put_object(Bucket=name, Key=f"many/{number}", Body=b"x")
    assert peak(embedded) < before + 100
    for key in ("parts", "copy", "whole"):
        s3.delete_object(Bucket=name, Key=key)


def test_trailer_holds_checksums_alone(name: str, embedded: Endpoint) -> None:
    """Any other header after the body, which no signature covers, is refused."""
    body = b"0\r\nx-amz-acl:public-read\r\n\r\n"
    raw = declaring(embedded, f"/{name}/k", CHUNKED, body, (("x-amz-trailer", "x-amz-acl"),))
    assert send(embedded, raw).code == "InvalidRequest"
