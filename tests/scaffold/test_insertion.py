"""A data set into pipeline.yaml: every byte that was there stays."""

from __future__ import annotations

import pytest

from data_pipeline.core.errors import UserError
from data_pipeline.scaffold.insertion import inserted

HEAD = b"pipeline: shop   # a name\nregion: us-east-1\n"
SHOP = b"datasets:\n  a:\n    files: a.csv\n    columns: {x: int}   # one\n"


def lines(step: str) -> list[str]:
    return ["new:", f"{step}# why", f"{step}files: n.csv", f"{step}columns:", f"{step}{step}x: int"]


BLOCK = "  new:\n    # why\n    files: n.csv\n    columns:\n      x: int\n"
CASES = {
    "no data sets": (HEAD, b"", f"\ndatasets:\n{BLOCK}", b""),
    "at the end": (HEAD + SHOP, b"", BLOCK, b""),
    "in the middle": (HEAD + SHOP, b"", BLOCK, b"\n# of steps\nsteps: {}\n"),
    "a comment of the last one": (
        HEAD + SHOP + b"    # more of a\n",
        b"",
        BLOCK,
        b"\n# of steps\nsteps: {}\n",
    ),
    "an empty key": (HEAD + b"datasets:   # none yet\n", b"", BLOCK, b"steps: {}\n"),
    "no last line end": (HEAD + SHOP[:-1], b"\n", BLOCK[:-1], b""),
    "a block text": (
        HEAD + SHOP + b"    comment: |\n      # no comment\n\n      end\n",
        b"",
        BLOCK,
        b"\nsteps: {}\n",
    ),
    "a mark": (b"\xef\xbb\xbf" + HEAD + SHOP, b"", BLOCK, b""),
}


@pytest.mark.parametrize("case", CASES)
def test_the_block_goes_behind_the_last_data_set(case: str) -> None:
    before, joint, block, after = CASES[case]
    assert inserted(before + after, "new", lines) == before + joint + block.encode() + after


def test_the_files_own_indentation_and_line_ends_are_kept() -> None:
    before = (HEAD + b"datasets:\n    a:\n       files: a.csv\n       columns: {x: int}\n").replace(
        b"\n", b"\r\n"
    )
    expected = "    new:\n       # why\n       files: n.csv\n       columns:\n          x: int\n".replace(
        "\n", "\r\n"
    )
    assert inserted(before, "new", lines) == before + expected.encode()


REFUSED = {
    "there": (HEAD + SHOP.replace(b"  a:", b"  new:"), "found a data set new already, expected a new name"),
    "braces": (HEAD + b"datasets: {a: {files: a.csv}}\n", "found datasets in braces or as an alias"),
    "all in braces": (b"{pipeline: shop}\n", "found datasets in braces or as an alias"),
    "an alias": (HEAD + b"x: &x\n  a: {files: a.csv}\ndatasets: *x\n", "found"),
    "a list": (HEAD + b"datasets: [a]\n", "found datasets that are no map"),
    "wrong yaml": (HEAD + b"datasets: {\n", "config/pipeline.yaml:4: found YAML that cannot be read"),
    "an end": (HEAD + b"...\n", "found"),
    "a kept line end": (HEAD + SHOP + b"    comment: |+\n      text\n\n\nsteps: {}\n", "found no place"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_stay_as_it_is_is_refused(case: str) -> None:
    before, said = REFUSED[case]
    with pytest.raises(UserError, match="nothing was changed") as caught:
        inserted(before, "new", lines)
    assert said in str(caught.value)
