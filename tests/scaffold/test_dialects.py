"""Beginnings of CSV files → how they are written."""

from __future__ import annotations

import pytest

from data_pipeline.scaffold import dialects

ROWS = [["order id", "amount", "note"], ["1", "2.50", "a"], ["2", "3.50", "b, c; d|e"], ["3", "4.00", "it's"]]


def text(delimiter: str, quote: str) -> bytes:
    """Every field in quotes, if there is one."""
    lines = [
        delimiter.join(
            f"{quote}{field.replace(quote, quote * 2) if quote else field}{quote}" for field in row
        )
        for row in ROWS[: 3 if quote == "'" else 4]
    ]
    return "\n".join(lines).encode()


@pytest.mark.parametrize("delimiter", dialects.DELIMITERS)
@pytest.mark.parametrize("quote", ['"', "'"])
def test_delimiter_and_quote_are_found(delimiter: str, quote: str) -> None:
    found = dialects.written([text(delimiter, quote)])
    assert found is not None
    assert (found.delimiter, found.quote, found.header, found.names) == (
        delimiter,
        quote,
        True,
        tuple(ROWS[0]),
    )


HEADERS = {
    "typed below": (b"a,b\nx,1\ny,2\n", True, False),
    "no header": (b"x,1\ny,2\n", False, True),
    "all text": (b"name,city\nbob,paris\n", True, True),
    "years as names": (b"country,2023,2024\nde,x,y\nfr,x,y\n", True, True),
    "header alone": (b"a,b\n", True, False),
    "one column": (b"celsius\n1.5\n2.5\n", True, False),
}


@pytest.mark.parametrize("case", HEADERS)
def test_whether_there_is_a_header(case: str) -> None:
    """And whether that is sure."""
    content, header, unsure = HEADERS[case]
    found = dialects.written([content])
    assert found is not None
    assert (found.header, bool(found.unsure)) == (header, unsure)


def test_two_files_that_begin_alike_have_a_header() -> None:
    found = dialects.written([b"name,city\nbob,paris\n", b"name,city\nann,rome\n"])
    assert found is not None
    assert (found.header, found.unsure) == (True, ())


def test_faulty_rows_do_not_matter() -> None:
    """Short ones, long ones, a quote that does not close, a record that was cut off."""
    rows = b"".join(b"%d;2024-01-01;%d\n" % (n, n) for n in range(50))
    found = dialects.written([b'id;day;n\n1;2\n1;2;3;4\n1;"2;3\n' + rows + b"9;20"])
    assert found is not None
    assert (found.delimiter, found.names) == (";", ("id", "day", "n"))


ENCODINGS = {
    "utf-8": ("Köln\nBonn\n".encode(), "utf-8"),
    "ascii": (b"a\nb\n", "utf-8"),
    "windows": ("Köln\n“Bonn”\n".encode("cp1252"), "windows-1252"),
    "one bad line": ("Köln\nBonn é\nä\n".encode() + b"\xff\xfe\n", "utf-8"),
    "marked": ("a\nb\n".encode("utf-16"), "utf-8"),
}


@pytest.mark.parametrize("case", ENCODINGS)
def test_the_encoding_is_found(case: str) -> None:
    """The mark of UTF-16 is seen by what reads the files, whatever the others are."""
    content, expected = ENCODINGS[case]
    found, unsure = dialects.encoding([content])
    assert found == expected
    assert bool(unsure) == (expected != "utf-8")


def test_a_header_that_is_malformed_is_none() -> None:
    """Of two files, the other one says how they are written."""
    found = dialects.written([b'"a"x,"b\n', b"c,d\n1,2\n"])
    assert found is not None
    assert found.names == ("c", "d")
