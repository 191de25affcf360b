"""The how-to pages for code of a project's own: what their blocks write passes `create` and does what they show."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import ModuleType

import pages
import pyarrow as pa
import pytest
from etl.reading.outcomes import dataset, outcome
from pyarrow import feather

from data_pipeline.cli import job_code, job_locks
from data_pipeline.cli.commands.check import check_environment
from data_pipeline.cli.commands.create import columns_lines, refuse_missing_packages, refuse_wrong_code
from data_pipeline.cli.main import status_of
from data_pipeline.core.deployment.packages import packages_of
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts.runtimes import RUNTIMES
from data_pipeline.core.loading.load import load_environment
from data_pipeline.etl.documents import load_plan
from data_pipeline.etl.documents.load_plan import LoadPlan, PlannedFile, Unit
from data_pipeline.etl.errors import JobError
from data_pipeline.stacks import documents

READER = "how-to/custom-reader.md"
TRANSFORM = "how-to/custom-transform.md"
STEP = "how-to/custom-step.md"
SERVED = b'{"day": "2026-01-03", "rows": [["hill", "2026-01-03T06:00:00", 2.5]]}'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A project as `init` writes it, without its sample, in which commands are typed."""
    place = tmp_path / "project"
    assert status_of("data-pipeline", ["init", str(place)]) == 0
    for path in (place / "sample" / "readings").iterdir():
        path.unlink()
    monkeypatch.chdir(place)
    capsys.readouterr()
    return place


def refused(root: Path) -> str:
    """What `create` says of the project's Python, or nothing."""
    env, sources = load_environment(root, "local"), job_code.sources(root)
    try:
        refuse_wrong_code(env, sources)
        refuse_missing_packages(root, env, sources, packages_of(sources))
    except UserError as error:
        return str(error)
    return ""


def lock(root: Path, runtime: str, package: str) -> None:
    """As `data-pipeline lock` does, without an index: the tool's lock and one package more."""
    path = root / "jobs" / "locks" / f"{runtime}.txt"
    path.parent.mkdir(exist_ok=True)
    text = job_locks.read_lock(root, RUNTIMES[runtime]).decode()
    path.write_text(f"{text}{package} \\\n    --hash=sha256:{'0' * 64}\n", encoding="utf-8")


