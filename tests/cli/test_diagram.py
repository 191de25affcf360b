"""``diagram`` from the command line: a template and a table in, an SVG out."""

# ruff: noqa: DTZ001 - the windows are on a wall clock without zone

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli.deployed import DATABASE, Deployed, publish_trips

from data_pipeline.cli.commands import diagram as command
from data_pipeline.cli.main import status_of
from data_pipeline.core.errors import UserError

TEMPLATE = """
Resources:
  StateMachine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      DefinitionSubstitutions: {Bucket: !Ref DataBucket, Both: !Join [a, [b, !Sub "c"]], Map: !Cidr {x: y}}
      Definition:
        Comment: counts
        StartAt: Count
        States:
          Count: {Type: Task, Resource: "arn:aws:states:::glue:startJobRun.sync", Next: Done}
          Done: {Type: Succeed}
  Role: {Type: AWS::IAM::Role}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one rendered template; the command looks for templates there."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "dev-pipeline.yaml").write_text(TEMPLATE)
    monkeypatch.setattr(command, "root", lambda: tmp_path)
    return tmp_path


STARTS = [datetime(2019, 6, 3, 8, 0), datetime(2019, 6, 3, 8, 15)]


def _table(path: Path, **columns: list[object]) -> Path:
    """A Parquet file of two windows with these columns, and a text."""
    times = {"opened_at": pa.array(STARTS, pa.timestamp("us"))}
    pq.write_table(pa.table({"shop": ["a", "b"], **times, **columns}), path)
    return path


def _run(*arguments: str) -> int:
    return status_of("python -m data_pipeline", ["diagram", *arguments])


def test_a_template_and_a_file_make_a_picture(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """States come from the template, areas from the columns that are named; stdout names the file."""
    file = _table(project / "orders.parquet", web=[3, 4], till=[2, 3])
    output = project / "docs" / "diagram.svg"
    assert _run("dev", "-o", str(output), "--file", str(file), "--value", "web", "--value", "till") == 0
    assert capsys.readouterr().out == f"{output}\n"
    svg = output.read_text()
    for words in ("Count", "Glue job", "Done", "web", "7", "till", "5", "3 June 2019"):
        assert f">{words}</" in svg
    assert ">Published: orders, per 15 minutes<" in svg
    assert "12 in all" in svg  # in the description: the rows' total, counted once


def test_a_column_tells_areas_apart(project: Path) -> None:
    """Without a column to add up, rows are counted."""
    file = _table(project / "orders.parquet")
    output = project / "diagram.svg"
    assert _run("dev", "-o", str(output), "--file", str(file), "--by", "shop") == 0
    svg = output.read_text()
    assert ">Published: rows of orders, per 15 minutes<" in svg
    assert (svg.count(">1 rows</"), svg.count(">a</"), svg.count(">b</")) == (2, 1, 1)


def test_an_environment_that_is_not_rendered(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error names the template and the command that renders it."""
    assert _run("prod", "-o", str(project / "picture.svg")) == 1
    template = project / "templates" / "prod-pipeline.yaml"
    assert capsys.readouterr().err == (
        f"error: {template}: no such template; render it with: python data_pipeline_create.py\n"
    )


def test_a_template_without_a_state_machine(tmp_path: Path) -> None:
    """The error says what was expected in the template."""
    template = tmp_path / "x.yaml"
    template.write_text("Resources: {Role: {Type: AWS::IAM::Role}}")
    with pytest.raises(UserError, match="expected a resource StateMachine of type AWS::StepFunctions"):
        command.read_definition(template)


