"""Signatures against the examples of AWS's own documentation, byte by byte, without a server.

"Examples of Signature Calculations", "Signature calculations for … transferring a payload in multiple chunks",
"… using trailing headers" and "Using Query Parameters" of the Amazon S3 API Reference, and for Signature
Version 2 "Query String Request Authentication Alternative" in "Signing and authenticating REST requests".
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from data_pipeline.embedded_aws.identity.signing import body as bodies
from data_pipeline.embedded_aws.identity.signing import claim as claims
from data_pipeline.embedded_aws.identity.signing.request import Refused, Request, read
from data_pipeline.embedded_aws.identity.signing.verify import verify

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SCOPE = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
THEN = datetime(2013, 5, 24, tzinfo=UTC).timestamp()
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
CHUNKS = (
    *("ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",),
    *("0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",),
    *("b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",),
)
TRAILED = (
    *("b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",),
    *("1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",),
    *("2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",),
)
TRAILER = "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:" + (
    "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n"
)


def documented_request(method: str, target: str, names: str, signature: str, **headers: str) -> Request:
    """A request of the documentation, with its header signature."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given["x-amz-date"] = "20130524T000000Z"
    given["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={SCOPE},SignedHeaders={names},Signature={signature}"
    )
    path, _, query = target.partition("?")
    pairs = [(name.encode(), value.encode()) for name, value in given.items()]
    return read(method, path.encode(), query.encode(), pairs)


def let_in(request: Request) -> bodies.Check:
    """Verify it; the check of its body."""
    claim = claims.read(request, "us-east-1")
    claims.check_time(claim, THEN)
    payload, check = bodies.check_for(request, claim, SECRET)
    verify(request, claim, SECRET, payload)
    return check


def take(check: bodies.Check, body: bytes, size: int = 1_000_000) -> None:
    """The body in pieces, and its end."""
    for start in range(0, len(body), size):
        check.update(body[start : start + size])
    check.end()


def test_headers() -> None:
    """GET Object with a range, PUT Object, GET Bucket lifecycle, GET Bucket (List Objects)."""
    host = "examplebucket.s3.amazonaws.com"
    names = "host;range;x-amz-content-sha256;x-amz-date"
    signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    ranged = {"host": host, "range": "bytes=0-9", "x_amz_content_sha256": EMPTY}
    let_in(documented_request("GET", "/test.txt", names, signature, **ranged)).end()
    with pytest.raises(Refused, match="does not match"):
        let_in(documented_request("GET", "/test.txt", names, signature, **{**ranged, "range": "bytes=0-8"}))
    digest = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
    put = documented_request(
        "PUT",
        "/test%24file.text",
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        host=host,
        date="Fri, 24 May 2013 00:00:00 GMT",
        x_amz_content_sha256=digest,
        x_amz_storage_class="REDUCED_REDUNDANCY",
    )
    take(let_in(put), b"Welcome to Amazon S3.", 11)
    names = "host;x-amz-content-sha256;x-amz-date"
    for target, signature in (
        ("/?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("/?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ):
        let_in(documented_request("GET", target, names, signature, host=host, x_amz_content_sha256=EMPTY))


def test_query() -> None:
    """A presigned GET of a day, until its end."""
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
        "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    host = [(b"Host", b"examplebucket.s3.amazonaws.com")]
    let_in(read("GET", b"/test.txt", query.encode(), host))
    claim = claims.read(read("GET", b"/test.txt", query.encode(), host), "us-east-1")
    claims.check_time(claim, THEN + 86_399)
    with pytest.raises(Refused, match="expired"):
        claims.check_time(claim, THEN + 86_400)
    with pytest.raises(Refused, match="not yet valid"):
        claims.check_time(claim, THEN - 901)


def test_old_query() -> None:
    """Signature Version 2's own example of a presigned GET."""
    query = (
        "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620"
    )
    request = read("GET", b"/johnsmith/photos/puppy.jpg", query.encode(), [(b"Host", b"h")])
    claim = claims.read(request, "us-east-1")
    verify(request, claim, SECRET, "")
    with pytest.raises(Refused, match="does not match"):
        verify(read("PUT", request.path.encode(), query.encode(), [(b"Host", b"h")]), claim, SECRET, "")
    with pytest.raises(Refused, match="expired"):
        claims.check_time(claim, 1_175_139_620)


def chunked(signatures: tuple[str, ...], trailer: str = "") -> bytes:
    """65 KiB of the letter a, in chunks of 64 KiB, 1 KiB and nothing."""
    sizes = (65_536, 1_024, 0)
    parts = [f"{size:x};chunk-signature={sign}\r\n" for size, sign in zip(sizes, signatures, strict=True)]
    return (f"{parts[0]}{'a' * 65_536}\r\n{parts[1]}{'a' * 1_024}\r\n{parts[2]}{trailer}\r\n").encode()


def in_chunks() -> Request:
    """The documentation's PUT in chunks."""
    return documented_request(
        "PUT",
        "/examplebucket/chunkObject.txt",
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
        "x-amz-storage-class",
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        host="s3.amazonaws.com",
        x_amz_storage_class="REDUCED_REDUNDANCY",
        x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        content_encoding="aws-chunked",
        x_amz_decoded_content_length="66560",
        content_length="66824",
    )


def with_trailer() -> Request:
    """… and with a trailer."""
    return documented_request(
        "PUT",
        "/examplebucket/chunkObject.txt",
        "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;"
        "x-amz-trailer",
        "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
        host="s3.amazonaws.com",
        x_amz_storage_class="REDUCED_REDUNDANCY",
        x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        content_encoding="aws-chunked",
        x_amz_decoded_content_length="66560",
        x_amz_trailer="x-amz-checksum-crc32c",
    )


@pytest.mark.parametrize("size", [1, 100, 65_536, 1_000_000])
def test_chunks(size: int) -> None:
    """The documentation's chunks are right however they arrive, without and with a trailer."""
    for request, body in ((in_chunks(), chunked(CHUNKS)), (with_trailer(), chunked(TRAILED, TRAILER))):
        take(let_in(request), body, size)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((b"aaaa\r\n400", b"aaab\r\n400"), (b"b6c6ea8a", b"c6c6ea8a"), (b"0055627c", b"1055627c")),
        *((b"\r\n0;", b"\r\n1;"), (b"10000;", b"ffff;"), (b"10000;", b"-1;"), (b"10000;", b"zz;")),
        *((b"d449df9\r\n\r\n", b"d449df9\r\n"), (b"d449df9\r\n\r\n", b"d449df9\r\nx-amz-acl:a\r\n\r\n")),
        (b";chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", b""),
    ],
)
def test_wrong_chunks(old: bytes, new: bytes) -> None:
    """A chunk that was changed, cut, lengthened or left unsigned is refused, at the latest at its end."""
    body = chunked(CHUNKS)
    assert body.count(old) == 1
    with pytest.raises(Refused):
        take(let_in(in_chunks()), body.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [("sOO8", "tOO8"), ("d81f82fc", "e81f82fc"), ("crc32c:", "sha1:"), ("x-amz-trailer-s", "x-s")],
)
def test_wrong_trailers(old: str, new: str) -> None:
    """A trailer that was changed, or is not the one that was announced, is refused."""
    with pytest.raises(Refused):
        take(let_in(with_trailer()), chunked(TRAILED, TRAILER.replace(old, new)))
