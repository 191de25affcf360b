"""Wheels for the cloud's Python and C library, fetched by hash and kept."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest
from deploy.conftest import environment
from randomness import SOAK

from data_pipeline.cli.deploying import wheels
from data_pipeline.cli.deploying.package import package
from data_pipeline.cli.job_locks import locked, read_lock
from data_pipeline.core.deployment import artifacts
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts.runtimes import RUNTIMES

PIP = tuple(int(part) for part in version("pip").split(".")[:2])
ROOT = Path(__file__).resolve().parents[2]
SHELL = RUNTIMES["glue-pythonshell"]
#: what pip says when no index can be reached at all.
OFFLINE = re.compile(
    r"No matching distribution|NewConnectionError|Max retries|Temporary failure|ProxyError|timed out"
)


@dataclass(frozen=True)
class Step:
    """As much of a step as packaging reads."""

    runtime: str

    @property
    def runtimes(self) -> tuple[str, ...]:
        return (self.runtime,)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is pip's only source of packages."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def publish(index: Path, tag: str = "py3-none-any", content: bytes = b"x = 1\n") -> bytes:
    """A wheel of the package "thing" in the index; the lock that names it."""
    wheel = artifacts.wheel("thing", "1", {"thing/__init__.py": content})
    (index / f"thing-1-{tag}.whl").write_bytes(wheel)
    return f"thing==1 --hash=sha256:{hashlib.sha256(wheel).hexdigest()}\n".encode()


def test_wheels_are_fetched_once_and_then_come_from_the_cache(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second time neither pip nor the index is asked."""
    lock, cache = publish(index), tmp_path / "cache"
    first = wheels.fetch(SHELL, lock, cache)
    assert list(first) == ["thing-1-py3-none-any.whl"]
    assert "fetching 1 wheels for glue-pythonshell (Python 3.9)" in capsys.readouterr().err
    (index / "thing-1-py3-none-any.whl").unlink()
    assert wheels.fetch(SHELL, lock, cache) == first
    assert capsys.readouterr().err == ""
    assert [path.name for path in cache.iterdir()] == [artifacts.wheels_hash(SHELL, lock)]


def test_a_wheel_whose_hash_is_not_the_locked_one_is_refused(index: Path, tmp_path: Path) -> None:
    """Nothing of it stays in the cache, and the lock is named."""
    lock = publish(index)
    publish(index, content=b"x = 'changed'\n")
    with pytest.raises(
        UserError, match=r"jobs/locks/glue-pythonshell.txt, or(.|\n)* cannot be fetched(.|\n)*HASH"
    ):
        wheels.fetch(SHELL, lock, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(
    ("runtime", "tag", "fits"),
    [
        ("sagemaker-python", "cp312-cp312-manylinux_2_28_x86_64", True),
        ("sagemaker-python", "cp312-cp312-manylinux2014_x86_64", True),
        ("sagemaker-python", "cp39-abi3-manylinux_2_17_x86_64", True),
        ("sagemaker-python", "cp312-cp312-manylinux_2_34_x86_64", False),
        ("sagemaker-python", "cp311-cp311-manylinux_2_28_x86_64", False),
        ("sagemaker-python", "cp312-cp312-manylinux_2_28_aarch64", False),
        ("sagemaker-python", "cp312-cp312-macosx_14_0_arm64", False),
        ("glue-spark", "cp311-cp311-manylinux_2_34_x86_64", True),
        ("glue-spark", "cp311-cp311-manylinux_2_35_x86_64", False),
        ("glue-pythonshell", "py3-none-any", True),
        ("glue-pythonshell", "cp39-cp39-manylinux2014_x86_64", False),
    ],
)
def test_the_cloud_s_python_and_c_library_choose_the_wheel(
    index: Path, tmp_path: Path, runtime: str, tag: str, fits: bool
) -> None:
    """Never this machine's; a runtime without compiled packages takes pure Python alone."""
    lock = publish(index, tag)
    if fits:
        assert list(wheels.fetch(RUNTIMES[runtime], lock, tmp_path / "cache")) == [f"thing-1-{tag}.whl"]
    else:
        with pytest.raises(UserError, match="No matching distribution found for thing==1"):
            wheels.fetch(RUNTIMES[runtime], lock, tmp_path / "cache")


def test_the_embedded_aws_needs_no_wheels(tmp_path: Path, index: Path) -> None:
    """An empty lock is the whole set, and a Python shell, which has packages of its own, is led to those of this
    installation; pip is not asked, and no lock file is read.
    """
    (tmp_path / "jobs").mkdir()
    here = environment(steps={"a": Step("glue-pythonshell"), "b": Step("sagemaker-python")})
    packed = package(here, "artifacts", tmp_path, lambda _: {})
    locks = {key: content for key, content in packed.missing.items() if key.endswith("requirements.txt")}
    installed = sysconfig.get_path("purelib")
    assert list(locks.values()) == [f"# {installed}\n".encode(), b""]
    (wheel,) = [content for key, content in packed.missing.items() if "job_packages" in key]
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        assert archive.read("job_packages/installation.pth").decode() == f"{installed}\n"


def test_on_aws_a_set_that_is_there_is_neither_fetched_nor_uploaded(tmp_path: Path, index: Path) -> None:
    """The lock in the bucket says that the set is whole."""
    (tmp_path / "jobs" / "locks").mkdir(parents=True)
    lock = publish(index)
    (tmp_path / "jobs" / "locks" / "glue-pythonshell.txt").write_bytes(lock)
    there = environment(endpoint="aws", steps={"a": Step("glue-pythonshell")})
    first = package(there, "artifacts", tmp_path, lambda _: {})
    present = {key: len(content) for key, content in first.missing.items()}
    assert list(present)[-1].endswith("/requirements.txt")
    (index / "thing-1-py3-none-any.whl").unlink()
    shutil.rmtree(tmp_path / ".local")

    def listing(prefix: str) -> dict[str, int]:
        return {key: size for key, size in present.items() if key.startswith(prefix)}

    again = package(there, "artifacts", tmp_path, listing)
    assert again.missing == {}
    assert again.parameters == first.parameters
    assert first.parameters["WheelsGluePythonshell"] == artifacts.wheels_hash(SHELL, lock)


#: the tool's own locks, and those of the example where it has one.
PROJECTS = {"tool": ROOT / "data_pipeline", "example": ROOT}
COMPILED = ("sagemaker-python", "sagemaker-spark", "glue-spark")


@pytest.mark.parametrize("project", PROJECTS)
@pytest.mark.parametrize("name", sorted(RUNTIMES))
def test_locks_name_no_host_and_hash_everything(name: str, project: str) -> None:
    """Every package is pinned with hashes; no index or path of the machine that made the lock is in it."""
    text = read_lock(PROJECTS[project], RUNTIMES[name]).decode()
    assert "://" not in text
    assert not re.search(r"^\s*-[-\w]*(index|find|editable)", text, re.MULTILINE)
    pins = re.findall(
        r"^[\w.-]+==\S+ \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE
    )
    assert len(pins) == len(artifacts.locked_names(text)) > 0


def test_the_locks_hold_what_the_tests_run_with() -> None:
    """A job in the cloud runs the versions that it is tested with here."""
    pinned = dict(re.findall(r"^([\w-]+)==([^\s;]+)", (ROOT / "locks/constraints.txt").read_text(), re.M))
    assert [name for name in RUNTIMES if name in COMPILED] == locked(ROOT)
    for name in COMPILED:
        for project in PROJECTS.values():
            lock = dict(re.findall(r"^([\w-]+)==(\S+)", read_lock(project, RUNTIMES[name]).decode(), re.M))
            for package_name in ("duckdb", "numpy", "pyarrow", "pyiceberg", "boto3", "botocore"):
                assert lock[package_name] == pinned[package_name]
            assert ("llvmlite" in lock) == (project == ROOT)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="asks an index for each package of each lock: `make soak` does")