@pytest.mark.parametrize("content", [b"not parquet", b""])
def test_a_file_that_is_no_table(project: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    """A file that is not Parquet is named, with the reason; nothing is written."""
    (project / "X.parquet").write_bytes(content)
    assert _run("dev", "-o", str(project / "p.svg"), "--file", str(project / "X.parquet")) == 1
    expected = f"error: {project / 'X.parquet'}: found no Parquet file that can be read, expected one: "
    assert expected in capsys.readouterr().err
    assert not (project / "p.svg").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--value", "wbe"),
            "--value wbe: found no such column, expected 'shop', 'opened_at' or 'web'; did you",
        ),
        (("--value", "shop"), "--value shop: found a column of string, expected one of a number\n"),
        (("--time", "web"), "--time web: found a column of int64, expected one of a time or a date\n"),
        (("--by", "no"), "--by no: found no such column, expected"),
        (
            ("--value", "web", "--value", "web", "--by", "shop"),
            "found --by and 2 columns of --value, expected one",
        ),
        (("--value", "less"), "found sums below 0 in 'less', expected none"),
        (("--table", "orders"), "found --table and --file, expected one of them"),
    ],
)
def test_what_cannot_be_drawn(
    project: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    """The column or option, what was found and what was expected; nothing is written."""
    file = _table(project / "orders.parquet", web=[3, 4], less=[1, -2])
    if "less" not in options:
        file = _table(project / "orders.parquet", web=[3, 4])
    assert _run("dev", "-o", str(project / "p.svg"), "--file", str(file), *options) == 1
    assert said in capsys.readouterr().err
    assert not (project / "p.svg").exists()


def test_a_table_without_a_time(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing says when."""
    pq.write_table(pa.table({"a": [1], "_available_at": pa.array(STARTS[:1])}), project / "X.parquet")
    assert _run("dev", "-o", str(project / "p.svg"), "--file", str(project / "X.parquet")) == 1
    assert capsys.readouterr().err == (
        f"error: {project / 'X.parquet'}: found no column with a time, expected one; it has a, _available_at\n"
    )


@pytest.fixture
def local(project: Path) -> Path:
    """The project, whose environment is `local`."""
    (project / "templates" / "dev-pipeline.yaml").rename(project / "templates" / "local-pipeline.yaml")
    return project


def test_what_is_published_is_drawn(
    local: Path, published: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of the tables that are there, the first with a time; or the named one, with the columns that are named."""
    capfd.readouterr()
    target = str(local / "diagram.svg")
    assert _run("local", "-o", target) == 0
    assert ">Published: rows of ride_counts, per hour<" in Path(target).read_text()
    assert ">168 rows</text>" in Path(target).read_text()
    out, err = capfd.readouterr()
    assert out == f"{target}\n"
    assert err.startswith("environment local · account 000000000000 · us-east-1 · http://127")
    assert _run("local", "-o", target, "--table", "ride_counts", "--value", "fhv", "--value", "green") == 0
    svg = Path(target).read_text()
    assert ">Published: ride_counts, per hour<" in svg
    assert svg.index(">green</") < svg.index(">fhv</")  # the second column stands on the first
    assert ">168</text>" in svg


def test_a_series_says_what_is_drawn(
    local: Path, published: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its time, step, weight and what tells series apart; tables with one come first."""
    publish_trips({"green": 4, "yellow": 30})
    target = str(local / "diagram.svg")
    assert _run("local", "-o", target) == 0
    svg = Path(target).read_text()
    assert ">Published: trips of trip_counts, per 15 minutes<" in svg
    assert svg.index(">green</") < svg.index(">yellow</")
    assert ">30 trips</text>" in svg


def test_a_table_that_is_not_there(
    local: Path, deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """One that the configuration has not, and one that nobody has published."""
    assert _run("local", "-o", str(local / "picture.svg"), "--table", "wether") == 1
    assert (
        "--table wether: found no table 'wether', expected 'trip_counts', 'weather',"
        in capfd.readouterr().err
    )
    for options, of in ((("--table", "weather"), " of weather"), ((), "")):
        assert _run("local", "-o", str(local / "picture.svg"), *options) == 1
        assert capfd.readouterr().err.splitlines()[-1] == (
            f"error: {DATABASE}: nothing has been published yet{of}. Run the pipeline with: "
            "python data_pipeline_run.py local"
        )
    assert not (local / "picture.svg").exists()
