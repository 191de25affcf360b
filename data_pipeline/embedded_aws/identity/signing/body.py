"""Whether a body is the one that was signed, found out piece by piece as it arrives."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Protocol

from .claim import Claim
from .request import Refused, Request
from .verify import UNSIGNED, scope, signing_key

_HASH = re.compile(r"[0-9a-f]{64}")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,9})(?:;chunk-signature=([0-9a-f]{64}))?")
_STREAM = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_SIGNED_TRAILER = f"{_STREAM}-TRAILER"
_UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_EMPTY = hashlib.sha256(b"").hexdigest()
#: The longest line before a chunk, and the longest trailer, in bytes.
_LINE, _TRAILER = 256, 16_384


class Check(Protocol):
    """Takes the pieces of a body; either method raises Refused when it is not the one that was signed.

    ``trailer`` holds the headers that came after the body, once it has ended.
    """

    trailer: dict[str, str]

    def update(self, piece: bytes) -> bytes:
        """The next piece, as it is sent; its part of what the client stores."""

    def end(self) -> None:
        """There is no more."""


class Unsigned:
    """Any body."""

    def __init__(self) -> None:
        self.trailer: dict[str, str] = {}

    def update(self, piece: bytes) -> bytes:
        """Take it."""
        return piece

    def end(self) -> None:
        """Take the end."""


class Whole:
    """A body whose SHA-256 was signed."""

    def __init__(self, digest: str) -> None:
        self.trailer: dict[str, str] = {}
        self._digest = digest
        self._found = hashlib.sha256()

    def update(self, piece: bytes) -> bytes:
        """Hash it."""
        self._found.update(piece)
        return piece

    def end(self) -> None:
        """Compare."""
        if not hmac.compare_digest(self._found.hexdigest(), self._digest):
            raise Refused(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed: the header says "
                f"{self._digest}, the SHA-256 of the body is {self._found.hexdigest()}.",
                400,
            )


class Chunks:
    """A body in chunks (aws-chunked): each signed, or none; the trailing headers are those announced.

    "Signature calculations for the Authorization header: transferring a payload in multiple chunks", and "…
    with trailing headers", of the Amazon S3 API Reference.
    """

    def __init__(self, announced: frozenset[str], claim: Claim | None, secret: str) -> None:
        self.trailer: dict[str, str] = {}
        self._announced = announced
        self._claim = claim
        self._key = signing_key(secret, claim.day, claim.region, claim.service) if claim else b""
        self._before = claim.signature if claim else ""
        self._rest = bytearray()
        self._left: int | None = None  # bytes of the present chunk; None between chunks
        self._last = False
        self._hash = hashlib.sha256()
        self._signed = ""
        self._payload: list[bytes] = []

    def update(self, piece: bytes) -> bytes:
        """Follow the chunks."""
        self._rest += piece
        while not self._last and (self._data() if self._left is not None else self._line()):
            pass
        if self._last and len(self._rest) > _TRAILER:
            raise _malformed(f"the trailer is longer than {_TRAILER} bytes")
        payload = b"".join(self._payload)
        self._payload.clear()
        return payload

    def end(self) -> None:
        """The last chunk, of no bytes, must have come, and the trailer that was announced."""
        if not self._last:
            raise _malformed("it ends before its last chunk")
        lines = bytes(self._rest).split(b"\r\n")
        if lines[-1] or len(lines) < 2:
            raise _malformed("its trailer does not end with an empty line")
        trailer = [line for line in lines if line]
        if self._claim and self._announced:
            name, _, signature = trailer.pop().partition(b":") if trailer else (b"", b"", b"")
            if name != b"x-amz-trailer-signature":
                raise _malformed("its trailer is not signed")
            text = b"".join(line + b"\n" for line in trailer)
            self._chain(
                "AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(text).hexdigest(), signature.decode("latin-1")
            )
        fields = [line.decode("latin-1").partition(":") for line in trailer]
        names = [name.strip().lower() for name, _, _ in fields]
        if sorted(names) != sorted(self._announced):
            raise _malformed(
                f"x-amz-trailer announces {sorted(self._announced)}, the trailer has {sorted(names)}"
            )
        self.trailer = {name.strip().lower(): value.strip() for name, _, value in fields}

    def _line(self) -> bool:
        end = self._rest.find(b"\r\n")
        if end < 0:
            if len(self._rest) > _LINE:
                raise _malformed("a chunk has no length")
            return False
        match = _CHUNK.fullmatch(bytes(self._rest[:end]))
        if match is None or (match[2] is None) == (self._claim is not None):
            raise _malformed(f"a chunk begins with {bytes(self._rest[:end])[:80]!r}")
        del self._rest[: end + 2]
        self._left, self._signed = int(match[1], 16), (match[2] or b"").decode()
        self._hash = hashlib.sha256()
        if self._left == 0:
            self._close()
            self._last = True
        return True

    def _data(self) -> bool:
        taken = min(self._left or 0, len(self._rest))
        data = bytes(self._rest[:taken])
        del self._rest[:taken]
        self._payload.append(data)
        if self._claim:
            self._hash.update(data)
        self._left = (self._left or 0) - taken
        if self._left or len(self._rest) < 2:
            return False
        if self._rest[:2] != b"\r\n":
            raise _malformed("a chunk is longer than it says")
        del self._rest[:2]
        self._close()
        return True

    def _close(self) -> None:
        self._left = None
        if self._claim:
            self._chain("AWS4-HMAC-SHA256-PAYLOAD", f"{_EMPTY}\n{self._hash.hexdigest()}", self._signed)

    def _chain(self, algorithm: str, content: str, signature: str) -> None:
        """Each signature covers the one before it."""
        assert self._claim is not None
        text = "\n".join([algorithm, self._claim.time, scope(self._claim), self._before, content])
        self._before = hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(self._before.encode(), signature.strip().encode()):
            raise Refused("SignatureDoesNotMatch", "The signature of a chunk does not match.")


def check_for(request: Request, claim: Claim, secret: str) -> tuple[str, Check]:
    """What stands for the body in the signature of a request to S3, and the check of the body itself."""
    declared = request.header("x-amz-content-sha256")
    announced = frozenset(
        name.strip().lower() for name in request.header("x-amz-trailer").split(",") if name.strip()
    )
    if other := sorted(name for name in announced if not name.startswith("x-amz-checksum-")):
        raise Refused(
            "InvalidRequest", f"x-amz-trailer announces {', '.join(other)}; only checksums may follow.", 400
        )
    payload = UNSIGNED if claim.presigned else declared
    if _HASH.fullmatch(declared):
        return payload, Whole(declared)
    if declared == UNSIGNED or (claim.presigned and not declared):
        return payload, Unsigned()
    if not claim.presigned and declared == _UNSIGNED_TRAILER and announced:
        return payload, Chunks(announced, None, secret)
    if not claim.presigned and declared == (_SIGNED_TRAILER if announced else _STREAM):
        return payload, Chunks(announced, claim, secret)
    raise Refused(
        "InvalidRequest",
        f"x-amz-content-sha256 is {declared or 'missing'!r}; expected the SHA-256 of the body, {UNSIGNED}, "
        f"{_STREAM}, or with x-amz-trailer {_SIGNED_TRAILER} or {_UNSIGNED_TRAILER}.",
        400,
    )


def _malformed(why: str) -> Refused:
    return Refused("IncompleteBody", f"The body is not what aws-chunked asks for: {why}.", 400)
