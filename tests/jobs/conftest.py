"""What the tests of the jobs share: the real trip files, and a way to run a job as a user would."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data_pipeline.etl.errors import JobError

sys.path.insert(0, str(Path(__file__).parent))

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def shared_tlc() -> Path:
    """The folder of real trip files beside the project; the test is skipped where there is none."""
    folder = ROOT.parent / "shared" / "tlc"
    if not folder.is_dir():
        pytest.skip(f"no real trip files in {folder}")
    return folder


@dataclass
class Ended:
    """How a job ended: exit status, its two streams, and its output folder."""

    status: int
    stdout: str
    stderr: str
    output: Path

    @property
    def summary(self) -> dict:
        return json.loads((self.output / "summary.json").read_text())

    def file(self, source: str) -> dict:
        """The summary's entry for ``source``."""
        (entry,) = [entry for entry in self.summary["files"] if entry["source"] == source]
        return entry

    def rows(self, name: str) -> list[dict]:
        return pq.read_table(self.output / name).to_pylist()

    def quarantine(self) -> list[dict]:
        found = sorted((self.output / "quarantine").rglob("*.parquet"))
        return [row for path in found for row in pq.ParquetFile(path).read().to_pylist()]


@pytest.fixture
def count_alone(tmp_path):
    """A function that runs ride_counts.py on a folder, without any AWS."""

    def run(folder: Path, *arguments: str, output: Path | None = None) -> Ended:
        output = output or tmp_path / "output"
        command = [
            sys.executable,
            str(ROOT / "jobs" / "ride_counts.py"),
            "--input",
            str(folder),
            "--output",
            str(output),
        ]
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, timeout=120, env={"PATH": ""}
        )
        return Ended(done.returncode, done.stdout, done.stderr, output)

    return run


@pytest.fixture(params=["compiled", "row by row"])
def count_here(tmp_path, monkeypatch, request):
    """A function that runs ride_counts.py on a folder in this process, which is quicker; its CSV is read by compiled
    code, or with the patience of small inputs.
    """
    import configured
    import ride_counts
    from taxi import csvrows

    monkeypatch.setattr(csvrows.slow_path_budget, "left", 0 if request.param == "compiled" else 1 << 30)

    def run(folder: Path, *arguments: str) -> Ended:
        output = tmp_path / "output"
        try:
            ride_counts.count(str(folder), str(output), configured.definitions(*arguments))
        except JobError as error:
            return Ended(1, "", f"error: {error}\n", output)
        return Ended(0, "", "", output)

    return run


@pytest.fixture
def account(embedded, monkeypatch):
    """A fresh bucket and database, with two trip files in the input; AWS's settings are in the environment."""
    from account import made

    account = made(embedded)
    for key, value in account.env.items():
        monkeypatch.setenv(key, value)
    return account
