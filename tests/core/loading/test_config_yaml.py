"""Reading YAML with lines: what a scalar means, where it stands, and files that cannot be read."""

from __future__ import annotations

import pytest

from data_pipeline.core.loading.yaml_lines import merge, read


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("False", False),
        ("on", "on"),
        ("no", "no"),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("012345670123", 12345670123),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("12:30:45", "12:30:45"),
        ("2026-01-31", "2026-01-31"),
        ("1_000", "1_000"),
        ("0x1f", "0x1f"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("cron(0 6 * * ? *)", "cron(0 6 * * ? *)"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_scalars(written: str, meant: object) -> None:
    """Scalars mean what YAML 1.2 says, not what 1.1 makes of on, 0123, 12:30 and dates."""
    node, problems = read(f"key: {written}\n".encode(), "f")
    assert node is not None
    assert problems == []
    value = node.keys["key"].value
    if isinstance(meant, str) and len(meant) == 5000:
        assert value == float("inf") or value == meant
    else:
        assert (value, type(value)) == (meant, type(meant))


def test_lines() -> None:
    """A value stands in its own line, a map or list in its key's, an item in its dash's."""
    text = "# c\na:\n  b: 1\n  c:\n    - x\n    - y\nd: |\n  long\ne: {f: 1,\n  g: 2}\n"
    node, problems = read(text.encode(), "f")
    assert node is not None
    assert problems == []
    lines = {path: at.place.line for path, at in node.walk()}
    assert lines == {
        (): 2,
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "c"): 4,
        ("a", "c", 0): 5,
        ("a", "c", 1): 6,
        ("d",): 7,
        ("e",): 9,
        ("e", "f"): 9,
        ("e", "g"): 10,
    }


def test_windows_file_with_byte_order_mark() -> None:
    """A file saved on Windows, with a byte order mark and CRLF, reads the same."""
    node, problems = read("\ufeffa: é\r\nb: 1\r\n".encode(), "f")
    assert node is not None
    assert problems == []
    assert node.plain() == {"a": "é", "b": 1}
    assert node.keys["b"].place.line == 2


def test_aliases() -> None:
    """An anchor may be used again; its value keeps the line where it is written."""
    node, problems = read(b"a: &x {k: 1}\nb: *x\n", "f")
    assert node is not None
    assert problems == []
    assert node.plain() == {"a": {"k": 1}, "b": {"k": 1}}


def test_merge_remembers_files() -> None:
    """Each value keeps file and line through a merge; lists are replaced whole."""
    base, _ = read(b"a:\n  b: 1\n  c: [1, 2]\nd: 3\n", "base")
    over, _ = read(b"\na:\n  c: [3]\n  e: 4\n", "over")
    assert base is not None
    assert over is not None
    both = merge(base, over)
    assert both.plain() == {"a": {"b": 1, "c": (3,), "e": 4}, "d": 3}
    places = {path: (at.place.file, at.place.line) for path, at in both.walk()}
    assert places[("a", "b")] == ("base", 2)
    assert places[("a", "c")] == places[("a", "c", 0)] == ("over", 3)
    assert places[("a", "e")] == ("over", 4)
    assert places[("d",)] == ("base", 4)


_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join(f'*{old}' for _ in range(10))}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        (b"a: 1\nb: \xe9t\xe9\n", 2, "the byte 0xe9"),
        (b"a: 1\n\nb: \x07\n", 3, "the control character 0x07"),
        (b"a: &a [*a]\n", 1, "an alias that multiplies itself"),
        (_LAUGHS.encode(), 1, "an alias that multiplies itself"),
        (b"[" * 5000, 1, "maps or lists nested hundreds deep"),
        (b"a: 1\nb:\n\t- c\n", 3, "a tab"),
    ],
    ids=["latin-1", "bell", "endless", "laughs", "deep", "tab"],
)
def test_files_that_cannot_be_read(content: bytes, line: int, found: str) -> None:
    """Such a file has no value and one problem, at the line that is to be mended."""
    node, problems = read(content, "config/dev.yaml")
    assert node is None
    assert [(p.place.line, p.found) for p in problems] == [(line, found)]
