"""Every pinned package is there for every Python that the project claims."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
#: tested, and the one that was only resolved
CLAIMED = ("3.11", "3.12", "3.13", "3.14")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PROJECT["dependency-groups"]
#: file in locks/ → what it locks
LOCKED = {
    "constraints.txt": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["local"],
        *GROUPS["dev"],
    ],
    "constraints-security.txt": GROUPS["security"],
}


def requirements(path: str) -> list[Requirement]:
    """The requirements of a file."""
    lines = [
        line.partition("#")[0].strip() for line in (ROOT / path).read_text(encoding="utf-8").splitlines()
    ]
    return [Requirement(line) for line in lines if line]


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def environment(python: str) -> dict[str, str]:
    return {"python_version": python, "python_full_version": f"{python}.0"}


@pytest.mark.parametrize("python", CLAIMED)
@pytest.mark.parametrize("lock", LOCKED)
def test_the_lock_has_one_release_of_each_requirement(lock: str, python: str) -> None:
    """Of every package one release is for this Python, and it is one that the requirement allows."""
    pinned: dict[str, list[Requirement]] = {}
    for each in requirements(f"locks/{lock}"):
        if each.marker is None or each.marker.evaluate(environment(python)):
            pinned.setdefault(normalised(each.name), []).append(each)
    assert {name: len(releases) for name, releases in pinned.items() if len(releases) != 1} == {}
    jobs = requirements("jobs/requirements.txt") if lock == "constraints.txt" else []
    for wanted in [*map(Requirement, LOCKED[lock]), *jobs]:
        (release,) = pinned[normalised(wanted.name)]
        (exact,) = release.specifier
        assert exact.operator == "=="
        assert wanted.specifier.contains(exact.version), f"{wanted} is locked as {release}"


def test_what_is_claimed_is_said_alike() -> None:
    """Metadata, entry points and Makefile claim the same Pythons."""
    assert PROJECT["project"]["requires-python"] == f">={CLAIMED[0]}"
    said = f"Python {CLAIMED[0]} to {CLAIMED[-1]} is needed"
    for name in ("Makefile", "data_pipeline/cli/entry.py"):
        assert said in (ROOT / name).read_text(encoding="utf-8"), name


@pytest.mark.soak
@pytest.mark.parametrize("python", CLAIMED)
def test_every_locked_package_has_a_wheel_or_builds(python: str, tmp_path: Path) -> None:
    """Asks the index, without installing anything: what has no wheel for this Python is pure Python in source."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed; `make constraints` installs it")
    command = [uv, "pip", "compile", "--quiet", "--python-version", python, "--only-binary", ":all:"]
    built = [word for name in ("pyspark", "strictyaml") for word in ("--no-binary", name)]
    files = ["locks/constraints.txt", "-o", str(tmp_path / "resolved.txt")]
    done = subprocess.run(
        [*command, *built, *files], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    if re.search("[Ff]ailed to fetch|dns|[Cc]onnect", done.stderr):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr


def test_the_build_is_of_the_release_that_the_tests_build_with() -> None:
    """Without an index the tests build with the installed hatchling; everybody else with the one of [build-system]."""
    (build,) = PROJECT["build-system"]["requires"]
    assert build in GROUPS["dev"]
