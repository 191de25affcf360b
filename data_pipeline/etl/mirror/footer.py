"""A Parquet file's footer, read without a library: is it whole, and how many rows does it say. Pure; Python 3.9.

Sources: the Parquet format's ``parquet.thrift`` (FileMetaData, RowGroup, ColumnChunk, ColumnMetaData) and Thrift's
compact protocol. Only lengths, offsets and numbers of rows are looked at; everything else is stepped over.
"""

from __future__ import annotations

from typing import Any, Callable

MAGIC = b"PAR1"
_TAIL = 8
#: nesting beyond which bytes are no Thrift structure that Parquet writes.
_DEEPEST = 32

_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(13)

Fields = dict[int, Any]


class FooterError(Exception):
    """The file is no whole Parquet file; the message says why."""


def rows(size: int, read_at: Callable[[int, int], bytes]) -> int:
    """The number of rows of the Parquet file of ``size`` bytes, of which ``read_at(start, length)`` gives bytes.

    Raises FooterError if magic numbers, footer, or the places and sums that it names do not fit the file.
    """
    if size < len(MAGIC) + _TAIL:
        raise FooterError(f"{size} bytes are too few for a Parquet file")
    if read_at(0, len(MAGIC)) != MAGIC:
        raise FooterError("it does not begin as a Parquet file does (PAR1)")
    tail = read_at(size - _TAIL, _TAIL)
    if tail[4:] != MAGIC:
        raise FooterError("it does not end as a Parquet file does (PAR1): cut off, or another format")
    length = int.from_bytes(tail[:4], "little")
    begin = size - _TAIL - length
    if begin < len(MAGIC):
        raise FooterError(f"its footer of {length:,} bytes is longer than the file")
    try:
        metadata = _Reader(read_at(begin, length)).struct()
        found = _checked(metadata, begin)
    except (IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise FooterError(f"its footer cannot be read ({type(error).__name__}: {error})") from error
    if found == 0:
        raise FooterError("it holds no rows")
    return found


def _checked(metadata: Fields, end: int) -> int:
    """The rows of FileMetaData (field 3), after a look at its row groups (4), whose data end before ``end``."""
    groups = metadata[4]
    total = sum(int(group[3]) for group in groups)
    if total != int(metadata[3]):
        raise FooterError(f"its footer says {metadata[3]:,} rows, its row groups hold {total:,}")
    for group in groups:
        for chunk in group[1]:
            column = chunk[3]
            start = min(int(column[field]) for field in (9, 11) if column.get(field))
            if start < len(MAGIC) or start + int(column[7]) > end:
                raise FooterError("its footer names bytes that the file does not have")
    return total


class _Reader:
    """Thrift's compact protocol: numbers and structures by field id, anything else as None."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def struct(self, depth: int = 0) -> Fields:
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        fields: Fields = {}
        last = 0
        while True:
            head = self._byte()
            kind = head & 0x0F
            if kind == _STOP:
                return fields
            last = last + (head >> 4) if head >> 4 else self._signed()
            fields[last] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_I16, _I32, _I64):
            return self._signed()
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_LIST, _SET):
            return self._list(depth)
        if kind == _MAP:
            self._map(depth)
        elif kind in (_BYTE, _TRUE, _FALSE):
            self._skip(1)
        elif kind in (_DOUBLE, _BINARY):
            self._skip(8 if kind == _DOUBLE else self._unsigned())
        else:
            raise ValueError(f"no type of Thrift has the number {kind}")
        return None

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4
        if count == 15:
            count = self._unsigned()
        if count > len(self._content):
            raise ValueError("a list longer than the footer")
        return [self._value(head & 0x0F, depth) for _ in range(count)]

    def _map(self, depth: int) -> None:
        count = self._unsigned()
        if count > len(self._content):
            raise ValueError("a map longer than the footer")
        kinds = self._byte() if count else 0
        for _ in range(count):
            self._value(kinds >> 4, depth)
            self._value(kinds & 0x0F, depth)

    def _byte(self) -> int:
        byte = self._content[self._at]
        self._at += 1
        return byte

    def _skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._content):
            raise IndexError("it ends too early")

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number of more than 64 bits")

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
