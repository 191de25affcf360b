"""``picture`` from the command line: a template and a table in, an SVG out."""

# ruff: noqa: DTZ001 - the windows are on a wall clock without zone

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli.deployed import BUCKET, Deployed, publishing

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


def _features(path: Path, **columns: list[object]) -> Path:
    starts = [datetime(2019, 6, 3, 8, 0), datetime(2019, 6, 3, 8, 15)]
    pq.write_table(pa.table({"timestamp": pa.array(starts, pa.timestamp("us")), **columns}), path)
    return path


def _run(*arguments: str) -> int:
    return status_of("python -m data_pipeline", ["diagram", *arguments])


def test_a_template_and_a_table_make_a_picture(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """States come from the template, rides per data set from the table; stdout names the file."""
    features = _features(
        project / "X.parquet", num_rides=[5, 7], minutes=[480, 495], dow=[2, 2], month=[6, 6], doy=[154, 154],
        yellow=[3, 4], fhv=[2, 3],
    )  # fmt: skip
    output = project / "docs" / "diagram.svg"
    assert _run("dev", "-o", str(output), "--features", str(features)) == 0
    assert capsys.readouterr().out == f"{output}\n"
    svg = output.read_text()
    for words in ("Count", "Glue job", "Done", "7 rides", "5 rides", "3 June 2019"):
        assert f">{words}</" in svg
    assert "12 rides" in svg  # in the description: the rows' total, counted once


def test_a_table_without_data_sets_shows_its_total(tmp_path: Path) -> None:
    """Where only num_rides is there, that is what is drawn."""
    features = _features(tmp_path / "X.parquet", num_rides=[5, 7], minutes=[480, 495], version=["a", "b"])
    with features.open("rb") as file:
        counts = command.read_counts(file, "X.parquet")
    assert counts == [
        (datetime(2019, 6, 3, 8, 0), {"rides": 5}),
        (datetime(2019, 6, 3, 8, 15), {"rides": 7}),
    ]


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
    assert _run("dev", "-o", str(project / "p.svg"), "--features", str(project / "X.parquet")) == 1
    assert f"error: {project / 'X.parquet'}: not a table of features: " in capsys.readouterr().err
    assert not (project / "p.svg").exists()


def test_a_table_of_something_else(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A Parquet file without the features' columns is named too."""
    pq.write_table(pa.table({"a": [1]}), project / "X.parquet")
    assert _run("dev", "-o", str(project / "p.svg"), "--features", str(project / "X.parquet")) == 1
    assert capsys.readouterr().err == (
        f"error: {project / 'X.parquet'}: not a table of features: "
        "it has no column timestamp and no num_rides\n"
    )


def test_what_is_published_is_drawn(
    project: Path, deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without --features the rides come from the deployed environment's own table."""
    (project / "templates" / "dev-pipeline.yaml").rename(project / "templates" / "local-pipeline.yaml")
    deployed.deploy(publishing())
    content = _features(project / "X.parquet", num_rides=[5, 7], yellow=[5, 7]).read_bytes()
    deployed.client("s3").put_object(Bucket=BUCKET, Key="output/export/X.parquet", Body=content)
    assert _run("local", "-o", str(project / "picture.svg")) == 0
    assert ">12 rides</text>" in (project / "picture.svg").read_text()
    out, err = capfd.readouterr()
    assert out == f"{project / 'picture.svg'}\n"
    assert err.startswith("environment local · account 000000000000 · region us-east-1 · endpoint http://127")


def test_nothing_published_yet(project: Path, deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """A deployed environment that has never run is an error that says how to run it."""
    (project / "templates" / "dev-pipeline.yaml").rename(project / "templates" / "local-pipeline.yaml")
    deployed.deploy(publishing())
    assert _run("local", "-o", str(project / "picture.svg")) == 1
    assert capfd.readouterr().err.splitlines()[-1] == (
        f"error: s3://{BUCKET}/output/export/X.parquet: nothing has been published yet."
        " Run the pipeline with: python data_pipeline_run.py local"
    )
    assert not (project / "picture.svg").exists()
