"""Archives whose bytes depend on their content alone."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from data_pipeline.core.deployment import artifacts
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts import glue_code
from data_pipeline.core.facts.runtimes import RUNTIMES

ROOT = Path(__file__).resolve().parents[3]
JOBS = {"run.py": b"import lib\n", "lib/__init__.py": b"", "lib/a/b.py": b"x = 1\n"}
BUILD = """
import sys
from pathlib import Path
from data_pipeline.cli.job_code import shipped
from data_pipeline.core.deployment.artifacts import code_artifact
code = code_artifact("p", shipped(Path(sys.argv[1])))
sys.stdout.buffer.write(code.sha.encode() + b"".join(code.keys().values()))
"""


def built(folder: Path, umask: int, seed: str, order: list[str]) -> bytes:
    """The code artifact of JOBS, from files written in this order, in a process of its own."""
    for name in order:
        path = folder / "jobs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(JOBS[name])
        path.chmod(0o666 & ~umask)
        os.utime(path, (1_000_000_000 + umask, 1_000_000_000))
    (folder / "jobs" / "lib" / "__pycache__").mkdir()
    (folder / "jobs" / "lib" / "__pycache__" / f"a.{seed}.pyc").write_bytes(seed.encode())
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "TZ": f"UTC{seed}"}
    command = [sys.executable, "-c", BUILD, str(folder)]
    return subprocess.run(command, env=environment, check=True, capture_output=True).stdout


def test_two_builds_in_different_places_have_the_same_bytes(tmp_path: Path) -> None:
    """Folder, umask, times, file order, hash seed, time zone and caches do not change a byte."""
    first = built(tmp_path / "one", 0o022, "1", list(JOBS))
    second = built(tmp_path / "elsewhere" / "two", 0o077, "5", list(reversed(JOBS)))
    assert first == second
    assert len(first) > 600


def test_a_changed_or_renamed_file_changes_the_hash() -> None:
    """The hash covers paths and contents, and cannot confuse one with the other."""
    trees = [{"a": b"bc"}, {"ab": b"c"}, {"a": b"b", "c": b""}, {"a": b"bc", "d": b""}, {}]
    assert len({artifacts.tree_hash(tree) for tree in trees}) == len(trees)


@pytest.mark.parametrize(
    ("path", "shipped"),
    [
        ("prepare.py", True),
        ("lib/layouts.py", True),
        ("lib/deep/table.json", True),
        ("lib/__pycache__/a.cpython-311.pyc", False),
        ("lib/.hidden", False),
        ("locks/glue-spark.txt", False),
        ("notes.md", False),
        (".ruff_cache/x.py", False),
    ],
)
def test_scripts_and_library_are_shipped_and_nothing_else(path: str, shipped: bool) -> None:
    """What lies in jobs/ beside the code stays at home."""
    assert artifacts.is_shipped(path) is shipped


def test_the_library_is_a_wheel_that_pip_installs(tmp_path: Path) -> None:
    """pip itself accepts the wheel, its record included, and what it installs can be imported."""
    wheel = tmp_path / glue_code.LIBRARY_WHEEL
    wheel.write_bytes(artifacts.wheel("jobs", "0", {k: v for k, v in JOBS.items() if k.startswith("lib/")}))
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--target", str(target), str(wheel)], check=True, capture_output=True)
    assert (target / "lib" / "a" / "b.py").read_bytes() == JOBS["lib/a/b.py"]
    command = [sys.executable, "-c", "import lib.a.b; print(lib.a.b.x)"]
    found = subprocess.run(command, env={"PYTHONPATH": str(target)}, capture_output=True, check=True)
    assert found.stdout == b"1\n"


def test_the_code_artifact_is_as_the_jobs_find_it() -> None:
    """Scripts and library unpacked for SageMaker, the library's wheel for Glue, all under the content's hash."""
    code = artifacts.code_artifact("nyc-tlc/dev", JOBS)
    prefix = f"nyc-tlc/dev/code/{code.sha}/"
    assert set(code.keys()) == {prefix + name for name in [*JOBS, glue_code.LIBRARY_WHEEL]}


@pytest.mark.parametrize("name", sorted(RUNTIMES))
def test_a_wheel_set_is_laid_out_as_its_runtime_installs_it(name: str) -> None:
    """Glue's Spark wants one archive with a wheels/ folder, its Python shell one wheel with a folder of packages,
    SageMaker the files; the lock comes last.
    """
    wheel = artifacts.wheel("a", "1", {"a/__init__.py": b"x = 1\n"})
    lock, wheels = b"a==1 --hash=sha256:00\n", {"a-1-py3-none-any.whl": wheel}
    made = artifacts.wheels_artifact("p", RUNTIMES[name], lock, wheels)
    assert made.key_prefix == f"p/wheels/{name}/{made.sha}/"
    *files, last = made.keys()
    assert last == made.key_prefix + "requirements.txt"
    if name == "glue-spark":
        assert files == [made.key_prefix + "wheels.gluewheels.zip"]
        with zipfile.ZipFile(io.BytesIO(made.files["wheels.gluewheels.zip"])) as archive:
            assert {n: archive.read(n) for n in archive.namelist()} == {
                "wheels/requirements.txt": lock,
                "wheels/a-1-py3-none-any.whl": wheel,
            }
    elif name == "glue-pythonshell":
        assert files == [made.key_prefix + "job_packages-0-py3-none-any.whl"]
        with zipfile.ZipFile(io.BytesIO(made.files["job_packages-0-py3-none-any.whl"])) as archive:
            names = set(archive.namelist())
            assert archive.read("job_packages/a/__init__.py") == b"x = 1\n"
            assert b"Requires-Dist" not in archive.read("job_packages-0.dist-info/METADATA")
        assert {name.partition("/")[0] for name in names} == {"job_packages", "job_packages-0.dist-info"}
        assert {"job_packages/__init__.py", "job_packages/a-1.dist-info/METADATA"} < names
    else:
        assert files == [made.key_prefix + "a-1-py3-none-any.whl"]


def test_the_packages_of_a_python_shell_are_merged() -> None:
    """Modules of data folders too, but no commands; a namespace's common file once; its order decides no byte."""
    one = {"ns/__init__.py": b"", "ns/one.py": b"1", "one-1.data/purelib/inner.py": b"2"}
    one["one-1.data/scripts/run"] = b"#!python\n"
    wheels = {
        "one-1-py3-none-any.whl": artifacts.archive(one),
        "two-1-py3-none-any.whl": artifacts.archive({"ns/__init__.py": b"", "ns/two.py": b"3"}),
    }
    merged = artifacts.merged(wheels)
    assert {name.removeprefix("job_packages/") for name in merged} == {
        *("__init__.py", "inner.py", "ns/__init__.py", "ns/one.py", "ns/two.py")
    }
    shell = RUNTIMES["glue-pythonshell"]
    built = [
        artifacts.wheels_artifact("p", shell, b"lock", dict(order)).files
        for order in (wheels.items(), reversed(wheels.items()))
    ]
    assert built[0] == built[1]


def test_packages_that_differ_in_a_file_are_refused() -> None:
    """One of them would be overwritten in silence."""
    wheels = {f"{name}.whl": artifacts.archive({"x/y.py": name.encode()}) for name in ("a", "b")}
    with pytest.raises(UserError, match=r"^b\.whl: another wheel of this runtime has a different x/y\.py$"):
        artifacts.merged(wheels)


def test_wheel_sets_differ_by_lock_and_by_runtime() -> None:
    """The same lock for another Python is another set; another lock for the same Python too."""
    hashes = {artifacts.wheels_hash(RUNTIMES[n], lock) for n in RUNTIMES for lock in (b"", b"a==1\n")}
    assert len(hashes) == 2 * len(RUNTIMES)


def test_a_lock_names_its_packages() -> None:
    """Comments, hashes, markers and spelling do not matter."""
    lock = "# x==1\nTyping_Extensions==4.1 \\\n    --hash=sha256:00\nruamel.yaml==1 ; python_version>'3'\n"
    assert artifacts.locked_names(lock) == {"typing-extensions", "ruamel-yaml"}