def test_the_reader_of_xml(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file is read as the page shows. What is wrong with module, function and packages is said before."""
    found = pages.files(READER)
    pages.write(project, found)
    (path,) = [name for name in found if name.endswith("xml_readings.py")]
    assert (
        "jobs/stations/xml_readings.py imports defusedxml, of which the runtime sagemaker-python"
        in refused(project)
    )
    lock(project, "sagemaker-python", "defusedxml==0.7.1")
    assert refused(project) == ""
    assert status_of("data-pipeline", ["try", "readings", "sample"]) == 0
    said = capsys.readouterr()
    assert all(pages.block(READER, first) in said.out for first in ("file   ", "  no-station: 1 row")), said
    code = (project / path).read_text(encoding="utf-8")
    for changed, words in {
        code.replace("file: SourceFile, options: Mapping[str, str]", "file"): pages.block(
            READER, "jobs/stations"
        ),
        code.replace(
            "def rows", "def row"
        ): "datasets.readings.read: jobs/stations/xml_readings.py has no 'rows'; did you",
        code.replace(
            "def rows", "async def rows"
        ): "xml_readings.py:11: rows is an async function, expected a plain one",
    }.items():
        (project / path).write_text(changed, encoding="utf-8")
        assert refused(project).startswith(words.strip()) or words in refused(project)


def test_the_reader_that_is_a_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads a file with a part in its name, and refuses a row."""
    (name,) = [name for name in pages.files(READER) if name.endswith("feather_readings.py")]
    (tmp_path / "feather_readings.py").write_text(pages.files(READER)[name])
    monkeypatch.syspath_prepend(str(tmp_path))
    rows = pa.table({"celsius": [1.5, 2.0, 3.0], "other": [1, 2, 3], "station": ["a", None, "b"]})
    feather.write_feather(rows, tmp_path / "a.feather")
    columns = {"station": "string", "celsius": "double"}
    found = outcome(tmp_path / "a.feather", dataset(columns, reader="feather_readings:Reader"), shore="north")
    assert found.adds_up()
    assert found.reasons == {2: "no-station"}
    assert [tuple(row.values()) for row in found.table.to_pylist()] == [
        ("a", 1.5, "north", 1),
        ("b", 3.0, "north", 3),
    ]


def test_the_transform(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It makes of a file what the page shows; `create` knows its columns without running it."""
    pages.write(project, pages.files(TRANSFORM))
    assert refused(project) == ""
    assert columns_lines(project, [load_environment(project, "local")]) == [
        pages.block(TRANSFORM, "publishes messages").strip()
    ]
    assert status_of("data-pipeline", ["try", "messages", "sample"]) == 0
    said = capsys.readouterr()
    assert all(pages.block(TRANSFORM, first) in said.out for first in ("first 5", "made: ")), said
    assert "wrong-runs: 1 row" in said.out
    code = project / "jobs" / "sensors" / "decode.py"
    code.write_text(
        code.read_text().replace("rows: pa.RecordBatchReader, options: Mapping[str, str]", "rows")
    )
    assert refused(project).endswith(
        "minutes takes (rows), expected (rows, options), as datasets.messages.transform.function calls it"
    )


def test_the_steps(project: Path) -> None:
    """Their arguments are those of their scripts, their packages those of their runtimes; others are refused."""
    pages.write(project, pages.files(STEP))
    assert refused(project) == ""
    env, sources = load_environment(project, "local"), job_code.sources(project)
    rendered = documents(env)
    assert check_environment(env, rendered, sources) == []
    changed = {
        "guard.py": sources["guard.py"].replace("--most-mb", "--most-gb"),
        "records.py": sources["records.py"].replace(
            '"--run"', '"--x", required=True); parser.add_argument("--run"'
        ),
    }
    found = "\n".join(check_environment(env, rendered, {**sources, **changed}))
    for words in (
        "the script has no option '--most-mb'; did you mean '--most-gb'?",
        "the script requires --x",
    ):
        assert words in found, found
    shell = project / "config" / "pipeline.yaml"
    shell.write_text(shell.read_text().replace("script: fetch.py", "script: records.py"))
    assert "jobs/records.py imports pyarrow, of which the runtime glue-pythonshell has no wheel" in refused(
        project
    )


def test_the_scripts_run_by_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On folders of this machine: one brings what a web service says, the other looks at the plan."""
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: io.BytesIO(SERVED))
    module(STEP, "jobs/fetch.py").main(["--address", "https://example.com", "--input", str(tmp_path)])
    written = (tmp_path / "readings" / "2026-01-03.csv").read_text()
    assert written == "station,taken at,celsius\nhill,2026-01-03T06:00:00,2.5\n"
    file = PlannedFile("s3://b/x", "x", "e", 2_000_001, "", {})
    plan = load_plan.document("r", LoadPlan((Unit("k", "readings", (file,), "new"),)))
    guard = module(STEP, "jobs/guard.py").main
    (tmp_path / "runs" / "r").mkdir(parents=True)
    (tmp_path / "runs" / "r" / "plan.json").write_text(json.dumps(plan))
    guard(["--output", str(tmp_path), "--run", "r", "--most-mb", "3"])
    assert json.loads((tmp_path / "runs" / "r" / "guard.json").read_text()) == {
        "files": 1,
        "bytes": 2_000_001,
    }
    with pytest.raises(JobError, match=r"^1 files of 2,000,001 bytes are to be read, allowed are 2 MB$"):
        guard(["--output", str(tmp_path), "--run", "r", "--most-mb", "2"])


def module(page: str, path: str) -> ModuleType:
    """A script of a page, imported."""
    made = ModuleType(Path(path).stem)
    exec(compile(pages.files(page)[path], path, "exec"), made.__dict__)
    return made
