"""Columns of texts: numbers to the right, notes beside them or below, no blanks at the ends of lines."""

from __future__ import annotations

import pytest

from data_pipeline.cli.columns import by_lines, columns, labelled, with_notes

ROWS = [("name", "rows"), ("orders", "1,200")]


def test_columns_are_as_wide_as_their_longest_text() -> None:
    """Numbers stand to the right; a line ends with its last character."""
    assert columns(ROWS, {1}) == ["name     rows", "orders  1,200"]
    assert columns([("a", "x"), ("bbb", "")]) == ["a    x", "bbb"]


def test_the_last_text_of_a_line_that_is_too_wide_stands_below() -> None:
    """Of this line alone."""
    rows = [("run", "took", "by"), ("4f1c2a", "1:02", "schedule"), ("b", "12", "somebody@example.com")]
    lines = ["run     took  by", "4f1c2a  1:02  schedule", "b         12", "    somebody@example.com"]
    assert columns(rows, {1}, 24) == lines
    assert columns(rows, {1})[2] == "b         12  somebody@example.com"


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (None, ["orders  1,200  no-date 3, negative-amount 2, not-decimal 1"]),
        (50, ["orders  1,200  no-date 3, negative-amount 2,", "               not-decimal 1"]),
        (30, ["orders  1,200", "    no-date 3, negative-amount", "    2, not-decimal 1"]),
    ],
)
def test_a_note_is_folded_between_words(width: int | None, lines: list[str]) -> None:
    """Beside the columns where there is room, else below; not at all in a file."""
    note = "no-date 3, negative-amount 2, not-decimal 1"
    made = with_notes(ROWS, ["", note], {1}, width)
    assert made == [["name     rows"], lines]


def test_a_uri_is_never_broken() -> None:
    """However narrow the terminal is."""
    uri = "s3://bucket-of-orders/output/quarantine/run=2026-11-30T14-32-41Z-42e469/part-0.parquet"
    made = with_notes(ROWS, ["", f"look at {uri}"], {1}, 40)
    assert any(uri in line for line in made[1])


FOLDED = [
    "counts      one two three four five six",
    "            seven",
    "look",
    "  aws s3 cp s3://b/x.parquet x.parquet",
]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            None,
            [
                "counts      one two three four five six seven",
                "look        aws s3 cp s3://b/x.parquet x.parquet",
            ],
        ),
        (44, [*FOLDED, "uri         s3://bucket/a-long-key-of-more"]),
        (40, [*FOLDED, "uri", "  s3://bucket/a-long-key-of-more"]),
    ],
)
def test_labels_with_their_texts(width: int | None, lines: list[str]) -> None:
    """Folded on a terminal, but for commands and URIs."""
    rows = [
        ("counts", "one two three four five six seven"),
        ("look", "aws s3 cp s3://b/x.parquet x.parquet"),
        ("uri", "s3://bucket/a-long-key-of-more"),
    ]
    assert labelled(rows if width else rows[:2], width, whole=("look",)) == lines


@pytest.mark.parametrize(
    ("label", "text", "lines"),
    [
        (
            "by",
            "2026-11-30 14:32 UTC by arn:aws:iam::1:user/me",
            ["by", "  2026-11-30 14:32 UTC by", "  arn:aws:iam::1:user/me"],
        ),
        ("by", "one two three four", ["by", "  one two three four"]),
    ],
)
def test_what_finds_no_room_beside_its_label_stands_below(label: str, text: str, lines: list[str]) -> None:
    """Folded, too; a word that finds no room there either is not broken."""
    assert labelled([(label, text)], 29) == lines


@pytest.mark.parametrize("width", [1, 12, 29, 40])
@pytest.mark.parametrize("text", ["", "  "])
def test_a_label_without_a_text_stands_alone(width: int, text: str) -> None:
    """Also where it is wider than the terminal."""
    assert labelled([("x" * 50, text)], width) == ["x" * 50]


MESSAGE = """the project here may differ from what is deployed: config/pipeline.yaml: 2 problems
  line 3: `region eu central 1` is unknown, and this line is indented
Mend it as with `./deploy.sh dev my-artifact-bucket` and go on with it"""


def test_each_line_of_a_text_is_folded_by_itself() -> None:
    """But for what is indented, and code in backticks; not at all in a file."""
    assert by_lines(MESSAGE, 40) == [
        "the project here may differ from what is",
        "  deployed: config/pipeline.yaml: 2",
        "  problems",
        "  line 3: `region eu central 1` is unknown, and this line is indented",
        "Mend it as with",
        "  `./deploy.sh dev my-artifact-bucket`",
        "  and go on with it",
    ]
    assert by_lines(MESSAGE, None) == MESSAGE.splitlines()
