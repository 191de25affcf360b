"""A new project with a data set, as its README shows it, and what becomes of files that are not as they should be."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from randomness import SOAK
from system.project import NewProject

GOOD = "station,taken at,celsius\nharbour,2026-01-02T06:00:00,4.5\nhill,2026-01-02T12:00:00,2.75\n"
BAD = "station,taken at,celsius\nharbour,2026-01-02T06:00:00,5\nhill,yesterday,1\nhill,2026-01-02T12:00:00,-99\n"


class Readings(NewProject):
    """The project of the example."""

    def write(self, day: str, text: str) -> None:
        (self.root / "sample" / "readings" / f"{day}.csv").write_text(text, encoding="utf-8")

    def rows(self, columns: str) -> list[list[str]]:
        """The published rows, in order."""
        return self.sql(f"SELECT {columns} FROM readings ORDER BY 1, 2")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Readings]:
    """Deployed, with the sample published."""
    made = Readings(tmp_path / "shop")
    try:
        done = made.deploy()
        assert done.status == 0, done.err
        done = made.run("--source", "sample")
        assert done.status == 0, done.err
        yield made
    finally:
        made("python", "-m", "data_pipeline", "local", "down")


def test_a_file_that_was_issued_again_takes_the_place_of_its_rows(project: Readings) -> None:
    """Every row has its file, its number there, and its period. Refused rows are counted by reason, and the run ends
    with warnings; a copy in another folder is nobody's.
    """
    before = project.rows("_file, _row, station, celsius, _period, _available_at")
    assert [row[:5] for row in before] == [
        ["readings/2026-01-01.csv", "1", "harbour", "3.5", "2026-01-01"],
        ["readings/2026-01-01.csv", "2", "harbour", "7.25", "2026-01-01"],
        ["readings/2026-01-01.csv", "3", "hill", "-1", "2026-01-01"],
        ["readings/2026-01-02.csv", "1", "harbour", "4", "2026-01-02"],
        ["readings/2026-01-02.csv", "2", "hill", "", "2026-01-02"],
        ["readings/2026-01-02.csv", "3", "hill", "2.75", "2026-01-02"],
    ]
    project.write("2026-01-02", BAD)
    shutil.copytree(project.root / "sample" / "readings", project.root / "sample" / "unaltered")
    done = project.run("--source", "sample")
    assert done.status == 0, done.err
    assert "2 files that no data set claims, not uploaded" in done.err
    line = r"^readings +1 +3 +1 +2 +not-timestamptz 1, too-cold 1"
    assert re.search(line, done.out, re.MULTILINE), done.out
    assert "ended       published with warnings" in done.out
    *kept, new = project.rows("_file, _row, station, celsius, _period, _available_at")
    assert kept == before[:3]
    assert new[:5] == ["readings/2026-01-02.csv", "1", "harbour", "5", "2026-01-02"]
    assert new[5] > before[3][5]


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="four runs: `make soak` makes them")
def test_what_is_held_back_waits_for_an_answer(project: Readings) -> None:
    """A file without the columns, until a run lets through what that run has found; and a changed definition."""
    before = project.rows("_file, _row")
    project.write("2026-01-02", GOOD)
    project.write("2026-01-03", "a,b\n1,2\n")
    failed = project.run("--source", "sample")
    assert failed.status == 1
    assert "the quality gate failed" in failed.err
    assert "unreadable  readings/2026-01-03.csv: it has no column station" in failed.out
    assert project.rows("_file, _row") == before
    (answer,) = re.findall(r"--accept (unreadable-files@\S+)", failed.err)
    done = project.run("--accept", answer)
    assert done.status == 0, done.err
    assert project.rows("_file, _row")[3:] == [["readings/2026-01-02.csv", number] for number in "12"]
    change_definition(project)
    failed = project.run()
    assert failed.status == 1
    assert "the definition of readings has changed" in failed.err
    assert "--rebuild readings" in failed.err
    project.write("2026-01-03", GOOD.replace("-02T", "-03T"))
    done = project.run("--source", "sample", "--rebuild", "readings")
    assert done.status == 0, done.err
    kept = [["2.75", "2"], ["2.75", "2"], ["3.5", "1"], ["4.5", "1"], ["4.5", "1"], ["7.25", "2"]]
    assert project.rows("celsius, _row") == kept


def change_definition(project: Readings) -> None:
    """Deploy another check: one document is uploaded, and the templates are as they were."""
    configuration = project.root / "config" / "pipeline.yaml"
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(text.replace("celsius > -90", "celsius > 2.5"), encoding="utf-8")
    templates = project.root / "templates" / "local-pipeline.yaml"
    before = templates.read_bytes()
    deployed = project.deploy()
    assert deployed.status == 0, deployed.err
    assert "+ 1 object, " in deployed.err
    assert templates.read_bytes() == before


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="one more project on the embedded AWS: only in the soak")
def test_a_project_begins_with_files_of_ones_own_and_runs(tmp_path: Path) -> None:
    """Semicolons, decimal commas, days first, a faulty value: what `init --from` wrote accounts for every row."""
    files = tmp_path / "files"
    (files / "sensors").mkdir(parents=True)
    for day in range(1, 10):
        rows = [f"s{n % 3};0{day}.02.2026 {n:02}:00;{n},5" for n in range(24)]
        rows[3] = rows[3].replace(",5", ",x") if day == 5 else rows[3]
        text = "\n".join(["sensor;read at;celsius", *rows]) + "\n"
        (files / "sensors" / f"2026-02-0{day}.csv").write_text(text, encoding="utf-8")
    made = NewProject(tmp_path / "shop", "--from", str(files))
    try:
        assert made.deploy().status == 0
        done = made.run("--source", str(files))
        assert done.status == 0, done.err
        assert re.search(r"^sensors +9 +216 +215 +1 +not-double 1", done.out, re.MULTILINE), done.out
        asked = "SELECT sensor, count(*), max(celsius), max(read_at) FROM sensors GROUP BY sensor ORDER BY 1"
        answer = made("python", "-m", "data_pipeline", "sql", "local", asked)
        assert "s2,72,23.5,2026-02-09 23:00:00" in answer.out.replace('"', ""), answer.out
    finally:
        made("python", "-m", "data_pipeline", "local", "down")
