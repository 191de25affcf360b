"""Writing files."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.cli.files import write_atomically


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """UTF-8, Unix line ends, folders made, nothing left beside it."""
    path = tmp_path / "new" / "file.txt"
    write_atomically(path, "old\n")
    write_atomically(path, "ü\nb\n")
    assert path.read_bytes() == "ü\nb\n".encode()
    assert path.stat().st_mode & 0o777 == 0o644
    assert [*path.parent.iterdir()] == [path]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """A text that cannot be encoded fails in the middle; the old content stays and nothing is left over."""
    path = tmp_path / "file.txt"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new \udc80")
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]
