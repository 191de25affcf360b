"""``sample`` from the command line: what it prints and how it fails."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
import sample


def _run(*arguments: str) -> int:
    try:
        return sample.sample.main(list(arguments), standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return 1


def test_it_says_what_it_wrote_and_where_the_truth_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files, rows, size and the two truth files, on stdout; nothing on stderr."""
    assert _run(str(tmp_path / "new"), "--months", "2019-01..2019-02", "--rows", "5000") == 0
    out, err = capsys.readouterr()
    first, second, *rest = out.splitlines()
    assert first.startswith("7 trip files, 5,000 rows (29 of them not to be counted), 0.")
    assert second.startswith(f"true counts: {tmp_path / 'new' / 'truth.csv'} (per window), ")
    assert not rest
    assert err == ""
    assert (tmp_path / "new" / "fhvhv_tripdata_2019-02.csv").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--months", "2019-13"], "'2019-13': expected months like 2019-01..2019-06"),
        (["--months", "2019-02..2019-01"], "Error: --months 2019-02..2019-01: expected a range within"),
        (["--dataset", "red"], "'red' is not one of 'yellow', 'green', 'fhv', 'fhvhv'"),
        (["--rows", "0"], "0 is not in the range x>=1"),
    ],
)
def test_what_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """A request that cannot be met exits 1, says why on stderr, and writes nothing."""
    assert _run(str(tmp_path / "new"), *arguments) == 1
    out, err = capsys.readouterr()
    assert message in err
    assert out == ""
    assert not (tmp_path / "new").exists()


def test_somebody_elses_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A directory with other files is an error that names one of them and what to do."""
    (tmp_path / "thesis.tex").write_text("")
    assert _run(str(tmp_path)) == 1
    assert capsys.readouterr().err == (
        f"Error: {tmp_path} is not empty and not an earlier sample (it holds thesis.tex)."
        " Nothing was changed; name a directory that is new, empty or an earlier sample.\n"
    )
