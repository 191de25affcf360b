"""Every way in which gzip data can begin, go on and end.

RFC 1952 (https://www.rfc-editor.org/rfc/rfc1952): 2.2 "The members simply appear one after another in the file, with no
additional information before, between, or after them"; 2.3.1.2 "must give an error indication if any reserved bit is
non-zero". Zeros at the end are padding for GNU gzip, whose manual takes other data there for worth a warning
(https://www.gnu.org/software/gzip/manual/html_node/Tapes.html).
"""

from __future__ import annotations

import gzip
import io
import random
import struct
import zlib

import pytest

from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading.gzip_members import GzipMembers

TEXT = b"a,b\n" + b"".join(b"%d,x\n" % n for n in range(40))
ONE = gzip.compress(TEXT)
OTHER = gzip.compress(b"1,2\n")
EMPTY = gzip.compress(b"")
HEADER_BYTES = 10


def member(flags: int = 0, more: bytes = b"", method: int = 8, crc: int = 0, size: int = 0) -> bytes:
    """A member by hand; ``crc`` and ``size`` are how far its trailer is off."""
    deflate = zlib.compressobj(wbits=-15)
    data = deflate.compress(TEXT) + deflate.flush()
    trailer = struct.pack("<II", zlib.crc32(TEXT) ^ crc, len(TEXT) ^ size)
    return b"\x1f\x8b" + bytes([method, flags]) + b"\0\0\0\0\0\xff" + more + data + trailer


def header_crc(off: int) -> bytes:
    return struct.pack("<H", zlib.crc32(b"\x1f\x8b\x08\x02\0\0\0\0\0\xff") & 0xFFFF ^ off)


def without_end() -> bytes:
    """A member whose last block is not marked as the last, and that ends behind it."""
    deflate = zlib.compressobj(wbits=31)
    return deflate.compress(TEXT) + deflate.flush(zlib.Z_SYNC_FLUSH)


GOOD = {
    "one": (ONE, TEXT),
    "two": (ONE + OTHER, TEXT + b"1,2\n"),
    "an empty one last": (ONE + EMPTY, TEXT),
    "an empty one first": (EMPTY + ONE, TEXT),
    "an empty one between": (ONE + EMPTY + OTHER, TEXT + b"1,2\n"),
    "nothing": (EMPTY, b""),
    "padding": (ONE + b"\0" * 512, TEXT),
    "one zero": (ONE + b"\0", TEXT),
    "more padding than is read at once": (ONE + b"\0" * 300_000, TEXT),
    "padding between": (ONE + b"\0" * 512 + OTHER, TEXT + b"1,2\n"),
    "extra field": (member(4, struct.pack("<H", 3) + b"abc"), TEXT),
    "name": (member(8, b"orders.csv\0"), TEXT),
    "comment": (member(16, b"c\0"), TEXT),
    "header's checksum": (member(2, header_crc(0)), TEXT),
    "more than is read at once": (gzip.compress(random.Random(1).randbytes(140_000)), None),
}
CUT = {
    **{f"after {size} bytes": ONE[:size] for size in range(1, HEADER_BYTES + 3)},
    "in the data": ONE[: len(ONE) // 2],
    **{f"{size} bytes before the end": ONE[:-size] for size in range(1, 9)},
    **{f"after {size} bytes of the second": ONE + OTHER[:size] for size in range(1, HEADER_BYTES + 3)},
    **{f"{size} bytes before the end of the second": ONE + OTHER[:-size] for size in range(1, 9)},
    "without a last block": without_end(),
    "in an extra field": member(4, struct.pack("<H", 60_000) + b"abc"),
}
DAMAGED = {
    "checksum": (member(crc=1), "incorrect data check"),
    "length": (member(size=1), "incorrect length check"),
    "checksum of the second": (ONE + member(crc=1), "incorrect data check"),
    "length of the second": (ONE + member(size=1), "incorrect length check"),
    "method": (member(method=7), "unknown compression method"),
    **{f"reserved bit {bit}": (member(1 << bit), "unknown header flags") for bit in (5, 6, 7)},
    "header's checksum": (member(2, header_crc(1)), "header crc mismatch"),
    "a text behind": (ONE + b"1,2\n", "behind its end is other data"),
    "a line end behind": (ONE + b"\n", "behind its end is other data"),
    "a text behind padding": (ONE + b"\0\0x", "behind its end is other data"),
    "a text between": (ONE + b"x" + OTHER, "behind its end is other data"),
    "half a sign behind": (ONE + b"\x1fx", "behind its end is other data"),
    "zlib's own format": (zlib.compress(TEXT), "it is not a gzip file"),
    "a text": (TEXT, "it is not a gzip file"),
    "zeros alone": (b"\0" * 20, "it is not a gzip file"),
}


class OneByOne(io.BytesIO):
    """Gives a byte at a time, so that every field is cut by the end of a read."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(1)


def content(data: bytes, kind: type[io.BytesIO], size: int) -> bytes:
    members = GzipMembers(kind(data))
    return b"".join(iter(lambda: members.read(size), b""))


PIECES = pytest.mark.parametrize(("kind", "size"), [(io.BytesIO, 1 << 20), (io.BytesIO, 7), (OneByOne, 3)])


@PIECES
@pytest.mark.parametrize("case", GOOD)
def test_whole_data(case, kind, size):
    """All of it, in pieces of any size."""
    data, expected = GOOD[case]
    assert content(data, kind, size) == (gzip.decompress(data) if expected is None else expected)


@PIECES
@pytest.mark.parametrize("case", CUT)
def test_cut_off_data(case, kind, size):
    """Wherever the end is missing."""
    with pytest.raises(FileError, match="the gzip data is cut off"):
        content(CUT[case], kind, size)


@PIECES
@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_data(case, kind, size):
    """What of it could be decompressed does not help."""
    data, said = DAMAGED[case]
    with pytest.raises(FileError, match=f"the gzip data is damaged: {said}"):
        content(data, kind, size)