@pytest.mark.skipif(PIP < (23, 1), reason="before 23.1, pip's dry run asks this Python, not the runtime's")
@pytest.mark.parametrize("name", sorted(RUNTIMES))
def test_every_lock_resolves_to_wheels_of_its_runtime(name: str, tmp_path: Path) -> None:
    """The index has a wheel for each package, with a locked hash, for the runtime's Python and C library."""
    runtime = RUNTIMES[name]
    text = read_lock(ROOT, runtime).decode()
    # with hashes pip downloads each file to check it; the report has the hashes without that
    bare = re.sub(r" \\\n|    --hash=\S+|^#.*$", "\n", text, flags=re.MULTILINE)
    (tmp_path / "requirements.txt").write_text(bare)
    report = tmp_path / "report.json"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    options = [*wheels.download_options(runtime), "--retries", "1", "--timeout", "15"]
    target = [
        "--target",
        str(tmp_path / "t"),
        "--report",
        str(report),
        "-r",
        str(tmp_path / "requirements.txt"),
    ]
    done = subprocess.run([*pip, *options, *target], capture_output=True, text=True, check=False)
    if done.returncode and OFFLINE.search(done.stderr) and not reachable():
        pytest.skip("offline: no package index can be reached")
    assert done.returncode == 0, done.stderr
    files = {
        entry["download_info"]["url"].rpartition("/")[2]: entry["download_info"]["archive_info"]["hashes"][
            "sha256"
        ]
        for entry in json.loads(report.read_text())["install"]
    }
    assert len(files) == len(artifacts.locked_names(text))
    for file, sha in files.items():
        assert f"--hash=sha256:{sha}" in text, file
        python, abi, platform = file.removesuffix(".whl").split("-")[-3:]
        if platform == "any":
            assert "py3" in python
        else:
            assert runtime.compiled
            assert set(platform.split(".")) & set(runtime.wheel_tags), file
            assert python == f"cp{runtime.python.replace('.', '')}" or abi == "abi3", file


def reachable() -> bool:
    """Whether pip's index answers at all, asked for a package that every index has."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
    command = [*pip, "--retries", "0", "--timeout", "10", "six"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
