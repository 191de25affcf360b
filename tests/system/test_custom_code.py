"""What the how-to pages for code of one's own write, deployed and run on both services of the embedded AWS."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pages
import pytest
from randomness import SOAK
from system.project import NewProject

from data_pipeline.cli import job_locks
from data_pipeline.core.facts.runtimes import RUNTIMES

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not SOAK, reason="several runs of a new project: `make soak` makes them"),
]

READER, TRANSFORM, STEP = (f"how-to/custom-{name}.md" for name in ("reader", "transform", "step"))
SERVED = b'{"day": "2026-01-03", "rows": [["hill", "2026-01-03T06:00:00", 12.5], ["hill", "2026-01-03T12:00:00", ""]]}'


@pytest.fixture
def project(tmp_path: Path) -> Iterator[NewProject]:
    made = NewProject(tmp_path / "shop")
    yield made
    made.down()


@pytest.fixture
def address() -> Iterator[str]:
    """Of a web service that has a day of readings."""

    class Service(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(SERVED)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/readings"
        server.shutdown()
        thread.join()


def change(project: NewProject, *pairs: tuple[str, str]) -> None:
    """Of the configuration; then deploy."""
    path = project.root / "config" / "pipeline.yaml"
    text = path.read_text(encoding="utf-8")
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    done = project.deploy()
    assert done.status == 0, done.err


def test_steps_before_between_and_behind(project: NewProject, address: str) -> None:
    """A file is fetched, the plan is looked at, a table is published; on one service and then on the other."""
    pages.write(project.root, pages.files(STEP))
    change(project, ("https://example.com/readings", address))
    done = project.run("--source", "sample")
    assert done.status == 0, done.err
    asked = "SELECT station, records FROM station_records ORDER BY 1"
    assert project.sql(asked) == [["harbour", "1"], ["hill", "3"]]
    swapped = ("service: glue\n    glue: {runtime: glue-pythonshell}", "service: there")
    change(
        project, swapped, ("service: sagemaker", "service: glue"), ("service: there", "service: sagemaker")
    )
    done = project.run("--reprocess")
    assert done.status == 0, done.err
    assert project.sql(asked) == [["harbour", "1"], ["hill", "3"]]
    change(project, ('most-mb: "1000"', 'most-mb: "0"'))
    failed = project.run("--reprocess")
    assert failed.status == 1
    assert "3 files of" in failed.err, failed.err
    assert "are to be read, allowed are 0 MB" in failed.err, failed.err


def test_a_reader_with_a_package_and_a_transform(project: NewProject) -> None:
    """The same rows on both services, with what they refuse in quarantine."""
    both = {**pages.files(READER), **pages.files(TRANSFORM)}
    texts = [pages.files(page)["config/pipeline.yaml"] for page in (READER, TRANSFORM)]
    both["config/pipeline.yaml"] = texts[0] + texts[1].removeprefix("datasets:\n")
    pages.write(project.root, both)
    locks = project.root / "jobs" / "locks"
    locks.mkdir()
    for runtime in ("sagemaker-python", "glue-spark"):
        text = job_locks.read_lock(project.root, RUNTIMES[runtime]).decode()
        (locks / f"{runtime}.txt").write_text(f"{text}defusedxml==0.7.1 \\\n    --hash=sha256:{'0' * 64}\n")
    found = []
    for options in (("--source", "sample"), ("--reprocess",)):
        done = project.deploy()
        assert done.status == 0, done.err
        done = project.run(*options)
        assert done.status == 0, done.err
        said = " ".join(done.out.split())
        assert "readings 1 5 3 2 no-station 1, not-double 1" in said, done.out
        assert "messages 1 3 2 1 wrong-runs 1" in said, done.out
        rows = project.sql("SELECT station, taken_at, celsius FROM readings ORDER BY 1, 2")
        found.append(rows + project.sql("SELECT sensor, minute, celsius, _file FROM messages ORDER BY 1, 2"))
        with (project.root / "config" / "pipeline.yaml").open("a") as file:
            file.write("steps:\n  load: {service: glue}\n")
    assert found[0] == found[1]
    assert len(found[0]) == 3 + 7
