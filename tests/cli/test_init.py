"""A new project."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.cli.commands import init
from data_pipeline.cli.main import status_of
from data_pipeline.core.facts import limits

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("folder", "name"),
    [("bakery", "bakery"), ("My Shop_2", "my-shop-2"), ("2026 sales", "sales"), ("ü", "my-pipeline")],
)
def test_the_pipeline_is_called_as_its_folder(folder: str, name: str, tmp_path: Path) -> None:
    """So two projects in one account do not take the place of each other; in a form that every resource takes."""
    assert init.pipeline_name(tmp_path / folder) == limits.name(name) == name
    assert init.pipeline_name(tmp_path / ("x" * 30)) == "x" * 24


@pytest.mark.parametrize("name", ["data_pipeline_create.py", "data_pipeline_run.py", "deploy.sh"])
def test_a_new_project_has_the_entry_points_of_this_one(name: str, tmp_path: Path) -> None:
    """The same bytes and the same mode."""
    assert status_of("data-pipeline", ["init", str(tmp_path)]) == 0
    ours, theirs = ROOT / name, tmp_path / name
    assert theirs.read_bytes() == ours.read_bytes()
    assert theirs.stat().st_mode & 0o111 == ours.stat().st_mode & 0o111


def test_what_is_in_the_way_is_named_and_nothing_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder with a file of the user's."""
    (tmp_path / "notes.txt").write_text("mine")
    assert status_of("data-pipeline", ["init", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(
        f"error: {tmp_path}: found notes.txt, expected a folder that is new or empty; nothing was"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_new_project_renders_and_is_found_from_below(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without locks of its own, every environment."""
    assert status_of("data-pipeline", ["init", str(tmp_path)]) == 0
    monkeypatch.chdir(tmp_path / "sample" / "readings")
    assert status_of("data-pipeline", ["create"]) == 0, capsys.readouterr().err
    made = {path.name for path in (tmp_path / "templates").iterdir()}
    assert made == {
        f"{env}-{kind}.yaml" for env in ("dev", "local", "prod") for kind in ("pipeline", "storage")
    }
    assert status_of("data-pipeline", ["create", "--check"]) == 0


def test_a_project_begins_with_files_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Their data set stands where the example's stood, of which nothing is left; its README has their commands."""
    files, made = tmp_path / "my files", tmp_path / "shop"
    files.mkdir()
    for month in range(1, 13):
        (files / f"sensors_2024-{month:02}.csv").write_text(f"sensor,at,celsius\ns1,2024-{month:02}-01,1.5\n")
    assert status_of("data-pipeline", ["init", str(made), "--from", str(files)]) == 0
    assert "files       sensors_{year}-{month}.csv" in capsys.readouterr().out
    written = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert not [name for name in written if name.startswith("sample/") or name.endswith(".sql")]
    pipeline = (made / "config" / "pipeline.yaml").read_text()
    assert "readings" not in pipeline
    assert (
        pipeline.index("datasets:\n  sensors:\n")
        < pipeline.index("# The steps prepare")
        < pipeline.index("schedule:")
    )
    readme = (made / "README.md").read_text()
    assert f"--source '{files}'" in readme
    assert "SELECT count(*) FROM sensors" in readme
    assert "sample" not in readme


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--match", "*.csv"), "--match and --dataset say more about --from, which is missing"),
        (("--from", "nowhere"), "nowhere: found nothing"),
        (("--from", ".", "--dataset", "No"), "No: no name of a data set"),
    ],
)
def test_nothing_is_made_of_samples_that_are_none(
    arguments: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of("data-pipeline", ["init", str(tmp_path / "shop"), *arguments]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "shop").exists()
